package mayfly.code;

import java.io.IOException;
import java.io.InputStream;

/** The jar of handlers that the agent brings: for its warm-up, and for rehearsals that bring no code of their own, so that the host needs none. */
public final class WarmJar {
  private WarmJar() {}

  public static byte[] read() throws IOException {
    try (InputStream resource = WarmJar.class.getResourceAsStream("/warm.jar")) {
      return resource.readAllBytes();
    }
  }
}
