package warm;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A handler by its method's name, with types of its own. */
public final class Typed {
  /** What it takes of the event. */
  public static final class Call {
    private String rawPath;
    private Map<String, String> headers;

    public String getRawPath() {
      return rawPath;
    }

    public void setRawPath(String rawPath) {
      this.rawPath = rawPath;
    }

    public Map<String, String> getHeaders() {
      return headers;
    }

    public void setHeaders(Map<String, String> headers) {
      this.headers = headers;
    }
  }

  /** What it answers. */
  public record Answer(String path, List<Integer> numbers, Optional<String> none) {}

  public Answer handle(Call call) {
    return new Answer(call.getRawPath(), List.of(1, call.getHeaders().size()), Optional.empty());
  }
}
