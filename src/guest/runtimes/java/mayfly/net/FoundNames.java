package mayfly.net;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The names by which code has found addresses: it connects to an address, but the host may allow it by its name only. */
final class FoundNames {
  private static final int MOST_ADDRESSES = 1_000;
  private static final int MOST_NAMES = 4;

  private final Map<String, List<String>> names = new LinkedHashMap<>();

  void learn(String name, String address) {
    List<String> all = new ArrayList<>(List.of(name));
    List<String> before = names.remove(address);
    if (before != null) for (String other : before) if (!other.equals(name) && all.size() < MOST_NAMES) all.add(other);
    names.put(address, all);
    if (names.size() > MOST_ADDRESSES) names.remove(names.keySet().iterator().next());
  }

  /** The last one first; empty if there is none. */
  List<String> of(String address) {
    return names.getOrDefault(address, List.of());
  }
}
