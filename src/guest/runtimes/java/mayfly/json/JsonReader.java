package mayfly.json;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON as maps, lists, texts, numbers, Booleans and null. Whole numbers are an Integer, a Long or a BigInteger, whichever is the smallest that holds it.
 */
public final class JsonReader {
  /** Arrays and objects in each other. More would use up the thread's stack. */
  private static final int MOST_DEPTH = 500;
  /** Of a number. Java takes minutes for one of millions. */
  static final int MOST_DIGITS = 1_000;

  private final String text;
  private final boolean exact;
  private int at = 0;
  private int depth = 0;

  private JsonReader(String text, boolean exact) {
    this.text = text;
    this.exact = exact;
  }

  /** Numbers with a fraction are a Double. @throws IllegalArgumentException if the text is not JSON */
  public static Object read(String text) {
    return new JsonReader(text, false).whole();
  }

  /** Like read(), but numbers with a fraction are a BigDecimal, so that no digit is lost. */
  static Object readExactly(String text) {
    return new JsonReader(text, true).whole();
  }

  private Object whole() {
    Object value = value();
    skipSpace();
    if (at < text.length()) throw unexpected();
    return value;
  }

  private Object value() {
    skipSpace();
    if (at >= text.length()) throw new IllegalArgumentException("this is not JSON: it ends too early");
    switch (text.charAt(at)) {
      case '{':
        return nested(this::object);
      case '[':
        return nested(this::array);
      case '"':
        return string();
      case 't':
        return word("true", Boolean.TRUE);
      case 'f':
        return word("false", Boolean.FALSE);
      case 'n':
        return word("null", null);
      default:
        return number();
    }
  }

  private interface Part {
    Object read();
  }

  private Object nested(Part part) {
    if (++depth > MOST_DEPTH) throw new IllegalArgumentException("this JSON is nested more than " + MOST_DEPTH + " deep");
    at++;
    Object value = part.read();
    depth--;
    return value;
  }

  private Map<String, Object> object() {
    Map<String, Object> map = new LinkedHashMap<>();
    if (takes('}')) return map;
    do {
      skipSpace();
      if (at >= text.length() || text.charAt(at) != '"') throw unexpected();
      String name = string();
      if (!takes(':')) throw unexpected();
      map.put(name, value());
    } while (takes(','));
    if (!takes('}')) throw unexpected();
    return map;
  }

  private List<Object> array() {
    List<Object> list = new ArrayList<>();
    if (takes(']')) return list;
    do list.add(value());
    while (takes(','));
    if (!takes(']')) throw unexpected();
    return list;
  }

  private String string() {
    int from = ++at;
    for (; at < text.length(); at++) {
      char next = text.charAt(at);
      if (next == '"') return text.substring(from, at++);
      if (next == '\\') return escaped(from);
      if (next < ' ') throw unexpected();
    }
    throw new IllegalArgumentException("this is not JSON: a text has no end");
  }

  private String escaped(int from) {
    StringBuilder whole = new StringBuilder(text.length() - from < 64 ? 64 : at - from + 64).append(text, from, at);
    while (at < text.length()) {
      char next = text.charAt(at++);
      if (next == '"') return whole.toString();
      if (next == '\\') whole.append(escape());
      else if (next < ' ') {
        at--;
        throw unexpected();
      } else whole.append(next);
    }
    throw new IllegalArgumentException("this is not JSON: a text has no end");
  }

  private char escape() {
    if (at >= text.length()) throw new IllegalArgumentException("this is not JSON: a text has no end");
    char escape = text.charAt(at++);
    switch (escape) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case 'b':
        return '\b';
      case 'f':
        return '\f';
      case '"':
      case '\\':
      case '/':
        return escape;
      case 'u':
        if (at + 4 > text.length()) throw unexpected();
        int code = 0;
        for (int end = at + 4; at < end; at++) {
          int digit = Character.digit(text.charAt(at), 16);
          if (digit < 0 || text.charAt(at) > 'f') throw unexpected();
          code = code * 16 + digit;
        }
        return (char) code;
      default:
        at--;
        throw unexpected();
    }
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at)) throw unexpected();
    at += word.length();
    return value;
  }

  private Number number() {
    int from = at;
    if (peek() == '-') at++;
    int digits = at;
    skipDigits();
    if (at == digits || (text.charAt(digits) == '0' && at > digits + 1)) throw unexpectedAt(from);
    boolean whole = true;
    if (peek() == '.') {
      whole = false;
      int fraction = ++at;
      skipDigits();
      if (at == fraction) throw unexpected();
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      at++;
      if (peek() == '+' || peek() == '-') at++;
      int exponent = at;
      skipDigits();
      if (at == exponent) throw unexpected();
    }
    if (at - from > MOST_DIGITS) throw new IllegalArgumentException("this JSON has a number of more than " + MOST_DIGITS + " digits");
    String number = text.substring(from, at);
    if (whole) return wholeNumber(number);
    return exact ? (Number) new BigDecimal(number) : (Number) Double.valueOf(number);
  }

  private static Number wholeNumber(String number) {
    if (number.length() > 18) {
      BigInteger big = new BigInteger(number);
      return big.bitLength() < 64 ? (Number) big.longValue() : big;
    }
    long value = Long.parseLong(number);
    return (int) value == value ? (Number) (int) value : (Number) value;
  }

  private void skipDigits() {
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') at++;
  }

  private char peek() {
    return at < text.length() ? text.charAt(at) : 0;
  }

  private boolean takes(char wanted) {
    skipSpace();
    if (at >= text.length() || text.charAt(at) != wanted) return false;
    at++;
    return true;
  }

  private void skipSpace() {
    while (at < text.length()) {
      char next = text.charAt(at);
      if (next != ' ' && next != '\n' && next != '\r' && next != '\t') return;
      at++;
    }
  }

  private IllegalArgumentException unexpected() {
    return unexpectedAt(at);
  }

  private IllegalArgumentException unexpectedAt(int place) {
    if (place >= text.length()) return new IllegalArgumentException("this is not JSON: it ends too early");
    return new IllegalArgumentException("this is not JSON: unexpected " + JsonWriter.text(text.substring(place, place + 1)) + " at character " + place);
  }
}
