package osv;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/** Tells what code in Java finds in its machine: see look.ts. */
public final class Look {
  public Object look(Object event) throws IOException {
    return Map.of(
        "words", words(),
        "now", System.currentTimeMillis(),
        "folder", System.getProperty("user.dir"),
        "heapMb", Runtime.getRuntime().maxMemory() >> 20,
        "drawn",
            Map.of(
                "secure", new SecureRandom().nextLong(),
                "uuid", UUID.randomUUID().toString(),
                "math", Math.random(),
                "local", ThreadLocalRandom.current().nextLong()));
  }

  /** By the process's working directory, and not by what Java takes for it. */
  private static String words() throws IOException {
    try (InputStream file = new FileInputStream("words.txt")) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
