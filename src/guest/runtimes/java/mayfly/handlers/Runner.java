package mayfly.handlers;

import mayfly.invocation.Invocation;

/** Runs a loaded function for one invocation, and makes sure that the invocation is answered. Never throws, and never blocks the leader of the crew. */
public interface Runner {
  /** In any thread of the crew. @param readyAt when the request came, by System.nanoTime() */
  void begin(Invocation invocation, long readyAt);
}
