package mayfly.json;

import java.io.File;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URL;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Currency;
import java.util.Locale;
import java.util.Set;
import java.util.TimeZone;
import java.util.UUID;

/** Java's own classes whose values are one text in JSON, and those of Joda-Time, which AWS's events have. */
final class Scalars {
  private Scalars() {}

  private static final Set<Class<?>> texts = Set.of(UUID.class, URI.class, URL.class, File.class, Locale.class, Currency.class, Class.class);

  static boolean isText(Class<?> type) {
    return texts.contains(type)
        || type.getName().startsWith("java.time.")
        || type.getName().startsWith("org.joda.time.")
        || Path.class.isAssignableFrom(type)
        || Charset.class.isAssignableFrom(type)
        || TimeZone.class.isAssignableFrom(type);
  }

  static String textOf(Object value) {
    if (value instanceof Class<?> type) return type.getName();
    if (value instanceof Locale locale) return locale.toLanguageTag();
    return value instanceof TimeZone zone ? zone.getID() : value.toString();
  }

  /** Whether a class is of the JDK: its insides are not shown. */
  static boolean isJavas(Class<?> type) {
    return type.getName().startsWith("java.") || type.getClassLoader() == null || type.getClassLoader() == ClassLoader.getPlatformClassLoader();
  }

  /** @param value a text or a number @throws IllegalArgumentException if it does not say a value of the type */
  static Object fromText(Object value, Class<?> type) {
    if (type == Instant.class && value instanceof Number milliseconds) return Instant.ofEpochMilli(milliseconds.longValue());
    String text = String.valueOf(value);
    if (type == UUID.class) return UUID.fromString(text);
    if (type == URI.class) return URI.create(text);
    if (type == File.class) return new File(text);
    if (type == Path.class) return Path.of(text);
    if (type == Locale.class) return Locale.forLanguageTag(text);
    if (type == Currency.class) return Currency.getInstance(text);
    if (type == ZoneId.class) return ZoneId.of(text);
    if (type == Charset.class) return Charset.forName(text);
    if (type == TimeZone.class) return TimeZone.getTimeZone(text);
    Object made = ofText(text, type);
    if (made != null) return made;
    throw new IllegalArgumentException("a " + type.getName() + " can't be made of a text");
  }

  /** By what the class itself has for this: a static method of a usual name, or a constructor that is public and takes one text. Null if it has neither. */
  static Object ofText(String text, Class<?> type) {
    for (String name : new String[] {"parse", "of", "valueOf", "fromString"}) {
      Object made = tryToMake(type, name, text);
      if (made != null) return made;
    }
    try {
      if (Modifier.isAbstract(type.getModifiers())) return null;
      Constructor<?> constructor = type.getConstructor(String.class);
      // The class need not be public.
      if (!isJavas(type)) constructor.setAccessible(true);
      return constructor.newInstance(text);
    } catch (InvocationTargetException error) {
      throw new IllegalArgumentException(JsonWriter.text(text) + " is no " + type.getSimpleName(), error.getCause());
    } catch (ReflectiveOperationException error) {
      return null;
    }
  }

  /** Null if the class has no such method. */
  private static Object tryToMake(Class<?> type, String name, String text) {
    for (Class<?> parameter : new Class<?>[] {CharSequence.class, String.class}) {
      try {
        Method method = type.getMethod(name, parameter);
        if (!Modifier.isStatic(method.getModifiers()) || !type.isAssignableFrom(method.getReturnType())) continue;
        if (!isJavas(type)) method.setAccessible(true);
        return method.invoke(null, text);
      } catch (NoSuchMethodException | IllegalAccessException error) {
        // Another way may be there.
      } catch (InvocationTargetException error) {
        throw new IllegalArgumentException(JsonWriter.text(text) + " is no " + type.getSimpleName(), error.getCause());
      }
    }
    return null;
  }
}
