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
import mayfly.json.JsonWriter;
import mayfly.net.DnsMessage.Question;
import mayfly.wire.Protocol.Code;
import mayfly.wire.Protocol.Type;

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
  private final GuestStreams streams;
  private final FoundNames names;
  private final Refusals refusals;
  private final ByteBuffer incoming = ByteBuffer.allocate(MOST_BYTES);
  private final Map<String, LookUp> underWay = new HashMap<>();
  private DatagramChannel channel;

  StubResolver(Network network, GuestStreams streams, FoundNames names, Refusals refusals) {
    this.network = network;
    this.streams = streams;
    this.names = names;
    this.refusals = refusals;
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
    LookUp running = underWay.get(name);
    if (running != null) {
      running.askers.add(asker);
      return;
    }
    LookUp started = new LookUp(name, asker);
    underWay.put(name, started);
    if (network.hasEgress()) started.begin();
    else started.fail(Failure.NO_NETWORK);
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

  private final class LookUp implements GuestStreams.Question {
    private final String name;
    private final List<Asker> askers = new ArrayList<>();
    private int stream;

    LookUp(String name, Asker first) {
      this.name = name;
      askers.add(first);
    }

    void begin() {
      stream = streams.ask(Type.RESOLVE, Map.of("host", name, "family", 0), this);
      if (stream == 0) fail(Failure.TOO_MANY);
    }

    void fail(Failure failure) {
      underWay.remove(name);
      boolean isUnknown = failure.name().equals("ENOTFOUND");
      if (!isUnknown) refusals.tell("look up " + JsonWriter.text(name), failure);
      int code = isUnknown ? DnsMessage.NO_SUCH_NAME : failure.isDenied() ? DnsMessage.REFUSED : DnsMessage.SERVER_FAILURE;
      for (Asker asker : askers) StubResolver.this.fail(asker, code);
    }

    @Override
    public void cut(String reason) {
      streams.close(stream);
      fail(Failure.of(Code.CANCELLED, reason));
    }

    private void succeed(List<?> addresses) {
      underWay.remove(name);
      List<InetAddress> found = new ArrayList<>();
      for (Object each : addresses) {
        String address = (String) ((Map<?, ?>) each).get("address");
        try {
          // It is an address, so nothing is looked up.
          found.add(names.learn(name, InetAddress.getByName(address)));
        } catch (IOException error) {
          throw new IllegalStateException("the host sent the address " + address, error);
        }
      }
      for (Asker asker : askers) StubResolver.this.answer(asker, found);
    }

    @Override
    public void answer(Map<?, ?> message) {
      network.post(
          () -> {
            streams.close(stream);
            succeed((List<?>) message.get("addresses"));
          });
    }

    @Override
    public void reset(int code, String message) {
      network.post(
          () -> {
            streams.close(stream);
            fail(Failure.of(code, message));
          });
    }

    @Override
    public void data(byte[] chunk, boolean ended) {}

    @Override
    public void credit(int bytes) {}
  }
}
