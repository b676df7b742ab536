package mayfly.net;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mayfly.json.JsonWriter;
import mayfly.wire.Protocol.Code;
import mayfly.wire.Protocol.Type;

/** One question to the host for the addresses of a name. All of it happens in the network's thread. */
abstract class LookUp implements GuestStreams.Question {
  /** What all look-ups use. */
  record Parts(Network network, GuestStreams streams, FoundNames names, Refusals refusals) {}

  final String name;
  private final Parts parts;
  private int stream;

  LookUp(String name, Parts parts) {
    this.name = name;
    this.parts = parts;
  }

  /** @param family 4; 0 for all */
  void begin(int family) {
    if (!parts.network.hasEgress() && !Internal.isName(name)) {
      fail(Failure.NO_NETWORK);
      return;
    }
    stream = parts.streams.ask(Type.RESOLVE, Map.of("host", name, "family", family), this);
    if (stream == 0) fail(Failure.TOO_MANY);
  }

  abstract void succeeded(List<InetAddress> found);

  /** @param isUnknown whether nobody has the name */
  abstract void failed(Failure failure, boolean isUnknown);

  private void fail(Failure failure) {
    boolean isUnknown = failure.name().equals("ENOTFOUND");
    if (!isUnknown) parts.refusals.tell("look up " + JsonWriter.text(name), failure);
    failed(failure, isUnknown);
  }

  private void succeed(List<?> addresses) {
    List<InetAddress> found = new ArrayList<>();
    for (Object each : addresses) {
      String address = (String) ((Map<?, ?>) each).get("address");
      try {
        // It is an address, so nothing is looked up.
        found.add(parts.names.learn(name, InetAddress.getByName(address)));
      } catch (IOException error) {
        throw new IllegalStateException("the host sent the address " + address, error);
      }
    }
    succeeded(found);
  }

  @Override
  public void cut(String reason) {
    if (parts.streams.close(stream)) fail(Failure.of(Code.CANCELLED, reason));
  }

  @Override
  public void answer(Map<?, ?> message) {
    parts.network.post(
        () -> {
          if (parts.streams.close(stream)) succeed((List<?>) message.get("addresses"));
        });
  }

  @Override
  public void reset(int code, String message) {
    parts.network.post(
        () -> {
          if (parts.streams.close(stream)) fail(Failure.of(code, message));
        });
  }

  @Override
  public void data(byte[] chunk, boolean ended) {}

  @Override
  public void credit(int bytes) {}
}
