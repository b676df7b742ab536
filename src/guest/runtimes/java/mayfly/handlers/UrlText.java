package mayfly.handlers;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Percent-encoded text of a URL's query. */
final class UrlText {
  private UrlText() {}

  /** A plus is a space. A percent sign that begins no byte stays as it is. */
  static String decode(String text) {
    if (text.indexOf('%') < 0) return text.replace('+', ' ');
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    byte[] given = text.getBytes(StandardCharsets.UTF_8);
    for (int at = 0; at < given.length; at++) {
      int high = at + 2 < given.length ? Character.digit(given[at + 1], 16) : -1;
      int low = at + 2 < given.length ? Character.digit(given[at + 2], 16) : -1;
      if (given[at] == '%' && high >= 0 && low >= 0) {
        bytes.write(high * 16 + low);
        at += 2;
      } else bytes.write(given[at] == '+' ? ' ' : given[at]);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
