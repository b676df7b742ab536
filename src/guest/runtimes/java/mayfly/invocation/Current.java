package mayfly.invocation;

import java.lang.reflect.Field;
import java.lang.reflect.Method;

/** Which invocation the running code belongs to. Threads that a handler starts inherit it; null outside of invocations, for example while a class is initialised. */
public final class Current {
  private Current() {}

  private static final InheritableThreadLocal<Invocation> current = new InheritableThreadLocal<>();

  public static Invocation get() {
    return current.get();
  }

  public static void set(Invocation invocation) {
    if (invocation == null) current.remove();
    else current.set(invocation);
  }

  /** The invocation of another thread; null where this Java does not say. */
  public static Invocation of(Thread thread) {
    try {
      Method map = InheritableThreadLocal.class.getDeclaredMethod("getMap", Thread.class);
      map.setAccessible(true);
      Object locals = map.invoke(current, thread);
      if (locals == null) return null;
      Method entry = locals.getClass().getDeclaredMethod("getEntry", ThreadLocal.class);
      entry.setAccessible(true);
      Object found = entry.invoke(locals, current);
      if (found == null) return null;
      Field value = found.getClass().getDeclaredField("value");
      value.setAccessible(true);
      return (Invocation) value.get(found);
    } catch (ReflectiveOperationException | RuntimeException error) {
      return null;
    }
  }
}
