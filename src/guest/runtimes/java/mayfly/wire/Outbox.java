package mayfly.wire;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
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
 *   <li>After the message of hold(), nothing is sent until release().
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
  /** What is being written, and how many bytes of it; guarded by `writing`. It stays if the stack overflows or memory is short at that, in code that goes on all the same. */
  private byte[] unwritten;

  private int unwrittenBytes;
  private volatile boolean isEmpty = true;
  private volatile boolean isHeld = false;
  /** How many of the frames that wait may leave although it is held; guarded by `waiting`. */
  private int beforeHold = 0;

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

  /** Sends what waits, this message after it, and nothing more: the other end may freeze the machine, or ask for the release, as soon as it has the message. */
  public void hold(int type, int stream, Object message) {
    byte[] last = JsonWriter.bytes(message);
    writing.lock();
    synchronized (waiting) {
      frame(type, 0, stream, last);
      beforeHold = waiting.size();
      isHeld = true;
    }
    writeAndUnlock();
  }

  public void release() {
    isHeld = false;
    flush();
  }

  /** Sends what waits, or leaves it to the thread that is writing. */
  public void flush() {
    while (!isEmpty && !isHeld && writing.tryLock()) writeAndUnlock();
  }

  /** Like flush(), but all that waits now has left this process when it returns. */
  public void flushNow() {
    // What a thread prints while it writes, it sends when it goes on.
    if (writing.isHeldByCurrentThread()) return;
    writing.lock();
    writeAndUnlock();
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

  private void writeAndUnlock() {
    try {
      while (unwritten != null || take()) {
        channel.write(unwritten, 0, unwrittenBytes);
        unwritten = null;
      }
    } catch (StackOverflowError | OutOfMemoryError error) {
      // Nothing is written yet: Java looks for room before it calls the kernel.
      isEmpty = false;
      throw error;
    } catch (IOException error) {
      // The reading thread finds out that the channel is over, and ends the process.
      synchronized (waiting) {
        waiting.clear();
        beforeHold = 0;
        unwritten = null;
        isEmpty = true;
      }
    } finally {
      writing.unlock();
    }
  }

  /** Makes as many frames as fit what is being written, or one that is longer. False if none may leave. It takes no memory, because frames would be lost if there was none. */
  private boolean take() {
    synchronized (waiting) {
      int most = isHeld ? beforeHold : waiting.size();
      int taken = 0;
      unwrittenBytes = 0;
      for (; taken < most && unwrittenBytes + waiting.peek().length <= WRITE_BYTES; taken++) {
        byte[] frame = waiting.poll();
        System.arraycopy(frame, 0, joined, unwrittenBytes, frame.length);
        unwrittenBytes += frame.length;
        unwritten = joined;
      }
      if (taken == 0 && most > 0) {
        unwritten = waiting.poll();
        unwrittenBytes = unwritten.length;
        taken = 1;
      }
      if (isHeld) beforeHold -= taken;
      isEmpty = waiting.isEmpty();
      return taken > 0;
    }
  }
}
