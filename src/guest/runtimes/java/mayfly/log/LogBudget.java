package mayfly.log;

import mayfly.wire.Protocol.Limit;

/**
 * Limits how much a machine prints. A line is written before println() returns, which costs 10 µs on a bare process, 100 µs in a sandbox, and more if the CPU is emulated. Without a limit, a function that prints without end would do nothing else, and would seem to hang.
 *
 * <ol>
 *   <li>No more bytes are written than the host keeps of a machine's log. The budget is a tenth less, so that what the platform must say fits.
 *   <li>Some thousand lines may be written at once, and some hundred a second; more only while writing takes less than a quarter of the time.
 * </ol>
 *
 * Its times are seconds of a clock that only rises. The log's lock guards it.
 */
final class LogBudget {
  enum Room {
    NONE,
    FREE,
    /** spend() must be told how long writing the line took. */
    TIMED
  }

  private static final double SHARE_OF_BYTES = 0.9;
  private static final double LINES_AT_ONCE = 4_000;
  private static final double LINES_PER_SECOND = 500;
  /** Seconds of writing. */
  private static final double TIME_AT_ONCE = 1;

  private static final double TIME_PER_SECOND = 0.25;

  private final Bucket bytes;
  private final Bucket lines;
  private final Bucket time;

  LogBudget(double now) {
    bytes = new Bucket(Limit.LOG_PER_SECOND * SHARE_OF_BYTES, Limit.LOG_AT_ONCE * SHARE_OF_BYTES, now);
    lines = new Bucket(LINES_PER_SECOND, LINES_AT_ONCE, now);
    time = new Bucket(TIME_PER_SECOND, TIME_AT_ONCE, now);
  }

  Room take(int size, double now) {
    boolean isFree = lines.take(1, now);
    if (!isFree && !time.take(0, now)) return Room.NONE;
    if (!bytes.take(size + Limit.LOG_LINE, now)) return Room.NONE;
    return isFree ? Room.FREE : Room.TIMED;
  }

  void spend(double seconds, double now) {
    time.spend(seconds, now);
  }

  private static final class Bucket {
    private final double perSecond;
    private final double most;
    private double left;
    private double at;

    Bucket(double perSecond, double most, double now) {
      this.perSecond = perSecond;
      this.most = most;
      left = most;
      at = now;
    }

    boolean take(double amount, double now) {
      fill(now);
      if (left < amount || left <= 0) return false;
      left -= amount;
      return true;
    }

    void spend(double amount, double now) {
      fill(now);
      left -= amount;
    }

    private void fill(double now) {
      left = Math.min(most, left + (now - at) * perSecond);
      at = now;
    }
  }
}
