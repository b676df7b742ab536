"""The request's body as a file that waits for what has not arrived yet."""

from __future__ import annotations

import io
import threading

from ...invocation.invocation import Invocation


def body_file(invocation: Invocation) -> io.BufferedIOBase:
    if invocation.body.ended:
        return io.BytesIO(invocation.body.take()[0])
    return io.BufferedReader(_Arriving(invocation), 65_536)


class _Arriving(io.RawIOBase):
    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        self._rest = memoryview(b"")
        self._ended = False
        self._more = threading.Event()
        invocation.body.listener = self._more.set

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def, override]
        """Raises Aborted if the rest will not come."""
        while not self._rest and not self._ended:
            # Before the look, so that what comes after it is not missed.
            self._more.clear()
            data, self._ended = self._invocation.body.take()
            self._rest = memoryview(data)
            # The sender needs the credit that taking has granted.
            self._invocation.flush()
            if not data and not self._ended:
                self._more.wait()
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
