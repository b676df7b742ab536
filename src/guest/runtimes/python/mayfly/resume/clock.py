"""Sets the wall clock of a machine that was frozen in a template."""

from __future__ import annotations

import time

from ..osv import on_osv
from .shifted_clock import is_shifted, shift_clock

_settime = getattr(time, "clock_settime", None)
_time = time.time


def set_wall_clock(now: float) -> None:
    """`now` is in seconds since the epoch."""
    if on_osv or is_shifted() or not _set_kernel_clock(now):
        shift_clock(now)


def _set_kernel_clock(now: float) -> bool:
    if _settime is None:
        return False
    try:
        _settime(time.CLOCK_REALTIME, now)
    except OSError:
        return False
    # A kernel may accept the call without setting the clock, which then is behind. On a busy host, any time may pass here.
    return _time() > now - 0.001
