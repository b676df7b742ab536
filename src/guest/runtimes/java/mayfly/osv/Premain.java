package mayfly.osv;

import java.lang.instrument.Instrumentation;

/** What Java calls before the agent's main(), if it is started with -javaagent. */
public final class Premain {
  private Premain() {}

  /** Null without -javaagent. */
  static Instrumentation instrumentation;

  public static void premain(String ignored, Instrumentation given) {
    instrumentation = given;
  }
}
