package bench;

import java.util.Map;

public class Plain {
  private static Map<String, Object> reply(String text) {
    return Map.of("statusCode", 200, "headers", Map.of("content-type", "text/plain"), "body", text);
  }

  public Map<String, Object> hello(Map<String, Object> event) {
    return reply("hello\n");
  }

  /** Waits 50 ms as for a database, in its thread. */
  public Map<String, Object> waits(Map<String, Object> event) throws InterruptedException {
    Thread.sleep(50);
    return reply("waited\n");
  }
}
