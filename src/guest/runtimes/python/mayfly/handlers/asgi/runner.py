"""`async def app(scope, receive, send)`, on the event loop."""

from __future__ import annotations

from contextvars import Context
from typing import Any

from ...invocation.current import current
from ...invocation.invocation import Invocation
from ..lambda_context import LambdaContext
from ..machinery import AppFacts, Machinery
from .exchange import Exchange
from .lifespan import Lifespan
from .websocket.websocket import WebSocket

#: Seconds that an app has, after its caller went away, to end by itself. Then its task is cancelled.
_GRACE = 1.0


class AsgiRunner:
    def __init__(self, app: Any, context: Context, facts: AppFacts, machinery: Machinery) -> None:
        """Waits for the app's startup. Raises StartupFailed."""
        self._app = app
        self._context = context
        self._facts = facts
        self._machinery = machinery
        self._lifespan = Lifespan(app, machinery)
        self._lifespan.start(context.copy())

    def begin(self, invocation: Invocation, ready_at: float) -> None:
        context = self._context.copy()
        context.run(current.set, invocation)
        self._machinery.loop.call(lambda: self._start(invocation, context), ready_at)

    def close(self) -> None:
        """Waits for the app's shutdown."""
        self._lifespan.stop()

    def _start(self, invocation: Invocation, context: Context) -> None:
        exchange = WebSocket(invocation, self._machinery) if invocation.head.is_upgrade else Exchange(invocation, self._machinery)
        loop = self._machinery.loop
        task = loop.start(self._run(invocation, exchange), context)
        if task.done():
            return

        def abort() -> None:
            exchange.disconnect()
            loop.loop.call_later(_GRACE, task.cancel)

        invocation.on_abort = lambda: loop.loop.call_soon_threadsafe(abort)  # type: ignore[assignment]
        if invocation.is_aborted:
            abort()

    async def _run(self, invocation: Invocation, exchange: Exchange | WebSocket) -> None:
        try:
            context = LambdaContext(invocation, self._facts.name, self._facts.memory_mb)
            scope = exchange.scope(context, self._lifespan.state)
            if scope is not None:
                await self._app(scope, exchange.receive, exchange.send)
        except SystemExit as error:
            self._machinery.exits.end_by(error)
        except BaseException as error:
            exchange.failed()
            if exchange.is_answered and not invocation.is_aborted:
                self._machinery.failures.afterwards(invocation, error)
            else:
                self._machinery.failures.threw(invocation, error)
        else:
            self._check_answered(invocation, exchange)
        finally:
            exchange.returned()
            self._machinery.loop.flush_soon()

    def _check_answered(self, invocation: Invocation, exchange: Exchange | WebSocket) -> None:
        if invocation.is_aborted:
            invocation.settle()
        elif not exchange.is_answered:
            self._machinery.failures.bad_response(invocation, "the app returned before the end of its reply")
