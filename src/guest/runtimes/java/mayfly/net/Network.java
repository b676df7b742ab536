package mayfly.net;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import mayfly.Leave;
import mayfly.log.Describe;
import mayfly.log.Log;
import mayfly.osv.LedCalls;
import mayfly.wire.Outbox;
import mayfly.wire.Protocol.Level;

/**
 * The network of the app's code: plain connections, which the machine's first program (src/guest/redirect) leads to a listener of the agent's, and look-ups of names by DNS at the machine's loopback. On OSv, the agent leads both by itself. The host makes the connections and answers the look-ups, over the wire.
 *
 * <p>Owns: the selector, and one thread in which everything of this package happens. Other threads post() what is to be done there.
 *
 * <ol>
 *   <li>It runs before the machine belongs to an app, so that a template has loaded and compiled all of it.
 *   <li>Nothing that a connection's other end does ends the thread.
 * </ol>
 */
public final class Network {
  /** What happens when a channel is ready. */
  interface Ready {
    void run(SelectionKey key) throws IOException;
  }

  /** Milliseconds for which a channel is not watched after it has failed. */
  private static final long PAUSE_MS = 50;

  private final GuestStreams streams;
  private final Outbox outbox;
  private final Log log;
  /** What is not watched for a while, with what it is watched for otherwise. */
  private Map<SelectionKey, Integer> paused = new HashMap<>();

  private final Queue<Runnable> calls = new ConcurrentLinkedQueue<>();
  private final Selector selector;
  private volatile boolean hasEgress = false;

  /** Starts it, if the machine's connections are led to the agent, by its kernel or, on OSv, by the agent itself. Returns null otherwise. */
  public static Network start(GuestStreams streams, Outbox outbox, Log log) {
    // The listener is where other programs have their standard input.
    boolean isRedirected = "fd:0".equals(System.getenv("MAYFLY_REDIRECT"));
    if (!isRedirected && !LedCalls.areLed()) return null;
    try {
      Network network = new Network(streams, outbox, log);
      Refusals refusals = new Refusals(log);
      FoundNames names = new FoundNames();
      Listener listener = new Listener(network, streams, names, refusals);
      LookUp.Parts lookUps = new LookUp.Parts(network, streams, names, refusals);
      if (isRedirected) {
        listener.listen(Listener.inherited(), OriginalDestination::of);
        new StubResolver(network, lookUps).listen();
      } else {
        LedConnections led = new LedConnections();
        listener.listen(led.server, led::destinationOf);
        new HostNames(network, lookUps).begin();
        led.begin();
      }
      Thread thread = new Thread(null, network::run, "mayfly-network", 0, false);
      thread.setDaemon(true);
      thread.start();
      return network;
    } catch (IOException | ReflectiveOperationException error) {
      log.say(null, Level.AGENT, "the app has no network: " + error.getMessage());
      return null;
    }
  }

  private Network(GuestStreams streams, Outbox outbox, Log log) throws IOException {
    this.streams = streams;
    this.outbox = outbox;
    this.log = log;
    this.selector = Selector.open();
  }

  /** @param allowed whether the app that the machine belongs to has egress */
  public void permit(boolean allowed) {
    hasEgress = allowed;
  }

  /** Ends all connections and look-ups, and runs `last` before there can be another one. Returns when that is done. */
  public void cut(Runnable last) {
    CountDownLatch done = new CountDownLatch(1);
    post(
        () -> {
          streams.cutAll();
          last.run();
          done.countDown();
        });
    try {
      done.await();
    } catch (InterruptedException error) {
      throw new IllegalStateException(error);
    }
  }

  boolean hasEgress() {
    return hasEgress;
  }

  /** From any thread. */
  void post(Runnable call) {
    calls.add(call);
    selector.wakeup();
  }

  /** Before the thread runs, or in it. */
  SelectionKey watch(SelectableChannel channel, int events, Ready ready) throws IOException {
    channel.configureBlocking(false);
    return channel.register(selector, events, ready);
  }

  private void run() {
    for (; ; ) {
      try {
        // Code that interrupts all threads means its own; a selector would not wait any more.
        Thread.interrupted();
        select();
        for (Runnable call = calls.poll(); call != null; call = calls.poll()) call.run();
        outbox.flush();
      } catch (OutOfMemoryError error) {
        throw Leave.outOfMemory(() -> log.say(null, Level.AGENT, "there is no memory left, which ends the machine"));
      } catch (Throwable error) {
        log.say(null, Level.AGENT, "the network: " + Describe.whole(error));
      }
    }
  }

  private void select() throws IOException {
    Map<SelectionKey, Integer> rested = Map.of();
    if (!paused.isEmpty()) {
      rested = paused;
      paused = new HashMap<>();
    }
    try {
      // A call that failed may have left others behind it, whose wakeup() is used up.
      if (!calls.isEmpty()) selector.selectNow(this::ready);
      else selector.select(this::ready, rested.isEmpty() ? 0 : PAUSE_MS);
    } finally {
      rested.forEach(SelectionKey::interestOps);
    }
  }

  private void ready(SelectionKey key) {
    try {
      ((Ready) key.attachment()).run(key);
    } catch (IOException error) {
      // Who watches a connection handles what can fail there. A listener fails while the machine has too many files open, and is watched again soon.
      paused.put(key, key.interestOps());
      key.interestOps(0);
    }
  }
}
