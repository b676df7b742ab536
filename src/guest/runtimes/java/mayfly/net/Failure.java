package mayfly.net;

import mayfly.wire.Protocol.Code;

/**
 * Why the host refused something.
 *
 * @param name that of the error, such as ECONNREFUSED
 */
record Failure(String name, String text) {
  static final Failure TOO_MANY = new Failure("EMFILE", "this machine has too many connections open");
  static final Failure NO_NETWORK = new Failure("EACCES", "this app has no network: set \"network\": \"egress\" in mayfly.json");

  /** @param code of the host's Reset */
  static Failure of(int code, String message) {
    switch (code) {
      case Code.EGRESS_DENIED:
        return new Failure("EACCES", message);
      case Code.REFUSED:
        return new Failure("EMFILE", message);
      case Code.CONNECT_FAILED:
        return named(message, "EHOSTUNREACH");
      case Code.RESOLVE_FAILED:
        return named(message, "ENOTFOUND");
      default:
        return new Failure("ECONNRESET", message);
    }
  }

  /** The message begins with the error's name, or "-", and a space. */
  private static Failure named(String message, String usual) {
    int at = message.indexOf(' ');
    String name = at < 0 ? "-" : message.substring(0, at);
    return new Failure(name.equals("-") ? usual : name, message.substring(at + 1));
  }

  boolean isDenied() {
    return name.equals("EACCES");
  }

  @Override
  public String toString() {
    return this == NO_NETWORK ? text : name + ": " + text;
  }
}
