package mayfly;

import java.util.Arrays;
import java.util.Map;
import mayfly.invocation.Current;
import mayfly.log.Describe;
import mayfly.log.Log;
import mayfly.wire.Protocol.Level;

/**
 * System.exit ends the machine with every invocation in it, as in AWS Lambda, because that is what the user asked for. The log says who called it. Runtime.halt ends it as well, without a word, because Java lets nobody see that.
 */
final class Exits {
  private Exits() {}

  static void capture(Log log) {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> report(log), "mayfly-exit"));
  }

  /** Runs in a thread of its own, while the one that called System.exit waits. */
  private static void report(Log log) {
    for (Map.Entry<Thread, StackTraceElement[]> entry : Thread.getAllStackTraces().entrySet()) {
      StackTraceElement[] stack = entry.getValue();
      int caller = callerOfExit(stack);
      if (caller < 0) continue;
      log.tellDropped();
      String frames = Describe.frames(Arrays.copyOfRange(stack, caller, stack.length));
      log.say(Current.of(entry.getKey()), Level.AGENT, "the function called System.exit, which ends its machine" + frames);
      Leave.say("the app called System.exit");
      return;
    }
  }

  /** The index of the frame that called it, if this is the thread that ends the process; otherwise -1. */
  private static int callerOfExit(StackTraceElement[] stack) {
    boolean isEnding = false;
    for (int at = 0; at < stack.length; at++) {
      String name = stack[at].getClassName();
      isEnding |= name.equals("java.lang.Shutdown");
      if (isEnding && !name.equals("java.lang.Shutdown") && !name.equals("java.lang.Runtime") && !name.equals("java.lang.System")) return at;
    }
    return -1;
  }
}
