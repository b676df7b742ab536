package mayfly.net;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import mayfly.wire.Protocol;
import mayfly.wire.Protocol.Code;
import mayfly.wire.Protocol.Flag;
import mayfly.wire.Protocol.Limit;
import mayfly.wire.Protocol.Type;

/**
 * One Connect stream, with a connection inside the machine at its end.
 *
 * <p>Frames come in the reading thread; all else happens in the network's.
 *
 * <ol>
 *   <li>The stream is closed when both directions have ended, or either side sent Reset. After that nothing more is sent on it.
 *   <li>Of the host's bytes at most one window waits for the local connection. Nothing is read of that before the host has connected, or without credit.
 * </ol>
 */
final class Tunnel implements GuestStreams.Question {
  /** Gets why the host has not connected. The connection is still open. */
  interface OnFailure {
    void accept(Failure failure) throws IOException;
  }

  /** Bytes after which credit is granted, so that not every chunk costs a Credit frame. */
  private static final int CREDIT_AT_ONCE = 16_384;

  /** All tunnels read in one thread, into the same memory. */
  private static final ByteBuffer incoming = ByteBuffer.allocateDirect(Limit.DATA);

  private final Network network;
  private final GuestStreams streams;
  private final SocketChannel local;
  private final OnFailure onFailure;
  private final ArrayDeque<ByteBuffer> waiting = new ArrayDeque<>();
  private int stream;
  private SelectionKey key;
  private long credit = Protocol.INITIAL_CREDIT;
  private int untaken = 0;
  private boolean hasHostEnded = false;
  private boolean isOutputShut = false;
  private boolean hasLocalEnded = false;
  private boolean isOver = false;

  Tunnel(Network network, GuestStreams streams, SocketChannel local, OnFailure onFailure) {
    this.network = network;
    this.streams = streams;
    this.local = local;
    this.onFailure = onFailure;
  }

  /** @param name by which the address was found; null if it is not known */
  void open(String host, int port, String name) throws IOException {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("host", host);
    message.put("port", port);
    if (name != null) message.put("name", name);
    stream = streams.ask(Type.CONNECT, message, this);
    if (stream == 0) onFailure.accept(Failure.TOO_MANY);
  }

  /** Has the other end fail, as one does whose connection is reset. */
  static void breakOff(SocketChannel connection) throws IOException {
    // It is closed also where a kernel takes no option of a connection that is reset already.
    try (connection) {
      connection.setOption(StandardSocketOptions.SO_LINGER, 0);
    }
  }

  @Override
  public void answer(Map<?, ?> message) {
    post(
        () -> {
          if (key != null) return;
          local.setOption(StandardSocketOptions.TCP_NODELAY, true);
          key = network.watch(local, SelectionKey.OP_READ, ignored -> move());
        });
  }

  @Override
  public void data(byte[] chunk, boolean ended) {
    post(
        () -> {
          if (hasHostEnded) return;
          if (chunk.length > 0) waiting.add(ByteBuffer.wrap(chunk));
          hasHostEnded |= ended;
          move();
        });
  }

  @Override
  public void credit(int bytes) {
    post(
        () -> {
          credit += bytes;
          move();
        });
  }

  @Override
  public void reset(int code, String message) {
    post(() -> end(code, message));
  }

  @Override
  public void cut(String reason) {
    try {
      if (!isOver) end(Code.CANCELLED, reason);
    } catch (IOException error) {
      // The connection is closed already.
    }
  }

  private void end(int code, String message) throws IOException {
    streams.close(stream);
    isOver = true;
    if (key == null) onFailure.accept(Failure.of(code, message));
    else breakOff(local);
  }

  private interface Step {
    void take() throws IOException;
  }

  private void post(Step step) {
    network.post(
        () -> {
          if (isOver) return;
          try {
            step.take();
          } catch (IOException error) {
            abandon();
          }
        });
  }

  private void move() {
    if (isOver || key == null) return;
    try {
      toLocal();
      toHost();
      if (hasLocalEnded && isOutputShut) finish();
      else key.interestOps((reads() ? SelectionKey.OP_READ : 0) | (waiting.isEmpty() ? 0 : SelectionKey.OP_WRITE));
    } catch (IOException error) {
      abandon();
    }
  }

  private boolean reads() {
    return !hasLocalEnded && credit > 0;
  }

  private void toLocal() throws IOException {
    while (!waiting.isEmpty()) {
      ByteBuffer next = waiting.peek();
      untaken += local.write(next);
      if (next.hasRemaining()) break;
      waiting.remove();
    }
    if (untaken >= CREDIT_AT_ONCE && !hasHostEnded) {
      streams.outbox().credit(stream, untaken);
      untaken = 0;
    }
    if (!hasHostEnded || !waiting.isEmpty() || isOutputShut) return;
    isOutputShut = true;
    local.shutdownOutput();
  }

  private void toHost() throws IOException {
    while (reads()) {
      incoming.clear().limit((int) Math.min(credit, incoming.capacity()));
      int size = local.read(incoming);
      if (size == 0) return;
      hasLocalEnded = size < 0;
      byte[] bytes = new byte[Math.max(size, 0)];
      incoming.flip().get(bytes);
      credit -= bytes.length;
      streams.outbox().frame(Type.DATA, hasLocalEnded ? Flag.END : 0, stream, bytes);
    }
  }

  private void finish() throws IOException {
    isOver = true;
    streams.close(stream);
    local.close();
  }

  /** The local connection is gone. */
  private void abandon() {
    isOver = true;
    streams.outbox().reset(stream, Code.CANCELLED, "the connection was closed");
    streams.close(stream);
    try {
      local.close();
    } catch (IOException error) {
      // It is closed.
    }
  }
}
