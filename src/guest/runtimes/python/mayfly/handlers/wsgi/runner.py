"""`app(environ, start_response)`, in a thread of the crew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import Context

from ...crew import Pace
from ...invocation.current import current
from ...invocation.invocation import Invocation
from ..lambda_context import LambdaContext
from ..machinery import AppFacts, Machinery
from .environ import environ_of
from .reply import NoResponse, WsgiReply

WsgiApp = Callable[[dict[str, object], Callable[..., object]], Iterable[bytes]]


class WsgiRunner:
    def __init__(self, app: WsgiApp, context: Context, facts: AppFacts, machinery: Machinery) -> None:
        self._app = app
        self._context = context
        self._facts = facts
        self._machinery = machinery
        self._pace = Pace()

    def begin(self, invocation: Invocation, ready_at: float) -> None:
        if invocation.head.is_upgrade:
            return invocation.refuse_upgrade()
        context = self._context.copy()
        context.run(current.set, invocation)
        self._machinery.crew.take(lambda: context.run(self._run, invocation), self._pace, ready_at)

    def close(self) -> None:
        """WSGI apps hear of no end."""

    def _run(self, invocation: Invocation) -> None:
        try:
            self._answer(invocation)
        except SystemExit as error:
            self._machinery.exits.end_by(error)
        except NoResponse as error:
            self._machinery.failures.bad_response(invocation, str(error))
        except BaseException as error:
            self._machinery.failures.threw(invocation, error)

    def _answer(self, invocation: Invocation) -> None:
        context = LambdaContext(invocation, self._facts.name, self._facts.memory_mb)
        reply = WsgiReply(invocation)
        pieces = self._app(environ_of(invocation, context), reply.start)
        try:
            finish = reply.send(pieces)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        finish()
