package suite;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts its calls. */
public final class Counts {
  private static final AtomicInteger calls = new AtomicInteger();

  static {
    System.out.println("at load");
  }

  public Object handle() {
    return calls.incrementAndGet();
  }
}
