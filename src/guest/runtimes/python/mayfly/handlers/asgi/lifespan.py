"""
The lifespan of an ASGI app: it starts up before its first request, and shuts down when its Bind is forgotten, or the channel ends. A machine
that is killed hears of nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from contextvars import Context
from time import monotonic
from typing import Any

from ..machinery import Machinery
from .scope import VERSIONS

#: Seconds.
_SHUTDOWN_TIME = 2.0


class StartupFailed(Exception):
    """The app says that it could not start up."""


class Lifespan:
    """Its methods are for other threads than the event loop's."""

    def __init__(self, app: Any, machinery: Machinery) -> None:
        self._app = app
        self._machinery = machinery
        #: What the app keeps for its requests.
        self.state: dict[str, object] = {}
        self._started: Future[bool] = Future()
        self._ended: Future[None] = Future()
        self._messages: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    def start(self, context: Context) -> None:
        """In this context, outside of any invocation. Returns when the app has started up, or knows no lifespan. Raises StartupFailed."""
        loop = self._machinery.loop
        loop.call(lambda: loop.start(self._run(), context), monotonic())
        self._started.result()

    def stop(self) -> None:
        if not self._has_started():
            return
        self._machinery.loop.loop.call_soon_threadsafe(self._messages.put_nowait, {"type": "lifespan.shutdown"})
        try:
            self._ended.result(_SHUTDOWN_TIME)
        except TookTooLong:
            pass

    def _has_started(self) -> bool:
        return self._started.done() and self._started.exception() is None and self._started.result()

    async def _run(self) -> None:
        self._messages.put_nowait({"type": "lifespan.startup"})
        try:
            await self._app({"type": "lifespan", "asgi": VERSIONS, "state": self.state}, self._messages.get, self._send)
        except SystemExit as error:
            self._machinery.exits.end_by(error)
        except BaseException as error:
            # Before it has started up, an app that knows requests only may raise anything; and what fails then is told by start().
            if self._has_started():
                self._machinery.failures.afterwards(None, error)
        finally:
            if not self._started.done():
                self._started.set_result(False)
            if not self._ended.done():
                self._ended.set_result(None)

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        kind = message["type"]
        if kind == "lifespan.startup.complete" and not self._started.done():
            self._started.set_result(True)
        elif kind == "lifespan.startup.failed" and not self._started.done():
            self._started.set_exception(StartupFailed(message.get("message", "")))
        elif kind in ("lifespan.shutdown.complete", "lifespan.shutdown.failed") and not self._ended.done():
            self._ended.set_result(None)
        else:
            # An app that takes this for a request ends by it, and counts as one that knows no lifespan.
            raise RuntimeError(f"the app sent {kind}, which was not its turn")
