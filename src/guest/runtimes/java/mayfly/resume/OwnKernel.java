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
      LibC.addEntropy(entropy);
    } catch (NoClassDefFoundError error) {
      failures.add("neither the clock nor the kernel's random source was set: this Java was started without jdk.incubator.foreign");
    } catch (Throwable error) {
      failures.add("the kernel's random source was not reseeded: " + error.getMessage());
    }
  }
}
