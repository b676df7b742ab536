"""
The threads that read the channel and run handlers that are not coroutines.

One thread leads: it reads frames and handles them. A call is handed to a thread of the crew, which grows to as many as are blocked at once.
Handing over costs more than a small handler does, so calls of a function that has been quick several times are run by the leader itself,
between two frames, as an event loop would. Unlike an event loop, it does not matter if such a call takes long after all: the lookout sees
that within milliseconds, and gives the lead to another thread.

Owns: the threads, and the calls that wait for one.
1. At most one thread leads. The lead changes only while the leader runs a call, which is between two frames.
2. While the CPU is fully used, more threads would only take turns: then the crew grows slowly and shrinks, and calls wait, which the
   statistics show.
3. The lookout looks only while the leader runs a call or calls wait, so that an idle machine does not wake up.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import get_ident
from time import monotonic

from . import forks
from .leave import leave
from .stats import Stats, cpu_seconds

_MOST_THREADS = 1_000
#: Seconds between two looks of the lookout.
_LOOK = 0.002
#: The lookout goes to sleep after so many looks at which there was nothing to do.
_QUIET_LOOKS = 25
#: A call is quick if it takes less than this, in seconds. The leader runs a function's calls if so many of them were quick, net of others.
_QUICK = 0.001
_QUICK_CALLS = 8
#: Looks between two threads that are added although the CPU is fully used.
_SLOW_GROWTH = 5
_FULL = 0.9


class Pace:
    """How quick a function has been: its quick calls, minus four for each other one."""

    __slots__ = ("score",)

    def __init__(self) -> None:
        self.score = 0

    @property
    def is_quick(self) -> bool:
        return self.score >= _QUICK_CALLS

    def took(self, seconds: float) -> None:
        self.score = min(self.score + 1, _QUICK_CALLS) if seconds < _QUICK else max(self.score - 4, 0)


class _Call:
    __slots__ = ("run", "pace", "ready_at")

    def __init__(self, run: Callable[[], None], pace: Pace | None, ready_at: float) -> None:
        self.run = run
        self.pace = pace
        self.ready_at = ready_at


class Crew:
    def __init__(self, step: Callable[[], None], flush: Callable[[], None], failed: Callable[[BaseException], None], stats: Stats) -> None:
        """
        `step` reads and handles one frame. `flush` sends what handlers have written. `failed` ends the machine, because one of the crew's threads has
        failed: it is counted on, and if it led, nobody would read the channel.
        """
        self._step = step
        self._flush = flush
        self._failed = failed
        self._stats = stats
        self._calls: deque[_Call | None] = deque()  # None is the lead
        self._tokens: SimpleQueue[None] = SimpleQueue()
        self._lock = threading.Lock()
        self._size = 1
        #: Threads that wait for a call, minus the calls that wait for a thread.
        self._spare = 0
        self._floor = (os.cpu_count() or 1) + 1
        self._leader = 0
        #: The first thread, whose end would be that of the process: it stays when the crew shrinks.
        self._main = 0
        #: Counts the calls that leaders have run; and whether one runs now.
        self._turn = 0
        self._is_running = False
        self._is_full = False
        self._lookout_sleeps = True
        self._look = threading.Semaphore(0)

    def lead(self) -> None:
        """Makes the thread that calls it, the main one, the first leader. Never returns."""
        self._main = get_ident()
        self._start_thread("mayfly-lookout", self._look_out)
        self._try(self._lead)
        self._try(self._follow)

    def oldest_waiting(self) -> float | None:
        try:
            return next((call.ready_at for call in list(self._calls) if call is not None), None)
        except RuntimeError:  # the queue changed while it was copied
            return None

    def take(self, run: Callable[[], None], pace: Pace, ready_at: float) -> None:
        """Runs a call, in this thread if that is one of the crew's that does not lead, or leads and may expect a quick call."""
        if get_ident() != self._leader:
            self._run(_Call(run, pace, ready_at))
        elif pace.is_quick:
            self._run_leading(_Call(run, pace, ready_at))
        else:
            self.hand_over(run, pace, ready_at)

    def hand_over(self, run: Callable[[], None], pace: Pace | None, ready_at: float) -> None:
        """Leaves a call to another thread."""
        with self._lock:
            self._spare -= 1
            grows = self._spare < 0 and self._size < _MOST_THREADS and not (self._is_full and self._size >= self._floor)
            if grows:
                self._size += 1
                self._spare += 1
        self._calls.append(_Call(run, pace, ready_at))
        self._tokens.put(None)
        if grows:
            self._start_follower()
        elif self._spare < 0:
            self._wake_lookout()

    def _start_follower(self) -> None:
        self._start_thread("mayfly-call", lambda: self._follow(True))

    def _start_thread(self, name: str, run: Callable[[], None]) -> None:
        threading.Thread(target=self._try, args=(run,), name=name, daemon=True).start()

    def _try(self, run: Callable[[], None]) -> None:
        try:
            run()
        except BaseException as error:
            self._failed(error)

    def _lead(self) -> None:
        me = self._leader = get_ident()
        while self._leader == me:
            self._step()

    def run_here(self, run: Callable[[], None], ready_at: float) -> None:
        """
        Runs it in the thread that calls this, which leads, or led when it began with the frame that it handles. If it takes long, another thread
        leads from then on.
        """
        call = _Call(run, None, ready_at)
        if get_ident() == self._leader:
            self._run_leading(call)
        else:
            self._run(call)

    def _run_leading(self, call: _Call) -> None:
        self._turn += 1
        self._is_running = True
        if self._lookout_sleeps:
            self._wake_lookout()
        self._run_timed(call)
        with self._lock:
            if self._leader == get_ident():
                self._is_running = False
                return
        # The lead was given away, and with it the duty to flush.
        self._flush()

    def _follow(self, counted: bool = False) -> None:
        """`counted`: a call is there for this thread already, so it does not wait for one yet."""
        while True:
            if not counted:
                with self._lock:
                    if self._is_full and self._size > self._floor and get_ident() != self._main:
                        self._size -= 1
                        return
                    self._spare += 1
            counted = False
            self._tokens.get()
            call = self._calls.popleft()
            if call is None:
                self._lead()
            else:
                self._run(call)

    def _run(self, call: _Call) -> None:
        self._run_timed(call)
        self._flush()

    def _run_timed(self, call: _Call) -> None:
        start = monotonic()
        self._stats.started(start - call.ready_at)
        call.run()
        if forks.is_child:
            # What the call left to the event loop, or to other threads, happens in the parent.
            leave(0)
        if call.pace is not None:
            call.pace.took(monotonic() - start)

    def _wake_lookout(self) -> None:
        if self._lookout_sleeps:
            self._lookout_sleeps = False
            self._look.release()

    def _look_out(self) -> None:
        while True:
            # What began before this was set has not woken it.
            self._lookout_sleeps = True
            if not self._is_running and self._spare >= 0:
                self._look.acquire()
            self._lookout_sleeps = False
            quiet = looks = 0
            while quiet < _QUIET_LOOKS:
                turn, at, busy = self._turn, monotonic(), cpu_seconds()
                time.sleep(_LOOK)
                looks += 1
                self._is_full = (cpu_seconds() - busy) / (monotonic() - at) > _FULL
                if self._is_running and turn == self._turn:
                    self._give_lead_away(turn)
                elif self._spare < 0 and (not self._is_full or looks % _SLOW_GROWTH == 0):
                    self._grow()
                quiet = 0 if self._is_running or self._spare < 0 else quiet + 1
            self._is_full = False

    def _give_lead_away(self, turn: int) -> None:
        with self._lock:
            if not self._is_running or turn != self._turn:
                return
            self._is_running = False
            self._leader = 0
            self._spare -= 1
            grows = self._spare < 0
            if grows:
                self._size += 1
                self._spare += 1
            self._calls.appendleft(None)
        self._tokens.put(None)
        if grows:
            self._start_follower()
        self._flush()

    def _grow(self) -> None:
        with self._lock:
            if self._spare >= 0 or self._size >= _MOST_THREADS:
                return
            self._size += 1
            self._spare += 1
        self._start_follower()
