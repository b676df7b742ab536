package mayfly.json;

import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Calendar;
import java.util.Collection;
import java.util.Date;
import java.util.Enumeration;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;

/**
 * Writes values as JSON: maps, collections, arrays, records, beans (by getters and public fields), enums (by name), Optional, texts, numbers, and whatever is best told as a text, such as the classes of java.time, UUID and URI. Bytes are base64.
 */
public final class JsonWriter {
  /** Values in each other: more are taken for a value that contains itself. */
  private static final int MOST_DEPTH = 500;

  private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?");

  private final StringBuilder out = new StringBuilder(256);
  private int depth = 0;

  private JsonWriter() {}

  /** @throws IllegalArgumentException if JSON cannot hold the value */
  public static String text(Object value) {
    JsonWriter writer = new JsonWriter();
    writer.write(value);
    return writer.out.toString();
  }

  /** Like text(), as UTF-8. */
  public static byte[] bytes(Object value) {
    return text(value).getBytes(StandardCharsets.UTF_8);
  }

  private void write(Object value) {
    if (value == null) out.append("null");
    else if (value instanceof CharSequence || value instanceof Character) string(value.toString());
    else if (value instanceof Number number) number(number);
    else if (value instanceof Boolean || value instanceof AtomicBoolean) out.append(value);
    else if (value instanceof Enum<?> one) string(one.name());
    else nested(value);
  }

  private void nested(Object value) {
    if (++depth > MOST_DEPTH) throw new IllegalArgumentException("the value is nested more than " + MOST_DEPTH + " deep, or contains itself");
    if (value instanceof Map<?, ?> map) object(map.entrySet().iterator());
    else if (value instanceof byte[] bytes) string(Base64.getEncoder().encodeToString(bytes));
    else if (value instanceof char[] characters) string(new String(characters));
    else if (value.getClass().isArray()) array(value);
    else if (value instanceof Optional<?> optional) write(optional.orElse(null));
    else if (value instanceof OptionalInt optional) write(optional.isPresent() ? optional.getAsInt() : null);
    else if (value instanceof OptionalLong optional) write(optional.isPresent() ? optional.getAsLong() : null);
    else if (value instanceof OptionalDouble optional) write(optional.isPresent() ? optional.getAsDouble() : null);
    else if (value instanceof AtomicReference<?> reference) write(reference.get());
    else if (value instanceof ByteBuffer buffer) string(StandardCharsets.ISO_8859_1.decode(Base64.getEncoder().encode(buffer.duplicate())).toString());
    else if (value instanceof Date date) string(Dates.textOf(date));
    else if (value instanceof Calendar calendar) string(calendar.toInstant().toString());
    else if (Scalars.isText(value.getClass())) string(Scalars.textOf(value));
    else if (value instanceof Collection<?> || !Scalars.isJavas(value.getClass()) && value instanceof Iterable<?>) list(((Iterable<?>) value).iterator());
    else if (value instanceof Iterator<?> iterator) list(iterator);
    else if (value instanceof Enumeration<?> enumeration) list(enumeration.asIterator());
    else if (Scalars.isJavas(value.getClass())) throw new IllegalArgumentException("a " + value.getClass().getName() + " can't be sent as JSON");
    else object(Bean.of(value.getClass()).valuesOf(value).entrySet().iterator());
    depth--;
  }

  private void object(Iterator<? extends Map.Entry<?, ?>> entries) {
    out.append('{');
    while (entries.hasNext()) {
      Map.Entry<?, ?> entry = entries.next();
      string(keyOf(entry.getKey()));
      out.append(':');
      write(entry.getValue());
      if (entries.hasNext()) out.append(',');
    }
    out.append('}');
  }

  private static String keyOf(Object key) {
    return key instanceof Enum<?> one ? one.name() : String.valueOf(key);
  }

  private void array(Object array) {
    out.append('[');
    for (int index = 0; index < Array.getLength(array); index++) {
      if (index > 0) out.append(',');
      write(Array.get(array, index));
    }
    out.append(']');
  }

  private void list(Iterator<?> values) {
    out.append('[');
    while (values.hasNext()) {
      write(values.next());
      if (values.hasNext()) out.append(',');
    }
    out.append(']');
  }

  /** As in JavaScript, what is no number in JSON becomes null. */
  private void number(Number number) {
    boolean isExact = number instanceof BigDecimal || number instanceof BigInteger;
    if (!isExact && !Double.isFinite(number.doubleValue())) out.append("null");
    // A class of a library may show its numbers in a way of its own, as fractions do.
    else if (Scalars.isJavas(number.getClass()) || NUMBER.matcher(number.toString()).matches()) out.append(number);
    else out.append(number.doubleValue());
  }

  private void string(String text) {
    out.append('"');
    int from = 0;
    for (int at = 0; at < text.length(); at++) {
      char next = text.charAt(at);
      boolean isPlain = next >= ' ' && next != '"' && next != '\\';
      if (isPlain && (next < Character.MIN_SURROGATE || !isHalf(text, at))) continue;
      out.append(text, from, at).append(escape(next));
      from = at + 1;
    }
    out.append(text, from, text.length()).append('"');
  }

  /** Whether it is a surrogate without its other half. UTF-8 has no such character, but JSON can name it. */
  private static boolean isHalf(String text, int at) {
    char one = text.charAt(at);
    if (!Character.isSurrogate(one)) return false;
    if (Character.isHighSurrogate(one)) return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
    return at == 0 || !Character.isHighSurrogate(text.charAt(at - 1));
  }

  private static String escape(char one) {
    switch (one) {
      case '"':
        return "\\\"";
      case '\\':
        return "\\\\";
      case '\n':
        return "\\n";
      case '\r':
        return "\\r";
      case '\t':
        return "\\t";
      default:
        return String.format("\\u%04x", (int) one);
    }
  }
}
