package mayfly.invocation;

import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** The body of a request, which is collected here. Credit is granted for what has come. */
final class Inlet {
  private final ByteArrayOutputStream rest = new ByteArrayOutputStream(0);
  private final IntConsumer grant;
  private byte[] whole;
  private Aborted error;
  private Consumer<byte[]> then;
  private Runnable orElse;

  /** @param grant grants the sender credit for this many bytes */
  Inlet(IntConsumer grant, byte[] first, boolean ended) {
    this.grant = grant;
    if (ended) whole = first;
    else accept(first);
  }

  /**
   * Calls one of both, at once or, in the reading thread, when it is known.
   *
   * @param then gets the whole body
   * @param orElse is called if the rest will not come
   */
  void whenWhole(Consumer<byte[]> then, Runnable orElse) {
    synchronized (this) {
      if (whole == null && error == null) {
        this.then = then;
        this.orElse = orElse;
        return;
      }
    }
    if (whole != null) then.accept(whole);
    else orElse.run();
  }

  void push(byte[] chunk, boolean ended) {
    Consumer<byte[]> next;
    synchronized (this) {
      if (whole != null || error != null) return;
      if (ended) {
        rest.writeBytes(chunk);
        whole = rest.toByteArray();
        rest.reset();
      } else accept(chunk);
      next = ended ? then : null;
    }
    if (next != null) next.accept(whole);
  }

  void fail(Aborted why) {
    Runnable next;
    synchronized (this) {
      if (whole != null || error != null) return;
      error = why;
      next = orElse;
    }
    if (next != null) next.run();
  }

  private void accept(byte[] chunk) {
    if (chunk.length == 0) return;
    rest.writeBytes(chunk);
    grant.accept(chunk.length);
  }
}
