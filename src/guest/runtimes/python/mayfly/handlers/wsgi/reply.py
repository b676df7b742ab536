"""
The reply of a WSGI app: what it gives to start_response() and write(), and the pieces of its body.

The reply ends when the app's iterable has been closed, because a machine with nothing in flight may be stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType

from ...invocation.invocation import Invocation
from ...invocation.outlet import Outlet

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType]


class NoResponse(Exception):
    """The app's reply is none; the text says why."""


class WsgiReply:
    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        self._status: int | None = None
        self._headers: list[str] = []
        self._outlet: Outlet | None = None

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None) -> Callable[[bytes], None]:
        """start_response of PEP 3333."""
        if exc_info is not None and self._outlet is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        if exc_info is None and self._status is not None:
            raise AssertionError("start_response was called before, and there is no exc_info")
        self._status, self._headers = _number_of(status), [part for name, value in headers for part in (name.lower(), value)]
        return self._write

    def send(self, pieces: Iterable[bytes]) -> Callable[[], None]:
        """Sends the pieces as they come. Returns what sends the last frame, to be called when the iterable is closed."""
        if isinstance(pieces, (list, tuple)):
            pieces = [b"".join(pieces)]
        for piece in pieces:
            if self._outlet is None and piece and len(piece) == self._announced():
                return lambda: self._invocation.reply(self._known_status(), self._headers, piece)
            # The head waits for the first piece that is not empty: until then the app may change it.
            if piece and not self._write(piece):
                return self._invocation.settle
        if self._outlet is None:
            return lambda: self._invocation.reply(self._known_status(), self._headers, b"")
        return self._end

    def _end(self) -> None:
        assert self._outlet is not None
        self._outlet.end()
        # If the caller went away before that, nothing has closed the invocation yet.
        self._invocation.settle()

    def _announced(self) -> int | None:
        headers = self._headers
        length = next((headers[at + 1] for at in range(0, len(headers), 2) if headers[at] == "content-length"), "")
        return int(length) if length.isascii() and length.isdigit() else None

    def _known_status(self) -> int:
        if self._status is None:
            raise NoResponse("it did not call start_response")
        return self._status

    def _write(self, piece: bytes) -> bool:
        """Returns when the host has room for more. False if nobody wants more, or the head is not valid."""
        if self._outlet is None:
            self._outlet = self._invocation.begin(self._known_status(), self._headers)
            if self._outlet is None:
                return False
        self._outlet.write(piece)
        self._invocation.flush()
        self._outlet.wait()
        return not self._invocation.is_aborted


def _number_of(status: str) -> int:
    number = status[:3]
    if not (number.isascii() and number.isdigit() and status[3:4] in ("", " ")):
        raise NoResponse(f"its status is {status!r}")
    return int(number)
