package app;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Does what its caller asks for, good or bad. */
public class Misbehave implements RequestHandler<Misbehave.Event, Map<String, Object>> {
  /** What it needs of API Gateway's event. */
  public record Event(Map<String, String> queryStringParameters) {}

  @Override
  public Map<String, Object> handleRequest(Event event, Context context) {
    String deed = event.queryStringParameters() == null ? "" : event.queryStringParameters().getOrDefault("do", "");
    System.out.println("asked to " + (deed.isEmpty() ? "behave" : deed));
    switch (deed) {
      case "throw":
        throw new IllegalStateException("thrown on demand");
      case "exit":
        System.exit(7);
        break;
      case "spin":
        for (long turn = 0; turn >= 0; turn++) Thread.onSpinWait();
        break;
      case "leak":
        List<byte[]> held = new ArrayList<>();
        for (;;) held.add(new byte[1 << 20]);
      default:
    }
    return Map.of("statusCode", 200, "body", "behaved\n");
  }
}
