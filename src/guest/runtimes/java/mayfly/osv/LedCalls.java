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
 * On OSv, no one may set the kernel's clock or give it entropy, and nothing leads connections to the agent. So the agent changes who asks: in every class, Java's own and the app's, calls that read the wall clock or wait for a time of it lead to Detours, and so do those by which sockets connect and by which random bytes are taken from the kernel. Only the constants of a class that name such a method are changed.
 *
 * <p>Not reached: calls by reflection, native code, classes that are made as hidden ones, and those in which the constants leave no room.
 */
public final class LedCalls {
  private LedCalls() {}

  private static final String DETOURS = "java/lang/MayflyDetours";

  private static final String PARK = "java/util/concurrent/locks/LockSupport";
  private static final String NET = "sun/nio/ch/Net";

  private static final Method[] EVERYWHERE = {
    new Method("java/lang/System", "currentTimeMillis", "()J"),
    new Method("jdk/internal/misc/VM", "getNanoTimeAdjustment", "(J)J"),
    new Method(PARK, "parkUntil", "(J)V"),
    new Method(PARK, "parkUntil", "(Ljava/lang/Object;J)V"),
    new Method("sun/security/provider/SeedGenerator", "generateSeed", "([B)V"),
    new Method("sun/security/provider/NativePRNG$RandomIO", "readFully", "(Ljava/io/InputStream;[B)V"),
  };

  private static final Method[] SOCKETS = {
    EVERYWHERE[0],
    new Method(NET, "connect", "(Ljava/io/FileDescriptor;Ljava/net/InetAddress;I)I"),
    new Method(NET, "connect", "(Ljava/net/ProtocolFamily;Ljava/io/FileDescriptor;Ljava/net/SocketAddress;)I"),
  };

  /** The classes of TCP sockets. What UDP's connect stays inside of the machine. */
  private static final Set<String> SOCKET_CLASSES =
      Set.of("sun/nio/ch/SocketChannelImpl", "sun/nio/ch/NioSocketImpl", "sun/nio/ch/UnixAsynchronousSocketChannelImpl");

  public static final MethodType CONNECT = MethodType.methodType(int.class, FileDescriptor.class, InetAddress.class, int.class);

  private static Class<?> detours;
  private static MethodHandle shiftClock;
  private static HostEntropy entropy;

  /** Begins, before anything connects. Throws if Java was not started for it. */
  public static void begin() throws IOException, ReflectiveOperationException, UnmodifiableClassException {
    Instrumentation instrumentation = Premain.instrumentation;
    if (instrumentation == null) throw new IllegalStateException("Java was started without -javaagent");
    MethodHandles.Lookup lookup = MethodHandles.lookup();
    Class<?> made = MethodHandles.privateLookupIn(System.class, lookup).defineClass(new ClassFile(code()).renamed("mayfly/osv/Detours", DETOURS));
    Class<?> net = Class.forName("sun.nio.ch.Net");
    made.getField("connect").set(null, MethodHandles.privateLookupIn(net, lookup).findStatic(net, "connect", CONNECT));
    entropy = HostEntropy.begin(made);
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

  /** From now on, these bytes of the host's are part of all that Java takes from the kernel's random sources. */
  public static void addEntropy(byte[] bytes) {
    if (entropy == null) throw new IllegalStateException("Java was started without -javaagent");
    entropy.add(bytes);
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
    try (StoredClasses stored = new StoredClasses()) {
      for (Class<?> each : instrumentation.getAllLoadedClasses()) {
        if (each.isArray() || each.isHidden() || each == detours || !instrumentation.isModifiableClass(each)) continue;
        byte[] code = stored.codeOf(each);
        if (code != null && new ClassFile(code).calls(methodsFor(each.getName().replace('.', '/')))) found.add(each);
      }
    }
    return found.toArray(Class<?>[]::new);
  }

  private static Method[] methodsFor(String name) {
    return SOCKET_CLASSES.contains(name) ? SOCKETS : EVERYWHERE;
  }

  private static final class Leader implements ClassFileTransformer {
    @Override
    public byte[] transform(ClassLoader loader, String name, Class<?> redefined, ProtectionDomain domain, byte[] code) {
      return name == null || name.equals(DETOURS) ? null : new ClassFile(code).led(methodsFor(name), DETOURS);
    }
  }
}
