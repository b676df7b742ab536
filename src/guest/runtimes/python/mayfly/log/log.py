"""
Writes Log frames to the host.

Owns: the count of lines dropped since the last report of them.
1. If functions print more than their budget, lines are dropped and counted. The count is logged at most five times a second, with the next
   line that is kept, or by the statistics' thread.
2. A line has left the process when write() returns, because user code may end the process right after.
3. A line carries its invocation's stream only while that is open, and 0 after that.
4. In a forked process, lines are written to descriptors 1 and 2.
"""

from __future__ import annotations

import os
import threading
from time import monotonic

from .. import forks
from ..invocation.invocation import Invocation
from ..wire.outbox import Outbox
from ..wire.protocol import Flag, FrameType, Limit, LogLevel
from .budget import LogBudget

#: Seconds between two reports of dropped lines, so that a flood does not alternate with such reports.
_TELL_SECONDS = 0.2
#: The most bytes of one call's text; longer text is cut, with a note.
_TEXT_BYTES = 16 * Limit.LOG_TEXT
#: Before the log capture replaces it.
_write_to = os.write


class Log:
    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._budget = LogBudget(monotonic())
        # Reentrant, because a signal handler or a finalizer may print while its thread is printing.
        self._lock = threading.RLock()
        self._dropped = 0
        self._told_at = 0.0

    def in_child(self) -> None:
        """In a forked process, where another thread may have held the lock."""
        self._lock = threading.RLock()

    def write(self, invocation: Invocation | None, level: int, text: str, partial: bool = False) -> None:
        """`partial`: the line goes on in what is written next."""
        if forks.is_child:
            return _print(level, text, partial)
        data = text.encode("utf-8", "replace")
        with self._lock:
            start = monotonic()
            counts = self._budget.take(min(len(data), _TEXT_BYTES), start)
            if counts is None:
                self._dropped += 1
                return
            if self._dropped and start - self._told_at >= _TELL_SECONDS:
                self.tell_dropped()
        self._put(invocation, level, data, partial)
        if counts:
            end = monotonic()
            with self._lock:
                self._budget.spend(end - start, end)

    def say(self, invocation: Invocation | None, level: int, text: str) -> None:
        """Like write(), for a line that the platform writes about a function. It is never dropped."""
        if forks.is_child:
            return _print(level, text, False)
        self._put(invocation, level, text.encode("utf-8", "replace"), False)

    def _put(self, invocation: Invocation | None, level: int, data: bytes, partial: bool) -> None:
        stream = invocation.stream if invocation is not None and invocation.open else 0
        if len(data) <= Limit.LOG_TEXT:
            self._frame(stream, level, data, partial)
        else:
            self._long(stream, level, data, partial)
        self._outbox.flush_now()

    def tell_dropped(self) -> None:
        """Logs how many lines were dropped, if any were."""
        with self._lock:
            dropped, self._dropped = self._dropped, 0
            if dropped == 0:
                return
            self._told_at = monotonic()
        lines = "1 log line" if dropped == 1 else f"{dropped} log lines"
        self.say(None, LogLevel.AGENT, f"Dropped {lines}: they came faster than they can be kept.")

    def _long(self, stream: int, level: int, data: bytes, partial: bool) -> None:
        end = _character_start(data, _TEXT_BYTES)
        at = 0
        while at < end:
            to = _character_start(data, min(at + Limit.LOG_TEXT, end))
            self._frame(stream, level, data[at:to], partial or to < end)
            at = to
        if end < len(data):
            self.say(None, LogLevel.AGENT, f"A log line of {len(data)} bytes was cut.")

    def _frame(self, stream: int, level: int, data: bytes, partial: bool) -> None:
        self._outbox.frame(FrameType.LOG, Flag.PARTIAL if partial else 0, stream, bytes((level,)) + data)


def _print(level: int, text: str, partial: bool) -> None:
    data = (text if partial else text + "\n").encode("utf-8", "replace")
    try:
        while data:
            data = data[_write_to(2 if level >= LogLevel.WARN else 1, data) :]
    except OSError:
        pass  # nobody reads it any more


def _character_start(data: bytes, at: int) -> int:
    """The nearest index at or before `at` that cuts no UTF-8 character in two."""
    if at >= len(data):
        return len(data)
    while at > 0 and data[at] & 0xC0 == 0x80:
        at -= 1
    return at
