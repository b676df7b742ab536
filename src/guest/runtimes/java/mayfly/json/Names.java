package mayfly.json;

import java.util.Locale;

/** Names of properties: in methods, and as JSON spells them. */
final class Names {
  private Names() {}

  /** What is the same of names that JSON and a class spell in different ways, as Lambda's events do: "Records", "detail-type", "x-amz-id-2". */
  static String loosely(String name) {
    return name.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
  }

  /** The property's name in a method's, as java.beans has it and AWS Lambda with it: `getUrl` is "url", `getURL` "URL", `geteTag` "eTag". Null if the method has no such name. */
  static String after(String prefix, String method) {
    if (!method.startsWith(prefix) || method.length() == prefix.length()) return null;
    String name = method.substring(prefix.length());
    boolean isSecondUpper = name.length() > 1 && Character.isUpperCase(name.charAt(1));
    // `getter` and `issue` are no properties.
    if (Character.isLowerCase(name.charAt(0)) && !isSecondUpper) return null;
    return isSecondUpper ? name : name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1);
  }
}
