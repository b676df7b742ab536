package mayfly.invocation;

import java.io.InterruptedIOException;

/** The caller went away, or the invocation's time is up. */
public final class Aborted extends InterruptedIOException {
  private static final long serialVersionUID = 1;

  Aborted(String why) {
    super(why);
  }
}
