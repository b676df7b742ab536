"""
Limits how much a machine prints. A line is written before print() returns, which costs 10 µs on a bare process, 100 µs in a sandbox, and
more if the CPU is emulated. Without a limit, a function that prints without end would do nothing else, and would seem to hang.

1. No more bytes are written than the host keeps of a machine's log. The budget is a tenth less, so that what the platform must say fits.
2. Some thousand lines may be written at once, and some hundred a second; more only while writing takes less than a quarter of the time.
"""

from __future__ import annotations

from ..wire.protocol import LOG_BYTES_AT_ONCE, LOG_BYTES_PER_SECOND, LOG_LINE_BYTES

_SHARE_OF_BYTES = 0.9
_LINES_AT_ONCE = 4_000
_LINES_PER_SECOND = 500
#: Seconds of writing.
_TIME_AT_ONCE = 1.0
_TIME_PER_SECOND = 0.25


class LogBudget:
    """Its times are seconds of a clock that only rises."""

    def __init__(self, now: float) -> None:
        self._bytes = _Bucket(LOG_BYTES_PER_SECOND * _SHARE_OF_BYTES, LOG_BYTES_AT_ONCE * _SHARE_OF_BYTES, now)
        self._lines = _Bucket(_LINES_PER_SECOND, _LINES_AT_ONCE, now)
        self._time = _Bucket(_TIME_PER_SECOND, _TIME_AT_ONCE, now)

    def take(self, size: int, now: float) -> bool | None:
        """None if there is no room for a line of this many bytes. If true, spend() must be told how long writing it took."""
        is_free = self._lines.take(1, now)
        if not is_free and not self._time.take(0, now):
            return None
        if not self._bytes.take(size + LOG_LINE_BYTES, now):
            return None
        return not is_free

    def spend(self, seconds: float, now: float) -> None:
        self._time.spend(seconds, now)


class _Bucket:
    def __init__(self, per_second: float, most: float, now: float) -> None:
        self._per_second = per_second
        self._most = most
        self._left = most
        self._at = now

    def take(self, amount: float, now: float) -> bool:
        self._fill(now)
        if self._left < amount or self._left <= 0:
            return False
        self._left -= amount
        return True

    def spend(self, amount: float, now: float) -> None:
        self._fill(now)
        self._left -= amount

    def _fill(self, now: float) -> None:
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
