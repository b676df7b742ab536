"""A request as a WSGI app gets it."""

from __future__ import annotations

import sys

from ...invocation.head import RequestHead
from ...invocation.invocation import Invocation
from ..lambda_context import LambdaContext
from ..mount import mount_of
from ..url import split_url
from .body_file import body_file


def environ_of(invocation: Invocation, context: LambdaContext) -> dict[str, object]:
    head = invocation.head
    url = split_url(head.url)
    name, port = url.server
    mount = mount_of(head)
    path = mount + url.path
    environ: dict[str, object] = {
        "REQUEST_METHOD": head.method,
        "SCRIPT_NAME": mount,
        # WSGI has bytes as text of ISO 8859-1.
        "PATH_INFO": url.path_bytes.decode("latin-1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": f"{path}?{url.query}" if url.query else path,
        "SERVER_NAME": name,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.host,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": body_file(invocation),
        # The input ends with the body, also if the request does not say how long that is.
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        # No caller can forge these, as header fields could be.
        "mayfly.kind": head.kind,
        "mayfly.context": context,
    }
    _add_headers(environ, head)
    environ["REMOTE_ADDR"] = str(environ.get("HTTP_X_FORWARDED_FOR", "")).partition(",")[0].strip()
    return environ


def _add_headers(environ: dict[str, object], head: RequestHead) -> None:
    pairs = head.headers
    seen: set[str] = set()
    for name, value in zip(pairs[::2], pairs[1::2]):
        # As in other servers: with an underscore, a name could pass for another's that has a hyphen.
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        if key in seen and key != "HTTP_HOST":
            environ[key] = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
        else:
            environ[key] = value
        seen.add(key)
