package mayfly.invocation;

import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * The body of a request, which is collected here. Credit is granted for what has come.
 *
 * <p>It is handed over once, and not kept: a thread that a call has started may refer to its invocation for as long as the machine lives.
 */
final class Inlet {
  private ByteArrayOutputStream rest = new ByteArrayOutputStream(0);
  private final IntConsumer grant;
  /** Null before it is whole, and once it is handed over. */
  private byte[] whole;
  private boolean isOver = false;
  private Consumer<byte[]> then;
  private Runnable orElse;

  /** @param grant grants the sender credit for this many bytes */
  Inlet(IntConsumer grant, byte[] first, boolean ended) {
    this.grant = grant;
    if (ended) finish(first);
    else accept(first);
  }

  /**
   * Calls one of both, at once or, in the reading thread, when it is known. May be called once.
   *
   * @param then gets the whole body
   * @param orElse is called if the rest will not come
   */
  void whenWhole(Consumer<byte[]> then, Runnable orElse) {
    byte[] body;
    synchronized (this) {
      if (!isOver) {
        this.then = then;
        this.orElse = orElse;
        return;
      }
      body = take();
    }
    if (body != null) then.accept(body);
    else orElse.run();
  }

  void push(byte[] chunk, boolean ended) {
    Consumer<byte[]> next;
    byte[] body;
    synchronized (this) {
      if (isOver) return;
      if (!ended) {
        accept(chunk);
        return;
      }
      rest.writeBytes(chunk);
      finish(rest.toByteArray());
      next = then;
      if (next == null) return;
      body = take();
    }
    next.accept(body);
  }

  /** The rest will not come. */
  void fail() {
    Runnable next;
    synchronized (this) {
      if (isOver) return;
      next = orElse;
      finish(null);
      take();
    }
    if (next != null) next.run();
  }

  private void finish(byte[] body) {
    whole = body;
    isOver = true;
    rest = null;
  }

  private byte[] take() {
    byte[] body = whole;
    whole = null;
    then = null;
    orElse = null;
    return body;
  }

  private void accept(byte[] chunk) {
    if (chunk.length == 0) return;
    rest.writeBytes(chunk);
    grant.accept(chunk.length);
  }
}
