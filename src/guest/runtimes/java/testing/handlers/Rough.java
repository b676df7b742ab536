package shop;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;

/** Code that is not gentle with what it runs on. */
public class Rough {
  private static final AtomicInteger calls = new AtomicInteger();

  /** Closes its own writers, and with them what everybody prints to. */
  public Object closes() {
    try (PrintWriter out = new PrintWriter(System.out); PrintWriter err = new PrintWriter(System.err)) {
      out.print("closing out " + calls.incrementAndGet() + "\n");
      err.print("closing err " + calls.get() + "\n");
    }
    return "closed";
  }

  public Object reads() throws IOException {
    return System.in.read();
  }

  /** What can be asked of this error throws another one. */
  private static final class Unspeakable extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new NoClassDefFoundError("its message");
    }

    @Override
    public synchronized Throwable getCause() {
      throw new UnsupportedOperationException("its cause");
    }
  }

  public Object unspeakable() {
    throw new Unspeakable();
  }

  public Object nameless() {
    throw new IllegalStateException("of no name") {};
  }

  /** Starts a thread that lives on, and with it all that the thread inherits. */
  public void keeps(InputStream input, OutputStream output) throws IOException {
    int size = input.readAllBytes().length;
    Thread lives = new Thread(() -> sleep(Long.MAX_VALUE));
    lives.setDaemon(true);
    lives.start();
    output.write(String.valueOf(size).getBytes());
  }

  private static void sleep(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException error) {
      throw new IllegalStateException(error);
    }
  }

  /** Interrupts the thread that makes it. */
  public static final class Interrupting {
    public Interrupting() {
      Thread.currentThread().interrupt();
    }

    public Object handle() {
      sleep(1);
      return "slept";
    }
  }

  /** Has much memory, and an error of its own each time that it is initialised. */
  public static final class Failing {
    private static final byte[] ballast = new byte[4_000_000];

    static {
      if (ballast.length > 0) throw new AssertionError("not this time");
    }

    public Object handle() {
      return null;
    }
  }

  public Object generators() {
    Map<String, Object> drawn = new LinkedHashMap<>();
    for (String algorithm : new String[] {"L64X128MixRandom", "Xoshiro256PlusPlus"}) drawn.put(algorithm, RandomGenerator.of(algorithm).nextLong());
    drawn.put("default", RandomGenerator.getDefault().nextLong());
    return drawn;
  }

  public Object zone() {
    return TimeZone.getDefault().getID();
  }

  public Object forgets() {
    return System.clearProperty("java.version");
  }

  public Object whole(BigInteger input) {
    return input;
  }

  public Object same(Object input) {
    return input;
  }

  /** A number that shows itself in a way of its own. */
  private static final class Half extends Number {
    private static final long serialVersionUID = 1;

    @Override
    public int intValue() {
      return 0;
    }

    @Override
    public long longValue() {
      return 0;
    }

    @Override
    public float floatValue() {
      return 0.5f;
    }

    @Override
    public double doubleValue() {
      return 0.5;
    }

    @Override
    public String toString() {
      return "1/2";
    }
  }

  public Object numbers() {
    DoubleAdder none = new DoubleAdder();
    none.add(Double.NaN);
    return List.of(new AtomicLong(1), none, new Half(), new BigDecimal("1e400"), Float.POSITIVE_INFINITY);
  }

  /** Does it at the end of a full stack: at each level on the way back, until there is room for it. */
  private static void atEndOfStack(boolean[] isDone, Runnable what) {
    try {
      atEndOfStack(isDone, what);
    } catch (StackOverflowError error) {
      if (!isDone[0]) {
        what.run();
        isDone[0] = true;
      }
      throw error;
    }
  }

  /** So that the stack's end is met at another place: by so many other calls before. */
  private static int after(int calls, Runnable what) {
    if (calls > 0) return 1 + after(calls - 1, what);
    boolean[] isDone = {false};
    try {
      atEndOfStack(isDone, what);
    } catch (StackOverflowError error) {
      // As it must be.
    }
    return isDone[0] ? 1 : 0;
  }

  private static final int STACKS = 20;

  public void printsAtEndOfStack() {
    // The classes that Java needs for this are better made where there is room.
    System.out.println("room");
    for (int calls = 0; calls < STACKS; calls++) after(calls, () -> System.out.println("no room"));
    System.out.println("room again");
  }

  public void writesAtEndOfStack(InputStream input, OutputStream output) throws IOException {
    output.write("begin ".getBytes());
    output.flush();
    for (int calls = 0; calls < STACKS; calls++) {
      byte[] letter = {(byte) ('a' + calls)};
      after(
          calls,
          () -> {
            try {
              output.write(letter);
            } catch (IOException error) {
              throw new IllegalStateException(error);
            }
          });
    }
  }

  /** Prints bytes that are no text: silence, as sound of eight bits has it. */
  public void printsBytes() {
    byte[] silence = new byte[300_000];
    Arrays.fill(silence, (byte) 0x80);
    System.out.write(silence, 0, 20_000);
    System.out.println();
    System.out.write(silence, 0, silence.length);
    System.out.println();
  }

  /** Without a message, as code that an editor has made does it. */
  public void logsNothing() {
    Logger.getLogger("shop").log(Level.SEVERE, null, new IllegalStateException("the error"));
    Logger.getLogger("shop").info((String) null);
  }

  private static volatile Thread earlier;

  /** Whether its thread was interrupted before. */
  public Object isInterrupted() {
    earlier = Thread.currentThread();
    return Thread.interrupted();
  }

  public void interruptsEarlier() {
    earlier.interrupt();
  }

  /** Is made slowly, as classes are that connect to something first. */
  public static final class Slow {
    static {
      sleep(100);
    }

    public Object handle(Object input) {
      return input;
    }
  }

  /** Bytes that have a brace only after others. */
  public void binary(InputStream input, OutputStream output) throws IOException {
    output.write(new byte[] {0, 0, '{', 1});
  }
}
