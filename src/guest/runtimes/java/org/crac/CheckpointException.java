package org.crac;

/** What resources threw before a checkpoint: each of it is a suppressed exception of this one. */
public class CheckpointException extends Exception {
  private static final long serialVersionUID = 1;

  public CheckpointException() {
    super(null, null, true, false);
  }

  public CheckpointException(String message) {
    super(message, null, true, false);
  }
}
