"""
The event loop of coroutines: asyncio's, in a thread of its own, started when the first is needed.

It is not the main thread's, because code may call asyncio.run() while it is loaded, or in a handler that is no coroutine.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from time import monotonic

from ..exits import Exits
from ..invocation.failures import Failures
from ..net.loopback import tcp_pair
from ..osv import on_osv
from ..stats import Stats


class EventLoop:
    def __init__(self, flush: Callable[[], None], stats: Stats, failures: Failures, exits: Exits) -> None:
        self._flush = flush
        self._stats = stats
        self._failures = failures
        self._exits = exits
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = threading.Lock()
        self._calls: deque[tuple[Callable[[], object], float]] = deque()
        self._is_woken = False
        self._will_flush = False
        # Loops that code makes by itself need one, too.
        if on_osv:
            socket.socketpair = tcp_pair  # type: ignore[assignment]

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._run, args=(self._loop,), name="mayfly-loop", daemon=True).start()
            return self._loop

    def call(self, call: Callable[[], object], ready_at: float) -> None:
        """Calls it on the loop. From any thread."""
        self._calls.append((call, ready_at))
        if not self._is_woken:
            self._is_woken = True
            self.loop.call_soon_threadsafe(self._take_calls)

    def start(self, coroutine: Coroutine[object, object, None], context: Context) -> asyncio.Task[None]:
        """Makes a task of it. Must be called on the loop."""
        assert self._loop is not None
        if sys.version_info >= (3, 12):
            # Runs at once until it waits for something, which saves a turn of the loop.
            return asyncio.Task(coroutine, loop=self._loop, context=context, eager_start=True)
        return self._loop.create_task(coroutine, context=context)

    def flush_soon(self) -> None:
        """Sends at the end of this turn of the loop what its tasks have written. Must be called on the loop."""
        if not self._will_flush:
            self._will_flush = True
            assert self._loop is not None
            self._loop.call_soon(self._flush_now)

    def oldest_waiting(self) -> float | None:
        calls = self._calls
        try:
            return calls[0][1]
        except IndexError:
            return None

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        while True:
            try:
                # It returns where code stops the loop that it finds running.
                loop.run_forever()
            except SystemExit as error:
                # The loop passes on this one, of whatever task or callback, and KeyboardInterrupt.
                self._exits.end_by(error)
            except BaseException as error:
                self._failures.afterwards(None, error)

    def _take_calls(self) -> None:
        self._is_woken = False
        calls = self._calls
        while calls:
            call, ready_at = calls.popleft()
            self._stats.started(monotonic() - ready_at)
            call()
        self.flush_soon()

    def _flush_now(self) -> None:
        self._will_flush = False
        self._flush()
