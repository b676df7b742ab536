"""
Tells the app's log why programs did not reach something, because a program itself sees no more than a connection that is reset, or a name
without an address. The reason is told once a minute for a destination.
"""

from __future__ import annotations

from time import monotonic

from ...log.log import Log
from ...wire.protocol import LogLevel

#: When so many were told, they are forgotten, and told again.
_MOST = 200
_AGAIN_SECONDS = 60


class Refusals:
    def __init__(self, log: Log) -> None:
        self._log = log
        #: When each line was told.
        self._told: dict[str, float] = {}

    def tell(self, what: str, reason: str) -> None:
        """`what` is such as "connect to 192.0.2.7 port 443"."""
        line = f"A program could not {what}: {reason}"
        now = monotonic()
        if now - self._told.get(line, -_AGAIN_SECONDS) < _AGAIN_SECONDS:
            return
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told[line] = now
        self._log.say(None, LogLevel.AGENT, line)
