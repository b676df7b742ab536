"""The heads of Request and Response: ISO 8859-1 text whose fields are separated by LF."""

from __future__ import annotations

import json
import re

from ..wire.protocol import Limit

#: What an ASGI or WSGI app sees of an event, which is not an HTTP call. Nobody can call this host.
_EVENT = ("", "POST", "http://event.mayfly.internal/")
_EVENT_HEADERS = ["host", "event.mayfly.internal", "content-type", "application/json"]

_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z").match
_is_value = re.compile(r"[\t\x20-\x7e\x80-\xff]*\Z").match


#: The status of a reply after which the connection speaks another protocol.
SWITCHING = 101


class BadHead(Exception):
    """HTTP cannot carry this response head; the text says why."""


class RequestHead:
    """Headers are split only if somebody asks for them."""

    __slots__ = ("kind", "id", "function", "remaining_ms", "attempt", "revision", "traceparent", "tracestate", "event", "method", "url", "_rest", "_lambda")

    def __init__(self, text: str) -> None:
        self.kind, self.id, self.function, remaining, attempt, self.revision, self.traceparent, rest = text.split("\n", 7)
        self.remaining_ms = float(remaining)
        self.attempt = int(attempt)
        self._lambda: str | None = None
        if self.kind in ("http", "upgrade"):
            self.tracestate, self.event, self.method, self.url, *more = rest.split("\n", 4)
            self._rest = more[0] if more else ""
        else:
            self.tracestate, *context = rest.split("\n", 1)
            self._lambda = context[0] if context else None
            self.event, self.method, self.url = _EVENT
            self._rest = ""

    @property
    def is_event(self) -> bool:
        """Whether the body is an event and the reply's body its result, so that neither is an HTTP body."""
        return self.kind == "event"

    @property
    def is_upgrade(self) -> bool:
        """Whether the caller asks to go on with another protocol, which `event` names, on its connection."""
        return self.kind == "upgrade"

    @property
    def is_lambda(self) -> bool:
        """Whether the caller expects the answers of AWS Lambda's API."""
        return self._lambda is not None

    @property
    def lambda_context(self) -> dict:
        """What AWS Lambda's context object says of this invocation; empty unless the caller expects the answers of its API."""
        return {} if self._lambda is None else json.loads(self._lambda)

    @property
    def headers(self) -> list[str]:
        """name, value, name, value… as they arrived; a new list each time."""
        if self.kind == "event":
            return list(_EVENT_HEADERS)
        return self._rest.split("\n") if self._rest else []


#: Fields that concern one connection only.
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "trailer"})
#: RFC 9110, 6.5.1: framing, routing, and what says how the content is to be read.
_NOT_IN_TRAILERS = _HOP_BY_HOP | {
    "authorization", "cache-control", "content-encoding", "content-length", "content-range", "content-type", "cookie", "expect", "host",
    "max-forwards", "range", "set-cookie",
}


def sendable_trailers(pairs: list[str]) -> bytes:
    """Those that HTTP can carry behind a body, as the frames Trailers and Interim have them. `pairs` is name, value, name, value…"""
    sent: list[str] = []
    for name, value in zip(pairs[::2], pairs[1::2]):
        if _is_token(name) and _is_value(value) and name.lower() not in _NOT_IN_TRAILERS and len(sent) < 2 * Limit.HEADER_PAIRS:
            sent += [name, value]
    whole = "\n".join(sent).encode("latin-1")
    return whole if len(whole) <= Limit.HEAD else b""


def encode_response_head(status: object, headers: list[str], may_switch: bool = False) -> bytes:
    """
    Raises BadHead if HTTP cannot carry it. `headers` is name, value, name, value… `may_switch`: the caller asked for another protocol, which the
    status 101 grants.
    """
    fits = type(status) is int and (200 <= status <= 599 or may_switch and status == SWITCHING)
    if not fits:
        raise BadHead(f"its status is {status!r}; 200 to 599 are allowed")
    if len(headers) > 2 * Limit.HEADER_PAIRS:
        raise BadHead(f"it has more than {Limit.HEADER_PAIRS} headers")
    for at in range(0, len(headers), 2):
        if not _is_token(headers[at]):
            raise BadHead(f"its header name {headers[at]!r} is invalid")
        if not _is_value(headers[at + 1]):
            raise BadHead(f"its header {headers[at]} has an invalid value")
    head = "\n".join([str(status), *headers]).encode("latin-1")
    if len(head) > Limit.HEAD:
        raise BadHead(f"its headers are over {Limit.HEAD} bytes")
    return head
