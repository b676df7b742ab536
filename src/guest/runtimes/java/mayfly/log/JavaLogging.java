package mayfly.log;

import java.nio.charset.StandardCharsets;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import mayfly.invocation.Current;
import mayfly.wire.Protocol.Level;

/** Sets java.util.logging up such that records reach the log at their level, each as one entry. Java makes an instance when logging is first used. */
public final class JavaLogging extends Handler {
  static Log log;

  private final SimpleFormatter formatter = new SimpleFormatter();

  public JavaLogging() {
    LogManager.getLogManager().reset();
    Logger root = Logger.getLogger("");
    root.setLevel(java.util.logging.Level.INFO);
    root.addHandler(this);
  }

  @Override
  public void publish(LogRecord record) {
    if (!isLoggable(record)) return;
    log.write(Current.get(), levelOf(record.getLevel().intValue()), textOf(record).getBytes(StandardCharsets.UTF_8), false);
  }

  /** The error stands alone where there is no message, which is null then. */
  private String textOf(LogRecord record) {
    String message = formatter.formatMessage(record);
    if (record.getThrown() == null) return String.valueOf(message);
    return (message == null ? "" : message + "\n") + Describe.whole(record.getThrown());
  }

  private static int levelOf(int level) {
    if (level >= java.util.logging.Level.SEVERE.intValue()) return Level.ERROR;
    if (level >= java.util.logging.Level.WARNING.intValue()) return Level.WARN;
    return level >= java.util.logging.Level.INFO.intValue() ? Level.INFO : Level.DEBUG;
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
