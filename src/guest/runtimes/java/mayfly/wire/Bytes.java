package mayfly.wire;

/** Little-endian integers in byte arrays. */
public final class Bytes {
  private Bytes() {}

  public static int u16(byte[] from, int at) {
    return (from[at] & 0xff) | (from[at + 1] & 0xff) << 8;
  }

  /** As a signed integer: a value of 2^31 or more is negative. */
  public static int u32(byte[] from, int at) {
    return u16(from, at) | u16(from, at + 2) << 16;
  }

  public static void putU16(byte[] into, int at, int value) {
    into[at] = (byte) value;
    into[at + 1] = (byte) (value >>> 8);
  }

  public static void putU32(byte[] into, int at, int value) {
    putU16(into, at, value);
    putU16(into, at + 2, value >>> 16);
  }
}
