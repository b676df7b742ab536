package mayfly.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;

/**
 * Takes the connections that were led to the agent, and asks the host for one to exactly the address of each.
 *
 * <p>The kernel has told the code that it is connected before the agent sees it. A refusal is therefore a connection that is reset before any byte, and its reason is in the app's log.
 */
final class Listener {
  /** Says where a connection was to lead; null if it was to lead to the listener itself. */
  interface Destinations {
    InetSocketAddress of(SocketChannel connection) throws IOException;
  }

  private final Network network;
  private final GuestStreams streams;
  private final FoundNames names;
  private final Refusals refusals;

  Listener(Network network, GuestStreams streams, FoundNames names, Refusals refusals) {
    this.network = network;
    this.streams = streams;
    this.names = names;
    this.refusals = refusals;
  }

  /** The listener that the machine's first program has opened. */
  static ServerSocketChannel inherited() throws IOException {
    if (!(System.inheritedChannel() instanceof ServerSocketChannel server)) throw new IOException("the agent's standard input is no listener");
    return server;
  }

  void listen(ServerSocketChannel server, Destinations destinations) throws IOException {
    network.watch(server, SelectionKey.OP_ACCEPT, key -> acceptAll(server, destinations));
  }

  private void acceptAll(ServerSocketChannel server, Destinations destinations) throws IOException {
    for (SocketChannel connection = server.accept(); connection != null; connection = server.accept()) {
      try {
        InetSocketAddress to = destinations.of(connection);
        if (to == null) Tunnel.breakOff(connection);
        else take(connection, to);
      } catch (IOException error) {
        // It is over already, or the machine has too many files open.
        Tunnel.breakOff(connection);
      }
    }
  }

  private void take(SocketChannel connection, InetSocketAddress to) throws IOException {
    String host = to.getAddress().getHostAddress();
    FoundNames.Behind behind = names.behind(host);
    if (!network.hasEgress() && !Internal.isAddress(host)) refuse(connection, host, to.getPort(), List.of(), Failure.NO_NETWORK);
    else if (behind == null) connect(connection, host, to.getPort(), names.of(host));
    else connect(connection, behind.host(), to.getPort(), List.of(behind.name()));
  }

  /** Tries the next name if the host denies the address by the first one. */
  private void connect(SocketChannel connection, String host, int port, List<String> by) throws IOException {
    Tunnel tunnel =
        new Tunnel(
            network,
            streams,
            connection,
            failure -> {
              if (!failure.isDenied() || by.size() < 2) refuse(connection, host, port, by, failure);
              else connect(connection, host, port, by.subList(1, by.size()));
            });
    tunnel.open(host, port, by.isEmpty() ? null : by.get(0));
  }

  private void refuse(SocketChannel connection, String host, int port, List<String> by, Failure reason) throws IOException {
    refusals.tell("connect to " + (by.isEmpty() ? "" : by.get(0) + ", ") + host + " port " + port, reason);
    Tunnel.breakOff(connection);
  }
}
