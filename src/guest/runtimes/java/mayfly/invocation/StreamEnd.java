package mayfly.invocation;

/** What an open stream receives. A stream ignores frames that make no sense for it. */
public interface StreamEnd {
  void data(byte[] chunk, boolean ended);

  void credit(int bytes);

  void reset(int code, String message);
}
