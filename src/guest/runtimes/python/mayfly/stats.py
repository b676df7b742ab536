"""
Reports to the host once a second how calls fare, while there are any.

Owns: the count of invocations in flight.
1. An idle machine must not wake up for this. After the last invocation there is one more report, and then the thread sleeps.
2. The delay is the time that a ready call waited for a thread or for the event loop: the host learns from it how many calls may share a
   machine. A call that still waits counts with the time that it has waited so far.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from .wire.outbox import Outbox
from .wire.protocol import FrameType

_INTERVAL = 1.0


class Stats:
    def __init__(self, outbox: Outbox, oldest_waiting: Callable[[], float | None], tell_dropped: Callable[[], None]) -> None:
        """`oldest_waiting` says since when, by monotonic(), the call waits that waits the longest; None if none does."""
        self._outbox = outbox
        self._oldest_waiting = oldest_waiting
        self._tell_dropped = tell_dropped
        self._lock = threading.Lock()
        self._wanted = threading.Semaphore(0)
        self._watching = False
        self._is_bound = False
        self._in_flight = 0
        self._started = 0
        self._delay_sum = 0.0
        self._delay_max = 0.0
        self._busy_before = 0.0
        self._told_at = 0.0

    def start(self) -> None:
        threading.Thread(target=self._watch, name="mayfly-stats", daemon=True).start()

    def bound(self, for_good: bool) -> None:
        """Only then are reports sent."""
        self._is_bound = for_good

    def begun(self) -> None:
        with self._lock:
            self._in_flight += 1
            if self._watching:
                return
            self._watching = True
            # Not in the thread: it may get its turn only when busy calls have ended, and would forget how long they waited.
            self._reset(time.monotonic())
        self._wanted.release()

    def ended(self, *_: object) -> None:
        with self._lock:
            self._in_flight -= 1

    def started(self, delay: float) -> None:
        """A call runs now that was ready this many seconds ago. The sums need no lock: a lost one among many changes nothing."""
        self._started += 1
        self._delay_sum += delay
        if delay > self._delay_max:
            self._delay_max = delay

    def resumed(self) -> None:
        """The time for which the machine was stopped must not count."""
        self._reset(time.monotonic())

    def _reset(self, now: float) -> None:
        self._started, self._delay_sum, self._delay_max = 0, 0.0, 0.0
        self._busy_before, self._told_at = cpu_seconds(), now

    def _watch(self) -> None:
        while True:
            self._wanted.acquire()
            while self._watching:
                time.sleep(_INTERVAL)
                self._report()
                with self._lock:
                    self._watching = self._in_flight > 0

    def _report(self) -> None:
        self._tell_dropped()
        now = time.monotonic()
        message = self._measure(now)
        self._reset(now)
        if self._is_bound:
            self._outbox.json(FrameType.STATS, 0, message)
            self._outbox.flush()

    def _measure(self, now: float) -> dict[str, float]:
        started, total, longest = self._started, self._delay_sum, self._delay_max
        oldest = self._oldest_waiting()
        if oldest is not None:
            # A call may have come since `now` was read.
            delay = max(0.0, now - oldest)
            started, total, longest = started + 1, total + delay, max(longest, delay)
        busy = (cpu_seconds() - self._busy_before) / max(now - self._told_at, 0.001)
        return {
            "cpuMs": cpu_seconds() * 1_000,
            "loopDelayMeanMs": total / started * 1_000 if started else 0,
            "loopDelayMaxMs": longest * 1_000,
            "loopUtilization": min(1.0, max(0.0, busy)),
            "heapUsedBytes": 0,
            "rssBytes": _rss_bytes(),
            "inFlight": self._in_flight,
        }


def cpu_seconds() -> float:
    """Of the process since it began; 0 where the kernel does not say."""
    try:
        return time.process_time()
    except (OSError, RuntimeError):
        return 0.0


def _rss_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:
            pages = int(file.read().split()[1])
        return min(pages, os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
