package mayfly.log;

import java.nio.charset.StandardCharsets;
import mayfly.StackRoom;
import mayfly.invocation.Invocation;
import mayfly.wire.Outbox;
import mayfly.wire.Protocol.Flag;
import mayfly.wire.Protocol.Level;
import mayfly.wire.Protocol.Limit;
import mayfly.wire.Utf8;

/**
 * Writes Log frames to the host.
 *
 * <p>Owns: the count of lines dropped since the last report of them.
 *
 * <ol>
 *   <li>If functions print more than their budget, lines are dropped and counted. The count is logged at most five times a second, with the next line that is kept, or by the statistics' thread.
 *   <li>A line has left the process when write() returns, because user code may end the process right after.
 *   <li>A line carries its invocation's stream only while that is open, and 0 after that.
 * </ol>
 */
public final class Log {
  /** Seconds between two reports of dropped lines, so that a flood does not alternate with such reports. */
  private static final double TELL_SECONDS = 0.2;

  /** The most bytes of one call's text; longer text is cut, with a note. */
  private static final int TEXT_BYTES = 16 * Limit.LOG_TEXT;

  private final Outbox outbox;
  private final LogBudget budget = new LogBudget(now());
  private int dropped = 0;
  private double toldAt = 0;

  public Log(Outbox outbox) {
    this.outbox = outbox;
  }

  /** @param invocation null if the line belongs to none @param partial whether the line goes on in what is written next */
  public void write(Invocation invocation, int level, byte[] text, boolean partial) {
    StackRoom.need();
    LogBudget.Room room;
    double start = now();
    boolean tells;
    synchronized (this) {
      room = budget.take(Math.min(text.length, TEXT_BYTES), start);
      if (room == LogBudget.Room.NONE) {
        dropped++;
        return;
      }
      tells = dropped > 0 && start - toldAt >= TELL_SECONDS;
    }
    if (tells) tellDropped();
    // What rehearsals and the warm-up print is of interest to nobody.
    put(invocation, invocation != null && invocation.isRehearsal() ? Level.DEBUG : level, text, partial);
    if (room == LogBudget.Room.TIMED) {
      double end = now();
      synchronized (this) {
        budget.spend(end - start, end);
      }
    }
  }

  /** Like write(), for a line that the platform writes about a function. It is never dropped. */
  public void say(Invocation invocation, int level, String text) {
    put(invocation, level, text.getBytes(StandardCharsets.UTF_8), false);
  }

  /** Logs how many lines were dropped, if any were. */
  public void tellDropped() {
    int count;
    synchronized (this) {
      count = dropped;
      dropped = 0;
      if (count == 0) return;
      toldAt = now();
    }
    String lines = count == 1 ? "1 log line" : count + " log lines";
    say(null, Level.AGENT, "Dropped " + lines + ": they came faster than they can be kept.");
  }

  private void put(Invocation invocation, int level, byte[] text, boolean partial) {
    int stream = invocation != null && invocation.isOpen() ? invocation.stream : 0;
    int end = Utf8.characterStart(text, TEXT_BYTES);
    int at = 0;
    do {
      int to = Math.min(Utf8.characterStart(text, at + Limit.LOG_TEXT), end);
      outbox.log(partial || to < end ? Flag.PARTIAL : 0, stream, level, text, at, to - at);
      at = to;
    } while (at < end);
    outbox.flushNow();
    if (end < text.length) say(null, Level.AGENT, "A log line of " + text.length + " bytes was cut.");
  }

  private static double now() {
    return System.nanoTime() / 1e9;
  }
}
