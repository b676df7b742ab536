package mayfly.log;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.Supplier;
import mayfly.invocation.Current;
import mayfly.invocation.Failures;
import mayfly.wire.Protocol.Level;

/** Brings what user code prints into the log, under the invocation that printed it: System.out and err, java.util.logging, and errors that nobody caught. */
public final class Capture {
  private Capture() {}

  public static void begin(Log log, Failures failures) {
    open(log, Level.INFO, () -> System.out, System::setOut);
    open(log, Level.ERROR, () -> System.err, System::setErr);
    // What the process has there is the platform's: a console, or a listener.
    System.setIn(InputStream.nullInputStream());
    // Read when java.util.logging is first used, which most functions never do.
    JavaLogging.log = log;
    System.setProperty("java.util.logging.config.class", JavaLogging.class.getName());
    // An error that ends a thread of the app's is logged, and the invocation goes on: nobody else hears of it.
    Thread.setDefaultUncaughtExceptionHandler((thread, error) -> failures.afterwards(Current.get(), error));
  }

  /** If the stream is closed, as by a writer around it, another one takes its place. It is a PrintStream itself and no subclass, because only that writes a line and its end at once. */
  private static void open(Log log, int level, Supplier<PrintStream> current, Consumer<PrintStream> set) {
    PrintStream[] own = new PrintStream[1];
    Runnable again =
        () -> {
          if (current.get() == own[0]) open(log, level, current, set);
        };
    own[0] = new PrintStream(new LogStream(log, level, again), true, StandardCharsets.UTF_8);
    set.accept(own[0]);
  }
}
