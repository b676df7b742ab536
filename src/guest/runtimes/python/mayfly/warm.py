"""
Answers requests for mayfly:warm. They take the same steps as an app's: code is evaluated, and handlers of every kind, logs and replies are
used, so that a template has loaded, and an emulator has translated, what a user's first invocation needs. Nothing may stay behind that clones
must not share, such as random bytes or UUIDs, or that user code would find, such as a handler of logging's root.
"""

from __future__ import annotations

from collections.abc import Callable

from .app import App
from .invocation.invocation import Invocation

_PLAIN = b"""
import base64, datetime, decimal, hashlib, http.client, json, logging, re, ssl, time, traceback, urllib.parse, urllib.request
log = logging.getLogger("mayfly.warm")
log.setLevel(logging.DEBUG)
log.propagate = False
def handler(event, context):
    seen = json.dumps({"event": event, "id": context.aws_request_id, "left": context.get_remaining_time_in_millis()})
    log.debug("warm %s", len(seen))
    stream = logging.StreamHandler()
    log.addHandler(stream)
    log.debug("warm %s", len(seen))
    log.removeHandler(stream)
    try:
        raise ValueError("warm")
    except ValueError:
        traceback.format_exc()
    return {"statusCode": 200, "headers": {"x-warm": "yes"}, "cookies": ["a=b"], "body": json.dumps(json.loads(seen)["event"]["rawPath"])}
"""
_SHORT = b"""def handler(event, context):
    return {"statusCode": 200, "body": "warm"}
"""
_ASYNC = b"""
import asyncio
async def handler(event, context):
    await asyncio.sleep(0.001)
    return {"path": event["rawPath"]}
"""
_STREAM = b"""def handler(event, context):
    yield {"statusCode": 200, "headers": {"content-type": "text/plain"}}
    for at in range(3):
        yield f"warm {at}"
"""
_WSGI = b"""def app(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [environ["PATH_INFO"].encode()]
"""
_ASGI = b"""async def app(scope, receive, send):
    assert scope["type"] == "http"
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope["raw_path"]})
"""
_FUNCTIONS = {"plain": _PLAIN, "short": _SHORT, "async": _ASYNC, "stream": _STREAM, "wsgi": _WSGI, "asgi": _ASGI}


class WarmUp:
    def __init__(self, open_app: Callable[[dict, bytes], App]) -> None:
        """`open_app` is what a Bind does with its message and code."""
        self._open = open_app
        self._app: App | None = None
        self._turn = 0

    def run(self, invocation: Invocation, ready_at: float) -> None:
        """Each request takes the next turn; each round of turns evaluates the code anew."""
        names = list(_FUNCTIONS)
        if self._turn % len(names) == 0:
            self._app = self._open(*_warm_app())
        assert self._app is not None
        invocation.head.function = names[self._turn % len(names)]
        invocation.head.url = "http://warm.localhost/mayfly/warm?q=1"
        self._turn += 1
        self._app.run(invocation, ready_at)


def _warm_app() -> tuple[dict, bytes]:
    functions = [
        {"name": name, "format": "python", "source": {"type": "frames", "bytes": len(code)}, "handler": "handler"}
        for name, code in _FUNCTIONS.items()
    ]
    message = {"app": "warm", "revision": "0", "functions": functions, "env": {}, "memoryMb": 128, "egress": False}
    return message, b"".join(_FUNCTIONS.values())
