package mayfly.invocation;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mayfly.Leave;
import mayfly.json.JsonWriter;
import mayfly.log.Describe;
import mayfly.log.Log;
import mayfly.wire.Protocol.Code;
import mayfly.wire.Protocol.Level;

/** Reports to the log, and then to the host, how a function failed. An error that says that there is no memory ends the machine, because nothing in it can be relied on any more. */
public final class Failures {
  private final Log log;

  public Failures(Log log) {
    this.log = log;
  }

  public void threw(Invocation invocation, Throwable error) {
    endIfOutOfMemory(invocation, error);
    // An error that a handler throws because its caller went away is not reported.
    if (invocation.isAborted()) invocation.settle();
    else if (invocation.head().isEvent() && invocation.isUnanswered()) answer(invocation, error);
    else fail(invocation, Code.FUNCTION_THREW, error);
  }

  public void loadFailed(Invocation invocation, Throwable error) {
    endIfOutOfMemory(invocation, error);
    if (invocation.head().isLambda() && invocation.isUnanswered()) answer(invocation, error);
    else fail(invocation, Code.FUNCTION_LOAD_FAILED, error);
  }

  public void badResponse(Invocation invocation, Throwable error) {
    endIfOutOfMemory(invocation, error);
    if (invocation.isAborted()) {
      invocation.settle();
      return;
    }
    String what = Describe.firstLine(error);
    log.say(invocation, Level.ERROR, "The handler returned something that is no response: " + what);
    if (invocation.head().isLambda() && invocation.isUnanswered()) invocation.reply(500, List.of(), lambdaDocument(error));
    else invocation.fail(Code.BAD_RESPONSE, what);
  }

  /** Logs an error of a thread of the app's, or of code that is loaded ahead. @param invocation null if it belongs to none */
  public void afterwards(Invocation invocation, Throwable error) {
    endIfOutOfMemory(invocation, error);
    String ended = invocation == null || invocation.isOpen() ? "" : "After the end of invocation " + invocation.head().id + ": ";
    log.say(invocation, Level.ERROR, ended + Describe.whole(error));
  }

  private void answer(Invocation invocation, Throwable error) {
    log.say(invocation, Level.ERROR, Describe.whole(error));
    invocation.reply(500, List.of(), invocation.head().isLambda() ? lambdaDocument(error) : document(error));
  }

  private void fail(Invocation invocation, int code, Throwable error) {
    log.say(invocation, Level.ERROR, Describe.whole(error));
    invocation.fail(code, Describe.firstLine(error));
  }

  private void endIfOutOfMemory(Invocation invocation, Throwable error) {
    if (!isOutOfMemory(error)) return;
    throw Leave.outOfMemory(
        () -> log.say(invocation, Level.AGENT, "there is no memory left, which ends the machine\n" + Describe.whole(error)));
  }

  private static boolean isOutOfMemory(Throwable error) {
    try {
      Throwable one = error;
      for (int depth = 0; one != null && depth < 20; depth++, one = one.getCause()) if (one instanceof OutOfMemoryError) return true;
    } catch (Throwable failure) {
      // getCause() is the user's.
    }
    return false;
  }

  /** How a function failed, as AWS Lambda's runtime of Java reports it. */
  private static byte[] lambdaDocument(Throwable error) {
    return JsonWriter.bytes(lambdaFields(error, 0));
  }

  private static Map<String, Object> lambdaFields(Throwable error, int depth) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("errorMessage", Describe.messageOf(error));
    fields.put("errorType", error.getClass().getName());
    fields.put("stackTrace", Describe.places(error));
    Throwable cause = Describe.causeOf(error);
    if (cause != null && depth < MOST_CAUSES) fields.put("cause", lambdaFields(cause, depth + 1));
    return fields;
  }

  private static final int MOST_CAUSES = 20;

  /** How a function failed at an event, for the program that sent the event, as AWS Lambda's runtimes report it. */
  private static byte[] document(Throwable error) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("errorType", error.getClass().getName());
    document.put("errorMessage", Describe.messageOf(error));
    document.put("trace", List.of(Describe.whole(error).split("\n")));
    return JsonWriter.bytes(document);
  }
}
