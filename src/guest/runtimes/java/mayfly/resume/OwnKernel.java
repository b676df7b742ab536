package mayfly.resume;

import java.util.List;

/** Sets the clock and reseeds the random source of a machine that has a Linux of its own. */
final class OwnKernel {
  private OwnKernel() {}

  /** @param now milliseconds since the epoch, with a fraction */
  static void settle(double now, byte[] entropy, List<String> failures) {
    try {
      LibC.setClock(now);
      // A kernel may accept the call without setting the clock.
      if (Math.abs(System.currentTimeMillis() - now) > 50) failures.add("the clock was not set: the kernel refused");
    } catch (Throwable error) {
      failures.add("the clock was not set: " + causeOf(error));
    }
    try {
      LibC.addEntropy(entropy);
    } catch (Throwable error) {
      failures.add("the kernel's random source was not reseeded: " + causeOf(error));
    }
  }

  /** Where Java was started without jdk.incubator.foreign, or without leave to use it, the class that needs it cannot be loaded, or initialised. */
  private static Throwable causeOf(Throwable error) {
    return error instanceof ExceptionInInitializerError && error.getCause() != null ? error.getCause() : error;
  }
}
