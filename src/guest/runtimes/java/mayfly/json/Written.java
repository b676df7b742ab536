package mayfly.json;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** The public methods of a class as they were written. Compilers add others, called bridges. */
public final class Written {
  private Written() {}

  /** In a fixed order, because Java gives them in any. */
  public static List<Method> methods(Class<?> type) {
    List<Method> written = new ArrayList<>();
    Method[] all = type.getMethods();
    Arrays.sort(all, Comparator.comparing(Method::getName).thenComparing(Method::toString));
    for (Method method : all) {
      Method meant = method.isBridge() ? inherited(method) : method;
      if (meant != null) written.add(meant);
    }
    return written;
  }

  /** What a bridge stands for that makes a method callable which the class inherits from one that is not public. Null for a bridge to a method of the class itself, of a narrower type. */
  private static Method inherited(Method bridge) {
    for (Method each : bridge.getDeclaringClass().getDeclaredMethods()) if (!each.isBridge() && isLike(each, bridge)) return null;
    for (Class<?> one = bridge.getDeclaringClass().getSuperclass(); one != null; one = one.getSuperclass()) {
      for (Method each : one.getDeclaredMethods()) if (!each.isBridge() && isLike(each, bridge)) return each;
    }
    return null;
  }

  private static boolean isLike(Method method, Method bridge) {
    if (!method.getName().equals(bridge.getName()) || method.getParameterCount() != bridge.getParameterCount()) return false;
    for (int at = 0; at < method.getParameterCount(); at++) {
      if (!bridge.getParameterTypes()[at].isAssignableFrom(method.getParameterTypes()[at])) return false;
    }
    return bridge.getReturnType().isAssignableFrom(method.getReturnType());
  }
}
