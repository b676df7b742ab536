package mayfly.wire;

/** The numbers of the host-guest protocol, as in src/wire/protocol.ts and docs/guest-protocol.md. */
public final class Protocol {
  private Protocol() {}

  public static final int VERSION = 3;
  public static final int HEADER_BYTES = 12;
  public static final int INITIAL_CREDIT = 65_536;

  public static final String WARM_FUNCTION = "mayfly:warm";
  public static final String REHEARSAL_APP = "mayfly:rehearsal";

  /** The program of the machine's image that mounts NFS exports. */
  public static final String MOUNTS_PROGRAM = "/mayfly/mounts";

  /** The types of frames. */
  public static final class Type {
    private Type() {}

    public static final int HELLO = 1;
    public static final int RESUME = 2;
    public static final int READY = 3;
    public static final int BIND = 4;
    public static final int BOUND = 5;
    public static final int REQUEST = 6;
    public static final int RESPONSE = 7;
    public static final int DATA = 8;
    public static final int CREDIT = 9;
    public static final int RESET = 10;
    public static final int LOG = 12;
    public static final int STATS = 13;
    public static final int PING = 14;
    public static final int PONG = 15;
    public static final int CONNECT = 16;
    public static final int CONNECTED = 17;
    public static final int RESOLVE = 18;
    public static final int RESOLVED = 19;
    public static final int TRAILERS = 20;
  }

  public static final class Flag {
    private Flag() {}

    public static final int END = 1;
    public static final int PARTIAL = 4;
  }

  /** The codes of Reset. */
  public static final class Code {
    private Code() {}

    public static final int CANCELLED = 1;
    public static final int TIMEOUT = 2;
    public static final int REFUSED = 4;
    public static final int EGRESS_DENIED = 5;
    public static final int CONNECT_FAILED = 6;
    public static final int FUNCTION_THREW = 7;
    public static final int FUNCTION_LOAD_FAILED = 8;
    public static final int FUNCTION_NOT_FOUND = 9;
    public static final int BAD_RESPONSE = 10;
    public static final int RESOLVE_FAILED = 11;
  }

  /** The levels of Log. */
  public static final class Level {
    private Level() {}

    public static final int DEBUG = 0;
    public static final int INFO = 1;
    public static final int WARN = 2;
    public static final int ERROR = 3;
    public static final int AGENT = 4;
  }

  /** In bytes unless stated otherwise. */
  public static final class Limit {
    private Limit() {}

    public static final int PAYLOAD = 131_072;
    public static final int HEAD = 65_536;
    public static final int DATA = 65_536;
    public static final int JSON = 65_536;
    public static final int LOG_TEXT = 16_384;
    public static final int RESET_MESSAGE = 1_024;
    /** Pairs of a name and a value in one head. */
    public static final int HEADER_PAIRS = 256;
    /** How much the host keeps of one machine's log. Each line counts as its own bytes and LOG_LINE more. */
    public static final int LOG_PER_SECOND = 1_048_576;
    public static final int LOG_AT_ONCE = 2_097_152;
    public static final int LOG_LINE = 64;
  }
}
