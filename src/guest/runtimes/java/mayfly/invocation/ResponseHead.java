package mayfly.invocation;

import java.nio.charset.StandardCharsets;
import java.util.List;
import mayfly.json.JsonWriter;
import mayfly.wire.Protocol.Limit;

/** The head of a Response. */
final class ResponseHead {
  private ResponseHead() {}

  /** @param headers name, value, name, value… @throws BadHead if HTTP cannot carry it */
  static byte[] encode(int status, List<String> headers) throws BadHead {
    if (status < 200 || status > 599) throw new BadHead("its status is " + status + "; 200 to 599 are allowed");
    if (headers.size() > 2 * Limit.HEADER_PAIRS) throw new BadHead("it has more than " + Limit.HEADER_PAIRS + " headers");
    StringBuilder head = new StringBuilder(64).append(status);
    for (int at = 0; at < headers.size(); at += 2) {
      String name = headers.get(at);
      String value = headers.get(at + 1);
      if (!isToken(name)) throw new BadHead("its header name " + JsonWriter.text(name) + " is invalid");
      if (!isValue(value)) throw new BadHead("its header " + name + " has an invalid value");
      head.append('\n').append(name).append('\n').append(value);
    }
    if (head.length() > Limit.HEAD) throw new BadHead("its headers are over " + Limit.HEAD + " bytes");
    return head.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private static boolean isToken(String name) {
    for (int at = 0; at < name.length(); at++) {
      char one = name.charAt(at);
      boolean isAllowed = one >= '0' && one <= '9' || one >= 'A' && one <= 'Z' || one >= 'a' && one <= 'z' || "!#$%&'*+.^_`|~-".indexOf(one) >= 0;
      if (!isAllowed) return false;
    }
    return !name.isEmpty();
  }

  private static boolean isValue(String value) {
    for (int at = 0; at < value.length(); at++) {
      char one = value.charAt(at);
      if (one != '\t' && (one < ' ' || one > '~') && (one < 0x80 || one > 0xff)) return false;
    }
    return true;
  }
}
