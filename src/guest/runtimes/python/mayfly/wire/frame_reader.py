"""
Cuts the bytes of the channel into frames.

Owns: the bytes that were received and not yet cut. One thread at a time may read, but it need not be the same one: a thread may leave
between two frames, and another goes on at the next frame.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from time import monotonic

from .protocol import HEADER_BYTES, Flag, FrameType, Limit

_READ_BYTES = 262_144
_header = struct.Struct("<IBBHI").unpack_from

_ZERO, _ODD, _EVEN = 1, 2, 4

#: What the host may send: the type → the kinds of stream, the flags, and the least and the most bytes of the payload.
_RULES: dict[int, tuple[int, int, int, int]] = {
    FrameType.RESUME: (_ZERO, 0, 2, Limit.JSON),
    FrameType.BIND: (_ODD, Flag.END, 4, Limit.PAYLOAD),
    FrameType.REQUEST: (_ODD, Flag.END, 4, Limit.PAYLOAD),
    FrameType.DATA: (_ODD | _EVEN, Flag.END, 0, Limit.DATA),
    FrameType.CREDIT: (_ODD | _EVEN, 0, 4, 4),
    FrameType.RESET: (_ODD | _EVEN, 0, 2, 2 + Limit.RESET_MESSAGE),
    FrameType.TRAILERS: (_ODD, Flag.END, 1, Limit.HEAD),
    FrameType.PING: (_ZERO, 0, 8, 8),
    FrameType.CONNECTED: (_EVEN, 0, 2, Limit.JSON),
    FrameType.RESOLVED: (_EVEN, 0, 2, Limit.JSON),
}


class ProtocolError(Exception):
    """The host has sent what it may not send."""


class FrameReader:
    def __init__(self, channel: socket.socket, before_wait: Callable[[], None]) -> None:
        """`before_wait` is called when all that was received has been handled: before more is waited for."""
        self._channel = channel
        self._before_wait = before_wait
        #: When the bytes of the latest frame came, by monotonic().
        self.read_at = 0.0
        self._bytes = b""
        self._at = 0

    def next(self) -> tuple[int, int, int, bytes] | None:
        """
        Waits for the next frame: its type, flags, stream and payload. None if the channel has ended.

        Raises ProtocolError if the host broke a rule, and OSError if the channel fails.
        """
        while True:
            data, at = self._bytes, self._at
            if len(data) - at >= HEADER_BYTES:
                length, kind, flags, reserved, stream = _header(data, at)
                _check(length, kind, flags, reserved, stream)
                end = at + HEADER_BYTES + length
                if end <= len(data):
                    self._at = end
                    return kind, flags, stream, data[at + HEADER_BYTES : end]
            self._before_wait()
            more = self._channel.recv(_READ_BYTES)
            self.read_at = monotonic()
            if not more:
                return None
            self._bytes = data[at:] + more if at < len(data) else more
            self._at = 0


def cut_head(payload: bytes) -> tuple[bytes, bytes]:
    """The payload of a frame of u32 head length, head, body, as Request and Bind are, in two. Raises ProtocolError if the head is cut off."""
    end = 4 + int.from_bytes(payload[:4], "little")
    if end > len(payload):
        raise ProtocolError(f"a head of {end - 4} bytes in a payload of {len(payload)}")
    return payload[4:end], payload[end:]


def _check(length: int, kind: int, flags: int, reserved: int, stream: int) -> None:
    rule = _RULES.get(kind)
    if rule is None:
        raise ProtocolError(f"a frame of type {kind}, which the host may not send")
    kinds, allowed, least, most = rule
    if not least <= length <= most:
        raise ProtocolError(f"a frame of type {kind} with {length} bytes; {least} to {most} are allowed")
    if flags & ~allowed or reserved:
        raise ProtocolError(f"a frame of type {kind} with a flag or a reserved field that must be 0")
    if not kinds & (_ZERO if stream == 0 else _ODD if stream & 1 else _EVEN):
        raise ProtocolError(f"a frame of type {kind} on stream {stream}, which is of the wrong kind")
