package mayfly.wire;

/** Where characters begin in UTF-8. */
public final class Utf8 {
  private Utf8() {}

  /** Bytes of a character, at most. */
  private static final int LONGEST = 4;

  /** The nearest index at or before `at` that cuts no character in two; `at` itself where the bytes are no UTF-8. */
  public static int characterStart(byte[] text, int at) {
    if (at >= text.length) return text.length;
    for (int start = at; start >= 0 && start > at - LONGEST; start--) if ((text[start] & 0xc0) != 0x80) return start;
    return at;
  }

  /** How many bytes at the end of the text are the beginning of a character whose rest is missing. */
  public static int incompleteTail(byte[] text, int from, int to) {
    for (int back = 1; back <= 3 && to - back >= from; back++) {
      int first = text[to - back] & 0xff;
      if (first < 0x80) return 0;
      if (first >= 0xc0) return back < (first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2) ? back : 0;
    }
    return 0;
  }
}
