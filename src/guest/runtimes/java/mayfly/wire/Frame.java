package mayfly.wire;

import java.nio.charset.StandardCharsets;

/** One frame from the host. */
public record Frame(int type, int flags, int stream, byte[] payload) {
  public boolean ends() {
    return (flags & Protocol.Flag.END) != 0;
  }

  public String text() {
    return new String(payload, StandardCharsets.UTF_8);
  }
}
