package suite;

import org.crac.Context;
import org.crac.Core;
import org.crac.Resource;

/** Tells of a snapshot and of a restore. */
public final class Hooks {
  static {
    System.out.println("at load of hooks");
    for (int n = 1; n <= 2; n++) Core.getGlobalContext().register(new Telling(n));
  }

  private record Telling(int n) implements Resource {
    @Override
    public void beforeCheckpoint(Context<? extends Resource> context) {
      tell("before");
    }

    @Override
    public void afterRestore(Context<? extends Resource> context) {
      tell("after");
    }

    private void tell(String when) {
      if (when.equals(System.getenv("FAILS")) && n == 1) throw new IllegalStateException("refused");
      System.out.println(when + " " + n);
    }
  }

  public String handle() {
    return "called";
  }
}
