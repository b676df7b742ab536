package mayfly.net;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import mayfly.net.DnsMessage.Question;

/**
 * A name server at the machine's loopback, which /etc/resolv.conf names. The host answers its questions.
 *
 * <ol>
 *   <li>A name that has IPv4 addresses is told to have no others: connections succeed at first in any case, so that nobody would try the next address where the host has no IPv6.
 *   <li>Questions for both kinds of addresses of a name, which are asked at once, are one look-up.
 * </ol>
 */
final class StubResolver {
  private static final int PORT = 53;
  /** Of a message over UDP. */
  private static final int MOST_BYTES = 512;

  private record Asker(Question question, SocketAddress from) {}

  private final Network network;
  private final LookUp.Parts parts;
  private final ByteBuffer incoming = ByteBuffer.allocate(MOST_BYTES);
  private final Map<String, Asked> underWay = new HashMap<>();
  private DatagramChannel channel;

  StubResolver(Network network, LookUp.Parts parts) {
    this.network = network;
    this.parts = parts;
  }

  void listen() throws IOException {
    channel = DatagramChannel.open(StandardProtocolFamily.INET);
    channel.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), PORT));
    network.watch(channel, SelectionKey.OP_READ, key -> receiveAll());
  }

  private void receiveAll() throws IOException {
    for (SocketAddress from = channel.receive(incoming.clear()); from != null; from = channel.receive(incoming.clear())) {
      byte[] message = new byte[incoming.flip().remaining()];
      incoming.get(message);
      take(DnsMessage.parse(message), from);
    }
  }

  private void take(Question question, SocketAddress from) {
    Asker asker = new Asker(question, from);
    if (question.name() == null) {
      if (question.failure() >= 0) send(DnsMessage.failure(question, question.failure()), from);
    } else if (question.type() != DnsMessage.TYPE_A && question.type() != DnsMessage.TYPE_AAAA) {
      fail(asker, DnsMessage.NOT_IMPLEMENTED);
    } else lookUp(question.name(), asker);
  }

  private void lookUp(String name, Asker asker) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (lower.equals("localhost") || lower.endsWith(".localhost")) {
      answer(asker, List.of(InetAddress.getLoopbackAddress()));
      return;
    }
    Asked running = underWay.get(name);
    if (running != null) {
      running.askers.add(asker);
      return;
    }
    Asked started = new Asked(name, asker);
    underWay.put(name, started);
    started.begin(0);
  }

  private void answer(Asker asker, List<InetAddress> found) {
    boolean hasV4 = found.stream().anyMatch(Inet4Address.class::isInstance);
    boolean asksV4 = asker.question.type() == DnsMessage.TYPE_A;
    List<InetAddress> wanted = found.stream().filter(address -> address instanceof Inet4Address == asksV4 && (asksV4 || !hasV4)).toList();
    send(DnsMessage.answer(asker.question, wanted, MOST_BYTES), asker.from);
  }

  private void fail(Asker asker, int code) {
    send(DnsMessage.failure(asker.question, code), asker.from);
  }

  private void send(byte[] reply, SocketAddress to) {
    try {
      channel.send(ByteBuffer.wrap(reply), to);
    } catch (IOException error) {
      // Who asked is gone, and would ask again otherwise.
    }
  }

  private final class Asked extends LookUp {
    private final List<Asker> askers = new ArrayList<>();

    Asked(String name, Asker first) {
      super(name, parts);
      askers.add(first);
    }

    @Override
    void succeeded(List<InetAddress> found) {
      underWay.remove(name);
      for (Asker asker : askers) StubResolver.this.answer(asker, found);
    }

    @Override
    void failed(Failure failure, boolean isUnknown) {
      underWay.remove(name);
      int code = isUnknown ? DnsMessage.NO_SUCH_NAME : failure.isDenied() ? DnsMessage.REFUSED : DnsMessage.SERVER_FAILURE;
      for (Asker asker : askers) StubResolver.this.fail(asker, code);
    }
  }
}
