package mayfly.invocation;

/** HTTP cannot carry this response head; the message says why. */
public final class BadHead extends Exception {
  private static final long serialVersionUID = 1;

  BadHead(String why) {
    super(why);
  }
}
