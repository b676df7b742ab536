package mayfly.log;

import java.io.OutputStream;
import java.util.Arrays;
import mayfly.invocation.Current;
import mayfly.invocation.Invocation;
import mayfly.wire.Utf8;

/** What System.out and System.err write to: UTF-8 text becomes lines of the log. What is not ended yet is sent as a piece of its line. */
final class LogStream extends OutputStream {
  private final Log log;
  private final int level;
  private final Runnable onClose;
  /** The beginning of a character whose rest has not been written yet. */
  private byte[] tail = new byte[0];

  /** @param onClose sees to it that others can print on: what closes this means its own output */
  LogStream(Log log, int level, Runnable onClose) {
    this.log = log;
    this.level = level;
    this.onClose = onClose;
  }

  @Override
  public void write(int one) {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] given, int from, int size) {
    byte[] text = Arrays.copyOf(tail, tail.length + size);
    System.arraycopy(given, from, text, tail.length, size);
    int end = text.length - Utf8.incompleteTail(text, 0, text.length);
    tail = Arrays.copyOfRange(text, end, text.length);
    Invocation invocation = Current.get();
    int start = 0;
    for (int at = 0; at < end; at++) {
      if (text[at] != '\n') continue;
      log.write(invocation, level, Arrays.copyOfRange(text, start, at > start && text[at - 1] == '\r' ? at - 1 : at), false);
      start = at + 1;
    }
    if (start < end) log.write(invocation, level, Arrays.copyOfRange(text, start, end), true);
  }

  @Override
  public void close() {
    onClose.run();
  }
}
