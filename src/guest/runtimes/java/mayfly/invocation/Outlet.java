package mayfly.invocation;

import java.util.ArrayDeque;
import mayfly.wire.Outbox;
import mayfly.wire.Protocol;
import mayfly.wire.Protocol.Flag;
import mayfly.wire.Protocol.Limit;
import mayfly.wire.Protocol.Type;

/**
 * The body of a reply, which leaves as far as the host has granted credit. What does not fit waits here; a handler that writes more than that waits in write().
 */
public final class Outlet {
  private record Chunk(byte[] bytes, int from) {}

  private final Outbox outbox;
  private final int stream;
  private final Runnable onLast;
  /** The invocation's own lock, because ending a reply changes both. */
  private final Object lock;

  private final ArrayDeque<Chunk> waiting = new ArrayDeque<>();
  private long credit = Protocol.INITIAL_CREDIT;
  private boolean isEnding = false;
  private boolean isClosed = false;

  /** @param onLast called once, when the last frame is sent, under the lock */
  Outlet(Outbox outbox, int stream, Object lock, Runnable onLast) {
    this.outbox = outbox;
    this.stream = stream;
    this.lock = lock;
    this.onLast = onLast;
  }

  /**
   * Sends the bytes, and returns when the host has taken them. They may not change afterwards.
   *
   * @throws Aborted if no reply is wanted any more
   */
  public void write(byte[] bytes) throws Aborted {
    put(bytes);
    outbox.flush();
    synchronized (lock) {
      while (!waiting.isEmpty()) {
        try {
          lock.wait();
        } catch (InterruptedException error) {
          Thread.currentThread().interrupt();
          throw new Aborted("the thread was interrupted while it wrote its reply");
        }
      }
      if (isClosed) throw new Aborted("nobody takes the reply any more");
    }
  }

  /** Like write(), without waiting. */
  void put(byte[] bytes) {
    synchronized (lock) {
      if (bytes.length == 0 || isClosed) return;
      waiting.add(new Chunk(bytes, 0));
      send();
    }
  }

  /** Nothing more will be written. */
  public void end() {
    synchronized (lock) {
      if (isClosed || isEnding) return;
      isEnding = true;
      send();
    }
    outbox.flush();
  }

  void grant(int bytes) {
    synchronized (lock) {
      credit += bytes;
      if (isClosed || waiting.isEmpty()) return;
      send();
      if (waiting.isEmpty()) lock.notifyAll();
    }
  }

  /** Drops what waits, and sends nothing more. */
  void close() {
    synchronized (lock) {
      isClosed = true;
      waiting.clear();
      lock.notifyAll();
    }
  }

  private void send() {
    while (!waiting.isEmpty() && credit > 0) {
      Chunk chunk = waiting.poll();
      int left = chunk.bytes.length - chunk.from;
      int size = (int) Math.min(Math.min(left, credit), Limit.DATA);
      credit -= size;
      if (size < left) waiting.addFirst(new Chunk(chunk.bytes, chunk.from + size));
      boolean isLast = isEnding && waiting.isEmpty();
      outbox.frame(Type.DATA, isLast ? Flag.END : 0, stream, chunk.bytes, chunk.from, size);
      if (isLast) last();
    }
    if (isEnding && waiting.isEmpty() && !isClosed) {
      outbox.frame(Type.DATA, Flag.END, stream, new byte[0]);
      last();
    }
  }

  private void last() {
    isClosed = true;
    onLast.run();
  }
}
