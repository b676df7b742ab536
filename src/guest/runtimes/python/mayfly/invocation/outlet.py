"""
Bytes that leave on one direction of a stream, as far as the host has granted credit.

What does not fit waits here; whoever writes should then wait for `drained`, in a thread with wait(), on an event loop with a listener.

In a forked process nobody grants credit, and its parent's threads may have held the lock: what is written there is dropped at once, without the lock.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from .. import forks
from ..wire.outbox import Outbox
from ..wire.protocol import INITIAL_CREDIT, Flag, FrameType, Limit


class Outlet:
    def __init__(self, outbox: Outbox, stream: int, last_flags: Callable[[], int], lock: threading.RLock) -> None:
        """
        `last_flags` is called once, and returns the flags that the last frame needs beside End. `lock` is its caller's own: with two, an
        invocation that fails while the reader sends its last bytes would wait for the reader, and the reader for it.
        """
        self._outbox = outbox
        self._stream = stream
        self._last_flags = last_flags
        self._changed = threading.Condition(lock)
        self._credit = INITIAL_CREDIT
        self._waiting: deque[memoryview] = deque()
        self._ending = False
        #: What follows the body, as the frame has it.
        self._trailers = b""
        self._closed = False
        #: Called, in the reading thread, when all that was written has been sent, or when nothing will be any more.
        self.listener: Callable[[], None] | None = None

    @property
    def drained(self) -> bool:
        """Whether nothing waits for credit."""
        return not self._waiting

    def write(self, data: bytes) -> bool:
        """Returns `drained`. The caller must see to a flush of the outbox."""
        if forks.is_child:
            return True
        with self._changed:
            if data and not self._closed:
                self._waiting.append(memoryview(data))
                self._send()
            return not self._waiting

    def end(self, trailers: bytes = b"") -> None:
        """`trailers` is what sendable_trailers() returns."""
        if forks.is_child:
            return self._send_last(b"")
        with self._changed:
            if not self._closed and not self._ending:
                self._ending = True
                self._trailers = trailers
                self._send()

    def wait(self) -> None:
        """Waits until nothing waits for credit any more. Must not be called by the reading thread."""
        if forks.is_child:
            return
        with self._changed:
            while self._waiting:
                self._changed.wait()

    def grant(self, size: int) -> None:
        with self._changed:
            self._credit += size
            if self._closed or not self._waiting:
                return
            self._send()
            self._tell()

    def close(self) -> None:
        """Drops what waits, and sends nothing more."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._tell()

    def _tell(self) -> None:
        if self._waiting:
            return
        self._changed.notify_all()
        if self.listener is not None:
            self.listener()

    def _send(self) -> None:
        waiting = self._waiting
        while waiting and self._credit > 0:
            chunk = waiting[0]
            size = min(len(chunk), self._credit, Limit.DATA)
            self._credit -= size
            if size < len(chunk):
                waiting[0] = chunk[size:]
            else:
                waiting.popleft()
            if self._ending and not waiting and not self._trailers:
                return self._send_last(bytes(chunk[:size]))
            self._outbox.frame(FrameType.DATA, 0, self._stream, bytes(chunk[:size]))
        if self._ending and not waiting:
            self._send_last(b"")

    def _send_last(self, data: bytes) -> None:
        self._closed = True
        kind, payload = (FrameType.TRAILERS, self._trailers) if self._trailers else (FrameType.DATA, data)
        self._outbox.frame(kind, Flag.END | self._last_flags(), self._stream, payload)
