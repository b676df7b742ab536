package shop;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.DoubleAdder;
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

  /** Bytes that have a brace only after others. */
  public void binary(InputStream input, OutputStream output) throws IOException {
    output.write(new byte[] {0, 0, '{', 1});
  }
}
