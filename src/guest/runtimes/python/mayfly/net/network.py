"""
The network as user code sees it: Python's own socket, ssl, http, urllib and asyncio, with every outgoing connection led over the wire to the
host, which decides. What stays inside the machine is left to Python.
"""

from __future__ import annotations

from collections.abc import Callable

from ..log.log import Log
from ..wire.outbox import Outbox
from .connect import Connector
from .datagrams import capture_datagrams
from .lookup import Lookups
from .permission import Permission
from .programs.serve import serve_programs
from .pump import Pump
from .streams import GuestStreams


class Network:
    def __init__(self, outbox: Outbox, table: dict, log: Log) -> None:
        """`table` is the agent's of all open streams by number."""
        self._log = log
        self._streams = GuestStreams(outbox, table)
        self._permission = Permission()
        self._pump = Pump(outbox, log)
        lookups = Lookups(self._streams, self._permission)
        self._connector = Connector(self._streams, self._pump, self._permission, lookups)
        self._lookups = lookups

    def capture(self) -> None:
        serve_programs(self._streams, self._pump, self._permission, self._log)
        self._lookups.capture()
        self._connector.capture()
        capture_datagrams()

    def in_child(self) -> None:
        """In a forked process."""
        self._permission.in_child()
        self._streams.in_child()

    def bound(self, egress: bool) -> None:
        """A new app has the machine. What the one before, a rehearsal's, left open is closed."""
        self.cut(lambda: None)
        self._permission.bound(egress)

    def cut(self, last: Callable[[], None]) -> None:
        """Closes all that code has open, and calls `last` before anything else can be opened."""
        with self._streams.lock:
            for end in self._streams.ends():
                end.abandon()
            last()
