package mayfly.net;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import mayfly.osv.LedCalls;

/**
 * Leads the connections of Java's sockets to a listener of the agent's, where the kernel cannot: on OSv. A socket is bound to the loopback first, so that its port tells where it was to lead.
 *
 * <p>Owns: the listener, and the destinations of connections that were not accepted yet, by their ports.
 */
final class LedConnections {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  /** As many as the host lets a machine have at once. */
  private static final int BACKLOG = 256;

  final ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress(LOOPBACK, 0), BACKLOG);
  private final int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
  private final Map<Integer, InetSocketAddress> destinations = new ConcurrentHashMap<>();
  /** Java's own, for any socket. */
  private final MethodHandle bind;

  private final MethodHandle connect;
  private final MethodHandle localAddress;

  LedConnections() throws IOException, ReflectiveOperationException {
    Class<?> net = Class.forName("sun.nio.ch.Net");
    MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(net, MethodHandles.lookup());
    bind = lookup.findStatic(net, "bind", MethodType.methodType(void.class, FileDescriptor.class, InetAddress.class, int.class));
    connect = lookup.findStatic(net, "connect", LedCalls.CONNECT);
    localAddress = lookup.findStatic(net, "localAddress", MethodType.methodType(InetSocketAddress.class, FileDescriptor.class));
  }

  void begin() throws ReflectiveOperationException {
    LedCalls.leadConnects(MethodHandles.lookup().findVirtual(LedConnections.class, "connect", LedCalls.CONNECT).bindTo(this));
  }

  /** In the place of sun.nio.ch.Net.connect. */
  private int connect(FileDescriptor socket, InetAddress address, int toPort) throws Throwable {
    if (address.isLoopbackAddress() || address.isAnyLocalAddress()) return (int) connect.invokeExact(socket, address, toPort);
    try {
      bind.invokeExact(socket, LOOPBACK, 0);
    } catch (SocketException error) {
      // The app has bound it already.
    }
    int own = ((InetSocketAddress) localAddress.invokeExact(socket)).getPort();
    destinations.put(own, new InetSocketAddress(address, toPort));
    try {
      return (int) connect.invokeExact(socket, LOOPBACK, port);
    } catch (Throwable error) {
      destinations.remove(own);
      throw error;
    }
  }

  /** Where an accepted connection was to lead; null if it was to lead to the listener. */
  InetSocketAddress destinationOf(SocketChannel accepted) throws IOException {
    return destinations.remove(((InetSocketAddress) accepted.getRemoteAddress()).getPort());
  }
}
