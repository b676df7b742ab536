package mayfly.wire;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import mayfly.json.JsonWriter;
import mayfly.wire.Protocol.Limit;
import mayfly.wire.Protocol.Type;

/**
 * Puts frames on the channel, from any thread, with all that waits in one write.
 *
 * <p>Owns: the frames that wait to be sent.
 *
 * <ol>
 *   <li>Frames leave in the order of the calls.
 *   <li>A thread never waits for another one's write, except in flushNow(): whoever writes takes what others have added meanwhile.
 *   <li>After hold(), nothing is sent until release().
 *   <li>frame() sends nothing. Who has called it must see to a flush: the reading thread after each batch of frames, any other at once.
 * </ol>
 */
public final class Outbox {
  /** The most bytes that are joined for one write. */
  private static final int WRITE_BYTES = 65_536;

  private final OutputStream channel;
  private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
  private final ReentrantLock writing = new ReentrantLock();
  private final byte[] joined = new byte[WRITE_BYTES];
  /** What is being written; guarded by `writing`. It stays if a stack overflows at that, in a function that prints as it calls itself. */
  private byte[] unwritten;

  private volatile boolean isEmpty = true;
  private volatile boolean isHeld = false;

  public Outbox(OutputStream channel) {
    this.channel = channel;
  }

  public void frame(int type, int flags, int stream, byte[] payload) {
    frame(type, flags, stream, payload, 0, payload.length);
  }

  public void frame(int type, int flags, int stream, byte[] payload, int from, int size) {
    byte[] frame = header(size, type, flags, stream);
    System.arraycopy(payload, from, frame, Protocol.HEADER_BYTES, size);
    add(frame);
  }

  /** A frame of u32 head length, head, body, as Response is. */
  public void headed(int type, int flags, int stream, byte[] head, byte[] body) {
    byte[] frame = header(4 + head.length + body.length, type, flags, stream);
    Bytes.putU32(frame, Protocol.HEADER_BYTES, head.length);
    System.arraycopy(head, 0, frame, Protocol.HEADER_BYTES + 4, head.length);
    System.arraycopy(body, 0, frame, Protocol.HEADER_BYTES + 4 + head.length, body.length);
    add(frame);
  }

  public void json(int type, int stream, Object message) {
    frame(type, 0, stream, JsonWriter.bytes(message));
  }

  public void log(int flags, int stream, int level, byte[] text, int from, int size) {
    byte[] frame = header(1 + size, Type.LOG, flags, stream);
    frame[Protocol.HEADER_BYTES] = (byte) level;
    System.arraycopy(text, from, frame, Protocol.HEADER_BYTES + 1, size);
    add(frame);
  }

  public void credit(int stream, int bytes) {
    byte[] frame = header(4, Type.CREDIT, 0, stream);
    Bytes.putU32(frame, Protocol.HEADER_BYTES, bytes);
    add(frame);
  }

  /** At most Limit.RESET_MESSAGE bytes of the message are sent. */
  public void reset(int stream, int code, String message) {
    byte[] text = message.getBytes(StandardCharsets.UTF_8);
    int size = Utf8.characterStart(text, Limit.RESET_MESSAGE);
    byte[] payload = new byte[2 + size];
    Bytes.putU16(payload, 0, code);
    System.arraycopy(text, 0, payload, 2, size);
    frame(Type.RESET, 0, stream, payload);
  }

  /** Sends what waits, and nothing more. The other end may ask for the release as soon as it has that. */
  public void hold() {
    writing.lock();
    isHeld = true;
    writeAndUnlock(true);
  }

  public void release() {
    isHeld = false;
    flush();
  }

  /** Sends what waits, or leaves it to the thread that is writing. */
  public void flush() {
    while (!isEmpty && !isHeld && writing.tryLock()) writeAndUnlock(false);
  }

  /** Like flush(), but all that waits now has left this process when it returns. */
  public void flushNow() {
    // What a thread prints while it writes, it sends when it goes on.
    if (writing.isHeldByCurrentThread()) return;
    writing.lock();
    writeAndUnlock(false);
    flush();
  }

  private static byte[] header(int size, int type, int flags, int stream) {
    byte[] frame = new byte[Protocol.HEADER_BYTES + size];
    Bytes.putU32(frame, 0, size);
    frame[4] = (byte) type;
    frame[5] = (byte) flags;
    Bytes.putU32(frame, 8, stream);
    return frame;
  }

  private void add(byte[] frame) {
    synchronized (waiting) {
      waiting.add(frame);
      isEmpty = false;
    }
  }

  private void writeAndUnlock(boolean isLast) {
    try {
      while (isLast || !isHeld) {
        if (unwritten == null) unwritten = take();
        if (unwritten == null) break;
        channel.write(unwritten);
        unwritten = null;
      }
    } catch (StackOverflowError error) {
      // Nothing is written yet: Java looks for room on the stack before it calls the kernel.
      isEmpty = false;
      throw error;
    } catch (IOException error) {
      // The reading thread finds out that the channel is over, and ends the process.
      synchronized (waiting) {
        waiting.clear();
        unwritten = null;
        isEmpty = true;
      }
    } finally {
      writing.unlock();
    }
  }

  /** The next bytes to write: as many frames as fit, or one that is longer. Null if nothing waits. */
  private byte[] take() {
    synchronized (waiting) {
      byte[] first = waiting.poll();
      isEmpty = waiting.isEmpty();
      if (isEmpty || first.length + waiting.peek().length > WRITE_BYTES) return first;
      int size = 0;
      for (byte[] next = first; next != null; next = waiting.poll()) {
        System.arraycopy(next, 0, joined, size, next.length);
        size += next.length;
        if (waiting.isEmpty() || size + waiting.peek().length > WRITE_BYTES) break;
      }
      isEmpty = waiting.isEmpty();
      return Arrays.copyOf(joined, size);
    }
  }
}
