package mayfly;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import mayfly.code.Binding;
import mayfly.code.Environment;
import mayfly.code.Mounts;
import mayfly.handlers.LambdaRunner.Machinery;
import mayfly.invocation.Failures;
import mayfly.invocation.Invocation;
import mayfly.invocation.StreamEnd;
import mayfly.json.JsonReader;
import mayfly.log.Capture;
import mayfly.log.Describe;
import mayfly.log.Log;
import mayfly.net.GuestStreams;
import mayfly.net.Network;
import mayfly.osv.LedCalls;
import mayfly.resume.Resume;
import mayfly.snapshot.GlobalContext;
import mayfly.wire.Bytes;
import mayfly.wire.Channel;
import mayfly.wire.Frame;
import mayfly.wire.FrameReader;
import mayfly.wire.Outbox;
import mayfly.wire.Protocol;
import mayfly.wire.Protocol.Code;
import mayfly.wire.Protocol.Level;
import mayfly.wire.Protocol.Type;
import mayfly.wire.ProtocolError;

/**
 * The guest agent: it answers the host, in the order of a machine's life (docs/guest-protocol.md).
 *
 * <p>Owns: the channel, the open streams, and what the machine is bound to. All of it is touched by the crew's leader only.
 *
 * <ol>
 *   <li>Before Bind, only mayfly:warm and functions of a rehearsal are answered; after it, only the app's functions.
 *   <li>A machine is bound once. Rehearsals go the same way, and are forgotten at the next Bind.
 *   <li>The host is trusted. If it breaks the protocol all the same, the two ends no longer agree, and the agent ends.
 *   <li>From the Bound of a snapshot to the Resume that follows, nothing is sent: a clone's host would see only the end of a frame that was under way.
 *   <li>A frame for a stream that is not open is ignored, because this side closed the stream while the frame was on its way.
 * </ol>
 */
public final class Agent {
  public static final String VERSION = "0.1.0";

  /** The most characters of the message in a Bound, which is JSON, in which a character may take six bytes. */
  private static final int MESSAGE_CHARACTERS = 8_192;

  private final Channel channel = Channel.open();
  private final Outbox outbox = new Outbox(channel.out());
  private final FrameReader reader = new FrameReader(channel.in(), outbox::flush);
  private final Log log = new Log(outbox);
  private final Failures failures = new Failures(log);
  private final Stats stats = new Stats(outbox, log::tellDropped);
  private final Crew crew = new Crew(this::step, outbox::flush, error -> { throw end("at a call", error); }, stats);
  private final Machinery machinery = new Machinery(crew, failures, log);
  private final WarmUp warmUp = new WarmUp(machinery);
  private final Map<Integer, StreamEnd> streams = new ConcurrentHashMap<>();
  private final GuestStreams ownStreams = new GuestStreams(streams, outbox);
  private final Network network;
  /** Whether the machine is bound for good, or a Bind is under way. */
  private boolean isBinding = false;

  private App app;

  private Agent() {
    Capture.begin(log, failures);
    Exits.capture(log);
    network = Network.start(ownStreams, outbox, log);
  }

  /** The program that runs inside a machine. Its only parameters are environment variables: MAYFLY_CHANNEL and its like. */
  public static void main(String[] ignored) {
    if (Environment.onOsv) leadCalls();
    new Agent().run();
  }

  private static void leadCalls() {
    try {
      LedCalls.begin();
    } catch (Exception | LinkageError error) {
      // Each Resume says so, too, because the clock cannot be set then.
      Leave.say("its clocks are the kernel's, and the app has no network: " + error);
    }
  }

  private void run() {
    stats.start(crew::oldestWaiting);
    Map<String, Object> versions = Map.of("min", Protocol.VERSION, "max", Protocol.VERSION);
    outbox.json(Type.HELLO, 0, Map.of("protocol", versions, "agent", VERSION));
    crew.lead();
  }

  /** Reads and handles one frame. Whatever fails here is the agent's own fault or the host's, and ends the machine. */
  private void step() {
    Frame frame;
    try {
      frame = reader.next();
    } catch (ProtocolError error) {
      throw Leave.now(1, "the host sent " + error.getMessage());
    } catch (IOException error) {
      throw Leave.now(1, "the channel failed: " + error.getMessage());
    }
    if (frame == null) throw Leave.now(0, null);
    try {
      handle(frame);
    } catch (ProtocolError error) {
      throw Leave.now(1, "the host sent " + error.getMessage());
    } catch (Throwable error) {
      throw end("at a frame of type " + frame.type(), error);
    }
  }

  private Error end(String where, Throwable error) {
    if (error instanceof OutOfMemoryError) throw Leave.outOfMemory(() -> log.say(null, Level.AGENT, "there is no memory left, which ends the machine"));
    throw Leave.now(1, "it failed " + where + ": " + Describe.whole(error));
  }

  private void handle(Frame frame) throws Exception {
    boolean opens = frame.type() == Type.REQUEST || frame.type() == Type.BIND;
    if (opens && streams.containsKey(frame.stream())) throw new ProtocolError("a frame of type " + frame.type() + " on stream " + frame.stream() + ", which is open");
    switch (frame.type()) {
      case Type.REQUEST:
        request(frame);
        break;
      case Type.DATA:
      case Type.CREDIT:
      case Type.RESET:
        StreamEnd end = streams.get(frame.stream());
        if (end == null) break;
        if (frame.type() == Type.DATA) end.data(frame.payload(), frame.ends());
        else if (frame.type() == Type.CREDIT) end.credit(Bytes.u32(frame.payload(), 0));
        else end.reset(Bytes.u16(frame.payload(), 0), new String(frame.payload(), 2, frame.payload().length - 2, StandardCharsets.UTF_8));
        break;
      case Type.TRAILERS:
        // Handlers get none, and the host is told so. Their end of the body counts.
        StreamEnd body = streams.get(frame.stream());
        if (body != null) body.data(new byte[0], true);
        break;
      case Type.PING:
        outbox.frame(Type.PONG, 0, 0, frame.payload());
        outbox.flush();
        break;
      case Type.RESUME:
        resume((Map<?, ?>) JsonReader.read(frame.text()));
        break;
      case Type.BIND:
        bind(frame);
        break;
      default:
        // The reader lets only Connected and Resolved through to here.
        ownStreams.answered(frame.stream(), (Map<?, ?>) JsonReader.read(frame.text()));
    }
  }

  private void resume(Map<?, ?> message) {
    boolean isRestored = Boolean.TRUE.equals(message.get("restored"));
    Resume.Result result = Resume.answer(message, channel.transport(), isRestored || !isBinding);
    stats.resumed();
    if (isRestored) {
      outbox.release();
      String failed = runForApp(new Step("what is to be done after the restore", () -> GlobalContext.instance.afterRestore(null)));
      if (failed != null) result.ready().put("failed", failed);
    }
    for (String failure : result.failures()) log.say(null, Level.AGENT, failure);
    outbox.json(Type.READY, 0, result.ready());
    outbox.flush();
  }

  private void bind(Frame frame) {
    if (isBinding) {
      bound(frame.stream(), "this machine is bound already");
      return;
    }
    isBinding = true;
    Binding binding = new Binding(frame.payload(), (message, data) -> bindTo(frame.stream(), message, data));
    streams.put(frame.stream(), binding);
    if (frame.ends()) binding.complete();
  }

  private void bindTo(int stream, Map<?, ?> message, byte[] data) {
    try {
      if (app != null) app.close();
      Mounts.mountAll((List<?>) message.get("mounts"));
      app = new App(message, data, machinery);
      isBinding = !Protocol.REHEARSAL_APP.equals(message.get("app"));
      stats.bound(isBinding);
      if (network != null) network.permit(Boolean.TRUE.equals(message.get("egress")));
      Object preload = message.get("preload");
      // It may need the network, whose frames another thread reads then.
      if (preload instanceof String name && app.has(name)) runForApp(new Step("the initialisation", () -> app.preload(name)));
      if (Boolean.TRUE.equals(message.get("snapshot"))) prepareToFreeze(stream, app);
      else bound(stream, null);
    } catch (Exception error) {
      String text = error instanceof IllegalArgumentException || error instanceof Mounts.Refused ? error.getMessage() : Describe.whole(error);
      bound(stream, cut(text));
    }
  }

  private void prepareToFreeze(int stream, App app) {
    Step initialise = new Step("the initialisation", app::initialise);
    String failed = runForApp(initialise, new Step("what is to be done before the snapshot", () -> GlobalContext.instance.beforeCheckpoint(null)));
    Runnable last =
        () -> {
          streams.remove(stream);
          outbox.hold(Type.BOUND, stream, boundMessage(failed));
        };
    if (network == null) last.run();
    else network.cut(last);
  }

  private interface AppCode {
    void run() throws Throwable;
  }

  private record Step(String what, AppCode code) {}

  /** Runs the app's code, step by step, and returns a sentence on what one threw; null if none did. Another thread may lead from then on. */
  private String runForApp(Step... steps) {
    String[] failed = new String[1];
    Runnable run =
        () -> {
          for (Step step : steps) {
            try {
              step.code().run();
            } catch (Throwable error) {
              failures.afterwards(null, error);
              failed[0] = cut(step.what() + " failed: " + Describe.firstLine(error));
              return;
            } finally {
              // The code may have interrupted the thread in which it ran.
              Thread.interrupted();
            }
          }
        };
    crew.runHere(run, reader.readAt());
    return failed[0];
  }

  private static String cut(String text) {
    return text.substring(0, Math.min(text.length(), MESSAGE_CHARACTERS));
  }

  /** @param failure null if the machine is the app's now */
  private void bound(int stream, String failure) {
    streams.remove(stream);
    outbox.json(Type.BOUND, stream, boundMessage(failure));
    outbox.flush();
  }

  private static Map<String, Object> boundMessage(String failure) {
    return failure == null ? Map.of("ok", true) : Map.of("ok", false, "message", failure);
  }

  private void request(Frame frame) throws Exception {
    stats.begun();
    Invocation invocation = new Invocation(outbox, frame.stream(), frame.payload(), frame.ends(), this::onClosed);
    streams.put(frame.stream(), invocation);
    String kind = invocation.head().kind;
    String name = invocation.head().function;
    if (!kind.equals("http") && !kind.equals("event")) {
      invocation.fail(Code.REFUSED, "this agent knows no invocations of kind " + kind);
    } else if (app != null && app.has(name)) {
      app.run(invocation, reader.readAt());
    } else if (!isBinding && name.equals(Protocol.WARM_FUNCTION)) {
      warmUp.run(invocation, reader.readAt());
    } else {
      invocation.fail(Code.FUNCTION_NOT_FOUND, "no function " + name);
    }
  }

  /** From any thread. */
  private void onClosed(Invocation invocation) {
    streams.remove(invocation.stream);
    stats.ended();
  }
}
