"""sys.stdout and sys.stderr of an app: whatever is written to them is in the log when the call that writes it returns."""

from __future__ import annotations

import builtins
import codecs
import io
import sys
import threading
from collections.abc import Iterable

from ..invocation.current import current
from .log import Log

#: The level that this thread's writes have instead of their stream's, while a logging handler writes a record.
override = threading.local()


class LogStream(io.TextIOBase):
    """Text that is written becomes lines of the log. What is not ended yet is sent as a piece of its line."""

    encoding = "utf-8"
    errors = "replace"
    newlines = None
    line_buffering = True
    mode = "w"

    def __init__(self, log: Log, descriptor: int, level: int) -> None:
        self._log = log
        self._descriptor = descriptor
        self._level = level
        self.name = "<stdout>" if descriptor == 1 else "<stderr>"
        self.buffer = LogBytes(self)

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        level = getattr(override, "level", None)
        invocation, level = current.get(), self._level if level is None else level
        *lines, rest = text.split("\n")
        for line in lines:
            self._log.write(invocation, level, line)
        if rest:
            self._log.write(invocation, level, rest, partial=True)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override]
        self.write("".join(lines))

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Stays open, because what closes it means its own output, and others print on."""

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._descriptor

    def reconfigure(self, **_: object) -> None:
        """Accepted and ignored: encoding and buffering are not the app's here."""


class LogBytes(io.RawIOBase):
    """sys.stdout.buffer: bytes that are written, as UTF-8 text."""

    def __init__(self, stream: LogStream) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, data: bytes) -> int:  # type: ignore[override]
        view = memoryview(data)
        self._stream.write(self._decoder.decode(bytes(view)))
        return view.nbytes

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()

    def close(self) -> None:
        """Stays open, as the stream does."""


_print = builtins.print


def print_at_once(*values: object, sep: str | None = " ", end: str | None = "\n", file: object = None, flush: bool = False) -> None:
    """print() in one write: Python's own makes a write of each value and separator, and so a piece of a line of each."""
    target = sys.stdout if file is None else file
    if not isinstance(target, LogStream):
        return _print(*values, sep=sep, end=end, file=target, flush=flush)  # type: ignore[arg-type]
    between = " " if sep is None else sep
    target.write(between.join(map(str, values)) + ("\n" if end is None else end))
