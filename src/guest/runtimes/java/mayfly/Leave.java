package mayfly;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** How the agent ends the process, and writes to the machine's console, which is descriptor 2 whatever System.err is. */
public final class Leave {
  private Leave() {}

  private static final FileOutputStream console = new FileOutputStream(FileDescriptor.err);

  /** Made ahead, because there is no memory for it when it is needed. The host tells the end by the words "heap out of memory". */
  private static final byte[] NO_MEMORY = "mayfly agent: Java heap out of memory\n".getBytes(StandardCharsets.US_ASCII);

  /**
   * Ends the process at once. It never returns; its result lets callers write `throw`.
   *
   * @param reason written to the machine's console; null for none
   */
  public static Error now(int code, String reason) {
    if (reason != null) say(reason);
    Runtime.getRuntime().halt(code);
    throw new AssertionError("halt returned");
  }

  public static void say(String reason) {
    write(("mayfly agent: " + reason + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** @param log reports to the app's log, if there is memory for that */
  public static Error outOfMemory(Runnable log) {
    write(NO_MEMORY);
    try {
      log.run();
    } catch (Throwable failure) {
      // Most likely there is no memory for it. The console has it.
    }
    return now(1, null);
  }

  private static void write(byte[] text) {
    try {
      console.write(text);
    } catch (IOException error) {
      // Nobody holds the console's other end any more.
    }
  }
}
