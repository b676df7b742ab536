package suite;

/** Cannot be initialised. */
public final class Broken {
  private static final Object never = make();

  private static Object make() {
    throw new IllegalStateException("not loadable");
  }

  public Object handle() {
    return never;
  }
}
