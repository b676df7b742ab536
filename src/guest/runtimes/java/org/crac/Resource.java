package org.crac;

/** What wants to know when its machine is frozen as a template, and when it runs again in a clone. */
public interface Resource {
  /** @param context the one that the resource is registered with */
  void beforeCheckpoint(Context<? extends Resource> context) throws Exception;

  /** @param context the one that the resource is registered with */
  void afterRestore(Context<? extends Resource> context) throws Exception;
}
