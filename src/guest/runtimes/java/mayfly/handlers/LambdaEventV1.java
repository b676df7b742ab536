package mayfly.handlers;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mayfly.invocation.RequestHead;

/** A request as functions behind API Gateway's REST APIs get it: the proxy event, payload version 1.0, as lambda/event-v1.ts of Node's runtime makes it. */
final class LambdaEventV1 {
  private LambdaEventV1() {}

  /** Keys without a value are null, as they are there. */
  static Map<String, Object> of(RequestHead head, String app, byte[] body) {
    String rest = head.url.substring(head.url.indexOf("://") + 3);
    int mark = rest.indexOf('?');
    String query = mark < 0 ? "" : rest.substring(mark + 1);
    String place = mark < 0 ? rest : rest.substring(0, mark);
    int slash = place.indexOf('/');
    String host = slash < 0 ? place : place.substring(0, slash);
    String path = slash < 0 ? "/" : place.substring(slash);

    Map<String, List<String>> headers = new LinkedHashMap<>();
    String[] given = head.headers();
    for (int at = 0; at + 1 < given.length; at += 2) add(headers, given[at], given[at + 1]);
    // What the gateway says of the app's `routes` is taken out.
    List<String> route = headers.remove("x-mayfly-route");
    List<String> parameters = headers.remove("x-mayfly-parameters");
    // What leads to the function without a route is, as there, a route for every path.
    int space = route == null ? -1 : route.get(0).indexOf(' ');
    String resource = space < 0 ? "/{proxy+}" : route.get(0).substring(space + 1);
    String inPath = parameters != null ? parameters.get(0) : route == null && !path.equals("/") ? "proxy=" + path.substring(1).replace("+", "%2B").replace("&", "%26") : null;
    Map<String, List<String>> queries = query.isEmpty() ? null : pairsOf(query);

    Map<String, Object> event = new LinkedHashMap<>();
    event.put("version", "1.0");
    event.put("resource", resource);
    event.put("path", path);
    event.put("httpMethod", head.method);
    event.put("headers", lastOf(headers));
    event.put("multiValueHeaders", headers);
    event.put("queryStringParameters", queries == null ? null : lastOf(queries));
    event.put("multiValueQueryStringParameters", queries);
    event.put("pathParameters", inPath == null ? null : LambdaEvent.joinQuery(inPath));
    event.put("stageVariables", null);
    event.put("requestContext", context(head, app, host, path, resource, headers));
    event.put("body", null);
    event.put("isBase64Encoded", false);
    if (body.length > 0) LambdaEvent.putBody(event, body, valueOf(headers, "content-type"));
    return event;
  }

  private static Map<String, List<String>> pairsOf(String query) {
    Map<String, List<String>> lists = new LinkedHashMap<>();
    for (String pair : query.split("&")) {
      if (pair.isEmpty()) continue;
      int equals = pair.indexOf('=');
      add(lists, UrlText.decode(equals < 0 ? pair : pair.substring(0, equals)), equals < 0 ? "" : UrlText.decode(pair.substring(equals + 1)));
    }
    return lists;
  }

  private static void add(Map<String, List<String>> lists, String name, String value) {
    lists.computeIfAbsent(name, each -> new ArrayList<>()).add(value);
  }

  private static Map<String, String> lastOf(Map<String, List<String>> lists) {
    Map<String, String> last = new LinkedHashMap<>();
    lists.forEach((name, values) -> last.put(name, values.get(values.size() - 1)));
    return last;
  }

  /** Null if there is no such header. */
  private static String valueOf(Map<String, List<String>> headers, String wanted) {
    for (Map.Entry<String, List<String>> each : headers.entrySet()) {
      if (each.getKey().equalsIgnoreCase(wanted)) return each.getValue().get(each.getValue().size() - 1);
    }
    return null;
  }

  private static Map<String, Object> context(RequestHead head, String app, String host, String path, String resource, Map<String, List<String>> headers) {
    Instant now = Instant.now();
    String chain = valueOf(headers, "x-forwarded-for");
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("sourceIp", chain == null ? "" : chain.split(",", 2)[0]);
    identity.put("user", null);
    identity.put("userAgent", valueOf(headers, "user-agent"));
    identity.put("userArn", null);
    Map<String, Object> context = new LinkedHashMap<>();
    context.put("accountId", "anonymous");
    context.put("apiId", app);
    context.put("domainName", host);
    context.put("domainPrefix", host.split("\\.", 2)[0]);
    context.put("extendedRequestId", head.id);
    context.put("httpMethod", head.method);
    context.put("identity", identity);
    context.put("path", path);
    context.put("protocol", "HTTP/1.1");
    context.put("requestId", head.id);
    context.put("requestTime", LambdaEvent.COMMON_LOG.format(now));
    context.put("requestTimeEpoch", now.toEpochMilli());
    context.put("resourcePath", resource);
    context.put("stage", "$default");
    Map<String, String> claims = Claims.of(valueOf(headers, "x-mayfly-caller-way"), valueOf(headers, "x-mayfly-caller-claims"));
    if (claims != null) context.put("authorizer", Map.of("claims", claims));
    return context;
  }
}
