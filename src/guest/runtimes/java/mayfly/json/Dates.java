package mayfly.json;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Calendar;
import java.util.Date;
import java.util.GregorianCalendar;
import java.util.TimeZone;

/** Java's classes of times from before java.time: `Date`, those of java.sql, and `Calendar`. In JSON, they are ISO texts, or milliseconds since 1970. */
final class Dates {
  private Dates() {}

  static boolean isDate(Class<?> type) {
    return Date.class.isAssignableFrom(type) || Calendar.class.isAssignableFrom(type);
  }

  /** @throws IllegalArgumentException or DateTimeException if the value tells no time, or the class is none of Java's */
  static Object of(Object value, Class<?> type) {
    long milliseconds = value instanceof Number number ? number.longValue() : instant(String.valueOf(value)).toEpochMilli();
    if (Calendar.class.isAssignableFrom(type)) return calendar(milliseconds);
    if (type == Date.class) return new Date(milliseconds);
    try {
      return type.getConstructor(long.class).newInstance(milliseconds);
    } catch (ReflectiveOperationException error) {
      throw new IllegalArgumentException("no " + type.getName() + " can be made of JSON", error);
    }
  }

  static String textOf(Date date) {
    // java.sql's dates have no time of day, or no day, and say so.
    return date.getClass() == Date.class ? date.toInstant().toString() : date.toString();
  }

  private static Calendar calendar(long milliseconds) {
    Calendar calendar = new GregorianCalendar(TimeZone.getTimeZone("UTC"));
    calendar.setTimeInMillis(milliseconds);
    return calendar;
  }

  /** As Instant reads it, or with an offset that has a colon or none, or a day alone, which begins in UTC. java.sql writes a blank for the T, and no offset. */
  private static Instant instant(String text) {
    String iso = text.trim().replaceFirst("^(\\d{4}-\\d\\d-\\d\\d) ", "$1T").replaceFirst("([+-]\\d\\d)(\\d\\d)$", "$1:$2");
    try {
      if (iso.length() == 10) return LocalDate.parse(iso).atStartOfDay(ZoneOffset.UTC).toInstant();
      boolean hasOffset = iso.matches(".*(Z|z|[+-]\\d\\d(:\\d\\d)?)$");
      return OffsetDateTime.parse(hasOffset ? iso : iso + "Z").toInstant();
    } catch (DateTimeException error) {
      throw new DateTimeException(JsonWriter.text(text) + " is no time", error);
    }
  }
}
