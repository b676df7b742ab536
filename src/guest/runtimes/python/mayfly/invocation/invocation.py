"""
One run of a function: a Request stream as the guest sees it. The reading thread and the one that runs the handler use it at once.

Owns: the stream's two directions, and the count of work that goes on after the reply.
1. Exactly one frame closes the stream: End without Pending, Done, or Reset.
2. After the host's Reset only that frame is sent, once the handler and the work after the reply have settled.
3. Logs carry the stream's number only while the stream is open.
4. Nothing but flush() sends what was written: see the outbox.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from ..wire.outbox import Outbox
from ..wire.protocol import Flag, FrameType, Limit, ResetCode
from .head import BadHead, RequestHead, encode_response_head, sendable_trailers
from .inlet import Inlet
from .outlet import Outlet

#: A body of up to this many bytes fits into one frame, and into the first window, beside the longest head.
_WHOLE_BYTES = Limit.PAYLOAD - 4 - Limit.HEAD

#: replying: the head is sent. ended: the body is sent as well, but work goes on.
_RUNNING, _REPLYING, _ENDED, _CLOSED = range(4)

#: Guards the state of all invocations. It is held for a few steps only, so one lock does for all.
_lock = threading.RLock()


def in_child() -> None:
    """In a forked process, where another thread may have held the lock."""
    global _lock
    _lock = threading.RLock()


class Aborted(Exception):
    """The caller went away, or the invocation's time is up."""


class Invocation:
    __slots__ = ("stream", "head", "body", "on_abort", "abort_reason", "_outbox", "_on_closed", "_deadline", "_state", "_pending", "_settled", "_outlet", "_aborted", "_interims")

    def __init__(
        self, outbox: Outbox, stream: int, head: bytes, body: bytes, ended: bool, on_closed: Callable[[Invocation], None]
    ) -> None:
        """`body` is what came in the frame of the head."""
        self.stream = stream
        self.head = RequestHead(head.decode("latin-1"))
        self.body = Inlet(self._grant, body, ended)
        #: Called when the host wants no reply any more. It must end what still produces one, and must not block.
        self.on_abort: Callable[[], None] | None = None
        self.abort_reason: Aborted | None = None
        self._outbox = outbox
        self._on_closed = on_closed
        self._deadline = monotonic() + self.head.remaining_ms / 1_000
        self._state = _RUNNING
        self._pending = 0
        self._settled = False
        self._outlet: Outlet | None = None
        self._aborted: threading.Event | None = None
        self._interims = 0

    @property
    def takes_trailers(self) -> bool:
        """Whether trailers and interim responses can reach the caller."""
        return self._outbox.host_takes_trailers and not self.head.is_event

    @property
    def open(self) -> bool:
        return self._state != _CLOSED

    @property
    def unanswered(self) -> bool:
        """Whether nothing of the reply has been sent, and the host still wants one."""
        return self._state == _RUNNING and self.abort_reason is None

    @property
    def is_aborted(self) -> bool:
        return self.abort_reason is not None

    @property
    def aborted(self) -> threading.Event:
        """Set when the caller has gone away or the time is up."""
        with _lock:
            if self._aborted is None:
                self._aborted = threading.Event()
                if self.abort_reason is not None:
                    self._aborted.set()
            return self._aborted

    @property
    def remaining_ms(self) -> float:
        return max(0.0, (self._deadline - monotonic()) * 1_000)

    def reply(self, status: object, headers: list[str], body: bytes) -> None:
        """Sends the whole reply. `headers` is name, value, name, value…"""
        if len(body) > _WHOLE_BYTES:
            # The length is added so that the caller's client can show progress and resume.
            has_length = any(name.lower() == "content-length" for name in headers[::2])
            outlet = self.begin(status, headers if has_length else [*headers, "content-length", str(len(body))])
            if outlet is not None:
                outlet.write(body)
                outlet.end()
                # The handler is done, so an abort need not wait for it, or has waited.
                self.settle()
            return
        with _lock:
            head = self._sendable(status, headers)
            if head is not None:
                self._outbox.headed(FrameType.RESPONSE, Flag.END | self._last_flags(), self.stream, head, body)

    def interim(self, status: int, headers: list[str]) -> None:
        """Sends a response that comes before the final one, such as 103 Early Hints."""
        with _lock:
            if not self.takes_trailers or not self.unanswered or self._interims >= Limit.INTERIMS:
                return
            self._interims += 1
            fields = sendable_trailers(headers)
            self._outbox.frame(FrameType.INTERIM, 0, self.stream, str(status).encode() + (b"\n" + fields if fields else b""))

    def begin(self, status: object, headers: list[str]) -> Outlet | None:
        """Sends the reply's head. The body must be written to what is returned: None if no reply is wanted, or the head is not valid."""
        with _lock:
            head = self._sendable(status, headers)
            if head is None:
                return None
            self._state = _REPLYING
            self._outbox.headed(FrameType.RESPONSE, 0, self.stream, head, b"")
            self._outlet = Outlet(self._outbox, self.stream, self._last_flags, _lock)
            return self._outlet

    def flush(self) -> None:
        """Sends what was written so far, before the handler goes on."""
        self._outbox.flush()

    def fail(self, code: int, message: str) -> None:
        """Ends the invocation with a failure. A reply that had begun is cut off."""
        with _lock:
            self._settled = True
            if self._state in (_ENDED, _CLOSED):
                return
            if self.abort_reason is None:
                self._reset(code, message)
            else:
                self._close_if_done()

    def refuse_upgrade(self) -> None:
        """The function does not speak the protocol that the caller asks for."""
        self.fail(ResetCode.REFUSED, f"the function takes no connections of {self.head.event}")

    def settle(self) -> None:
        """The handler has ended after an abort, with or without an error."""
        with _lock:
            self._settled = True
            self._close_if_done()

    def hold(self) -> None:
        """Keeps the invocation alive after its reply until release() is called as often."""
        with _lock:
            self._pending += 1

    def release(self) -> None:
        with _lock:
            self._pending -= 1
            self._close_if_done()

    # What the host sends.

    def data(self, chunk: bytes, ended: bool) -> None:
        self.body.push(chunk, ended)

    def credit(self, size: int) -> None:
        if self._outlet is not None:
            self._outlet.grant(size)

    def reset(self, code: int, message: str) -> None:
        with _lock:
            if self.abort_reason is not None:
                return
            usual = "The invocation's time is up" if code == ResetCode.TIMEOUT else "The caller went away"
            reason = self.abort_reason = Aborted(message or usual)
            if self._aborted is not None:
                self._aborted.set()
        if self._outlet is not None:
            self._outlet.close()
        self.body.fail(reason)
        # Read once, because the handler may take it back at any moment.
        on_abort = self.on_abort
        if on_abort is not None:
            on_abort()
        with _lock:
            self._close_if_done()

    def _grant(self, size: int) -> None:
        # The app may read on after its reply has closed the stream; no credit is granted then.
        if self._state != _CLOSED:
            self._outbox.credit(self.stream, size)

    def _sendable(self, status: object, headers: list[str]) -> bytes | None:
        """The head as it is sent; None if no reply is wanted, or the head is not valid."""
        if self._state != _RUNNING:
            return None
        if self.abort_reason is not None:
            self.settle()
            return None
        # A reply to an event is its result, or the error that the function failed with. It is not an HTTP reply.
        if self.head.is_event:
            return b"200" if type(status) is int and status < 400 else b"500"
        try:
            return encode_response_head(status, headers, self.head.is_upgrade)
        except BadHead as error:
            self.fail(ResetCode.BAD_RESPONSE, str(error))
            return None

    def _last_flags(self) -> int:
        """The flags to set beside End on the frame that completes the reply."""
        with _lock:
            self._settled = True
            if self._pending > 0:
                self._state = _ENDED
                return Flag.PENDING
            self._close()
            return 0

    def _close_if_done(self) -> None:
        if self._pending > 0 or self._state == _CLOSED:
            return
        if self._state == _ENDED:
            self._close()
            self._outbox.frame(FrameType.DONE, 0, self.stream)
        elif self.abort_reason is not None and self._settled:
            self._reset(ResetCode.CANCELLED, "the handler has settled")

    def _reset(self, code: int, message: str) -> None:
        # Before the frame, because the host may use the stream's number again when it has the frame.
        self._close()
        self._outbox.reset(self.stream, code, message)
        if self._outlet is not None:
            self._outlet.close()

    def _close(self) -> None:
        self._state = _CLOSED
        self._on_closed(self)
