package mayfly.resume;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.nio.ByteOrder;
import jdk.incubator.foreign.CLinker;
import jdk.incubator.foreign.FunctionDescriptor;
import jdk.incubator.foreign.MemoryAddress;
import jdk.incubator.foreign.MemoryLayout;
import jdk.incubator.foreign.MemorySegment;
import jdk.incubator.foreign.ResourceScope;

/**
 * Calls of libc that Java does not offer, through Java 17's incubating module for that. They are looked up once, which a template does before it is frozen, because a look-up generates code, which an emulator would translate anew in every clone.
 */
final class LibC {
  private LibC() {}

  private static final int CLOCK_REALTIME = 0;
  private static final int O_RDONLY = 0;
  /** _IOW('R', 3, int[2]) and _IO('R', 7) of linux/random.h. */
  private static final long RNDADDENTROPY = 0x40085203L;

  private static final long RNDRESEEDCRNG = 0x5207L;

  private static final MethodHandle clockSettime =
      find("clock_settime", int.class, new Class<?>[] {int.class, MemoryAddress.class}, CLinker.C_INT, CLinker.C_INT, CLinker.C_POINTER);
  private static final MethodHandle open =
      find("open", int.class, new Class<?>[] {MemoryAddress.class, int.class}, CLinker.C_INT, CLinker.C_POINTER, CLinker.C_INT);
  private static final MethodHandle ioctl =
      find("ioctl", int.class, new Class<?>[] {int.class, long.class, MemoryAddress.class}, CLinker.C_INT, CLinker.C_INT, CLinker.C_LONG, CLinker.C_POINTER);

  /** Stays open for the next resume. */
  private static int device = -1;

  /** @param now milliseconds since the epoch, with a fraction */
  static void setClock(double now) throws Throwable {
    try (ResourceScope scope = ResourceScope.newConfinedScope()) {
      MemorySegment timespec = MemorySegment.allocateNative(16, 8, scope);
      long seconds = (long) Math.floor(now / 1_000);
      timespec.asByteBuffer().order(ByteOrder.nativeOrder()).putLong(seconds).putLong((long) ((now - seconds * 1_000.0) * 1e6));
      int ignored = (int) clockSettime.invokeExact(CLOCK_REALTIME, timespec.address());
    }
  }

  static void addEntropy(byte[] bytes) throws Throwable {
    try (ResourceScope scope = ResourceScope.newConfinedScope()) {
      if (device < 0) device = (int) open.invokeExact(CLinker.toCString("/dev/urandom", scope).address(), O_RDONLY);
      // struct rand_pool_info: bits of entropy, bytes, bytes…
      MemorySegment pool = MemorySegment.allocateNative(8 + bytes.length, 8, scope);
      pool.asByteBuffer().order(ByteOrder.nativeOrder()).putInt(bytes.length * 8).putInt(bytes.length).put(bytes);
      if ((int) ioctl.invokeExact(device, RNDADDENTROPY, pool.address()) != 0) throw new IOException("RNDADDENTROPY was refused");
      if ((int) ioctl.invokeExact(device, RNDRESEEDCRNG, MemoryAddress.NULL) != 0) throw new IOException("RNDRESEEDCRNG was refused");
    }
  }

  private static MethodHandle find(String name, Class<?> result, Class<?>[] parameters, MemoryLayout resultLayout, MemoryLayout... layouts) {
    MemoryAddress symbol = CLinker.systemLookup().lookup(name).orElseThrow(() -> new IllegalStateException("libc has no " + name));
    return CLinker.getInstance().downcallHandle(symbol, MethodType.methodType(result, parameters), FunctionDescriptor.of(resultLayout, layouts));
  }
}
