package mayfly;

/**
 * Room on a thread's stack. Code that calls itself without end may print, or write its reply, at the very end of its stack. What the agent does then must not stop halfway: a lock would stay taken, or a frame be lost, and other calls would wait for ever.
 */
public final class StackRoom {
  private StackRoom() {}

  /** Calls in each other. The agent makes less than 20; many more of this method are needed, because they take little room once they are compiled. */
  private static final int CALLS = 128;

  /** If the stack is about to overflow, it does so here, where nothing has begun. */
  public static void need() {
    take(CALLS);
  }

  private static int take(int calls) {
    return calls == 0 ? 0 : 1 + take(calls - 1);
  }
}
