package mayfly.log;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import mayfly.invocation.Current;
import mayfly.invocation.Failures;
import mayfly.wire.Protocol.Level;

/** Brings what user code prints into the log, under the invocation that printed it: System.out and err, java.util.logging, and errors that nobody caught. */
public final class Capture {
  private Capture() {}

  public static void begin(Log log, Failures failures) {
    System.setOut(printing(log, Level.INFO));
    System.setErr(printing(log, Level.ERROR));
    // Read when java.util.logging is first used, which most functions never do.
    JavaLogging.log = log;
    System.setProperty("java.util.logging.config.class", JavaLogging.class.getName());
    // An error that ends a thread of the app's is logged, and the invocation goes on: nobody else hears of it.
    Thread.setDefaultUncaughtExceptionHandler((thread, error) -> failures.afterwards(Current.get(), error));
  }

  /** PrintStream itself and no subclass, because only it writes a line and its end at once. */
  private static PrintStream printing(Log log, int level) {
    return new PrintStream(new LogStream(log, level), true, StandardCharsets.UTF_8);
  }
}
