package mayfly.resume;

import java.util.List;
import mayfly.code.Environment;

/** Sets what only a machine with a Linux of its own lets one set: its clock, its random source, and the working directory, in which Java could not be started there. */
final class OwnKernel {
  private OwnKernel() {}

  interface Step {
    void take() throws Throwable;
  }

  /** @param now milliseconds since the epoch, with a fraction */
  static void settle(double now, byte[] entropy, List<String> failures) {
    attempt("the clock was not set", () -> setClock(now), failures);
    attempt("the kernel's random source was not reseeded", () -> LibC.addEntropy(entropy), failures);
    attempt("the working directory was not set", () -> LibC.enterFolder(Environment.taskRoot.toString()), failures);
  }

  private static void setClock(double now) throws Throwable {
    LibC.setClock(now);
    // A kernel may accept the call without setting the clock. A busy host takes a while between the two.
    if (Math.abs(System.currentTimeMillis() - now) > 5_000) throw new IllegalStateException("the kernel refused");
  }

  static void attempt(String failed, Step step, List<String> failures) {
    try {
      step.take();
    } catch (ExceptionInInitializerError error) {
      // Java was started without leave to use jdk.incubator.foreign.
      failures.add(failed + ": " + (error.getCause() == null ? error : error.getCause()));
    } catch (Throwable error) {
      failures.add(failed + ": " + error);
    }
  }
}
