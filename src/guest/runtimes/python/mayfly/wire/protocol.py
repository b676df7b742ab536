"""The numbers of the host-guest protocol, as in src/wire/protocol.ts and docs/guest-protocol.md."""

PROTOCOL_VERSION = 3
HEADER_BYTES = 12

#: The program of the machine's image that mounts NFS exports.
MOUNTS_PROGRAM = "/mayfly/mounts"


class FrameType:
    HELLO = 1
    RESUME = 2
    READY = 3
    BIND = 4
    BOUND = 5
    REQUEST = 6
    RESPONSE = 7
    DATA = 8
    CREDIT = 9
    RESET = 10
    DONE = 11
    LOG = 12
    STATS = 13
    PING = 14
    PONG = 15
    CONNECT = 16
    CONNECTED = 17
    RESOLVE = 18
    RESOLVED = 19
    TRAILERS = 20
    INTERIM = 21


class Flag:
    END = 1
    PENDING = 2
    PARTIAL = 4


class ResetCode:
    CANCELLED = 1
    TIMEOUT = 2
    INTERNAL = 3
    REFUSED = 4
    EGRESS_DENIED = 5
    CONNECT_FAILED = 6
    FUNCTION_THREW = 7
    FUNCTION_LOAD_FAILED = 8
    FUNCTION_NOT_FOUND = 9
    BAD_RESPONSE = 10
    RESOLVE_FAILED = 11


class LogLevel:
    DEBUG = 0
    INFO = 1
    WARN = 2
    ERROR = 3
    AGENT = 4


class Limit:
    """In bytes unless stated otherwise."""

    PAYLOAD = 131_072
    HEAD = 65_536
    DATA = 65_536
    JSON = 65_536
    LOG_TEXT = 16_384
    RESET_MESSAGE = 1_024
    #: Pairs of a name and a value in one head.
    HEADER_PAIRS = 256
    #: Interim responses of one invocation.
    INTERIMS = 16
    #: Streams that the guest may have open at once.
    GUEST_STREAMS = 256


INITIAL_CREDIT = 65_536

#: How much the host keeps of one machine's log. Each line counts as its own bytes and LINE_BYTES more.
LOG_BYTES_PER_SECOND = 1_048_576
LOG_BYTES_AT_ONCE = 2_097_152
LOG_LINE_BYTES = 64

WARM_FUNCTION = "mayfly:warm"
REHEARSAL_APP = "mayfly:rehearsal"
