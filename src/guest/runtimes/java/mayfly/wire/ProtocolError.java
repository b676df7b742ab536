package mayfly.wire;

/** The host has sent what it may not send. */
public final class ProtocolError extends Exception {
  private static final long serialVersionUID = 1;

  public ProtocolError(String what) {
    super(what);
  }
}
