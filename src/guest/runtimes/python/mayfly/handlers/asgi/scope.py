"""What an ASGI app is told of a request."""

from __future__ import annotations

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
    headers = _headers_of(head, url.host)
    caller = next((value for name, value in headers if name == b"x-forwarded-for"), b"").decode("latin-1").partition(",")[0].strip()
    return {
        "type": "http",
        "asgi": VERSIONS,
        "http_version": "1.1",
        "method": head.method.upper(),
        "scheme": url.scheme,
        "path": url.path_bytes.decode("utf-8", "replace"),
        "raw_path": url.path.encode("latin-1"),
        "query_string": url.query.encode("latin-1"),
        # The path stays without it: older versions of Starlette take a route by the path alone.
        "root_path": mount_of(head),
        "headers": headers,
        "client": (caller, 0) if caller else None,
        "server": url.server,
        "state": dict(state),
        # No caller can forge these, as header fields could be.
        "extensions": {"mayfly": {"kind": head.kind, "context": context}},
    }


def _headers_of(head: RequestHead, host: str) -> list[tuple[bytes, bytes]]:
    pairs = head.headers
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in zip(pairs[::2], pairs[1::2])]
    if not any(name == b"host" for name, _ in headers):
        headers.insert(0, (b"host", host.encode("latin-1")))
    return headers
