"""What an ASGI app is told of a request."""

from __future__ import annotations

import sys
from functools import lru_cache

from ...invocation.head import RequestHead
from ..lambda_context import LambdaContext
from ..mount import mount_of
from ..url import split_url

VERSIONS = {"version": "3.0", "spec_version": "2.4"}


def websocket_scope_of(head: RequestHead, context: LambdaContext, state: dict[str, object], subprotocols: list[str]) -> dict[str, object]:
    scope = scope_of(head, context, state)
    del scope["method"]
    scope["type"] = "websocket"
    scope["scheme"] = "wss" if scope["scheme"] == "https" else "ws"
    scope["subprotocols"] = subprotocols
    scope["extensions"] = {**scope["extensions"], "websocket.http.response": {}}  # type: ignore[dict-item]
    return scope


def scope_of(head: RequestHead, context: LambdaContext, state: dict[str, object]) -> dict[str, object]:
    url = split_url(head.url)
    mount = mount_of(head)
    before = "" if _strips_mount() else mount
    headers = _headers_of(head, url.host)
    caller = next((value for name, value in headers if name == b"x-forwarded-for"), b"").decode("latin-1").partition(",")[0].strip()
    return {
        "type": "http",
        "asgi": VERSIONS,
        "http_version": "1.1",
        "method": head.method.upper(),
        "scheme": url.scheme,
        "path": before + url.path_bytes.decode("utf-8", "replace"),
        "raw_path": (before + url.path).encode("latin-1"),
        "query_string": url.query.encode("latin-1"),
        # ASGI's path begins with the root path, other than WSGI's: apps that are mounted in an app, Quart and Django cut it off.
        "root_path": mount,
        "headers": headers,
        "client": (caller, 0) if caller else None,
        "server": url.server,
        "state": dict(state),
        # No caller can forge these, as header fields could be.
        "extensions": {"mayfly": {"kind": head.kind, "context": context}},
    }


def _strips_mount() -> bool:
    """Whether the app takes its routes by the path alone, as Starlette and FastAPI did before version 0.33 of Starlette."""
    return _is_before_mounts(getattr(sys.modules.get("starlette"), "__version__", ""))


@lru_cache
def _is_before_mounts(version: object) -> bool:
    major, _, rest = str(version).partition(".")
    minor = rest.partition(".")[0]
    return major == "0" and minor.isdecimal() and int(minor) < 33


def _headers_of(head: RequestHead, host: str) -> list[tuple[bytes, bytes]]:
    pairs = head.headers
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in zip(pairs[::2], pairs[1::2])]
    if not any(name == b"host" for name, _ in headers):
        headers.insert(0, (b"host", host.encode("latin-1")))
    return headers
