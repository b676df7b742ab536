package mayfly.handlers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import mayfly.StackRoom;
import mayfly.invocation.Invocation;
import mayfly.invocation.Outlet;
import mayfly.json.JsonReader;

/**
 * What a stream handler writes, as a reply. To an event it is the result, byte for byte. To a call over HTTP:
 *
 * <ul>
 *   <li>If it begins as an object of JSON, it is collected. An object with a status code is the whole reply, as if it had been returned; any other is the body.
 *   <li>If eight zero bytes follow such an object, it is the reply's head, and what follows is the body, as for streamed replies of Lambda.
 *   <li>Anything else is the body.
 * </ul>
 *
 * A body is sent once it is large, or flushed, no faster than the host takes it; a small one leaves in one frame when the handler returns.
 */
final class StreamReply extends OutputStream {
  private static final int HELD_BYTES = 65_536;
  private static final int ZEROS = 8;
  private static final int NONE = -1;

  private final Invocation invocation;
  private Held held = new Held();
  private int first = NONE;
  /** Where the zero bytes are looked for: before that there are none. */
  private int searched = 0;
  private Outlet outlet;

  StreamReply(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int size) throws IOException {
    StackRoom.need();
    if (outlet != null) {
      outlet.write(Arrays.copyOfRange(bytes, from, from + size));
      return;
    }
    held.write(bytes, from, size);
    if (isObject()) lookForHead();
    else if (held.size() > HELD_BYTES) begin(200, headers(), held.toByteArray(), 0);
  }

  @Override
  public void flush() throws IOException {
    StackRoom.need();
    if (outlet == null && held.size() > 0 && !isObject()) begin(200, headers(), held.toByteArray(), 0);
  }

  /** The handler has returned. @throws IllegalArgumentException if what it wrote is no reply */
  void finish() {
    if (outlet != null) {
      outlet.end();
      // If the caller went away before that, nothing has closed the invocation yet.
      invocation.settle();
      return;
    }
    byte[] all = held.toByteArray();
    Map<?, ?> whole = isObject() ? LambdaReply.whole(JsonReader.read(new String(all, StandardCharsets.UTF_8))) : null;
    LambdaReply reply = whole == null ? new LambdaReply(200, headers(), all) : LambdaReply.of(whole);
    invocation.reply(reply.status(), reply.headers(), reply.body());
  }

  /** Whether this is a reply over HTTP that begins as an object of JSON. */
  private boolean isObject() {
    return !invocation.head().isEvent() && first() == '{';
  }

  private List<String> headers() {
    int first = first();
    boolean isJson = first == '{' || first == '[' || first == '"';
    return invocation.head().isEvent() ? List.of() : List.of("content-type", isJson ? "application/json" : "application/octet-stream");
  }

  /** The first byte that is no space; NONE if there is none yet. It is remembered, because it is asked for at every write. */
  private int first() {
    for (int at = 0; first == NONE && at < held.size(); at++) {
      byte one = held.at(at);
      if (one != ' ' && one != '\n' && one != '\r' && one != '\t') first = one & 0xff;
    }
    return first;
  }

  private void lookForHead() throws IOException {
    int run = 0;
    for (int at = searched; at < held.size(); at++) {
      run = held.at(at) == 0 ? run + 1 : 0;
      if (run < ZEROS) continue;
      byte[] all = held.toByteArray();
      String head = new String(all, 0, at + 1 - ZEROS, StandardCharsets.UTF_8);
      Map<?, ?> parts = (Map<?, ?>) JsonReader.read(head);
      int status = parts.get("statusCode") == null ? 200 : LambdaReply.status(parts);
      begin(status, LambdaReply.headers(parts, "application/octet-stream"), all, at + 1);
      return;
    }
    searched = Math.max(0, held.size() - ZEROS + 1);
  }

  private void begin(int status, List<String> headers, byte[] bytes, int from) throws IOException {
    outlet = invocation.begin(status, headers);
    held = new Held();
    if (outlet == null) throw new IOException("nobody takes this reply");
    outlet.write(Arrays.copyOfRange(bytes, from, bytes.length));
  }

  /** Bytes that can be looked at without a copy of all of them. */
  private static final class Held extends ByteArrayOutputStream {
    byte at(int index) {
      return buf[index];
    }
  }
}
