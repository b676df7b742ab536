package mayfly.osv;

import java.io.FileDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.InetAddress;
import java.security.ProtectionDomain;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import mayfly.osv.ClassFile.Method;

/**
 * On OSv, no one may set the kernel's clock, and nothing leads connections to the agent. So the agent changes who asks: in every class, Java's own and the app's, calls that read the wall clock lead to Detours, and so do those by which sockets connect. Only the constants of a class that name such a method are changed.
 *
 * <p>Not reached: calls by reflection, and native code.
 */
public final class LedCalls {
  private LedCalls() {}

  private static final String DETOURS = "java/lang/MayflyDetours";

  private static final Method[] CLOCK = {
    new Method("java/lang/System", "currentTimeMillis", "()J"), new Method("jdk/internal/misc/VM", "getNanoTimeAdjustment", "(J)J"),
  };

  private static final String NET = "sun/nio/ch/Net";

  private static final Method[] SOCKETS = {
    CLOCK[0],
    new Method(NET, "connect", "(Ljava/io/FileDescriptor;Ljava/net/InetAddress;I)I"),
    new Method(NET, "connect", "(Ljava/net/ProtocolFamily;Ljava/io/FileDescriptor;Ljava/net/SocketAddress;)I"),
  };

  /** The classes of TCP sockets. What UDP's connect stays inside of the machine. */
  private static final Set<String> SOCKET_CLASSES =
      Set.of("sun/nio/ch/SocketChannelImpl", "sun/nio/ch/NioSocketImpl", "sun/nio/ch/UnixAsynchronousSocketChannelImpl");

  public static final MethodType CONNECT = MethodType.methodType(int.class, FileDescriptor.class, InetAddress.class, int.class);

  private static Class<?> detours;
  private static MethodHandle shiftClock;

  /** Begins, before anything connects. Throws if Java was not started for it. */
  public static void begin() throws IOException, ReflectiveOperationException, UnmodifiableClassException {
    Instrumentation instrumentation = Premain.instrumentation;
    if (instrumentation == null) throw new IllegalStateException("Java was started without -javaagent");
    MethodHandles.Lookup lookup = MethodHandles.lookup();
    Class<?> made = MethodHandles.privateLookupIn(System.class, lookup).defineClass(new ClassFile(code()).renamed("mayfly/osv/Detours", DETOURS));
    Class<?> net = Class.forName("sun.nio.ch.Net");
    made.getField("connect").set(null, MethodHandles.privateLookupIn(net, lookup).findStatic(net, "connect", CONNECT));
    shiftClock = lookup.findStatic(made, "shiftClock", MethodType.methodType(void.class, long.class));
    detours = made;
    instrumentation.addTransformer(new Leader(), true);
    Class<?>[] loaded = loaded(instrumentation);
    if (loaded.length > 0) instrumentation.retransformClasses(loaded);
  }

  /** Whether it has begun. */
  public static boolean areLed() {
    return detours != null;
  }

  /** From now on, all of Java's clocks show the host's time. @param now milliseconds since the epoch, with a fraction */
  public static void shiftClock(double now) throws Throwable {
    if (shiftClock == null) throw new IllegalStateException("Java was started without -javaagent");
    shiftClock.invokeExact((long) Math.ceil(now));
  }

  /** From now on, TCP sockets connect by this: of the type CONNECT. */
  public static void leadConnects(MethodHandle connect) throws ReflectiveOperationException {
    detours.getField("connect").set(null, connect);
  }

  private static byte[] code() throws IOException {
    try (InputStream file = LedCalls.class.getResourceAsStream("Detours.class")) {
      return file.readAllBytes();
    }
  }

  /** What was loaded before and has such calls. */
  private static Class<?>[] loaded(Instrumentation instrumentation) throws IOException {
    List<Class<?>> found = new ArrayList<>();
    for (Class<?> each : instrumentation.getAllLoadedClasses()) {
      if (each.isArray() || each.isHidden() || each == detours || !instrumentation.isModifiableClass(each)) continue;
      String name = each.getName().replace('.', '/');
      try (InputStream file = each.getModule().getResourceAsStream(name + ".class")) {
        if (file != null && led(name, file.readAllBytes()) != null) found.add(each);
      }
    }
    return found.toArray(Class<?>[]::new);
  }

  private static byte[] led(String name, byte[] code) {
    return new ClassFile(code).led(SOCKET_CLASSES.contains(name) ? SOCKETS : CLOCK, DETOURS);
  }

  private static final class Leader implements ClassFileTransformer {
    @Override
    public byte[] transform(ClassLoader loader, String name, Class<?> redefined, ProtectionDomain domain, byte[] code) {
      return name == null || name.equals(DETOURS) ? null : led(name, code);
    }
  }
}
