"""
One Connect stream, with a TCP connection inside the machine at its end, so that TLS and everything else that needs a real socket gets one.

Owns: the stream, and the agent's end of that connection. After join() all but the stream's frames happens in the pump's thread.
1. The stream is closed when both directions have ended, or either side sent Reset. After that nothing more is sent on it.
2. Of the host's bytes at most two windows wait for the local connection: one that is taken, and one that is not.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from selectors import EVENT_READ, EVENT_WRITE
from typing import TypeVar

from ..invocation.inlet import Inlet
from ..invocation.outlet import Outlet
from ..wire.protocol import FrameType, ResetCode
from .failure import refused_by_host
from .loopback import break_off, join
from .plug import Plug
from .pump import Pump
from .streams import GuestStreams

Made = TypeVar("Made")

_READ_BYTES = 65_536


class Tunnel:
    def __init__(self, streams: GuestStreams, pump: Pump, message: dict) -> None:
        """Asks the host for the connection that the ConnectMessage describes. Raises OSError."""
        self.stream = 0
        #: Done when the host has answered: with None, or an OSError.
        self.connected: Future[None] = Future()
        self._streams = streams
        self._pump = pump
        self._inlet = Inlet(self._grant, b"", False)
        self._inlet.listener = self._post_move
        self._outlet: Outlet | None = None
        self._local: socket.socket | None = None
        self._is_reset = False
        self._local_ended = self._end_sent = self._host_ended = False
        self._pending = memoryview(b"")
        self._watched = 0
        self._is_over = False
        self._plug: Plug | None = None
        pump.start()
        streams.open(FrameType.CONNECT, message, self)

    def join(self, sock: socket.socket) -> tuple[int, int]:
        """
        Leads the user's socket into the tunnel, when the host has connected. Returns the ports of both ends of the connection inside the machine:
        the socket's own and its peer's. Raises OSError.
        """
        return self._have(self._try(lambda: join(sock)))

    def join_ahead(self, sock: socket.socket) -> tuple[int, int]:
        """As join(), but before the host has answered, for a socket that does not block. It becomes writable when the host has answered."""
        plug = self._plug = self._try(lambda: Plug(sock))
        return self._have(plug.local)

    def lead(self, local: socket.socket) -> None:
        """As join(), for a connection of which the agent has the other end already. Only after the host has answered."""
        try:
            self._have(local)
        except OSError:
            local.close()
            self.abandon()

    def _try(self, make: Callable[[], Made]) -> Made:
        try:
            return make()
        except OSError:
            self.abandon()
            raise

    def _have(self, local: socket.socket) -> tuple[int, int]:
        local.setblocking(False)
        local.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ports = local.getpeername()[1], local.getsockname()[1]
        self._local = local
        self._post_move()
        return ports

    def abandon(self) -> None:
        """The connection is not wanted any more. From any thread, and at any time."""
        self._cancel()
        self._is_reset = True
        self._post_move()

    def in_child(self) -> None:
        """With a copy of it in the child, the connection inside the machine would stay open when the parent breaks it off."""
        if self._local is not None:
            self._local.close()

    # What the host sends.

    def answer(self, message: dict) -> None:
        if self._outlet is not None:
            return  # another one would have credit that the host has not granted
        self._outlet = Outlet(self._streams.outbox, self.stream, self._sent_end, threading.RLock())
        self._outlet.listener = self._post_move
        try:
            self.connected.set_result(None)
        except InvalidStateError:
            pass  # its caller waits no longer, and is about to abandon it
        self._post_move()

    def data(self, chunk: bytes, ended: bool) -> None:
        self._inlet.push(chunk, ended)

    def credit(self, size: int) -> None:
        if self._outlet is not None:
            self._outlet.grant(size)

    def reset(self, code: int, message: str) -> None:
        self._finish()
        self._is_reset = True
        try:
            self.connected.set_exception(refused_by_host(code, message))
        except InvalidStateError:
            pass  # the host had connected
        self._post_move()

    def _post_move(self) -> None:
        self._pump.post(self._move)

    # In the pump's thread.

    def _move(self, events: int = EVENT_READ | EVENT_WRITE) -> None:
        local = self._local
        if self._is_over or local is None or not self.connected.done():
            return
        if self._is_reset:
            return self._break()
        try:
            self._to_local(local)
            if events & EVENT_READ and (self._plug is None or self._plug.drain()):
                self._plug = None
                self._to_host(local)
        except OSError:
            # The user's socket is gone.
            self._cancel()
            return self._break()
        if self._end_sent and self._host_ended:
            self._finish()
            return self._close_local()
        self._watch(local)

    def _to_local(self, local: socket.socket) -> None:
        while not self._host_ended:
            ended = False
            if not self._pending:
                data, ended = self._inlet.take()
                self._pending = memoryview(data)
            while self._pending:
                try:
                    self._pending = self._pending[local.send(self._pending) :]
                except BlockingIOError:
                    break
            if self._pending or not (ended or self._inlet.ended):
                return
            if ended:
                self._host_ended = True
                local.shutdown(socket.SHUT_WR)

    def _to_host(self, local: socket.socket) -> None:
        outlet = self._outlet
        assert outlet is not None
        if self._local_ended or not outlet.drained:
            return
        try:
            data = local.recv(_READ_BYTES)
        except BlockingIOError:
            return
        if data:
            outlet.write(data)
        else:
            self._local_ended = True
            outlet.end()

    def _watch(self, local: socket.socket) -> None:
        assert self._outlet is not None
        reads = not self._local_ended and self._outlet.drained
        events = (EVENT_READ if reads else 0) | (EVENT_WRITE if self._pending else 0)
        self._pump.watch(local, events, self._watched, self._move)
        self._watched = events

    def _break(self) -> None:
        """Has the user's socket fail, as one does whose connection is reset."""
        if not self._is_over:
            break_off(self._unwatched())

    def _close_local(self) -> None:
        self._unwatched().close()

    def _unwatched(self) -> socket.socket:
        assert self._local is not None
        self._is_over = True
        self._pump.watch(self._local, 0, self._watched, self._move)
        return self._local

    # In any thread.

    def _grant(self, size: int) -> None:
        self._streams.outbox.credit(self.stream, size)

    def _sent_end(self) -> int:
        """The last frame of this direction, which needs no more flags, is being written."""
        self._end_sent = True
        self._post_move()
        return 0

    def _cancel(self) -> None:
        self._stop_sending()
        if self._streams.close(self):
            self._streams.outbox.reset(self.stream, ResetCode.CANCELLED, "the connection was closed")
            self._streams.outbox.flush()

    def _finish(self) -> None:
        self._stop_sending()
        self._streams.close(self)

    def _stop_sending(self) -> None:
        if self._outlet is not None:
            self._outlet.close()
