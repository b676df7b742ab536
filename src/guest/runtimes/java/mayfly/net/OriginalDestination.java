package mayfly.net;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import jdk.incubator.foreign.CLinker;
import jdk.incubator.foreign.FunctionDescriptor;
import jdk.incubator.foreign.MemoryAddress;
import jdk.incubator.foreign.MemorySegment;
import jdk.incubator.foreign.ResourceScope;

/** Where code wanted to connect that was led to the agent. */
final class OriginalDestination {
  private OriginalDestination() {}

  /** Null if it was the listener itself. A Linux kernel leaves the address that was meant as the connection's own; gVisor has changed it, and tells it when it is asked. */
  static InetSocketAddress of(SocketChannel connection) throws IOException {
    InetSocketAddress own = (InetSocketAddress) connection.getLocalAddress();
    InetSocketAddress meant = isLocal(own) ? Translated.of(connection) : own;
    return meant == null || isLocal(meant) ? null : meant;
  }

  private static boolean isLocal(InetSocketAddress address) {
    return address.getAddress().isLoopbackAddress() || address.getAddress().isAnyLocalAddress();
  }

  /** Only gVisor needs it, so that nothing of it is loaded elsewhere. */
  private static final class Translated {
    private Translated() {}

    private static final int SOL_IP = 0;
    private static final int SO_ORIGINAL_DST = 80;
    private static final int ADDRESS_BYTES = 16;

    private static final MethodHandle getsockopt =
        CLinker.getInstance()
            .downcallHandle(
                CLinker.systemLookup().lookup("getsockopt").orElseThrow(),
                MethodType.methodType(int.class, int.class, int.class, int.class, MemoryAddress.class, MemoryAddress.class),
                FunctionDescriptor.of(CLinker.C_INT, CLinker.C_INT, CLinker.C_INT, CLinker.C_INT, CLinker.C_POINTER, CLinker.C_POINTER));

    /** A struct sockaddr_in, and its length. */
    private static final MemorySegment memory = MemorySegment.allocateNative(ADDRESS_BYTES + 4, 8, ResourceScope.globalScope());

    private static final ByteBuffer bytes = memory.asByteBuffer().order(ByteOrder.nativeOrder());

    static InetSocketAddress of(SocketChannel connection) throws IOException {
      try {
        bytes.putInt(ADDRESS_BYTES, ADDRESS_BYTES);
        MemoryAddress length = memory.address().addOffset(ADDRESS_BYTES);
        int result = (int) getsockopt.invokeExact(descriptorOf(connection), SOL_IP, SO_ORIGINAL_DST, memory.address(), length);
        if (result != 0) return null;
        byte[] address = new byte[4];
        bytes.get(4, address);
        return new InetSocketAddress(InetAddress.getByAddress(address), Short.toUnsignedInt(Short.reverseBytes(bytes.getShort(2))));
      } catch (IOException error) {
        throw error;
      } catch (Throwable error) {
        throw new IOException("the kernel was not asked where a connection leads: " + error, error);
      }
    }

    private static int descriptorOf(SocketChannel connection) throws ReflectiveOperationException {
      Method get = connection.getClass().getDeclaredMethod("getFD");
      get.setAccessible(true);
      Field number = FileDescriptor.class.getDeclaredField("fd");
      number.setAccessible(true);
      return number.getInt(get.invoke(connection));
    }
  }
}
