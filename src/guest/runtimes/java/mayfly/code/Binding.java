package mayfly.code;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import mayfly.invocation.StreamEnd;
import mayfly.json.JsonReader;
import mayfly.wire.Bytes;

/** A Bind that is arriving: its message, and the files and the code that follow. Credit does not apply to it, and the host kills the machine if it fails. */
public final class Binding implements StreamEnd {
  /** Gets the message and all bytes that followed. */
  public interface OnComplete {
    void accept(Map<?, ?> message, byte[] data);
  }

  /** Of files and code. */
  private static final int MOST_BYTES = 64 << 20;

  private final Map<?, ?> message;
  private final OnComplete onComplete;
  /** Null once it is whole: what comes behind that is ignored. */
  private Data data;

  /** @param payload that of the Bind frame */
  public Binding(byte[] payload, OnComplete onComplete) {
    int headEnd = 4 + Bytes.u32(payload, 0);
    this.message = (Map<?, ?>) JsonReader.read(new String(payload, 4, headEnd - 4, StandardCharsets.UTF_8));
    this.onComplete = onComplete;
    data = new Data(sizeOf(message));
    data.write(payload, headEnd, payload.length - headEnd);
  }

  @Override
  public void data(byte[] chunk, boolean ended) {
    if (data == null) return;
    data.writeBytes(chunk);
    if (ended) complete();
  }

  public void complete() {
    byte[] whole = data.whole();
    data = null;
    onComplete.accept(message, whole);
  }

  @Override
  public void credit(int bytes) {}

  @Override
  public void reset(int code, String why) {}

  /** How much is to follow the message: known ahead, so that a machine with little memory does not hold twice as much of it. */
  private static int sizeOf(Map<?, ?> message) {
    long size = message.get("files") instanceof Map<?, ?> files ? number(files.get("list")) + number(files.get("bytes")) : 0;
    for (Object function : (List<?>) message.get("functions")) size += number(((Map<?, ?>) ((Map<?, ?>) function).get("source")).get("bytes"));
    return (int) Math.min(size, MOST_BYTES);
  }

  private static long number(Object value) {
    return value instanceof Number number ? number.longValue() : 0;
  }

  private static final class Data extends ByteArrayOutputStream {
    Data(int size) {
      super(size);
    }

    byte[] whole() {
      return count == buf.length ? buf : toByteArray();
    }
  }
}
