"""Makes threads that a handler starts belong to its invocation, so that what they print is logged under it. Tasks of asyncio do so by themselves."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Thread

from ..invocation.current import current


def inherit_context() -> None:
    start = Thread.start
    submit = ThreadPoolExecutor.submit

    @functools.wraps(start)
    def start_in_context(self: Thread) -> None:
        context, run = copy_context(), self.run
        # The instance's attribute, because classes of the app's own may have a run() each.
        self.run = lambda: _run_once(self, context, run)  # type: ignore[method-assign]
        start(self)

    @functools.wraps(submit)
    def submit_in_context(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        return submit(self, copy_context().run, fn, *args, **kwargs)

    Thread.start = start_in_context  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = submit_in_context  # type: ignore[method-assign]


def _run_once(thread: Thread, context, run) -> None:  # type: ignore[no-untyped-def]
    # The attribute would otherwise keep the thread alive in a circle.
    del thread.run
    # An error that run() raises is told outside of that context, in the thread's own.
    current.set(context.get(current))
    context.run(run)
