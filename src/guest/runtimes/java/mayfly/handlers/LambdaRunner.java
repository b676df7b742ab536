package mayfly.handlers;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import mayfly.Crew;
import mayfly.invocation.Failures;
import mayfly.invocation.Invocation;
import mayfly.json.JsonWriter;
import mayfly.log.Log;
import mayfly.wire.Protocol.Code;

/** Runs a handler as AWS Lambda's runtime does: with the whole input, in a thread that is its own until it returns. */
public final class LambdaRunner implements Runner {
  /** What every function of the machine uses. */
  public record Machinery(Crew crew, Failures failures, Log log) {}

  private final HandlerFinder.Found handler;
  private final ClassLoader loader;
  private final AppFacts app;
  private final Machinery machinery;
  private final Crew.Pace pace = new Crew.Pace();
  /** With several invocations at a time, a property of the process could not say which of them it is about. */
  private final boolean tracesByProperty;
  private final Serializer serializer;

  /** @param loader that of the app's classes, which the handler finds as its thread's */
  public LambdaRunner(HandlerFinder.Found handler, ClassLoader loader, AppFacts app, Machinery machinery) {
    this.handler = handler;
    this.loader = loader;
    this.app = app;
    this.machinery = machinery;
    this.serializer = new Serializer(loader);
    this.tracesByProperty = !app.lambda().isEmpty() && app.concurrency() == 1;
  }

  @Override
  public void begin(Invocation invocation, long readyAt) {
    String form = invocation.head().event;
    if (!invocation.head().isEvent() && !form.equals("http-v2") && !form.equals("http-v1")) {
      invocation.fail(Code.REFUSED, "this agent makes no Lambda events of the form " + form);
      return;
    }
    invocation.whenWhole(body -> machinery.crew.take(() -> run(invocation, body), pace, readyAt));
  }

  private void run(Invocation invocation, byte[] body) {
    Thread.currentThread().setContextClassLoader(loader);
    invocation.runHandler(
        () -> {
          try {
            LambdaContext context = new LambdaContext(invocation, app, machinery.log);
            if (tracesByProperty) System.setProperty("com.amazonaws.xray.traceHeader", String.valueOf(context.given().get("traceId")));
            if (handler instanceof HandlerFinder.OfValues ofValues) callWithValue(ofValues, invocation, body, context);
            else callWithStreams((HandlerFinder.OfStreams) handler, invocation, body, context);
          } catch (Throwable error) {
            machinery.failures.threw(invocation, error);
          }
        });
  }

  private void callWithValue(HandlerFinder.OfValues handler, Invocation invocation, byte[] body, LambdaContext context) throws Throwable {
    Object input = invocation.head().isEvent() ? payload(body, handler) : serializer.convert(event(invocation, body), handler.input());
    Object result = handler.call().call(input, context);
    LambdaReply reply;
    try {
      reply = invocation.head().isEvent() ? new LambdaReply(200, List.of(), serializer.write(result)) : LambdaReply.of(serializer.plain(result));
    } catch (Exception | StackOverflowError | OutOfMemoryError error) { // for example, it is a value that JSON can't hold
      machinery.failures.badResponse(invocation, error);
      return;
    }
    invocation.reply(reply.status(), reply.headers(), reply.body());
  }

  /** Lambda gives an empty object to a function that is invoked without a payload. */
  private Object payload(byte[] body, HandlerFinder.OfValues handler) {
    return serializer.read(body.length == 0 ? "{}" : new String(body, StandardCharsets.UTF_8), handler.input());
  }

  private void callWithStreams(HandlerFinder.OfStreams streams, Invocation invocation, byte[] body, LambdaContext context) throws Throwable {
    byte[] input = invocation.head().isEvent() ? body : JsonWriter.bytes(event(invocation, body));
    StreamReply reply = new StreamReply(invocation);
    streams.call().call(new ByteArrayInputStream(input), reply, context);
    try {
      reply.finish();
    } catch (IllegalArgumentException error) {
      machinery.failures.badResponse(invocation, error);
    }
  }

  private Map<String, Object> event(Invocation invocation, byte[] body) {
    boolean isFirst = invocation.head().event.equals("http-v1");
    return isFirst ? LambdaEventV1.of(invocation.head(), app.name(), body) : LambdaEvent.of(invocation.head(), app.name(), body);
  }
}
