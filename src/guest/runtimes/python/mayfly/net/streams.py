"""
The streams that this side opens.

Owns: their numbers. They rise in the order in which their first frames leave, from whatever thread.
"""

from __future__ import annotations

import errno
import threading
from typing import Protocol

from ..wire.outbox import Outbox
from ..wire.protocol import Limit
from .failure import network_error


class GuestEnd(Protocol):
    """What an open stream of this side receives, all in the reading thread, which must not be blocked."""

    stream: int

    def answer(self, message: dict) -> None:
        """The host's Connected or Resolved."""

    def data(self, chunk: bytes, ended: bool) -> None: ...
    def credit(self, size: int) -> None: ...
    def reset(self, code: int, message: str) -> None: ...

    def abandon(self) -> None:
        """The app that opened it is forgotten."""

    def in_child(self) -> None:
        """In a forked process, which lets go of what only its parent uses."""


class GuestStreams:
    def __init__(self, outbox: Outbox, table: dict) -> None:
        """`table` is the agent's of all open streams by number."""
        self.outbox = outbox
        self._table = table
        #: Whoever has it can close streams, and nobody else opens one.
        self.lock = threading.RLock()
        self._last = 0
        self._open = 0

    def open(self, kind: int, message: dict, end: GuestEnd) -> None:
        """Sets the end's number and sends the first frame. Raises OSError if too many streams are open."""
        with self.lock:
            if self._open >= Limit.GUEST_STREAMS:
                raise network_error(errno.EMFILE, "this machine has too many connections open")
            self._open += 1
            self._last += 2
            end.stream = self._last
            self._table[end.stream] = end
            self.outbox.json(kind, end.stream, message)
        self.outbox.flush()

    def close(self, end: GuestEnd) -> bool:
        """Returns False if it was closed before."""
        with self.lock:
            if self._table.pop(end.stream, None) is None:
                return False
            self._open -= 1
            return True

    def in_child(self) -> None:
        """In a forked process, where another thread may have held the lock."""
        self.lock = threading.RLock()
        for end in self.ends():
            end.in_child()

    def ends(self) -> list[GuestEnd]:
        with self.lock:
            return [end for stream, end in list(self._table.items()) if stream & 1 == 0]
