package mayfly.net;

import java.util.HashSet;
import java.util.Set;
import mayfly.log.Log;
import mayfly.wire.Protocol.Level;

/** Tells the app's log why something was not reached, because code itself sees no more than a connection that is reset, or a name without an address. Each reason is told once for a destination. */
final class Refusals {
  /** When so many were told, they are forgotten, and told again. */
  private static final int MOST = 200;

  private final Log log;
  private final Set<String> told = new HashSet<>();

  Refusals(Log log) {
    this.log = log;
  }

  /** @param what "connect to 192.0.2.7 port 443" */
  void tell(String what, Failure reason) {
    String line = "The app could not " + what + ": " + reason;
    if (told.contains(line)) return;
    if (told.size() >= MOST) told.clear();
    told.add(line);
    log.say(null, Level.AGENT, line);
  }
}
