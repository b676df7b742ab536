package mayfly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import mayfly.wire.Outbox;
import mayfly.wire.Protocol.Type;

/**
 * Reports to the host once a second how calls fare, while there are any.
 *
 * <p>Owns: the count of invocations in flight.
 *
 * <ol>
 *   <li>An idle machine must not wake up for this. After the last invocation there is one more report, and then the thread sleeps.
 *   <li>The delay is the time that a ready call waited for a thread: the host learns from it how many calls may share a machine. A call that still waits counts with the time that it has waited so far.
 * </ol>
 */
public final class Stats {
  private static final long INTERVAL_MS = 1_000;
  private static final int PAGE_BYTES = 4_096;

  private final Outbox outbox;
  private final Runnable tellDropped;
  private final Semaphore wanted = new Semaphore(0);
  private Supplier<Long> oldestWaiting = () -> null;
  private boolean isWatching = false;
  private volatile boolean isBound = false;
  private int inFlight = 0;
  private long started = 0;
  private long delaySum = 0;
  private long delayMax = 0;
  private double busyBefore = 0;
  private long toldAt = 0;

  /** @param tellDropped logs how many lines were dropped */
  public Stats(Outbox outbox, Runnable tellDropped) {
    this.outbox = outbox;
    this.tellDropped = tellDropped;
  }

  /** @param oldest says since when, by System.nanoTime(), the call waits that waits the longest; null if none does */
  public void start(Supplier<Long> oldest) {
    oldestWaiting = oldest;
    Thread thread = new Thread(null, this::watch, "mayfly-stats", 0, false);
    thread.setDaemon(true);
    thread.start();
  }

  /** Only if the machine is bound for good are reports sent. */
  public void bound(boolean forGood) {
    isBound = forGood;
  }

  public void begun() {
    synchronized (this) {
      inFlight++;
      if (isWatching) return;
      isWatching = true;
      // Not in the thread: it may get its turn only when busy calls have ended, and would forget how long they waited.
      resumed();
    }
    wanted.release();
  }

  public synchronized void ended() {
    inFlight--;
  }

  /** A call runs now that was ready this many nanoseconds ago. Another thread may have read the clock a little later than the one that asks. */
  public synchronized void started(long since) {
    long delay = Math.max(0, since);
    started++;
    delaySum += delay;
    delayMax = Math.max(delayMax, delay);
  }

  /** The time for which the machine was stopped must not count. */
  public synchronized void resumed() {
    reset(System.nanoTime());
  }

  private void reset(long now) {
    started = delaySum = delayMax = 0;
    busyBefore = CpuShare.seconds();
    toldAt = now;
  }

  private void watch() {
    for (; ; ) {
      wanted.acquireUninterruptibly();
      boolean goesOn = true;
      while (goesOn) {
        try {
          Thread.sleep(INTERVAL_MS);
        } catch (InterruptedException error) {
          // Nobody interrupts this thread; a report too early does no harm.
        }
        report();
        synchronized (this) {
          goesOn = isWatching = inFlight > 0;
        }
      }
    }
  }

  private void report() {
    tellDropped.run();
    Map<String, Object> message = measure();
    if (!isBound) return;
    outbox.json(Type.STATS, 0, message);
    outbox.flush();
  }

  private synchronized Map<String, Object> measure() {
    long now = System.nanoTime();
    Long oldest = oldestWaiting.get();
    if (oldest != null) started(now - oldest);
    double cpu = CpuShare.seconds();
    double share = (cpu - busyBefore) / Math.max((now - toldAt) / 1e9, 0.001);
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("cpuMs", cpu * 1_000);
    message.put("loopDelayMeanMs", started == 0 ? 0 : delaySum / 1e6 / started);
    message.put("loopDelayMaxMs", delayMax / 1e6);
    message.put("loopUtilization", Math.min(1, Math.max(0, share)));
    // The heap may grow or shrink between the two, and the host ends a machine whose figures are below zero.
    message.put("heapUsedBytes", Math.max(0, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory()));
    message.put("rssBytes", rssBytes());
    message.put("inFlight", inFlight);
    reset(now);
    return message;
  }

  /** 0 where the kernel does not say. */
  private static long rssBytes() {
    try {
      return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * PAGE_BYTES;
    } catch (IOException | RuntimeException error) {
      return 0;
    }
  }
}
