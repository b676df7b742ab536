"""
Calls what code has registered: before the freeze the last one comes first, afterwards the first one, as in AWS Lambda. A hook may be a coroutine
function.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from contextvars import Context

from ..handlers.event_loop import EventLoop
from . import snapshot_restore_py as registry

_NAME = "snapshot_restore_py"


def offer_hooks() -> None:
    """Code finds the package, whether it brings one of its own or not. What an earlier Bind's code has registered is forgotten."""
    sys.modules[_NAME] = registry
    registry.get_before_snapshot().clear()
    registry.get_after_restore().clear()


def call_before_snapshot(loop: EventLoop) -> None:
    """Raises what the first hook raises that fails."""
    _call(registry.get_before_snapshot()[::-1], loop)


def call_after_restore(loop: EventLoop) -> None:
    _call(registry.get_after_restore(), loop)


def _call(hooks: list, loop: EventLoop) -> None:
    for hook, args, kwargs in list(hooks):
        # A context of its own: what is printed belongs to no invocation.
        result = Context().run(hook, *args, **kwargs)
        if inspect.isawaitable(result):
            asyncio.run_coroutine_threadsafe(_awaited(result), loop.loop).result()


async def _awaited(result):  # type: ignore[no-untyped-def]
    return await result
