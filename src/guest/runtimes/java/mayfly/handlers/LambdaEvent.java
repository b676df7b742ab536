package mayfly.handlers;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import mayfly.invocation.RequestHead;

/** A request as AWS Lambda's functions get it: the event of API Gateway's HTTP APIs, payload version 2.0, as lambda/event.ts of Node's runtime makes it. */
final class LambdaEvent {
  private LambdaEvent() {}

  private static final Pattern TEXTUAL =
      Pattern.compile("(?:text/|application/(?:json|javascript|xml|graphql)|[^;]+\\+(?:json|xml)).*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /** The time in AWS's form: 28/Nov/2026:05:52:09 +0000. */
  static final DateTimeFormatter COMMON_LOG = DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ENGLISH).withZone(ZoneOffset.UTC);

  static Map<String, Object> of(RequestHead head, String app, byte[] body) {
    String rest = head.url.substring(head.url.indexOf("://") + 3);
    int mark = rest.indexOf('?');
    String query = mark < 0 ? "" : rest.substring(mark + 1);
    String place = mark < 0 ? rest : rest.substring(0, mark);
    int slash = place.indexOf('/');
    String host = slash < 0 ? place : place.substring(0, slash);
    String path = slash < 0 ? "/" : place.substring(slash);

    Map<String, String> headers = new LinkedHashMap<>();
    List<String> cookies = new ArrayList<>();
    joinHeaders(head.headers(), headers, cookies);
    // What the gateway says of the app's `routes`, in headers that API Gateway has not. No caller can set them.
    String chosen = headers.remove("x-mayfly-route");
    String routeKey = chosen == null ? "$default" : chosen;
    String parameters = headers.remove("x-mayfly-parameters");
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("version", "2.0");
    event.put("routeKey", routeKey);
    event.put("rawPath", path);
    event.put("rawQueryString", query);
    event.put("headers", headers);
    event.put("requestContext", context(head, app, host, path, headers, routeKey));
    event.put("isBase64Encoded", false);
    if (!cookies.isEmpty()) event.put("cookies", cookies);
    if (!query.isEmpty()) event.put("queryStringParameters", joinQuery(query));
    if (parameters != null) event.put("pathParameters", joinQuery(parameters));
    if (body.length > 0) putBody(event, body, headers.get("content-type"));
    return event;
  }

  /** Names become lower case, repeated headers are joined by commas, and cookies are kept apart. */
  private static void joinHeaders(String[] list, Map<String, String> headers, List<String> cookies) {
    for (int at = 0; at + 1 < list.length; at += 2) {
      String name = list[at].toLowerCase(Locale.ROOT);
      if (name.equals("cookie")) cookies.addAll(List.of(list[at + 1].split("; ")));
      else join(headers, name, list[at + 1]);
    }
  }

  static Map<String, String> joinQuery(String query) {
    Map<String, String> joined = new LinkedHashMap<>();
    for (String pair : query.split("&")) {
      if (pair.isEmpty()) continue;
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      join(joined, UrlText.decode(name), equals < 0 ? "" : UrlText.decode(pair.substring(equals + 1)));
    }
    return joined;
  }

  private static void join(Map<String, String> into, String name, String value) {
    into.merge(name, value, (before, more) -> before + "," + more);
  }

  static void putBody(Map<String, Object> event, byte[] body, String type) {
    String text = type == null ? strictly(body) : TEXTUAL.matcher(type).matches() ? new String(body, StandardCharsets.UTF_8) : null;
    event.put("body", text == null ? Base64.getEncoder().encodeToString(body) : text);
    event.put("isBase64Encoded", text == null);
  }

  /** Null if the bytes are not UTF-8. */
  private static String strictly(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException error) {
      return null;
    }
  }

  private static Map<String, Object> context(RequestHead head, String app, String host, String path, Map<String, String> headers, String routeKey) {
    Instant now = Instant.now();
    Map<String, Object> http = new LinkedHashMap<>();
    http.put("method", head.method);
    http.put("path", path);
    http.put("protocol", "HTTP/1.1");
    http.put("sourceIp", headers.getOrDefault("x-forwarded-for", "").split(",", 2)[0]);
    http.put("userAgent", headers.getOrDefault("user-agent", ""));
    Map<String, Object> context = new LinkedHashMap<>();
    context.put("accountId", "anonymous");
    context.put("apiId", app);
    context.put("domainName", host);
    context.put("domainPrefix", host.split("\\.", 2)[0]);
    context.put("http", http);
    context.put("requestId", head.id);
    context.put("routeKey", routeKey);
    context.put("stage", "$default");
    Map<String, String> claims = Claims.of(headers.get("x-mayfly-caller-way"), headers.get("x-mayfly-caller-claims"));
    if (claims != null) {
      Map<String, Object> jwt = new LinkedHashMap<>();
      jwt.put("claims", claims);
      jwt.put("scopes", Claims.scopes(claims));
      context.put("authorizer", Map.of("jwt", jwt));
    }
    context.put("time", COMMON_LOG.format(now));
    context.put("timeEpoch", now.toEpochMilli());
    return context;
  }
}
