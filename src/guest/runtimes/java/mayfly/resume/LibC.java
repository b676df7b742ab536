package mayfly.resume;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
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

  private static final MethodHandle chdir = find("chdir", int.class, new Class<?>[] {MemoryAddress.class}, CLinker.C_INT, CLinker.C_POINTER);

  private static final MethodHandle mount =
      find(
          "mount",
          int.class,
          new Class<?>[] {MemoryAddress.class, MemoryAddress.class, MemoryAddress.class, long.class, long.class},
          CLinker.C_INT,
          CLinker.C_POINTER,
          CLinker.C_POINTER,
          CLinker.C_POINTER,
          CLinker.C_LONG,
          CLinker.C_LONG);

  private static final long MS_RDONLY_NOSUID_NODEV = 1 | 2 | 4;

  /** Stays open for the next resume. */
  private static int device = -1;

  /** Memory for what a call takes, large enough for each of them; made once, because making it costs more than a call. */
  private static final MemorySegment memory = MemorySegment.allocateNative(128, 8, ResourceScope.globalScope());

  private static final ByteBuffer bytes = memory.asByteBuffer().order(ByteOrder.nativeOrder());

  /** @param now milliseconds since the epoch, with a fraction */
  static void setClock(double now) throws Throwable {
    long seconds = (long) Math.floor(now / 1_000);
    // struct timespec: seconds, nanoseconds
    bytes.clear().putLong(seconds).putLong((long) ((now - seconds * 1_000.0) * 1e6));
    int ignored = (int) clockSettime.invokeExact(CLOCK_REALTIME, memory.address());
  }

  /** @param path at most 127 bytes */
  static void enterFolder(String path) throws Throwable {
    bytes.clear().put((path + "\0").getBytes(StandardCharsets.UTF_8));
    if ((int) chdir.invokeExact(memory.address()) != 0) throw new IOException(path + " cannot be entered");
  }

  /** Both are at most 100 bytes together. */
  static void mount(String device, String folder) throws Throwable {
    bytes.clear();
    MemoryAddress source = put(device);
    MemoryAddress target = put(folder);
    MemoryAddress type = put("erofs");
    if ((int) mount.invokeExact(source, target, type, MS_RDONLY_NOSUID_NODEV, 0L) != 0) {
      throw new IOException("the disk " + device + " of the app's files cannot be mounted");
    }
  }

  private static MemoryAddress put(String text) {
    MemoryAddress at = memory.address().addOffset(bytes.position());
    bytes.put((text + "\0").getBytes(StandardCharsets.UTF_8));
    return at;
  }

  /** @param entropy at most 64 bytes */
  static void addEntropy(byte[] entropy) throws Throwable {
    if (device < 0) {
      bytes.clear().put("/dev/urandom\0".getBytes(StandardCharsets.US_ASCII));
      device = (int) open.invokeExact(memory.address(), O_RDONLY);
    }
    // struct rand_pool_info: bits of entropy, bytes, bytes…
    bytes.clear().putInt(entropy.length * 8).putInt(entropy.length).put(entropy);
    if ((int) ioctl.invokeExact(device, RNDADDENTROPY, memory.address()) != 0) throw new IOException("RNDADDENTROPY was refused");
    if ((int) ioctl.invokeExact(device, RNDRESEEDCRNG, memory.address()) != 0) throw new IOException("RNDRESEEDCRNG was refused");
  }

  private static MethodHandle find(String name, Class<?> result, Class<?>[] parameters, MemoryLayout resultLayout, MemoryLayout... layouts) {
    MemoryAddress symbol = CLinker.systemLookup().lookup(name).orElseThrow(() -> new IllegalStateException("libc has no " + name));
    return CLinker.getInstance().downcallHandle(symbol, MethodType.methodType(result, parameters), FunctionDescriptor.of(resultLayout, layouts));
  }
}
