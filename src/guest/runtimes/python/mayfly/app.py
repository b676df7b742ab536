"""The app that a machine is bound to: its functions, and how an invocation reaches one."""

from __future__ import annotations

import os

from .code.environment import set_environment, task_root
from .code.files import empty_task_root, write_files
from .code.functions import Function, functions_of, prepare_imports
from .handlers.kinds import make_runner
from .handlers.lambda_api import set_up_logging
from .handlers.machinery import AppFacts, Machinery
from .invocation.invocation import Invocation
from .snapshot.hooks import offer_hooks


class App:
    def __init__(self, message: dict, data: bytes, machinery: Machinery) -> None:
        """`data` is what followed the message. Raises if the files cannot be written, or a function is of a kind that this agent cannot run."""
        empty_task_root()
        set_environment(message)
        view = memoryview(data)
        if message.get("files") is not None:
            view = view[write_files(view, message["files"]) :]
            os.chdir(task_root)
        prepare_imports()
        offer_hooks()
        facts = AppFacts(message["app"], message["memoryMb"], message.get("concurrency") or 0)
        if any(one.get("lambda") for one in message["functions"]):
            set_up_logging(machinery.log)
        self._machinery = machinery
        self._functions = functions_of(message, bytes(view), lambda *found: make_runner(*found, facts, machinery))

    def has(self, name: str) -> bool:
        return name in self._functions

    def close(self) -> None:
        """Tells the functions that there are no more calls."""
        for function in self._functions.values():
            if function.runner is not None:
                function.runner.close()

    def preload(self, name: str) -> None:
        """Evaluates a function ahead of its first call. A failure is logged, and that call fails in the same way."""
        try:
            self._functions[name].loaded()
        except SystemExit as error:
            self._machinery.exits.end_by(error)
        except BaseException as error:
            self._machinery.failures.afterwards(None, error)

    def initialise(self) -> None:
        """Evaluates all functions, one after the other. Raises what the code raises."""
        for function in self._functions.values():
            function.loaded()

    def run(self, invocation: Invocation, ready_at: float) -> None:
        """Must be called by the leader, with a function of the app."""
        function = self._functions[invocation.head.function]
        if function.runner is not None:
            function.runner.begin(invocation, ready_at)
        else:
            # Loading takes time, so another thread does it.
            self._machinery.crew.hand_over(lambda: self._load_and_run(function, invocation, ready_at), None, ready_at)

    def _load_and_run(self, function: Function, invocation: Invocation, ready_at: float) -> None:
        try:
            runner = function.loaded()
        except SystemExit as error:
            self._machinery.exits.end_by(error)
        except BaseException as error:
            self._machinery.failures.load_failed(invocation, error)
        else:
            runner.begin(invocation, ready_at)
