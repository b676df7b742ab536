package mayfly.wire;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import mayfly.wire.Protocol.Flag;
import mayfly.wire.Protocol.Limit;
import mayfly.wire.Protocol.Type;

/**
 * Cuts the bytes of the channel into frames.
 *
 * <p>Owns: the bytes that were received and not yet cut. One thread at a time may read, but it need not be the same one: a thread may leave between two frames, and another goes on at the next frame.
 */
public final class FrameReader {
  /** More than one read's worth, so that a frame of the greatest length always fits. */
  private static final int BUFFER_BYTES = 3 * 65_536;

  /** The JVM allocates as much memory for each read as is asked for, which is cheap up to this size. */
  private static final int READ_BYTES = 65_536;

  private static final int ZERO = 1;
  private static final int ODD = 2;
  private static final int EVEN = 4;

  /** What the host may send: by type, the kinds of stream, the flags, and the least and the most bytes of the payload. */
  private static final int[][] RULES = new int[21][];

  static {
    RULES[Type.RESUME] = new int[] {ZERO, 0, 2, Limit.JSON};
    RULES[Type.BIND] = new int[] {ODD, Flag.END, 4, Limit.PAYLOAD};
    RULES[Type.REQUEST] = new int[] {ODD, Flag.END, 4, Limit.PAYLOAD};
    RULES[Type.DATA] = new int[] {ODD | EVEN, Flag.END, 0, Limit.DATA};
    RULES[Type.CREDIT] = new int[] {ODD | EVEN, 0, 4, 4};
    RULES[Type.RESET] = new int[] {ODD | EVEN, 0, 2, 2 + Limit.RESET_MESSAGE};
    RULES[Type.PING] = new int[] {ZERO, 0, 8, 8};
    RULES[Type.CONNECTED] = new int[] {EVEN, 0, 2, Limit.JSON};
    RULES[Type.TRAILERS] = new int[] {ODD, Flag.END, 1, Limit.HEAD};
    RULES[Type.RESOLVED] = new int[] {EVEN, 0, 2, Limit.JSON};
  }

  private final InputStream channel;
  private final Runnable beforeWait;
  private byte[] buffer = new byte[BUFFER_BYTES];
  private int at = 0;
  private int end = 0;
  private volatile long readAt = System.nanoTime();

  /** @param beforeWait called when all that was received has been handled: before more is waited for */
  public FrameReader(InputStream channel, Runnable beforeWait) {
    this.channel = channel;
    this.beforeWait = beforeWait;
  }

  /** When the bytes of the latest frame came, by System.nanoTime(). */
  public long readAt() {
    return readAt;
  }

  /**
   * Waits for the next frame; null if the channel has ended.
   *
   * @throws ProtocolError if the host broke a rule
   */
  public Frame next() throws IOException, ProtocolError {
    for (; ; ) {
      if (end - at >= Protocol.HEADER_BYTES) {
        int length = Bytes.u32(buffer, at);
        int type = buffer[at + 4] & 0xff;
        int flags = buffer[at + 5] & 0xff;
        int stream = Bytes.u32(buffer, at + 8);
        check(length, type, flags, Bytes.u16(buffer, at + 6), stream);
        int from = at + Protocol.HEADER_BYTES;
        if (end - from >= length) {
          at = from + length;
          return new Frame(type, flags, stream, Arrays.copyOfRange(buffer, from, at));
        }
      }
      beforeWait.run();
      if (!read()) return null;
    }
  }

  private boolean read() throws IOException {
    if (at > 0) {
      System.arraycopy(buffer, at, buffer, 0, end - at);
      end -= at;
      at = 0;
    }
    int count = channel.read(buffer, end, Math.min(READ_BYTES, buffer.length - end));
    readAt = System.nanoTime();
    if (count <= 0) return false;
    end += count;
    return true;
  }

  private static void check(int length, int type, int flags, int reserved, int stream) throws ProtocolError {
    int[] rule = type < RULES.length ? RULES[type] : null;
    if (rule == null) throw new ProtocolError("a frame of type " + type + ", which the host may not send");
    if (length < rule[2] || length > rule[3]) {
      throw new ProtocolError(
          "a frame of type " + type + " with " + Integer.toUnsignedString(length) + " bytes; " + rule[2] + " to " + rule[3] + " are allowed");
    }
    if ((flags & ~rule[1]) != 0 || reserved != 0) {
      throw new ProtocolError("a frame of type " + type + " with a flag or a reserved field that must be 0");
    }
    int kind = stream == 0 ? ZERO : (stream & 1) != 0 ? ODD : EVEN;
    if ((rule[0] & kind) == 0) {
      throw new ProtocolError("a frame of type " + type + " on stream " + Integer.toUnsignedString(stream) + ", which is of the wrong kind");
    }
  }
}
