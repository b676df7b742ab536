package conformance;

public final class Broken {
  public Broken() {
    System.out.println("there is no database");
    throw new IllegalStateException("it cannot begin");
  }

  public Object handler() {
    return "never called";
  }
}
