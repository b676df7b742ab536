package org.crac;

/** What resources threw after a restore: each of it is a suppressed exception of this one. */
public class RestoreException extends Exception {
  private static final long serialVersionUID = 1;

  public RestoreException() {
    super(null, null, true, false);
  }

  public RestoreException(String message) {
    super(message, null, true, false);
  }
}
