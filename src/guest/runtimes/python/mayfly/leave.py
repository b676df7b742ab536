"""How the agent ends the process, and writes to the machine's console, by functions that are taken before user code or the log capture replaces them."""

from __future__ import annotations

import os
from typing import NoReturn

_exit = os._exit
_write = os.write
_CONSOLE = 2


def leave(code: int, reason: str | None = None) -> NoReturn:
    """Ends the process at once. The reason, if there is one, is written to the machine's console."""
    if reason is not None:
        try:
            _write(_CONSOLE, f"mayfly agent: {reason}\n".encode("utf-8", "replace"))
        except OSError:
            pass  # nobody holds the console's other end any more
    _exit(code)
