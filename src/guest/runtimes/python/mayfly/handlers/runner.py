"""How an invocation reaches a handler of one kind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from ..invocation.invocation import Aborted, Invocation


class Runner(Protocol):
    """Runs a loaded function for one invocation, and makes sure that the invocation is answered. Never raises, and never blocks the leader."""

    def begin(self, invocation: Invocation, ready_at: float) -> None:
        """In any thread of the crew. `ready_at` is when the request came, by monotonic()."""

    def close(self) -> None:
        """The function gets no more calls."""


def when_whole(invocation: Invocation, then: Callable[[bytes], None]) -> None:
    """Calls `then` with the whole body, at once or, in the reading thread, when it has arrived. If it does not come, the invocation ends."""
    if invocation.body.ended:
        return then(invocation.body.take()[0])
    collector = _Collector(invocation, then)
    invocation.body.listener = collector.look
    collector.look()


class _Collector:
    """Both the thread that begins the invocation and the reading thread may look."""

    def __init__(self, invocation: Invocation, then: Callable[[bytes], None]) -> None:
        self._invocation = invocation
        self._then = then
        self._parts: list[bytes] = []
        self._is_done = False
        self._lock = threading.Lock()

    def look(self) -> None:
        with self._lock:
            if self._is_done:
                return
            try:
                data, ended = self._invocation.body.take()
            except Aborted:
                self._is_done = True
                return self._invocation.settle()
            self._parts.append(data)
            if not ended:
                return
            self._is_done = True
        self._then(b"".join(self._parts))
