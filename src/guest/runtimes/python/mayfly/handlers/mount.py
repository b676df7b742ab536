"""Where an app of a framework is found by its callers, so that the links and redirects that it makes lead there."""

from __future__ import annotations

from ..invocation.head import RequestHead


def mount_of(head: RequestHead) -> str:
    """The path before that of the request, such as "/shop/web"; empty on a host of the function's own. The gateway says it, and no caller can."""
    pairs = head.headers
    return next((value for name, value in zip(pairs[::2], pairs[1::2]) if name.lower() == "x-forwarded-prefix"), "")
