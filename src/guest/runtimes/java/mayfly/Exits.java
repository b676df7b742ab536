package mayfly;

import java.util.Arrays;
import java.util.Map;
import mayfly.invocation.Current;
import mayfly.log.Describe;
import mayfly.log.Log;
import mayfly.wire.Protocol.Level;

/**
 * System.exit ends the machine with every invocation in it, as in AWS Lambda, because that is what the user asked for. The log says who called it. Signals such as SIGTERM, which another program of the machine may send, do the same, and the log names them. Runtime.halt ends it as well, without a word, because Java lets nobody see that.
 */
final class Exits {
  private Exits() {}

  /** Java's own class that ends the process when a signal comes. Its thread is called "SIGTERM handler". */
  private static final String ON_SIGNAL = "java.lang.Terminator";

  static void capture(Log log) {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> report(log), "mayfly-exit"));
  }

  /** Runs in a thread of its own, while the one that ends the process waits. */
  private static void report(Log log) {
    for (Map.Entry<Thread, StackTraceElement[]> entry : Thread.getAllStackTraces().entrySet()) {
      StackTraceElement[] stack = entry.getValue();
      int caller = callerOfEnd(stack);
      if (caller < 0) continue;
      log.tellDropped();
      if (stack[caller].getClassName().startsWith(ON_SIGNAL)) tellSignal(log, entry.getKey().getName().replace(" handler", ""));
      else tellCall(log, entry.getKey(), Arrays.copyOfRange(stack, caller, stack.length));
      return;
    }
  }

  private static void tellSignal(Log log, String name) {
    log.say(null, Level.AGENT, "the process got the signal " + name + ", which ends its machine");
    Leave.say("it got the signal " + name);
  }

  private static void tellCall(Log log, Thread caller, StackTraceElement[] stack) {
    log.say(Current.of(caller), Level.AGENT, "the function called System.exit, which ends its machine" + Describe.frames(stack));
    Leave.say("the app called System.exit");
  }

  /** The index of the frame that asked for the end, if this is the thread that ends the process; otherwise -1. */
  private static int callerOfEnd(StackTraceElement[] stack) {
    boolean isEnding = false;
    for (int at = 0; at < stack.length; at++) {
      String name = stack[at].getClassName();
      isEnding |= name.equals("java.lang.Shutdown");
      if (isEnding && !name.equals("java.lang.Shutdown") && !name.equals("java.lang.Runtime") && !name.equals("java.lang.System")) return at;
    }
    return -1;
  }
}
