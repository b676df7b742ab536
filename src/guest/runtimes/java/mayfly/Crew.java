package mayfly;

import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/**
 * The threads that read the channel and run handlers.
 *
 * <p>One thread leads: it reads frames and handles them. A call is handed to a thread of the crew, which grows to as many as are blocked at once. Handing over costs more than a small handler does, so calls of a function that has been quick several times are run by the leader itself, between two frames, as an event loop would. Unlike an event loop, it does not matter if such a call takes long after all: the lookout sees that within milliseconds, and gives the lead to another thread.
 *
 * <p>Owns: the threads, and the calls that wait for one.
 *
 * <ol>
 *   <li>At most one thread leads. The lead changes only while the leader runs a call, which is between two frames.
 *   <li>While the CPU is fully used, more threads would only take turns: then the crew grows slowly and shrinks, and calls wait, which the statistics show.
 *   <li>The lookout looks only while the leader runs a call or calls wait, so that an idle machine does not wake up.
 * </ol>
 */
public final class Crew {
  private static final int MOST_THREADS = 1_000;
  /** Milliseconds between two looks of the lookout. */
  private static final long LOOK_MS = 2;
  /** The lookout goes to sleep after so many looks at which there was nothing to do. */
  private static final int QUIET_LOOKS = 25;
  /** Looks between two threads that are added although the CPU is fully used. */
  private static final int SLOW_GROWTH = 5;

  /** How quick a function has been: its quick calls, minus four for each other one. Lost updates change nothing that matters. */
  public static final class Pace {
    /** Nanoseconds. */
    private static final long QUICK = 1_000_000;
    /** The leader runs a function's calls if so many of them were quick, net of others. */
    private static final int QUICK_CALLS = 8;

    private volatile int score = 0;

    boolean isQuick() {
      return score >= QUICK_CALLS;
    }

    void took(long nanoseconds) {
      int before = score;
      score = nanoseconds < QUICK ? Math.min(before + 1, QUICK_CALLS) : Math.max(before - 4, 0);
    }
  }

  /** @param pace null if the call says nothing on how quick its function is */
  private record Call(Runnable run, Pace pace, long readyAt) {}

  /** In the place of a call: the lead. */
  private static final Call LEAD = new Call(() -> {}, null, 0);

  private final Runnable step;
  private final Runnable flush;
  private final Consumer<Throwable> failed;
  private final Stats stats;
  private final LinkedBlockingDeque<Call> calls = new LinkedBlockingDeque<>();
  private final int floor = Runtime.getRuntime().availableProcessors() + 1;
  private final CpuShare cpu = new CpuShare();
  private final Semaphore wanted = new Semaphore(0);
  private int size = 1;
  /** Threads that wait for a call, minus the calls that wait for a thread. */
  private int spare = 0;
  private volatile Thread leader;
  /** The first thread, whose end would be that of the process, as all others are daemons: it stays when the crew shrinks. */
  private Thread main;
  /** Counts the calls that leaders have run. */
  private volatile long turn = 0;
  /** Whether a leader runs one now. */
  private volatile boolean isRunning = false;
  private volatile boolean isFull = false;
  private volatile boolean isAsleep = true;

  /**
   * @param step reads and handles one frame
   * @param flush sends what handlers have written
   * @param failed ends the machine, because a call has thrown what it should have handled itself
   */
  public Crew(Runnable step, Runnable flush, Consumer<Throwable> failed, Stats stats) {
    this.step = step;
    this.flush = flush;
    this.failed = failed;
    this.stats = stats;
  }

  /** Makes the thread that calls it, the main one, the first leader. Never returns. */
  public void lead() {
    main = Thread.currentThread();
    endMachineWith(main);
    start("mayfly-lookout", this::lookOut);
    leadOn();
    follow(false);
  }

  /** Since when, by System.nanoTime(), the call waits that waits the longest; null if none does. */
  public Long oldestWaiting() {
    for (Call call : calls) if (call != LEAD) return call.readyAt;
    return null;
  }

  /** Runs a call, in this thread if that is one of the crew's that does not lead, or leads and may expect a quick call. */
  public void take(Runnable run, Pace pace, long readyAt) {
    if (Thread.currentThread() != leader) run(new Call(run, pace, readyAt));
    else if (pace.isQuick()) runLeading(new Call(run, pace, readyAt));
    else handOver(run, pace, readyAt);
  }

  /** Leaves a call to another thread. */
  public void handOver(Runnable run, Pace pace, long readyAt) {
    boolean grows;
    boolean waits;
    synchronized (this) {
      spare--;
      grows = spare < 0 && size < MOST_THREADS && !(isFull && size >= floor);
      if (grows) grow();
      waits = spare < 0;
    }
    calls.addLast(new Call(run, pace, readyAt));
    if (grows) startFollower();
    else if (waits) wakeLookout();
  }

  private void grow() {
    size++;
    spare++;
  }

  private void startFollower() {
    start("mayfly-call", () -> follow(true));
  }

  private void start(String name, Runnable run) {
    // It must not inherit anything of an invocation's.
    Thread thread = new Thread(null, run, name, 0, false);
    thread.setDaemon(true);
    endMachineWith(thread);
    thread.start();
  }

  /** The machine ends if the thread does so by an error. Code may have set a handler of its own for all threads. */
  private void endMachineWith(Thread thread) {
    thread.setUncaughtExceptionHandler((ignored, error) -> failed.accept(error));
  }

  private void leadOn() {
    Thread me = Thread.currentThread();
    leader = me;
    while (leader == me) step.run();
  }

  /** Runs it in the thread that calls this, which leads, or led when it began with the frame that it handles. If it takes long, another thread leads from then on. */
  public void runHere(Runnable run, long readyAt) {
    Call call = new Call(run, null, readyAt);
    if (Thread.currentThread() == leader) runLeading(call);
    else run(call);
  }

  private void runLeading(Call call) {
    turn++;
    isRunning = true;
    if (isAsleep) wakeLookout();
    runTimed(call);
    synchronized (this) {
      if (leader == Thread.currentThread()) {
        isRunning = false;
        return;
      }
    }
    // The lead was given away, and with it the duty to flush.
    flush.run();
  }

  /** @param isCounted a call is there for this thread already, so it does not wait for one yet */
  private void follow(boolean isCounted) {
    boolean counted = isCounted;
    for (; ; ) {
      if (!counted) {
        synchronized (this) {
          if (isFull && size > floor && Thread.currentThread() != main) {
            size--;
            return;
          }
          spare++;
        }
      }
      counted = false;
      Call call = next();
      if (call == LEAD) leadOn();
      else run(call);
    }
  }

  private Call next() {
    for (; ; ) {
      try {
        return calls.takeFirst();
      } catch (InterruptedException error) {
        // An app's code has interrupted a thread that was its own once.
      }
    }
  }

  private void run(Call call) {
    runTimed(call);
    flush.run();
  }

  private void runTimed(Call call) {
    long start = System.nanoTime();
    stats.started(start - call.readyAt);
    // An app's code may have interrupted the thread since, which was its own once; this call must not find that.
    Thread.interrupted();
    try {
      call.run.run();
    } catch (Throwable error) {
      // A thread that ended here would be counted on, and if it led, nobody would read the channel.
      failed.accept(error);
    }
    if (call.pace != null) call.pace.took(System.nanoTime() - start);
  }

  private void wakeLookout() {
    if (!isAsleep) return;
    isAsleep = false;
    wanted.release();
  }

  private void lookOut() {
    for (; ; ) {
      // What began before this was set has not woken it.
      isAsleep = true;
      if (!isRunning && !waits()) wanted.acquireUninterruptibly();
      isAsleep = false;
      cpu.begin();
      int looks = 0;
      for (int quiet = 0; quiet < QUIET_LOOKS; looks++) {
        long before = turn;
        pause();
        isFull = cpu.isFull();
        if (isRunning && before == turn) giveLeadAway(before);
        else if (waits() && (!isFull || looks % SLOW_GROWTH == 0)) addThread();
        quiet = isRunning || waits() ? 0 : quiet + 1;
      }
      isFull = false;
    }
  }

  private static void pause() {
    try {
      Thread.sleep(LOOK_MS);
    } catch (InterruptedException error) {
      // Nobody interrupts the lookout; a look too many does no harm.
    }
  }

  private synchronized boolean waits() {
    return spare < 0;
  }

  private void giveLeadAway(long given) {
    boolean grows;
    synchronized (this) {
      if (!isRunning || given != turn) return;
      isRunning = false;
      leader = null;
      spare--;
      grows = spare < 0;
      if (grows) grow();
      calls.addFirst(LEAD);
    }
    if (grows) startFollower();
    flush.run();
  }

  private void addThread() {
    synchronized (this) {
      if (spare >= 0 || size >= MOST_THREADS) return;
      grow();
    }
    startFollower();
  }
}
