"""Answers a Resume. This runs before any user code, and after every pause."""

from __future__ import annotations

import base64
import platform

from .. import VERSION
from ..code.disk import look_up_mount
from ..osv import on_osv
from ..wire.protocol import PROTOCOL_VERSION
from .clock import set_wall_clock
from .entropy import spread_entropy

_PYTHON = platform.python_version()


def resume(message: dict, transport: str, clone: bool) -> tuple[dict, list[str]]:
    """
    The ReadyMessage, and sentences on what could not be done.

    `clone`: siblings may share all that the machine has drawn so far, because it is not bound for good, or was before it was frozen.
    """
    kernel = _kernel_of(transport)
    # Sandboxes and bare processes use the host's clock and kernel, which are right.
    if transport == "tcp":
        set_wall_clock(message["now"] / 1_000)
    if kernel == "linux":
        look_up_mount()
    failures = spread_entropy(base64.b64decode(message["entropy"]), kernel == "linux", clone)
    protocol = min(message["protocol"]["max"], PROTOCOL_VERSION)
    return {"protocol": protocol, "agent": VERSION, "node": _PYTHON, "kernel": kernel}, failures


def _kernel_of(transport: str) -> str:
    if transport == "fd":
        return "host"
    if transport == "unix":
        return "gvisor"
    return "osv" if on_osv else "linux"
