package mayfly.code;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import mayfly.wire.Protocol;

/**
 * Mounts the app's NFS exports. A program of the machine's image does it, and stays to carry their bytes: threads of this process cannot do it, because one that
 * waits for a file may keep the others from running.
 */
public final class Mounts {
  private Mounts() {}

  /** Its message is a sentence for the app's owner. */
  public static final class Refused extends IOException {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  /** @param mounts the Bind's; null if it has none. Throws with the reason if one cannot be mounted. */
  public static void mountAll(List<?> mounts) throws IOException {
    if (mounts == null) return;
    List<String> words = new ArrayList<>(List.of(Protocol.MOUNTS_PROGRAM));
    for (Object each : mounts) {
      Map<?, ?> mount = (Map<?, ?>) each;
      String ports = ((List<?>) mount.get("ports")).stream().map(port -> String.valueOf(((Number) port).intValue())).collect(Collectors.joining(","));
      words.addAll(List.of((String) mount.get("server"), (String) mount.get("address"), ports, (String) mount.get("source")));
      words.addAll(List.of((String) mount.get("path"), String.valueOf(((Number) mount.get("flags")).intValue()), (String) mount.get("options")));
    }
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getOutputStream().close();
    // It closes its output when all is mounted, and goes on.
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (!said.equals("ok")) throw new Refused(said.isEmpty() ? "what mounts ended without a word" : said);
  }
}
