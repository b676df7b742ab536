package mayfly.code;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
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

  private final Map<?, ?> message;
  private final OnComplete onComplete;
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();

  /** @param payload that of the Bind frame */
  public Binding(byte[] payload, OnComplete onComplete) {
    int headEnd = 4 + Bytes.u32(payload, 0);
    this.message = (Map<?, ?>) JsonReader.read(new String(payload, 4, headEnd - 4, StandardCharsets.UTF_8));
    this.onComplete = onComplete;
    data.write(payload, headEnd, payload.length - headEnd);
  }

  @Override
  public void data(byte[] chunk, boolean ended) {
    data.writeBytes(chunk);
    if (ended) complete();
  }

  public void complete() {
    onComplete.accept(message, data.toByteArray());
  }

  @Override
  public void credit(int bytes) {}

  @Override
  public void reset(int code, String why) {}
}
