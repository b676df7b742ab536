package mayfly.net;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The names by which code has found addresses: it connects to an address, but the host may allow it by its name only.
 *
 * <p>Names that the operator's host has for itself have addresses like the machine's own. Code gets others in their place, so that its connections leave the machine.
 */
final class FoundNames {
  private static final int MOST_ADDRESSES = 1_000;
  private static final int MOST_NAMES = 4;
  /** 240.0.0.2 and up: reserved, so that nothing else has them. gVisor has given 240.0.0.1 to the loopback. */
  private static final int FIRST_STAND_IN = 2;

  record Behind(String host, String name) {}

  private final Map<String, List<String>> names = new LinkedHashMap<>();
  private final Map<Behind, InetAddress> standIns = new HashMap<>();
  private final Map<String, Behind> behind = new HashMap<>();

  /** Returns the address as code is to be told it. */
  InetAddress learn(String name, InetAddress address) throws UnknownHostException {
    if (address.isLoopbackAddress() || address.isAnyLocalAddress()) return standIn(new Behind(address.getHostAddress(), name));
    List<String> all = new ArrayList<>(List.of(name));
    List<String> before = names.remove(address.getHostAddress());
    if (before != null) for (String other : before) if (!other.equals(name) && all.size() < MOST_NAMES) all.add(other);
    names.put(address.getHostAddress(), all);
    if (names.size() > MOST_ADDRESSES) names.remove(names.keySet().iterator().next());
    return address;
  }

  /** The last one first; empty if there is none. */
  List<String> of(String address) {
    return names.getOrDefault(address, List.of());
  }

  /** What a stand-in stands for; null if the address is none. */
  Behind behind(String address) {
    return behind.get(address);
  }

  private InetAddress standIn(Behind real) throws UnknownHostException {
    InetAddress known = standIns.get(real);
    if (known != null) return known;
    if (standIns.size() >= MOST_ADDRESSES) standIns.clear();
    int number = FIRST_STAND_IN + standIns.size();
    InetAddress made = InetAddress.getByAddress(new byte[] {(byte) 240, 0, (byte) (number >> 8), (byte) number});
    standIns.put(real, made);
    behind.put(made.getHostAddress(), real);
    return made;
  }
}
