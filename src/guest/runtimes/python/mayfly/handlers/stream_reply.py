"""
Sends what a generator gives, no faster than the host takes it. If the first value is a mapping with a status code, it is the reply's head,
as for awslambda.HttpResponseStream of Node; the others are text or bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING

from ..invocation.invocation import Invocation
from ..invocation.outlet import Outlet
from .lambda_reply import is_reply, lambda_headers, lambda_status, result_of

if TYPE_CHECKING:
    from .machinery import Machinery

_CONTENT_TYPE = "application/octet-stream"


def send_chunks(invocation: Invocation, chunks: Iterator[object]) -> None:
    """In a thread that may block. Closes the generator when the caller has gone away."""
    outlet: Outlet | None = None
    try:
        for chunk in chunks:
            if outlet is None:
                outlet, chunk = _begin(invocation, chunk)
                if outlet is None:
                    break
            outlet.write(_bytes_of(chunk))
            invocation.flush()
            outlet.wait()
            if invocation.is_aborted:
                break
        else:
            if outlet is None:
                outlet, _ = _begin(invocation, b"")
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    _end(invocation, outlet)


async def send_chunks_async(invocation: Invocation, chunks: AsyncIterator[object], machinery: Machinery) -> None:
    """On the event loop, where the caller's going away cancels the task. Closes the generator then."""
    outlet: Outlet | None = None
    try:
        async for chunk in chunks:
            if outlet is None:
                outlet, chunk = _begin(invocation, chunk)
            if outlet is not None:
                await write_async(outlet, _bytes_of(chunk), machinery)
            if outlet is None or invocation.is_aborted:
                # The task need not be cancelled any more, which would meet the generator while it cleans up.
                invocation.on_abort = None
                break
        else:
            if outlet is None:
                outlet, _ = _begin(invocation, b"")
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
    _end(invocation, outlet)


async def write_async(outlet: Outlet, data: bytes, machinery: Machinery) -> None:
    """Returns when the host has room for more."""
    is_drained = outlet.write(data)
    machinery.loop.flush_soon()
    if is_drained:
        return
    loop = machinery.loop.loop
    drained = loop.create_future()
    outlet.listener = lambda: loop.call_soon_threadsafe(_settle, drained)  # type: ignore[assignment]
    if not outlet.drained:
        await drained


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _begin(invocation: Invocation, first: object) -> tuple[Outlet | None, object]:
    """Sends the head. Returns where the body goes to, and what of the first value belongs to it."""
    metadata: Mapping[str, object] = first if is_reply(first) else {}  # type: ignore[assignment]
    body = b"" if metadata else first
    if not invocation.head.is_event:
        status = lambda_status(metadata) if metadata else 200
        return invocation.begin(status, lambda_headers(metadata, _CONTENT_TYPE)), body
    outlet = invocation.begin(200, [])
    if outlet is not None and metadata:
        # The one who invokes a Lambda function for a stream gets its metadata before the body, followed by eight zero bytes.
        outlet.write(result_of(metadata) + bytes(8))
    return outlet, body


def _end(invocation: Invocation, outlet: Outlet | None) -> None:
    if outlet is not None:
        outlet.end()
    # If the caller went away before that, which the reading thread hears of at any moment, nothing has closed the invocation yet.
    if outlet is not None or invocation.is_aborted:
        invocation.settle()


def _bytes_of(chunk: object) -> bytes:
    if isinstance(chunk, str):
        return chunk.encode("utf-8", "replace")
    if isinstance(chunk, (bytes, bytearray, memoryview)):
        return bytes(chunk)
    raise TypeError(f"a handler's generator must give text or bytes, not {type(chunk).__name__}")

