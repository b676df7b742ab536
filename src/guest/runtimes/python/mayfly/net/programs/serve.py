"""Serves the connections and look-ups of programs, from the machine's start on, so that a template has all of it ready."""

from __future__ import annotations

import os
import socket

from ...log.log import Log
from ...wire.protocol import LogLevel
from ..permission import Permission
from ..pump import Pump
from ..streams import GuestStreams
from .found_names import FoundNames
from .redirected import Redirected
from .refusals import Refusals
from .stub_resolver import StubResolver


def serve_programs(streams: GuestStreams, pump: Pump, permission: Permission, log: Log) -> None:
    """Does nothing where the connections of programs are not led to the agent."""
    kind, _, fd = os.environ.pop("MAYFLY_REDIRECT", "").partition(":")
    if kind != "fd":
        return
    pump.start()
    names, refusals = FoundNames(), Refusals(log)
    listener = socket.socket(fileno=int(fd))
    os.set_inheritable(listener.fileno(), False)
    try:
        Redirected(streams, pump, permission, names, refusals).listen(listener)
        StubResolver(streams, pump, permission, names, refusals).listen()
        permission.is_redirected = True
    except OSError as error:
        log.say(None, LogLevel.AGENT, f"programs have no network: {error}")
