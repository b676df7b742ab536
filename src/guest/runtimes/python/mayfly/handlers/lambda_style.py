"""`def handler(event, context)`: plain, a coroutine, or a generator, whose values are sent as they come."""

from __future__ import annotations

import inspect
import json
import os
from asyncio import Task
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import Context, copy_context
from time import monotonic

from ..crew import Pace
from ..invocation.current import current
from ..invocation.invocation import Invocation
from ..wire.protocol import ResetCode
from .lambda_api import marshalled
from .lambda_context import LambdaContext
from .lambda_event import lambda_event
from .lambda_event_v1 import lambda_event_v1
from .lambda_reply import lambda_reply, result_of
from .machinery import AppFacts, Machinery
from .runner import when_whole
from .stream_reply import send_chunks, send_chunks_async

Handler = Callable[[object, LambdaContext], object]
#: By the form of event that a request's head asks for.
_EVENT_MAKERS = {"http-v2": lambda_event, "http-v1": lambda_event_v1}


class LambdaRunner:
    def __init__(
        self, handler: Handler, is_async: bool, context: Context, app: AppFacts, machinery: Machinery, lambda_facts: dict | None = None
    ) -> None:
        """
        `is_async`: it is a coroutine function, or an async generator. Each call gets a copy of `context`. `lambda_facts`: the LambdaMessage of a
        function that was made by AWS Lambda's API.
        """
        self._handler = handler
        self._is_async = is_async
        self._context = context
        self._app = app
        self._machinery = machinery
        self._lambda_facts = lambda_facts
        # With several invocations at a time, a variable of the process could not say which of them it is about.
        self._traces_by_variable = lambda_facts is not None and app.concurrency == 1
        self._pace = Pace()

    def begin(self, invocation: Invocation, ready_at: float) -> None:
        head = invocation.head
        if not head.is_event and head.event not in _EVENT_MAKERS:
            return invocation.fail(ResetCode.REFUSED, f"this agent makes no Lambda events of the form {head.event}")
        when_whole(invocation, lambda body: self._start(invocation, body, ready_at))

    def close(self) -> None:
        """Handlers hear of no end."""

    def _start(self, invocation: Invocation, body: bytes, ready_at: float) -> None:
        context = self._context.copy()
        context.run(current.set, invocation)
        if self._is_async:
            self._machinery.loop.call(lambda: self._run_on_loop(invocation, body, context), ready_at)
        else:
            self._machinery.crew.take(lambda: context.run(self._run, invocation, body), self._pace, ready_at)

    def _call(self, invocation: Invocation, body: bytes) -> object:
        context = LambdaContext(invocation, self._app.name, self._app.memory_mb, self._lambda_facts)
        if self._traces_by_variable:
            os.environ["_X_AMZN_TRACE_ID"] = invocation.head.lambda_context.get("traceId", "")
        return self._handler(self._event_of(invocation, body), context)

    def _event_of(self, invocation: Invocation, body: bytes) -> object:
        """Raises ValueError if an event's payload is not JSON."""
        if not invocation.head.is_event:
            return _EVENT_MAKERS[invocation.head.event](invocation.head, self._app.name, body)
        # Lambda gives an empty object to a function that is invoked without a payload.
        return json.loads(body) if body else {}

    def _run(self, invocation: Invocation, body: bytes) -> None:
        try:
            result = self._call(invocation, body)
            if isinstance(result, Iterator):
                send_chunks(invocation, result)
            elif inspect.isawaitable(result) or isinstance(result, AsyncIterator):
                context = copy_context()
                loop = self._machinery.loop
                loop.call(lambda: self._await(invocation, result, context), monotonic())
            else:
                self._send(invocation, result)
        except SystemExit as error:
            self._machinery.exits.end_by(error)
        except BaseException as error:
            self._machinery.failures.threw(invocation, error)

    def _run_on_loop(self, invocation: Invocation, body: bytes, context: Context) -> None:
        self._as_task(invocation, self._run_async(invocation, body), context)

    def _await(self, invocation: Invocation, result: object, context: Context) -> None:
        self._as_task(invocation, self._finish(invocation, result), context)

    def _as_task(self, invocation: Invocation, coroutine, context: Context) -> None:  # type: ignore[no-untyped-def]
        loop = self._machinery.loop
        task = loop.start(coroutine, context)
        if not task.done():
            task.add_done_callback(lambda done: self._settle_unbegun(invocation, done))

            def cancel() -> None:
                # Once, and not if the handler's end has begun: it may be cleaning up.
                if invocation.on_abort is not None:
                    invocation.on_abort = None
                    task.cancel()

            invocation.on_abort = lambda: loop.loop.call_soon_threadsafe(cancel)  # type: ignore[assignment]
            if invocation.is_aborted:
                cancel()

    def _settle_unbegun(self, invocation: Invocation, task: Task[None]) -> None:
        """A task that is cancelled before its first step runs nothing of its coroutine, which otherwise catches every error itself."""
        if task.cancelled():
            invocation.settle()
            self._machinery.loop.flush_soon()

    async def _run_async(self, invocation: Invocation, body: bytes) -> None:
        try:
            result = self._call(invocation, body)
        except BaseException as error:
            self._failed(invocation, error)
        else:
            await self._finish(invocation, result)

    async def _finish(self, invocation: Invocation, result: object) -> None:
        try:
            if isinstance(result, AsyncIterator):
                await send_chunks_async(invocation, result, self._machinery)
            else:
                self._send(invocation, await result)  # type: ignore[misc]
        except BaseException as error:
            self._failed(invocation, error)
        finally:
            self._machinery.loop.flush_soon()

    def _failed(self, invocation: Invocation, error: BaseException) -> None:
        if isinstance(error, SystemExit):
            self._machinery.exits.end_by(error)
        self._machinery.failures.threw(invocation, error)
        self._machinery.loop.flush_soon()

    def _send(self, invocation: Invocation, value: object) -> None:
        try:
            if invocation.head.is_lambda:
                return self._send_marshalled(invocation, value)
            if invocation.head.is_event:
                reply: tuple[object, list[str], bytes] = (200, [], result_of(value))
            else:
                reply = lambda_reply(value)
        except Exception as error:  # for example, it is a value that JSON can't hold
            self._machinery.failures.bad_response(invocation, f"{type(error).__name__}: {error}")
        else:
            invocation.reply(*reply)

    def _send_marshalled(self, invocation: Invocation, value: object) -> None:
        try:
            result = marshalled(value)
        except Exception as error:
            self._machinery.failures.threw(invocation, error)
        else:
            invocation.reply(200, [], result)
