"""
sys.exit and its like end the machine with every invocation in it, as in AWS Lambda, because that is what the user asked for. The log says
who called it. A process that the app forked ends itself alone, and says nothing. A SystemExit reaches end_by() from whatever ran the handler.
"""

from __future__ import annotations

import os
import signal
from typing import NoReturn

from . import forks
from .invocation.current import current
from .leave import leave
from .log.describe import current_stack, describe
from .log.log import Log
from .wire.protocol import LogLevel


class Exits:
    def __init__(self, log: Log) -> None:
        self._log = log

    def capture(self) -> None:
        """os._exit, os.abort, and signals that the process sends to itself, say who called them before they end it."""
        exit_natively, abort_natively, kill, raise_signal = os._exit, os.abort, os.kill, signal.raise_signal

        def exit_at_once(status: int) -> NoReturn:
            if forks.is_child:
                exit_natively(status)
            self._end("os._exit", status)

        def abort() -> NoReturn:
            if forks.is_child:
                abort_natively()
            self._end("os.abort", 134)

        def kill_other(pid: int, number: int, /) -> None:
            if number in _DEADLY and not forks.is_child and pid == os.getpid():
                self._end("os.kill on its own process", 128 + number)
            kill(pid, number)

        def raise_other(number: int, /) -> None:
            if number in _DEADLY and not forks.is_child:
                self._end("signal.raise_signal", 128 + number)
            raise_signal(number)

        os._exit = exit_at_once
        os.abort = abort
        os.kill = kill_other
        signal.raise_signal = raise_other

    def end_by(self, error: SystemExit) -> NoReturn:
        """Ends the process as the error of sys.exit() asks for."""
        status = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        if forks.is_child:
            leave(status & 0xFF)
        self._say(f"the function called sys.exit, which ends its machine\n{describe(error)}")
        leave(status & 0xFF, "the app called sys.exit")

    def _end(self, what: str, status: int) -> NoReturn:
        self._say(f"the function called {what}, which ends its machine\n{current_stack()}")
        leave(status & 0xFF, f"the app called {what}")

    def _say(self, text: str) -> None:
        self._log.tell_dropped()
        self._log.say(current.get(), LogLevel.AGENT, text)


#: SIGTERM and the others may have a handler of the app's.
_DEADLY = {signal.SIGKILL, signal.SIGABRT}
