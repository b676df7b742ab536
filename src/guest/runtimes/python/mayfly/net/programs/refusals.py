"""
Tells the app's log why programs did not reach something, because a program itself sees no more than a connection that is reset, or a name
without an address. Each reason is told once for a destination.
"""

from __future__ import annotations

from ...log.log import Log
from ...wire.protocol import LogLevel

#: When so many were told, they are forgotten, and told again.
_MOST = 200


class Refusals:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._told: set[str] = set()

    def tell(self, what: str, reason: str) -> None:
        """`what` is such as "connect to 192.0.2.7 port 443"."""
        line = f"A program could not {what}: {reason}"
        if line in self._told:
            return
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told.add(line)
        self._log.say(None, LogLevel.AGENT, line)
