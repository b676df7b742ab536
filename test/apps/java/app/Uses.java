package app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** What code expects around it. */
public class Uses {
  public Map<String, Object> uses() throws IOException {
    Map<String, Object> seen = new LinkedHashMap<>();
    seen.put("token", UUID.randomUUID());
    seen.put("greeting", Files.readString(Path.of("words.txt")).strip());
    seen.put("java", Runtime.version().feature());
    seen.put("colour", System.getenv("COLOUR"));
    seen.put("folder", Path.of("").toAbsolutePath().equals(Path.of(System.getenv("LAMBDA_TASK_ROOT"))));
    seen.put("now", System.currentTimeMillis());
    return seen;
  }

  public String waits() throws InterruptedException {
    Thread.sleep(50);
    return "waited\n";
  }
}
