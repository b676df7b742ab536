"""
One request and its reply, by the messages of ASGI. All of it is on the event loop, except that the reading thread wakes it.

1. The last part of a reply waits until the end of the loop's turn. If the app has returned by then, the invocation ends with its reply;
   otherwise it goes on, as with a background task of Starlette's, and ends when the app returns.
2. After an abort, receive() says http.disconnect and send() raises OSError.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

from ...invocation.head import sendable_trailers
from ...invocation.invocation import Aborted, Invocation
from ...invocation.outlet import Outlet
from ..lambda_context import LambdaContext
from ..machinery import Machinery
from ..stream_reply import write_async
from .scope import scope_of

Message = MutableMapping[str, Any]


_EARLY_HINTS = 103


class Exchange:
    def __init__(self, invocation: Invocation, machinery: Machinery) -> None:
        self._invocation = invocation
        self._machinery = machinery
        self._loop = machinery.loop.loop
        self._body_ended = False
        #: The request's body has grown, or the exchange is over.
        self._changed = asyncio.Event()
        self._head: tuple[int, list[str]] | None = None
        self._outlet: Outlet | None = None
        #: name, value, name, value… that follow the body; None if the app has not said that there are any.
        self._trailers: list[str] | None = None
        #: The body is over, and its trailers are to come.
        self._awaits_trailers = False
        #: Sends the last part of the reply, once the app has given it.
        self._finish: Callable[[], None] | None = None
        self._is_finished = False
        self._is_held = False
        if not invocation.body.ended:
            invocation.body.listener = lambda: self._loop.call_soon_threadsafe(self._changed.set)  # type: ignore[assignment]

    @property
    def is_answered(self) -> bool:
        """Whether the app has given all of the reply."""
        return self._finish is not None

    def scope(self, context: LambdaContext, state: dict[str, object]) -> dict[str, object]:
        scope = scope_of(self._invocation.head, context, state)
        if self._invocation.takes_trailers:
            scope["extensions"] = {**scope["extensions"], "http.response.trailers": {}, "http.response.early_hint": {}}  # type: ignore[dict-item]
        return scope

    def failed(self) -> None:
        """The app has raised."""

    def disconnect(self) -> None:
        """The caller went away, or the time is up."""
        self._changed.set()

    def returned(self) -> None:
        """The app has returned. Sends what of a reply is not sent."""
        self._send_last()
        if self._is_held:
            self._is_held = False
            self._invocation.release()

    async def receive(self) -> Message:
        while not self._body_ended:
            self._changed.clear()
            try:
                data, self._body_ended = self._invocation.body.take()
            except Aborted:
                return {"type": "http.disconnect"}
            # The sender needs the credit that taking has granted.
            self._machinery.loop.flush_soon()
            if data or self._body_ended:
                return {"type": "http.request", "body": data, "more_body": not self._body_ended}
            await self._changed.wait()
        while not self._is_finished and not self._invocation.is_aborted:
            self._changed.clear()
            await self._changed.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if self._invocation.is_aborted:
            raise OSError("the caller went away, or the invocation's time is up")
        if self.is_answered:
            raise RuntimeError(f"the app sent {kind} after the end of its reply")
        if kind == "http.response.start" and self._head is None:
            self._head = int(message["status"]), _headers_of(message)
            if message.get("trailers"):
                self._trailers = []
        elif kind == "http.response.early_hint" and self._head is None:
            self._invocation.interim(_EARLY_HINTS, [part for link in message.get("links", ()) for part in ("link", bytes(link).decode("latin-1"))])
            self._machinery.loop.flush_soon()
        elif kind == "http.response.trailers" and self._awaits_trailers:
            self._take_trailers(_headers_of(message), message.get("more_trailers", False))
        elif kind == "http.response.body" and self._head is not None and not self._awaits_trailers:
            await self._send_body(bytes(message.get("body", b"")), message.get("more_body", False))
        else:
            raise RuntimeError(f"the app sent {kind}, which was not its turn")

    async def _send_body(self, data: bytes, more: bool) -> None:
        assert self._head is not None
        if not more and self._outlet is None and self._trailers is None:
            status, headers = self._head
            return self._finish_with(lambda: self._invocation.reply(status, headers, data))
        if self._outlet is None:
            self._outlet = self._invocation.begin(*self._head)
            if self._outlet is None:
                raise OSError("the reply was refused")
        if data:
            await write_async(self._outlet, data, self._machinery)
        else:
            self._machinery.loop.flush_soon()
        if not more and self._trailers is not None:
            self._awaits_trailers = True
        elif not more:
            self._finish_with(self._end)

    def _take_trailers(self, headers: list[str], more: bool) -> None:
        assert self._trailers is not None
        self._trailers += headers
        if not more:
            self._finish_with(self._end)

    def _end(self) -> None:
        assert self._outlet is not None
        self._outlet.end(sendable_trailers(self._trailers or []) if self._invocation.takes_trailers else b"")
        # If the caller went away before that, nothing has closed the invocation yet.
        self._invocation.settle()

    def _finish_with(self, finish: Callable[[], None]) -> None:
        self._finish = finish
        self._loop.call_soon(self._go_on_without_reply)

    def _go_on_without_reply(self) -> None:
        if self._is_finished:
            return
        self._is_held = True
        self._invocation.hold()
        self._send_last()

    def _send_last(self) -> None:
        if self._finish is None or self._is_finished:
            return
        self._is_finished = True
        self._finish()
        self._changed.set()
        self._machinery.loop.flush_soon()


def _headers_of(message: Message) -> list[str]:
    """name, value, name, value…"""
    return [part.decode("latin-1") for name, value in message.get("headers", ()) for part in (bytes(name).lower(), bytes(value))]
