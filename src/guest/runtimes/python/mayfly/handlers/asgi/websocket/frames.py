"""
WebSocket frames (RFC 6455, section 5), as a server reads and writes them: those of clients are masked, and no extension is agreed on.

The bytes are a stranger's: all that is kept of them is one message, up to the limit, and the beginning of one frame.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY = 0, 1, 2
CLOSE, PING, PONG = 8, 9, 10

NORMAL, GOING_AWAY, PROTOCOL_ERROR, NO_CODE = 1000, 1001, 1002, 1005
ABNORMAL, NOT_UTF8, TOO_BIG, INTERNAL_ERROR = 1006, 1007, 1009, 1011

#: In bytes: the same as uvicorn's.
MOST_OF_MESSAGE = 16 * 1_048_576
_MOST_OF_CONTROL = 125
_LEAST_OF_FRAME = 64
#: Codes that a Close frame may carry, besides those from 3000 to 4999.
_SENDABLE = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


class Violation(Exception):
    """The client broke the protocol; the code says how."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Message:
    """A whole message of the client, a Ping, or its Close."""

    opcode: int
    data: bytes
    #: Of a TEXT message.
    text: str = ""


class FrameReader:
    def __init__(self) -> None:
        self._buffer = bytearray()
        #: The kind of the message that has begun, and what there is of it; 0 between messages.
        self._opcode = 0
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete. Raises Violation."""
        self._buffer += data
        messages: list[Message] = []
        while (message := self._next()) is not None:
            messages.extend(message)
        return messages

    def _next(self) -> list[Message] | None:
        """What the next frame completes, if anything; None: the frame is not whole."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        opcode, length, header = buffer[0] & 0x0F, buffer[1] & 0x7F, 2
        self._check(buffer[0], buffer[1], opcode, length)
        if length >= 126:
            header = 4 if length == 126 else 10
            if len(buffer) < header:
                return None
            length = int.from_bytes(buffer[2:header], "big")
        if self._size + length > MOST_OF_MESSAGE:
            raise Violation(TOO_BIG, "the message is too big")
        end = header + 4 + length
        if len(buffer) < end:
            return None
        payload = unmasked(bytes(buffer[header + 4 : end]), bytes(buffer[header : header + 4]))
        is_final = bool(buffer[0] & 0x80)
        del buffer[:end]
        return [Message(opcode, payload)] if opcode >= CLOSE else self._take(opcode, payload, is_final)

    def _check(self, first: int, second: int, opcode: int, length: int) -> None:
        if first & 0x70:
            raise Violation(PROTOCOL_ERROR, "a reserved bit is set")
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise Violation(PROTOCOL_ERROR, f"there is no opcode {opcode}")
        if not second & 0x80:
            raise Violation(PROTOCOL_ERROR, "a client's frame is not masked")
        if opcode >= CLOSE and (length > _MOST_OF_CONTROL or not first & 0x80):
            raise Violation(PROTOCOL_ERROR, "a control frame is too long, or not whole")
        if opcode < CLOSE and (opcode == CONTINUATION) != (self._opcode != 0):
            raise Violation(PROTOCOL_ERROR, "a message begins in another, or goes on before it has begun")

    def _take(self, opcode: int, payload: bytes, is_final: bool) -> list[Message]:
        if opcode != CONTINUATION:
            self._opcode = opcode
        self._parts.append(payload)
        # A short frame counts as more than it has, so that many of them take no more memory than a long one.
        self._size += max(_LEAST_OF_FRAME, len(payload))
        if not is_final:
            return []
        whole = b"".join(self._parts)
        kind, self._opcode, self._parts, self._size = self._opcode, 0, [], 0
        return [Message(kind, whole, _text_of(whole) if kind == TEXT else "")]


def unmasked(data: bytes, mask: bytes) -> bytes:
    """One long exclusive or, because Python's loops over bytes are slow."""
    size = len(data)
    if size == 0:
        return data
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")


def frame(opcode: int, data: bytes) -> bytes:
    """A server's frame: final, and not masked."""
    size = len(data)
    if size < 126:
        head = bytes((0x80 | opcode, size))
    elif size < 65_536:
        head = bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big")
    return head + data


def close_frame(code: int, reason: str) -> bytes:
    """The reason is cut to what fits, at a character's border."""
    text = reason.encode("utf-8", "replace")[: _MOST_OF_CONTROL - 2].decode("utf-8", "ignore")
    return frame(CLOSE, code.to_bytes(2, "big") + text.encode())


def close_of(data: bytes) -> tuple[int, str]:
    """The code and the reason in a client's Close. Raises Violation."""
    if not data:
        return NO_CODE, ""
    code = int.from_bytes(data[:2], "big")
    if len(data) == 1 or not (code in _SENDABLE or 3000 <= code <= 4999):
        raise Violation(PROTOCOL_ERROR, "the code of the Close frame is none")
    return code, _text_of(data[2:])


def _text_of(data: bytes) -> str:
    try:
        return codecs.decode(data, "utf-8")
    except UnicodeDecodeError:
        raise Violation(NOT_UTF8, "the text is not UTF-8") from None
