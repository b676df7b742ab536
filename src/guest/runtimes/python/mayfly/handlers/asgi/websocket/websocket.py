"""
One WebSocket, by the messages of ASGI. All of it is on the event loop, except that the reading thread wakes it.

1. The client's frames are read as they come, also while the app does not ask for them, so that Pings are answered and a Close is noticed; but not while
   messages of _MOST_WAITING bytes wait for the app.
2. Exactly one of these ends it: a Close frame of either side, a mistake of the client, the app's return, or the end of the connection. After that receive() says
   websocket.disconnect, and send() raises OSError.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import MutableMapping
from typing import Any

from ....invocation.invocation import Aborted, Invocation
from ....invocation.outlet import Outlet
from ...lambda_context import LambdaContext
from ...machinery import Machinery
from ...stream_reply import write_async
from ..scope import websocket_scope_of
from .frames import (
    ABNORMAL, BINARY, CLOSE, INTERNAL_ERROR, NO_CODE, NORMAL, PING, PONG, TEXT,
    FrameReader, Message, Violation, close_frame, close_of, frame,
)
from .handshake import Handshake

Event = MutableMapping[str, Any]

#: In bytes. Each message counts as some more than it has, so that many empty ones are no way around it.
_MOST_WAITING = 262_144
_OF_MESSAGE = 256

#: asked: the app has not answered. refusing: it answers with a response of HTTP.
_ASKED, _OPEN, _REFUSING, _OVER = range(4)


class WebSocket:
    def __init__(self, invocation: Invocation, machinery: Machinery) -> None:
        self._invocation = invocation
        self._machinery = machinery
        self._loop = machinery.loop.loop
        self._handshake = Handshake(invocation.head.headers)
        self._reader = FrameReader()
        self._state = _ASKED
        self._outlet: Outlet | None = None
        self._refusal: tuple[int, list[str]] | None = None
        #: Events for the app, and how many bytes of messages are in them.
        self._waiting: deque[tuple[Event, int]] = deque()
        self._waiting_bytes = 0
        self._changed = asyncio.Event()
        #: Why it is over: the code and the reason of websocket.disconnect.
        self._end: tuple[int, str] | None = None

    @property
    def is_answered(self) -> bool:
        return self._state in (_OPEN, _OVER)

    def scope(self, context: LambdaContext, state: dict[str, object]) -> dict[str, object] | None:
        """None if the client asks for something else; it was told so."""
        if self._handshake.wrong is not None:
            status, headers = self._handshake.wrong
            self._reply(status, headers, b"")
            return None
        self._waiting.append(({"type": "websocket.connect"}, 0))
        return websocket_scope_of(self._invocation.head, context, state, self._handshake.subprotocols)

    def disconnect(self) -> None:
        """The caller went away, or the connection's time is up."""
        self._over_by(ABNORMAL, "")

    def failed(self) -> None:
        """The app has raised."""
        self._close(INTERNAL_ERROR, "")

    def returned(self) -> None:
        """The app has returned."""
        self._close(NORMAL, "")

    async def receive(self) -> Event:
        while True:
            self._pump()
            if self._waiting:
                event, size = self._waiting.popleft()
                self._waiting_bytes -= size
                return event
            if self._end is not None:
                code, reason = self._end
                return {"type": "websocket.disconnect", "code": code, "reason": reason}
            self._changed.clear()
            await self._changed.wait()

    async def send(self, event: Event) -> None:
        kind = event["type"]
        if self._invocation.is_aborted or (self._state == _OVER and kind != "websocket.close"):
            raise OSError("the WebSocket is closed")
        if kind == "websocket.send" and self._state == _OPEN:
            await self._send_message(event)
        elif kind == "websocket.accept" and self._state == _ASKED:
            self._accept(event)
        elif kind == "websocket.close" and self._state in (_OPEN, _OVER):
            self._close(event.get("code") or NORMAL, event.get("reason") or "")
        elif kind == "websocket.close" and self._state == _ASKED:
            self._reply(403, [], b"")
        elif kind == "websocket.http.response.start" and self._state == _ASKED:
            self._state = _REFUSING
            self._refusal = int(event["status"]), _headers_of(event)
        elif kind == "websocket.http.response.body" and self._state == _REFUSING:
            await self._refuse(bytes(event.get("body", b"")), event.get("more_body", False))
        else:
            raise RuntimeError(f"the app sent {kind}, which was not its turn")

    def _accept(self, event: Event) -> None:
        headers = self._handshake.accept(event.get("subprotocol"), _headers_of(event))
        self._outlet = self._invocation.begin(101, headers)
        if self._outlet is None:
            raise OSError("nobody waits for the WebSocket, or its headers are none")
        self._state = _OPEN
        self._invocation.body.listener = lambda: self._loop.call_soon_threadsafe(self._pump)  # type: ignore[assignment]
        self._pump()
        self._machinery.loop.flush_soon()

    async def _send_message(self, event: Event) -> None:
        assert self._outlet is not None
        text = event.get("text")
        data = frame(TEXT, text.encode()) if text is not None else frame(BINARY, bytes(event["bytes"]))
        await write_async(self._outlet, data, self._machinery)

    async def _refuse(self, data: bytes, more: bool) -> None:
        assert self._refusal is not None
        if self._outlet is None and not more:
            return self._reply(*self._refusal, data)
        if self._outlet is None:
            self._outlet = self._invocation.begin(*self._refusal)
            if self._outlet is None:
                raise OSError("the reply was refused")
        await write_async(self._outlet, data, self._machinery)
        if not more:
            self._over_by(ABNORMAL, "")
            self._outlet.end()

    def _reply(self, status: int, headers: list[str], data: bytes) -> None:
        self._over_by(ABNORMAL, "")
        self._invocation.reply(status, headers, data)
        self._machinery.loop.flush_soon()

    def _pump(self) -> None:
        """Reads what the client has sent, as far as there is room for it."""
        while self._state == _OPEN and self._waiting_bytes < _MOST_WAITING:
            try:
                data, ended = self._invocation.body.take()
                for message in self._reader.feed(data) if data else ():
                    self._take(message)
            except Aborted:
                return self._over_by(ABNORMAL, "")
            except Violation as error:
                return self._close(error.code, error.reason)
            if data:
                # The sender needs the credit that taking has granted.
                self._machinery.loop.flush_soon()
            if ended:
                return self._end_outlet(ABNORMAL, "")
            if not data:
                return

    def _take(self, message: Message) -> None:
        if self._state != _OPEN:
            return
        if message.opcode == PING:
            self._write(frame(PONG, message.data))
        elif message.opcode == CLOSE:
            code, reason = close_of(message.data)
            self._write(frame(CLOSE, message.data[:2]))
            self._end_outlet(code, reason)
        elif message.opcode in (TEXT, BINARY):
            content = {"text": message.text} if message.opcode == TEXT else {"bytes": message.data}
            size = len(message.data) + _OF_MESSAGE
            self._waiting.append(({"type": "websocket.receive", **content}, size))
            self._waiting_bytes += size
            self._changed.set()

    def _write(self, data: bytes) -> None:
        """Of what nobody waits for. A client that sends Pings and reads no Pongs gets no more of them."""
        if self._outlet is not None and self._outlet.drained:
            self._outlet.write(data)
            self._machinery.loop.flush_soon()

    def _close(self, code: int, reason: str) -> None:
        if self._state != _OPEN:
            return
        assert self._outlet is not None
        self._outlet.write(frame(CLOSE, b"") if code == NO_CODE else close_frame(code, reason))
        self._end_outlet(code, reason)

    def _end_outlet(self, code: int, reason: str) -> None:
        assert self._outlet is not None
        self._over_by(code, reason)
        self._outlet.end()
        # If the caller went away before that, nothing has closed the invocation yet.
        if self._invocation.is_aborted:
            self._invocation.settle()
        self._machinery.loop.flush_soon()

    def _over_by(self, code: int, reason: str) -> None:
        if self._end is None:
            self._end = code, reason
        self._state = _OVER
        self._changed.set()


def _headers_of(event: Event) -> list[str]:
    return [part.decode("latin-1") for name, value in event.get("headers") or () for part in (bytes(name).lower(), bytes(value))]
