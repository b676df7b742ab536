"""
Puts frames on the channel, from any thread, with all that waits in one write.

Owns: the frames that wait to be sent.
1. Frames leave in the order of the calls.
2. A thread never waits for another one's write, except in flush_now(): whoever writes takes what others have added meanwhile.
3. After the message of hold(), nothing is sent until release().
4. In a forked process, nothing is sent any more.
5. frame() sends nothing. Who has called it must see to a flush: the reading thread after each batch of frames, any other at once.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque

from .protocol import FrameType, Limit

_header = struct.Struct("<IBBHI").pack
_headed = struct.Struct("<IBBHII").pack
compact_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
#: The most bytes that are joined for one write, so that a large backlog is not copied as a whole.
_WRITE_BYTES = 1_048_576


class Outbox:
    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._waiting: deque[bytes] = deque()
        self._writing = threading.Lock()
        #: The thread that writes. What it prints meanwhile, in a finalizer or a signal handler, it sends when it goes on.
        self._writer = 0
        self._is_held = False
        #: Whether the host said that it takes the frames Trailers and Interim.
        self.host_takes_trailers = False

    def frame(self, kind: int, flags: int, stream: int, payload: bytes = b"") -> None:
        self._waiting.append(_frame(kind, flags, stream, payload))

    def headed(self, kind: int, flags: int, stream: int, head: bytes, body: bytes) -> None:
        """A frame of u32 head length, head, body, as Response is."""
        size = len(head)
        self._waiting.append(_headed(4 + size + len(body), kind, flags, 0, stream, size) + head + body)

    def json(self, kind: int, stream: int, message: object) -> None:
        self.frame(kind, 0, stream, _json(message))

    def credit(self, stream: int, size: int) -> None:
        self.frame(FrameType.CREDIT, 0, stream, size.to_bytes(4, "little"))

    def reset(self, stream: int, code: int, message: str) -> None:
        """At most Limit.RESET_MESSAGE bytes of the message are sent."""
        text = message.encode("utf-8", "replace")[: Limit.RESET_MESSAGE].decode("utf-8", "ignore").encode()
        self.frame(FrameType.RESET, 0, stream, code.to_bytes(2, "little") + text)

    def in_child(self) -> None:
        """In a forked process, where another thread may have held the lock."""
        self._waiting = deque(maxlen=0)
        self._writing = threading.Lock()
        self._writer = 0
        self._channel.close()

    def hold(self, kind: int, stream: int, message: object) -> None:
        """
        Sends what waits, this message after it, and nothing more: the other end may freeze the machine, or ask for the release, as soon as it has
        the message.
        """
        last = _frame(kind, 0, stream, _json(message))
        with self._writing:
            self._is_held = True
            self._write(last)

    def release(self) -> None:
        self._is_held = False
        self.flush()

    def flush(self) -> None:
        """Sends what waits, or leaves it to the thread that is writing."""
        while self._waiting and not self._is_held and self._writing.acquire(blocking=False):
            try:
                self._write()
            finally:
                self._writing.release()

    def flush_now(self) -> None:
        """Like flush(), but all that waits now has left this process when it returns."""
        if self._writer == threading.get_ident():
            return
        with self._writing:
            self._write()
        self.flush()

    def _write(self, last: bytes = b"") -> None:
        """
        Writes what waits; with `last`, only what waits now, and then that. The caller has the lock and releases it, because code whose recursion is
        at its limit may get no further than to this call.
        """
        waiting = self._waiting
        self._writer = threading.get_ident()
        try:
            if last:
                self._channel.sendall(b"".join([waiting.popleft() for _ in range(len(waiting))]) + last)
            while waiting and not self._is_held:
                parts = [waiting.popleft()]
                size = len(parts[0])
                while waiting and size < _WRITE_BYTES:
                    parts.append(waiting.popleft())
                    size += len(parts[-1])
                self._channel.sendall(parts[0] if len(parts) == 1 else b"".join(parts))
        except OSError:
            # The reading thread finds out that the channel is over, and ends the process.
            waiting.clear()
        finally:
            self._writer = 0


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return _header(len(payload), kind, flags, 0, stream) + payload


def _json(message: object) -> bytes:
    return compact_json(message).encode("utf-8", "replace")
