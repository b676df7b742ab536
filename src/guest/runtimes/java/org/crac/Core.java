package org.crac;

import mayfly.snapshot.GlobalContext;

/** The interface of CRaC as code imports it. In Mayfly the platform says when a machine is frozen. */
public final class Core {
  private Core() {}

  public static Context<Resource> getGlobalContext() {
    return GlobalContext.instance;
  }

  /** @throws UnsupportedOperationException always */
  public static void checkpointRestore() throws CheckpointException, RestoreException {
    throw new UnsupportedOperationException("in Mayfly the platform freezes machines, after a deploy of an app with `snapshot`");
  }
}
