"""
Lets a debugger reach the functions of a machine of the driver `process`, while an app is developed (docs/dev.md). Every other machine has neither of
the variables, nor debugpy.
"""

from __future__ import annotations

import os
import secrets
import sys

#: The file that gets the address at which the debugger is answered.
_file = os.environ.pop("MAYFLY_INSPECT", None)
#: The folder of debugpy's packages.
_packages = os.environ.pop("MAYFLY_DEBUGPY", None)


def load_debugger() -> None:
    """Called at the start, because it takes a third of a second, and because what debugpy takes of Python must be what the agent has not replaced yet."""
    if _file is None or _packages is None:
        return
    sys.path.append(_packages)
    # Otherwise it prints a warning about Python's own modules, in which nobody sets breakpoints.
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    import debugpy.server  # noqa: F401


def open_debugger() -> None:
    """Called when the machine belongs to an app, so that a debugger finds no machines that belong to none."""
    if _file is None or _packages is None:
        return
    import pydevd

    own = os.path.dirname(os.path.abspath(__file__)) + os.sep
    # The threads that serve the host must go on while those of the function stand still.
    host, port = pydevd._enable_attach((_any_loopback(), 0), dont_trace_start_patterns=(own, _packages))
    # Whoever reads it finds all of it or nothing.
    with open(f"{_file}.new", "w") as file:
        file.write(f"dap://{host}:{port}")
    os.rename(f"{_file}.new", _file)


def _any_loopback() -> str:
    """
    One of the 16 million addresses that lead to this host only. debugpy takes what it is told from an HTTP request as well, which any page in a browser
    may send to an address that it can guess.
    """
    return f"127.{secrets.randbelow(254) + 1}.{secrets.randbelow(254) + 1}.{secrets.randbelow(254) + 1}"
