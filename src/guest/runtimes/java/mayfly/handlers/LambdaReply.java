package mayfly.handlers;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import mayfly.json.Bean;
import mayfly.json.JsonWriter;

/**
 * What a Lambda handler returned, as a reply by the rules of function URLs.
 *
 * @param headers name, value, name, value…
 */
record LambdaReply(int status, List<String> headers, byte[] body) {
  private static final List<String> JSON = List.of("content-type", "application/json");

  /**
   * A map or a bean with a status code is the whole reply; anything else is the body of a 200, as JSON.
   *
   * @throws IllegalArgumentException if it is no response
   */
  static LambdaReply of(Object value) {
    Map<?, ?> whole = whole(value);
    if (whole == null) return new LambdaReply(200, JSON, bytesOf(value));
    return new LambdaReply(status(whole), headers(whole, "application/json"), body(whole));
  }

  /** The parts of a reply that has a status code; null if it has none. */
  static Map<?, ?> whole(Object value) {
    Map<?, ?> parts = null;
    if (value instanceof Map<?, ?> map) parts = map;
    else if (value != null && Bean.describes(value.getClass()) && Bean.of(value.getClass()).has("statusCode")) parts = Bean.of(value.getClass()).valuesOf(value);
    return parts != null && parts.get("statusCode") != null ? parts : null;
  }

  static int status(Map<?, ?> reply) {
    Object status = reply.get("statusCode");
    try {
      return status instanceof Number number ? number.intValue() : Integer.parseInt(status.toString());
    } catch (NumberFormatException error) {
      throw new IllegalArgumentException("its status is " + JsonWriter.text(status) + "; 200 to 599 are allowed", error);
    }
  }

  /** @param contentType used if the handler gave none */
  static List<String> headers(Map<?, ?> reply, String contentType) {
    List<String> list = new ArrayList<>();
    boolean hasType = false;
    for (String key : new String[] {"headers", "multiValueHeaders"}) {
      if (!(reply.get(key) instanceof Map<?, ?> given)) continue;
      for (Map.Entry<?, ?> entry : given.entrySet()) {
        String name = String.valueOf(entry.getKey()).toLowerCase(Locale.ROOT);
        for (Object each : valuesOf(entry.getValue())) {
          list.add(name);
          list.add(String.valueOf(each).strip());
          hasType |= name.equals("content-type");
        }
      }
    }
    for (Object cookie : valuesOf(reply.get("cookies"))) {
      list.add("set-cookie");
      list.add(String.valueOf(cookie).strip());
    }
    if (!hasType) {
      list.add("content-type");
      list.add(contentType);
    }
    return list;
  }

  private static Collection<?> valuesOf(Object value) {
    if (value == null) return List.of();
    if (value instanceof Object[] array) return List.of(array);
    return value instanceof Collection<?> many ? many : List.of(value);
  }

  private static byte[] body(Map<?, ?> reply) {
    Object body = reply.get("body");
    if (body == null) return new byte[0];
    // A bean's `isBase64Encoded()` is a property of the shorter name.
    boolean isBase64 = Boolean.TRUE.equals(reply.get("isBase64Encoded")) || Boolean.TRUE.equals(reply.get("base64Encoded"));
    return isBase64 && body instanceof String text ? Base64.getMimeDecoder().decode(text) : bytesOf(body);
  }

  private static byte[] bytesOf(Object value) {
    if (value instanceof String text) return text.getBytes(StandardCharsets.UTF_8);
    return value instanceof byte[] bytes ? bytes : JsonWriter.bytes(value);
  }
}
