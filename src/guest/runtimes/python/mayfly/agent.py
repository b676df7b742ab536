"""
The guest agent: it answers the host, in the order of a machine's life (docs/guest-protocol.md).

Owns: the channel, the open streams, and what the machine is bound to. All of it is touched by the leading thread only.
1. Before Bind, only mayfly:warm and functions of a rehearsal are answered; after it, only the app's functions.
2. A machine is bound once. Rehearsals go the same way, and are forgotten at the next Bind.
3. The host is trusted. If it breaks the protocol all the same, the two ends no longer agree, and the agent ends.
4. A frame for a stream that is not open is ignored, because this side closed the stream while the frame was on its way.
5. From the Bound of a snapshot to the Resume that follows, nothing is sent: a clone's host would see only the end of a frame that was under way.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Protocol

from . import VERSION, forks
from .app import App
from .code.binding import Binding
from .code.mounts import MountError, mount_all
from .crew import Crew
from .debugger import load_debugger, open_debugger
from .exits import Exits
from .handlers.event_loop import EventLoop
from .handlers.machinery import Machinery
from .handlers.thread_loops import offer_loops
from .invocation.failures import Failures
from .invocation.invocation import Invocation, in_child
from .leave import leave
from .log.capture import capture_output
from .log.describe import describe, first_line
from .log.inherit import inherit_context
from .log.log import Log
from .net.network import Network
from .resume.resume import resume
from .snapshot.hooks import call_after_restore, call_before_snapshot
from .stats import Stats
from .warm import WarmUp
from .wire.channel import open_channel
from .wire.frame_reader import FrameReader, ProtocolError, cut_head
from .wire.outbox import Outbox
from .wire.protocol import PROTOCOL_VERSION, REHEARSAL_APP, WARM_FUNCTION, Flag, FrameType, LogLevel, ResetCode

#: The most characters of the message in a Bound, which is JSON, in which a character may take six bytes.
_MESSAGE_CHARACTERS = 8_192
#: Seconds for which a thread computes before another one gets its turn, so that the leader need not wait long for what is to be read.
_SWITCH_INTERVAL = 0.002


class StreamEnd(Protocol):
    """What an open stream receives. A stream ignores frames that make no sense for it."""

    def data(self, chunk: bytes, ended: bool) -> None: ...
    def credit(self, size: int) -> None: ...
    def reset(self, code: int, message: str) -> None: ...
    def answer(self, message: dict) -> None:
        """Only what this side asks for, with a stream of its own, is answered."""


def start_agent() -> None:
    """Never returns."""
    sys.setswitchinterval(_SWITCH_INTERVAL)
    load_debugger()
    Agent().run()


class Agent:
    def __init__(self) -> None:
        self._transport, channel = open_channel()
        self._outbox = Outbox(channel)
        self._reader = FrameReader(channel, self._outbox.flush)
        self._log = Log(self._outbox)
        failures, exits = Failures(self._log), Exits(self._log)
        self._stats = Stats(self._outbox, self._oldest_waiting, self._log.tell_dropped)
        self._crew = Crew(self._step, self._outbox.flush, lambda error: leave(1, f"it failed at a call: {describe(error)}"), self._stats)
        self._loop = EventLoop(self._outbox.flush, self._stats, failures, exits)
        self._machinery = Machinery(self._crew, self._loop, failures, exits, self._log)
        self._warm_up = WarmUp(lambda message, code: App(message, code, self._machinery))
        self._streams: dict[int, StreamEnd] = {}
        self._network = Network(self._outbox, self._streams, self._log)
        #: Whether the machine is bound for good, or a Bind is under way.
        self._is_binding = False
        self._app: App | None = None
        capture_output(self._log, failures)
        exits.capture()
        inherit_context()
        offer_loops()
        self._network.capture()
        forks.call_in_children(self._outbox.in_child, self._log.in_child, in_child, self._network.in_child)

    def run(self) -> None:
        self._stats.start()
        protocol = {"min": PROTOCOL_VERSION, "max": PROTOCOL_VERSION}
        self._outbox.json(FrameType.HELLO, 0, {"protocol": protocol, "agent": VERSION})
        self._crew.lead()

    def _oldest_waiting(self) -> float | None:
        waiting = [at for at in (self._crew.oldest_waiting(), self._loop.oldest_waiting()) if at is not None]
        return min(waiting, default=None)

    def _step(self) -> None:
        """Reads and handles one frame. Whatever fails here is the agent's own fault or the host's, and ends the machine."""
        try:
            frame = self._reader.next()
        except ProtocolError as error:
            leave(1, f"the host sent {error}")
        except OSError as error:
            leave(1, f"the channel failed: {error}")
        if frame is None:
            self._forget_app()
            leave(0)
        try:
            self._handle(*frame)
        except ProtocolError as error:
            leave(1, f"the host sent {error}")
        except BaseException as error:
            leave(1, f"it failed at a frame of type {frame[0]}: {describe(error)}")

    def _handle(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind in (FrameType.REQUEST, FrameType.BIND) and stream in self._streams:
            raise ProtocolError(f"a frame of type {kind} on stream {stream}, which is open")
        if kind == FrameType.REQUEST:
            return self._request(stream, payload, flags & Flag.END != 0)
        if kind in (FrameType.DATA, FrameType.CREDIT, FrameType.RESET, FrameType.TRAILERS):
            end = self._streams.get(stream)
            if end is None:
                return
            if kind == FrameType.DATA:
                end.data(payload, flags & Flag.END != 0)
            elif kind == FrameType.TRAILERS:
                # Apps get none, and the host is told so. Their end of the body counts.
                end.data(b"", True)
            elif kind == FrameType.CREDIT:
                end.credit(int.from_bytes(payload, "little"))
            else:
                end.reset(int.from_bytes(payload[:2], "little"), payload[2:].decode("utf-8", "replace"))
        elif kind == FrameType.PING:
            self._outbox.frame(FrameType.PONG, 0, 0, payload)
            self._outbox.flush()
        elif kind == FrameType.RESUME:
            self._resume(json.loads(payload))
        elif kind in (FrameType.CONNECTED, FrameType.RESOLVED):
            asked = self._streams.get(stream)
            if asked is not None:
                asked.answer(json.loads(payload))
        elif kind == FrameType.BIND:
            self._bind(stream, payload, flags & Flag.END != 0)

    def _resume(self, message: dict) -> None:
        restored = message.get("restored") is True
        self._outbox.host_takes_trailers = message.get("trailers") is True
        ready, failures = resume(message, self._transport, clone=restored or not self._is_binding)
        self._stats.resumed()
        if restored:
            self._outbox.release()
            failed = self._run_for_app({"a hook after the restore": lambda: call_after_restore(self._loop)})
            if failed is not None:
                ready["failed"] = failed
        for failure in failures:
            self._log.say(None, LogLevel.AGENT, failure)
        self._outbox.json(FrameType.READY, 0, ready)
        self._outbox.flush()

    def _bind(self, stream: int, payload: bytes, ended: bool) -> None:
        if self._is_binding:
            return self._bound(stream, {"ok": False, "message": "this machine is bound already"})
        self._is_binding = True
        binding = Binding(*cut_head(payload), lambda message, data: self._bind_to(stream, message, data))
        self._streams[stream] = binding
        if ended:
            binding.complete()

    def _bind_to(self, stream: int, message: dict, data: bytes) -> None:
        try:
            self._forget_app()
            mount_all(message.get("mounts") or [])
            self._network.bound(message["egress"])
            self._app = App(message, data, self._machinery)
            self._is_binding = message["app"] != REHEARSAL_APP
            self._stats.bound(self._is_binding)
            if self._is_binding:
                open_debugger()
            preload = message.get("preload")
            if preload is not None and self._app.has(preload):
                # Code may connect while it is evaluated: then the frames that answer are read by another thread.
                app = self._app
                self._crew.run_here(lambda: app.preload(preload), self._reader.read_at)
            snapshot = message.get("snapshot") is True
            failed = self._prepare_to_freeze(self._app) if snapshot else None
            self._bound(stream, {"ok": True} if failed is None else {"ok": False, "message": failed}, hold=snapshot)
        except MountError as error:
            self._bound(stream, {"ok": False, "message": str(error)[:_MESSAGE_CHARACTERS]})
        except Exception as error:
            self._bound(stream, {"ok": False, "message": describe(error)[:_MESSAGE_CHARACTERS]})

    def _prepare_to_freeze(self, app: App) -> str | None:
        """Why the app cannot be frozen, if it cannot. The error itself is in the app's log."""
        steps = {"the initialisation": app.initialise, "a hook before the snapshot": lambda: call_before_snapshot(self._loop)}
        return self._run_for_app(steps)

    def _run_for_app(self, steps: dict[str, Callable[[], None]]) -> str | None:
        """
        Runs the app's code, and returns a sentence on what it raised. The frames that come meanwhile, such as those of its connections, are read by
        another thread, which may lead from then on.
        """
        failed: list[str] = []

        def run() -> None:
            for what, step in steps.items():
                try:
                    step()
                except SystemExit as error:
                    self._machinery.exits.end_by(error)
                except BaseException as error:
                    self._machinery.failures.afterwards(None, error)
                    failed.append(f"{what} failed: {first_line(error)}"[:_MESSAGE_CHARACTERS])
                    return

        self._crew.run_here(run, self._reader.read_at)
        return failed[0] if failed else None

    def _forget_app(self) -> None:
        if self._app is not None:
            self._app.close()
        self._app = None

    def _bound(self, stream: int, message: dict, hold: bool = False) -> None:
        """`hold`: nothing follows until the next Resume."""
        self._streams.pop(stream, None)
        if hold:
            self._network.cut(lambda: self._outbox.hold(FrameType.BOUND, stream, message))
        else:
            self._outbox.json(FrameType.BOUND, stream, message)
            self._outbox.flush()

    def _request(self, stream: int, payload: bytes, ended: bool) -> None:
        self._stats.begun()
        invocation = Invocation(self._outbox, stream, *cut_head(payload), ended, self._on_closed)
        self._streams[stream] = invocation
        kind, name = invocation.head.kind, invocation.head.function
        if kind not in ("http", "event", "upgrade"):
            invocation.fail(ResetCode.REFUSED, f"this agent knows no invocations of kind {kind}")
        elif self._app is not None and self._app.has(name):
            self._app.run(invocation, self._reader.read_at)
        elif not self._is_binding and name == WARM_FUNCTION:
            self._warm_up.run(invocation, self._reader.read_at)
        else:
            invocation.fail(ResetCode.FUNCTION_NOT_FOUND, f"no function {name}")

    def _on_closed(self, invocation: Invocation) -> None:
        """From any thread."""
        if forks.is_child:
            leave(0)
        self._streams.pop(invocation.stream, None)
        self._stats.ended()
