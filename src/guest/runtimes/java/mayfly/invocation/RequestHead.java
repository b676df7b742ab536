package mayfly.invocation;

import java.util.Map;
import mayfly.json.JsonReader;

/** The head of a Request: ISO 8859-1 text whose fields are separated by LF. Headers are split only if somebody asks for them. */
public final class RequestHead {
  public final String kind;
  public final String id;
  public final String function;
  public final double remainingMs;
  public final String revision;
  public final String traceparent;

  /** The event's form, the method and the URL; empty unless it is a call over HTTP. */
  public final String event;

  public final String method;
  public final String url;

  private final String headers;
  /** JSON; null unless the caller expects the answers of AWS Lambda's API. */
  private final String lambda;

  RequestHead(String text) {
    String[] fields = text.split("\n", 8);
    kind = fields[0];
    id = fields[1];
    function = fields[2];
    remainingMs = Double.parseDouble(fields[3]);
    revision = fields[5];
    traceparent = fields[6];
    String[] rest = kind.equals("http") ? fields[7].split("\n", 5) : new String[] {"", "", "", ""};
    event = rest[1];
    method = rest[2];
    url = rest[3];
    headers = rest.length > 4 ? rest[4] : "";
    int tracestateEnd = fields[7].indexOf('\n');
    lambda = kind.equals("event") && tracestateEnd >= 0 ? fields[7].substring(tracestateEnd + 1) : null;
  }

  private RequestHead(RequestHead other, String function, String url) {
    this.kind = other.kind;
    this.id = other.id;
    this.function = function;
    this.remainingMs = other.remainingMs;
    this.revision = other.revision;
    this.traceparent = other.traceparent;
    this.event = other.event;
    this.method = other.method;
    this.url = url;
    this.headers = other.headers;
    this.lambda = other.lambda;
  }

  /** The same call of another function. */
  RequestHead of(String otherFunction, String otherUrl) {
    return new RequestHead(this, otherFunction, otherUrl);
  }

  /** Whether the body is an event and the reply's body its result, so that neither is an HTTP body. */
  public boolean isEvent() {
    return kind.equals("event");
  }

  /** Whether the caller expects the answers of AWS Lambda's API. */
  public boolean isLambda() {
    return lambda != null;
  }

  /** What AWS Lambda's context object says of this invocation; empty unless the caller expects the answers of its API. */
  public Map<?, ?> lambda() {
    return lambda == null ? Map.of() : (Map<?, ?>) JsonReader.read(lambda);
  }

  /** name, value, name, value… as they arrived. */
  public String[] headers() {
    return headers.isEmpty() ? new String[0] : headers.split("\n", -1);
  }
}
