package mayfly.net;

import java.util.HashMap;
import java.util.Map;
import mayfly.log.Log;
import mayfly.wire.Protocol.Level;

/** Tells the app's log why something was not reached, because code itself sees no more than a connection that is reset, or a name without an address. The reason is told once a minute for a destination. */
final class Refusals {
  /** When so many were told, they are forgotten, and told again. */
  private static final int MOST = 200;

  private static final long AGAIN_NANOSECONDS = 60_000_000_000L;

  private final Log log;
  /** When each line was told. */
  private final Map<String, Long> told = new HashMap<>();

  Refusals(Log log) {
    this.log = log;
  }

  /** @param what "connect to 192.0.2.7 port 443" */
  void tell(String what, Failure reason) {
    String line = "The app could not " + what + ": " + reason;
    long now = System.nanoTime();
    Long before = told.get(line);
    if (before != null && now - before < AGAIN_NANOSECONDS) return;
    if (told.size() >= MOST) told.clear();
    told.put(line, now);
    log.say(null, Level.AGENT, line);
  }
}
