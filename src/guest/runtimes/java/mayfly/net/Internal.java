package mayfly.net;

import java.util.Locale;

/** What leads to functions of the machine's own app and to the platform's services, without a network: `NAME.mayfly.internal`, and the addresses that the host answers for such names. */
final class Internal {
  private static final String SUFFIX = ".mayfly.internal";
  private static final String ADDRESSES = "198.18.";

  private Internal() {}

  static boolean isName(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    return name.endsWith(SUFFIX) || name.endsWith(SUFFIX + ".");
  }

  static boolean isAddress(String address) {
    return address.startsWith(ADDRESSES);
  }
}
