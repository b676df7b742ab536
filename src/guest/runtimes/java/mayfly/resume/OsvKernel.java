package mayfly.resume;

import java.nio.file.Files;
import java.util.List;
import mayfly.code.Environment;
import mayfly.osv.LedCalls;

/** What takes the place of OwnKernel on OSv, where nobody can set the clock or give the kernel entropy. */
final class OsvKernel {
  private OsvKernel() {}

  /** @param now milliseconds since the epoch, with a fraction */
  static void settle(double now, byte[] entropy, List<String> failures) {
    OwnKernel.attempt("the clock was not set", () -> LedCalls.shiftClock(now), failures);
    OwnKernel.attempt("what comes from the kernel's random source may be another machine's", () -> LedCalls.addEntropy(entropy), failures);
    OwnKernel.attempt("the working directory was not set", OsvKernel::enterTaskRoot, failures);
  }

  private static void enterTaskRoot() throws Throwable {
    Files.createDirectories(Environment.taskRoot);
    LibC.enterFolder(Environment.taskRoot.toString());
  }
}
