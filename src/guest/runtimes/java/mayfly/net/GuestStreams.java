package mayfly.net;

import java.util.Map;
import mayfly.invocation.StreamEnd;
import mayfly.wire.Outbox;
import mayfly.wire.Protocol.Code;

/** The streams that this side opens: questions to the host. */
public final class GuestStreams {
  /** The most that the host allows at a time. */
  private static final int MOST = 256;

  private static final String FREEZING = "the machine is about to be frozen";

  /** What an open stream receives, in the reading thread. */
  interface Question extends StreamEnd {
    /** @param message Connected or Resolved */
    void answer(Map<?, ?> message);

    /** The stream is over; in the network's thread. */
    void cut(String reason);
  }

  private final Map<Integer, StreamEnd> streams;
  private final Outbox outbox;
  private int last = 0;
  private int open = 0;

  /** @param streams all of the agent's, which finds the receiver of a frame there */
  public GuestStreams(Map<Integer, StreamEnd> streams, Outbox outbox) {
    this.streams = streams;
    this.outbox = outbox;
  }

  Outbox outbox() {
    return outbox;
  }

  /** Asks, and returns the stream's number; 0 if too many are open. */
  synchronized int ask(int type, Map<String, Object> message, Question question) {
    if (open >= MOST) return 0;
    open++;
    last += 2;
    streams.put(last, question);
    outbox.json(type, last, message);
    return last;
  }

  /** Returns false if it was closed before. */
  synchronized boolean close(int stream) {
    if (streams.remove(stream) == null) return false;
    open--;
    return true;
  }

  /** Ends all of them, at both ends. In the network's thread. */
  void cutAll() {
    for (Map.Entry<Integer, StreamEnd> entry : streams.entrySet()) {
      if (!(entry.getValue() instanceof Question question)) continue;
      outbox.reset(entry.getKey(), Code.CANCELLED, FREEZING);
      question.cut(FREEZING);
    }
  }

  /** Hands over what the host answered. */
  public void answered(int stream, Map<?, ?> message) {
    if (streams.get(stream) instanceof Question question) question.answer(message);
  }
}
