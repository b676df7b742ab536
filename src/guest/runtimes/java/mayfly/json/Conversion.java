package mayfly.json;

import java.lang.reflect.Array;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** Makes values of the types that a handler wants of what JSON gave. Where that does not fit quite, it is taken as AWS Lambda takes it. */
public final class Conversion {
  private Conversion() {}

  /** @throws IllegalArgumentException if the text is not JSON, or does not fit the type */
  public static Object read(String json, Type type) {
    Class<?> raw = Types.rawOf(type);
    if (raw == Object.class || raw == Map.class && type == raw) return cast(JsonReader.read(json), raw);
    return convert(JsonReader.readExactly(json), type, null);
  }

  /** @param value of JSON */
  public static Object convert(Object value, Type type) {
    return convert(value, type, null);
  }

  /** @param name of the property that gets the value, for messages; null if it is none */
  static Object convert(Object value, Type type, String name) {
    Class<?> raw = Types.rawOf(type);
    try {
      return value == null ? nothing(raw) : to(value, type, raw);
    } catch (IllegalArgumentException | java.time.DateTimeException | ArithmeticException error) {
      if (name == null) throw error;
      throw new IllegalArgumentException("\"" + name + "\": " + error.getMessage(), error);
    }
  }

  private static Object nothing(Class<?> type) {
    if (type == Optional.class) return Optional.empty();
    if (type == OptionalInt.class) return OptionalInt.empty();
    if (type == OptionalLong.class) return OptionalLong.empty();
    if (type == OptionalDouble.class) return OptionalDouble.empty();
    return type.isPrimitive() && type != void.class ? Array.get(Array.newInstance(type, 1), 0) : null;
  }

  private static Object to(Object value, Type type, Class<?> raw) {
    if (raw == Object.class) return plain(value);
    if (raw == String.class || raw == CharSequence.class) return textOf(value);
    if (raw == boolean.class || raw == Boolean.class) return bool(value);
    if (raw == char.class || raw == Character.class) return character(value);
    if (raw.isPrimitive() || Number.class.isAssignableFrom(raw)) return number(value, raw);
    if (raw.isEnum()) return constant(value, raw);
    if (raw == Optional.class) return Optional.ofNullable(convert(value, argument(type, raw, 0)));
    if (raw == OptionalInt.class) return OptionalInt.of((int) number(value, int.class));
    if (raw == OptionalLong.class) return OptionalLong.of((long) number(value, long.class));
    if (raw == OptionalDouble.class) return OptionalDouble.of((double) number(value, double.class));
    if (raw == byte[].class && value instanceof String base64) return Base64.getDecoder().decode(base64);
    if (raw == ByteBuffer.class && value instanceof String base64) return ByteBuffer.wrap(Base64.getDecoder().decode(base64));
    if (raw == char[].class && value instanceof String text) return text.toCharArray();
    if ("".equals(value)) return null;
    if (raw.isArray()) return array(value, raw.componentType());
    if (Collection.class.isAssignableFrom(raw) || raw == Iterable.class) return collection(value, type, raw);
    if (Map.class.isAssignableFrom(raw)) return map(value, type, raw);
    if (Dates.isDate(raw)) return Dates.of(value, raw);
    if (Scalars.isText(raw)) return Scalars.fromText(value, raw);
    if (Scalars.isJavas(raw)) throw new IllegalArgumentException("no " + raw.getName() + " can be made of JSON");
    if (value instanceof Map<?, ?> map) return Bean.of(raw).make(map, new Types(type));
    // A class of a library may say how it is made of a text, as money, versions and ids do.
    Object made = value instanceof String text ? Scalars.ofText(text, raw) : null;
    if (made == null) throw mismatch(value, raw);
    return made;
  }

  /** Without the exact numbers, which only those get who ask for BigDecimal. */
  private static Object plain(Object value) {
    if (value instanceof BigDecimal decimal) return decimal.doubleValue();
    if (value instanceof List<?> list) {
      List<Object> copy = new ArrayList<>(list.size());
      for (Object each : list) copy.add(plain(each));
      return copy;
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> copy = new LinkedHashMap<>();
      map.forEach((key, each) -> copy.put(key, plain(each)));
      return copy;
    }
    return value;
  }

  /** A handler that wants a text gets any other value as JSON. */
  private static String textOf(Object value) {
    return value instanceof String text ? text : JsonWriter.text(value);
  }

  private static Boolean bool(Object value) {
    if (value instanceof Boolean is) return is;
    if ("true".equals(value)) return true;
    if ("false".equals(value)) return false;
    throw mismatch(value, boolean.class);
  }

  private static Character character(Object value) {
    if (value instanceof String text && text.length() == 1) return text.charAt(0);
    throw mismatch(value, char.class);
  }

  private static Number number(Object value, Class<?> type) {
    BigDecimal exact;
    try {
      boolean isNumber = value instanceof Number || value instanceof String text && text.length() <= JsonReader.MOST_DIGITS;
      if (!isNumber) throw mismatch(value, type);
      exact = new BigDecimal(value.toString());
    } catch (NumberFormatException error) {
      throw mismatch(value, type);
    }
    if (type == double.class || type == Double.class) return exact.doubleValue();
    if (type == float.class || type == Float.class) return exact.floatValue();
    if (type == BigDecimal.class) return exact;
    if (type == Number.class) return value instanceof Number number ? (Number) plain(number) : exact.doubleValue();
    // A whole number may be written as 1.0 or 1e3. One with a fraction is not cut silently.
    try {
      if (type == int.class || type == Integer.class) return exact.intValueExact();
      if (type == long.class || type == Long.class) return exact.longValueExact();
      if (type == short.class || type == Short.class) return exact.shortValueExact();
      if (type == byte.class || type == Byte.class) return exact.byteValueExact();
      if (type == BigInteger.class) return whole(exact);
    } catch (ArithmeticException error) {
      throw mismatch(value, type);
    }
    throw new IllegalArgumentException("no " + type.getName() + " can be made of JSON");
  }

  private static BigInteger whole(BigDecimal exact) {
    BigDecimal shortest = exact.stripTrailingZeros();
    // A few characters, such as 1e999999999 or 1e-999999999, may mean more digits than there is memory for.
    if (shortest.scale() > 0 || shortest.scale() < -JsonReader.MOST_DIGITS) throw new ArithmeticException("not whole, or too many digits");
    return shortest.toBigIntegerExact();
  }

  private static Object constant(Object value, Class<?> type) {
    Object loosely = null;
    for (Object constant : type.getEnumConstants()) {
      String name = ((Enum<?>) constant).name();
      if (name.equals(value)) return constant;
      if (value instanceof String text && name.equalsIgnoreCase(text)) loosely = constant;
    }
    // A constant that was added later is none that this code knows.
    if (loosely == null && !(value instanceof String)) throw mismatch(value, type);
    return loosely;
  }

  private static Object array(Object value, Class<?> of) {
    List<?> list = listOf(value);
    Object array = Array.newInstance(of, list.size());
    for (int at = 0; at < list.size(); at++) Array.set(array, at, convert(list.get(at), of));
    return array;
  }

  private static Object collection(Object value, Type type, Class<?> raw) {
    List<?> list = listOf(value);
    Type element = raw == Iterable.class ? argument(type, raw, 0) : new Types(type).resolve(Collection.class.getTypeParameters()[0]);
    if (raw == EnumSet.class) return enums(list, element);
    @SuppressWarnings("unchecked")
    Collection<Object> made = (Collection<Object>) instance(raw, ArrayList.class, LinkedHashSet.class, TreeSet.class, ArrayDeque.class);
    for (Object each : list) made.add(convert(each, element));
    return made;
  }

  /** One value is a list of one. */
  private static List<?> listOf(Object value) {
    return value instanceof List<?> list ? list : List.of(value);
  }

  private static Object map(Object value, Type type, Class<?> raw) {
    if (!(value instanceof Map<?, ?> given)) throw mismatch(value, raw);
    Types types = new Types(type);
    Type key = types.resolve(Map.class.getTypeParameters()[0]);
    Type element = types.resolve(Map.class.getTypeParameters()[1]);
    if (raw == EnumMap.class) return byEnum(given, key, element);
    @SuppressWarnings("unchecked")
    Map<Object, Object> made = (Map<Object, Object>) instance(raw, LinkedHashMap.class, TreeMap.class, ConcurrentHashMap.class);
    given.forEach((name, each) -> made.put(convert(name, key), convert(each, element)));
    return made;
  }

  /** Without names that the enum lacks. */
  @SuppressWarnings({"unchecked", "rawtypes"})
  private static Object enums(List<?> list, Type element) {
    EnumSet made = EnumSet.noneOf((Class) Types.rawOf(element));
    for (Object each : list) {
      Object constant = convert(each, element);
      if (constant != null) made.add(constant);
    }
    return made;
  }

  /** Without names that the enum lacks. */
  @SuppressWarnings({"unchecked", "rawtypes"})
  private static Object byEnum(Map<?, ?> given, Type key, Type element) {
    EnumMap made = new EnumMap((Class) Types.rawOf(key));
    for (Map.Entry<?, ?> entry : given.entrySet()) {
      Object constant = convert(entry.getKey(), key);
      if (constant != null) made.put((Enum) constant, convert(entry.getValue(), element));
    }
    return made;
  }

  /** An instance of the class itself, or of the first that can stand for an abstract one. */
  private static Object instance(Class<?> wanted, Class<?>... usual) {
    boolean isAbstract = wanted.isInterface() || Modifier.isAbstract(wanted.getModifiers());
    try {
      if (!isAbstract) return wanted.getConstructor().newInstance();
      for (Class<?> each : usual) if (wanted.isAssignableFrom(each)) return each.getConstructor().newInstance();
    } catch (ReflectiveOperationException error) {
      throw new IllegalArgumentException("no " + wanted.getName() + " can be made: " + error, error);
    }
    throw new IllegalArgumentException("no " + wanted.getName() + " can be made of JSON");
  }

  private static Type argument(Type type, Class<?> generic, int index) {
    return new Types(type).resolve(generic.getTypeParameters()[index]);
  }

  private static Object cast(Object value, Class<?> type) {
    if (value != null && !type.isInstance(value)) throw mismatch(value, type);
    return value;
  }

  private static IllegalArgumentException mismatch(Object value, Class<?> type) {
    String shown = JsonWriter.text(value);
    return new IllegalArgumentException((shown.length() > 100 ? shown.substring(0, 100) + "..." : shown) + " is no " + type.getSimpleName());
  }
}
