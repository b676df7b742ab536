package shop;

/** Comes in a jar of its own. */
public class Library {
  public static String hello() {
    return "from a library";
  }
}
