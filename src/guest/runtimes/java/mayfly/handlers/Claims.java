package mayfly.handlers;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import mayfly.json.JsonReader;
import mayfly.json.JsonWriter;

/** The claims of a caller's JWT, which the gateway has checked, as API Gateway's authorizers give them: every value is a text. As lambda/claims.ts of Node's runtime. */
final class Claims {
  private Claims() {}

  /** Null if no JWT let the caller in. @param way the header x-mayfly-caller-way @param encoded the header x-mayfly-caller-claims */
  static Map<String, String> of(String way, String encoded) {
    if (!"jwt".equals(way) || encoded == null) return null;
    Map<?, ?> claims = (Map<?, ?>) JsonReader.read(new String(Base64.getUrlDecoder().decode(encoded), StandardCharsets.UTF_8));
    Map<String, String> texts = new LinkedHashMap<>();
    claims.forEach((name, value) -> texts.put((String) name, textOf(value)));
    return texts;
  }

  /** The scopes that a token has, as API Gateway lists them; null if it has none. */
  static List<String> scopes(Map<String, String> claims) {
    String scope = claims.get("scope");
    return scope == null ? null : List.of(scope.split(" "));
  }

  /** Lists are words in brackets there, and objects are JSON. */
  private static String textOf(Object value) {
    if (value instanceof String) return (String) value;
    if (value instanceof List) return ((List<?>) value).stream().map(Claims::textOf).collect(Collectors.joining(" ", "[", "]"));
    return JsonWriter.text(value);
  }
}
