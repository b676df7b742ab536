"""
The thread that moves bytes between the machine's own sockets and the wire, for all tunnels.

Owns: the selector, which only this thread touches. Other threads post() what is to be done here. The thread starts with the first tunnel,
so that a machine without connections has none.
"""

from __future__ import annotations

import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable

from ..log.describe import describe
from ..log.log import Log
from ..wire.outbox import Outbox
from ..wire.protocol import LogLevel
from .loopback import tcp_pair

Ready = Callable[[int], None]

#: Seconds for which rest() has a socket not watched.
_REST = 0.05


class Pump:
    def __init__(self, outbox: Outbox, log: Log) -> None:
        self._outbox = outbox
        self._log = log
        self._calls: deque[Callable[[], None]] = deque()
        #: What is to be watched again after the next look.
        self._resting: list[tuple[socket.socket, int, Ready]] = []
        self._starting = threading.Lock()
        self._waker: socket.socket | None = None
        self._woken: socket.socket | None = None
        self._is_woken = False
        self._selector: selectors.BaseSelector | None = None

    def start(self) -> None:
        """Must be called before the first post(), and not by the reading thread."""
        with self._starting:
            if self._waker is not None:
                return
            waker, self._woken = tcp_pair()
            for each in (waker, self._woken):
                each.setblocking(False)
            self._selector = selectors.DefaultSelector()
            self._selector.register(self._woken, selectors.EVENT_READ, None)
            self._waker = waker
            threading.Thread(target=self._run, name="mayfly-network", daemon=True).start()

    def post(self, call: Callable[[], None]) -> None:
        """Runs it in the pump's thread, soon. From any thread; never blocks."""
        self._calls.append(call)
        if not self._is_woken:
            self._is_woken = True
            assert self._waker is not None
            try:
                self._waker.send(b"w")
            except BlockingIOError:
                pass  # so many wakes wait that one more changes nothing

    def watch(self, sock: socket.socket, events: int, before: int, ready: Ready) -> None:
        """Has `ready` called with the events that have come. In the pump's thread; `before` is what is watched so far. Both may be 0."""
        selector = self._selector
        assert selector is not None
        if events == before:
            return
        if events == 0:
            selector.unregister(sock)
        elif before == 0:
            selector.register(sock, events, ready)
        else:
            selector.modify(sock, events, ready)

    def rest(self, sock: socket.socket, events: int, ready: Ready) -> None:
        """Does not watch it for a moment, because what has come cannot be taken now. In the pump's thread."""
        self.watch(sock, 0, events, ready)
        self._resting.append((sock, events, ready))

    def _run(self) -> None:
        while True:
            try:
                self._look()
            except Exception as error:
                # What one connection meets, such as memory that is short, does not end the others.
                self._log.say(None, LogLevel.AGENT, f"the network: {describe(error)}")

    def _look(self) -> None:
        selector, woken = self._selector, self._woken
        assert selector is not None and woken is not None
        rested, self._resting = self._resting, []
        # A call that failed may have left others behind it, whose wake is used up.
        seen = selector.select(0 if self._calls else _REST if rested else None)
        for sock, events, ready in rested:
            self.watch(sock, events, 0, ready)
        for key, events in seen:
            if key.data is not None:
                key.data(events)
            else:
                woken.recv(4_096)
        self._is_woken = False
        calls = self._calls
        while calls:
            calls.popleft()()
        self._outbox.flush()
