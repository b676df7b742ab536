package mayfly.osv;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A compiled class, of which only the constants are looked at: The Java Virtual Machine Specification, 4.4. Names are in ASCII and have slashes. */
final class ClassFile {
  private static final int UTF8 = 1;
  private static final int LONG = 5;
  private static final int DOUBLE = 6;
  private static final int CLASS = 7;
  private static final int METHOD = 10;
  /** Bytes of a constant after its tag, by the tag; those of texts come to it. */
  private static final int[] SIZES = {0, 2, 0, 4, 4, 8, 8, 2, 2, 4, 4, 4, 4, 0, 0, 3, 2, 4, 4, 2, 2};

  private static final int COUNT_AT = 8;
  /** Of the count, which is that of the constants and one more. */
  private static final int MOST_COUNT = 0xffff;

  /** A static method, as calls name it. */
  record Method(String owner, String name, String type) {}

  private final byte[] bytes;
  /** Where each constant begins; 0 where a number has no constant. */
  private final int[] places;
  /** Where the constants end. */
  private final int end;

  /** @param bytes whatever follows the class does not matter to calls() */
  ClassFile(byte[] bytes) {
    this.bytes = bytes;
    places = new int[u16(COUNT_AT)];
    int at = COUNT_AT + 2;
    for (int number = 1; number < places.length; number++) {
      places[number] = at;
      int tag = bytes[at];
      at += 1 + SIZES[tag] + (tag == UTF8 ? u16(at + 1) : 0);
      // These take two numbers.
      if (tag == LONG || tag == DOUBLE) number++;
    }
    end = at;
  }

  /** Whether it calls one of these methods. */
  boolean calls(Method[] methods) {
    for (int number = 1; number < places.length; number++) if (isOne(number, methods)) return true;
    return false;
  }

  /** The class with calls of these methods led to another class, which must have static methods of the same names and types. Null if it has no such call, or no room for another class's name. */
  byte[] led(Method[] methods, String to) {
    if (places.length + 2 > MOST_COUNT) return null;
    byte[] led = null;
    for (int number = 1; number < places.length; number++) {
      if (!isOne(number, methods)) continue;
      if (led == null) led = withClass(to);
      // Of a method, its class is the first part.
      putU16(led, places[number] + 1, places.length + 1);
    }
    return led;
  }

  /** The class under another name. It may name itself nowhere but as a class. */
  byte[] renamed(String from, String to) {
    for (int number = 1; number < places.length; number++) {
      int at = places[number];
      if (!isText(number, from)) continue;
      byte[] name = text(to);
      int rest = at + 3 + from.length();
      byte[] result = Arrays.copyOf(bytes, at + name.length + bytes.length - rest);
      System.arraycopy(name, 0, result, at, name.length);
      System.arraycopy(bytes, rest, result, at + name.length, bytes.length - rest);
      return result;
    }
    throw new IllegalArgumentException("the class is not " + from);
  }

  private boolean isOne(int number, Method[] methods) {
    int at = places[number];
    if (at == 0 || bytes[at] != METHOD) return false;
    int owner = u16(places[u16(at + 1)] + 1);
    int nameAndType = places[u16(at + 3)];
    for (Method method : methods) {
      if (isText(u16(nameAndType + 1), method.name) && isText(u16(nameAndType + 3), method.type) && isText(owner, method.owner)) return true;
    }
    return false;
  }

  private boolean isText(int number, String text) {
    int at = places[number];
    if (at == 0 || bytes[at] != UTF8 || u16(at + 1) != text.length()) return false;
    for (int i = 0; i < text.length(); i++) if (bytes[at + 3 + i] != text.charAt(i)) return false;
    return true;
  }

  /** The same with two constants more, a name and the class of that name. */
  private byte[] withClass(String name) {
    byte[] text = text(name);
    byte[] result = Arrays.copyOf(bytes, bytes.length + text.length + 3);
    System.arraycopy(text, 0, result, end, text.length);
    result[end + text.length] = CLASS;
    putU16(result, end + text.length + 1, places.length);
    System.arraycopy(bytes, end, result, end + text.length + 3, bytes.length - end);
    putU16(result, COUNT_AT, places.length + 2);
    return result;
  }

  private static byte[] text(String value) {
    byte[] result = new byte[3 + value.length()];
    result[0] = UTF8;
    putU16(result, 1, value.length());
    System.arraycopy(value.getBytes(StandardCharsets.US_ASCII), 0, result, 3, value.length());
    return result;
  }

  private int u16(int at) {
    return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
  }

  private static void putU16(byte[] bytes, int at, int value) {
    bytes[at] = (byte) (value >> 8);
    bytes[at + 1] = (byte) value;
  }
}
