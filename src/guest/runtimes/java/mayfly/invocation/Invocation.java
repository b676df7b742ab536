package mayfly.invocation;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import mayfly.wire.Bytes;
import mayfly.wire.Outbox;
import mayfly.wire.Protocol.Code;
import mayfly.wire.Protocol.Flag;
import mayfly.wire.Protocol.Limit;
import mayfly.wire.Protocol.Type;

/**
 * One run of a function: a Request stream as the guest sees it. The reading thread and the one that runs the handler use it at once.
 *
 * <p>Owns: the stream's two directions.
 *
 * <ol>
 *   <li>Exactly one frame closes the stream: the last of the reply, or Reset.
 *   <li>After the host's Reset only that frame is sent, once the handler has settled.
 *   <li>Logs carry the stream's number only while the stream is open.
 *   <li>reply() and fail() leave their frames in the outbox; whoever runs the handler flushes it.
 * </ol>
 */
public final class Invocation implements StreamEnd {
  /** A body of up to this many bytes fits into one frame, and into the first window, beside the longest head. */
  private static final int WHOLE_BYTES = Limit.PAYLOAD - 4 - Limit.HEAD;

  private enum State {
    RUNNING,
    /** The head is sent. */
    REPLYING,
    CLOSED
  }

  public final int stream;
  private final Outbox outbox;
  private final Consumer<Invocation> onClosed;
  private final Inlet body;
  private final long deadline;
  private volatile RequestHead head;
  private volatile State state = State.RUNNING;
  private volatile Aborted abortReason;
  private volatile boolean isRehearsal = false;
  private boolean isSettled = false;
  private Outlet outlet;
  /** The thread that runs the handler; null when none does. */
  private Thread thread;

  /** @param payload that of the Request frame */
  public Invocation(Outbox outbox, int stream, byte[] payload, boolean ended, Consumer<Invocation> onClosed) {
    int headEnd = 4 + Bytes.u32(payload, 0);
    this.outbox = outbox;
    this.stream = stream;
    this.onClosed = onClosed;
    head = new RequestHead(new String(payload, 4, headEnd - 4, StandardCharsets.ISO_8859_1));
    deadline = System.nanoTime() + (long) (Math.min(head.remainingMs, 1e12) * 1e6);
    body = new Inlet(this::grant, Arrays.copyOfRange(payload, headEnd, payload.length), ended);
  }

  public RequestHead head() {
    return head;
  }

  /** Turns the call into one of another function, before it runs. */
  public void redirect(String function, String url) {
    head = head.of(function, url);
  }

  /** Says, before it runs, that nobody but the platform has asked for it. */
  public void rehearse() {
    isRehearsal = true;
  }

  public boolean isRehearsal() {
    return isRehearsal;
  }

  public boolean isOpen() {
    return state != State.CLOSED;
  }

  /** Whether nothing of the reply has been sent, and the host still wants one. */
  public boolean isUnanswered() {
    return state == State.RUNNING && abortReason == null;
  }

  public boolean isAborted() {
    return abortReason != null;
  }

  public long remainingMs() {
    return Math.max(0, (deadline - System.nanoTime()) / 1_000_000);
  }

  /** Calls `then` with the whole body, at once or, in the reading thread, when it has arrived. If it does not come, the invocation ends. */
  public void whenWhole(Consumer<byte[]> then) {
    body.whenWhole(then, this::settle);
  }

  /** Runs the handler in this thread, which is interrupted if the invocation is aborted meanwhile. */
  public void runHandler(Runnable handler) {
    synchronized (this) {
      thread = Thread.currentThread();
      if (abortReason != null) thread.interrupt();
    }
    Current.set(this);
    try {
      handler.run();
    } finally {
      Current.set(null);
      synchronized (this) {
        thread = null;
      }
      // The thread's next call must not find the interrupt of this one.
      Thread.interrupted();
    }
  }

  /** Sends the whole reply. @param headers name, value, name, value… */
  public void reply(int status, List<String> headers, byte[] whole) {
    if (whole.length > WHOLE_BYTES) {
      Outlet large = begin(status, withLength(headers, whole.length));
      if (large == null) return;
      large.put(whole);
      large.end();
      // The handler is done, so an abort need not wait for it.
      synchronized (this) {
        isSettled = true;
        closeIfDone();
      }
      return;
    }
    synchronized (this) {
      byte[] sendable = sendable(status, headers);
      if (sendable == null) return;
      outbox.headed(Type.RESPONSE, Flag.END, stream, sendable, whole);
      close();
    }
  }

  /** Sends the reply's head. The body must be written to what is returned: null if no reply is wanted, or the head is not valid. */
  public synchronized Outlet begin(int status, List<String> headers) {
    byte[] sendable = sendable(status, headers);
    if (sendable == null) return null;
    state = State.REPLYING;
    outbox.headed(Type.RESPONSE, 0, stream, sendable, new byte[0]);
    outlet = new Outlet(outbox, stream, this, this::close);
    return outlet;
  }

  /** Ends the invocation with a failure. A reply that had begun is cut off. */
  public synchronized void fail(int code, String message) {
    isSettled = true;
    if (state == State.CLOSED) return;
    if (abortReason == null) sendReset(code, message);
    else closeIfDone();
  }

  /** The handler has ended after an abort, with or without an error. */
  public synchronized void settle() {
    isSettled = true;
    closeIfDone();
  }

  @Override
  public void data(byte[] chunk, boolean ended) {
    body.push(chunk, ended);
  }

  @Override
  public synchronized void credit(int bytes) {
    if (outlet != null) outlet.grant(bytes);
  }

  @Override
  public void reset(int code, String message) {
    synchronized (this) {
      if (abortReason != null) return;
      String usual = code == Code.TIMEOUT ? "the invocation's time is up" : "the caller went away";
      abortReason = new Aborted(message.isEmpty() ? usual : message);
      if (outlet != null) outlet.close();
      if (thread != null) thread.interrupt();
    }
    body.fail();
    synchronized (this) {
      closeIfDone();
    }
  }

  private void grant(int bytes) {
    if (state != State.CLOSED) outbox.credit(stream, bytes);
  }

  /** The length is added so that the caller's client can show progress and resume. */
  private static List<String> withLength(List<String> headers, int length) {
    for (int at = 0; at < headers.size(); at += 2) if (headers.get(at).equalsIgnoreCase("content-length")) return headers;
    List<String> longer = new ArrayList<>(headers);
    longer.add("content-length");
    longer.add(String.valueOf(length));
    return longer;
  }

  /** The head as it is sent; null if no reply is wanted, or the head is not valid. */
  private byte[] sendable(int status, List<String> headers) {
    if (state != State.RUNNING) return null;
    if (abortReason != null) {
      settle();
      return null;
    }
    // A reply to an event is its result, or the error that the function failed with. It is not an HTTP reply.
    if (head.isEvent()) return (status < 400 ? "200" : "500").getBytes(StandardCharsets.US_ASCII);
    try {
      return ResponseHead.encode(status, headers);
    } catch (BadHead error) {
      fail(Code.BAD_RESPONSE, error.getMessage());
      return null;
    }
  }

  private void closeIfDone() {
    if (state != State.CLOSED && abortReason != null && isSettled) sendReset(Code.CANCELLED, "the handler has settled");
  }

  private void sendReset(int code, String message) {
    outbox.reset(stream, code, message);
    close();
    if (outlet != null) outlet.close();
  }

  private void close() {
    state = State.CLOSED;
    onClosed.accept(this);
  }
}
