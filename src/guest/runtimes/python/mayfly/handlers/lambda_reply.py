"""Turns what a Lambda handler returned into a reply, by the rules of function URLs."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal


def _default(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"a {type(value).__name__} can't be sent as JSON")


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_default).encode


def lambda_reply(value: object) -> tuple[object, list[str], bytes]:
    """
    Status, headers (name, value, name, value…) and body. A mapping with a status code is the whole reply; anything else is the body of a 200,
    as JSON. Raises TypeError or ValueError if it is no response.
    """
    if not is_reply(value):
        return 200, ["content-type", "application/json"], _as_bytes(value)
    status = value["statusCode"]
    return int(status) if isinstance(status, str) else status, lambda_headers(value, "application/json"), _body_of(value)


def is_reply(value: object) -> bool:
    return isinstance(value, Mapping) and value.get("statusCode") is not None


def result_of(value: object) -> bytes:
    """What a handler returned for an event, as JSON. Raises TypeError or ValueError if JSON can't hold it."""
    return _encode(value).encode()


def lambda_headers(reply: Mapping[str, object], content_type: str) -> list[str]:
    """`content_type` is used if the handler gave none."""
    pairs: list[str] = []
    for key in ("headers", "multiValueHeaders"):
        given = reply.get(key)
        for name, value in given.items() if isinstance(given, Mapping) else ():
            for each in _values_of(value):
                pairs += (str(name).lower(), _text_of(each).strip())
    for cookie in _values_of(reply.get("cookies")):
        pairs += ("set-cookie", _text_of(cookie).strip())
    if "content-type" not in pairs[::2]:
        pairs += ("content-type", content_type)
    return pairs


def _values_of(value: object) -> Iterable[object]:
    """One value in place of a list is taken whole, because text would otherwise be split into its characters."""
    if value is None:
        return ()
    return value if isinstance(value, (list, tuple)) else (value,)


def _text_of(value: object) -> str:
    # As JSON has them, because a reply's other readers do.
    return str(value).lower() if isinstance(value, bool) else str(value)


def _body_of(reply: Mapping[str, object]) -> bytes:
    body = reply.get("body")
    if body is None:
        return b""
    data = _as_bytes(body)
    return base64.b64decode(data) if reply.get("isBase64Encoded") is True and isinstance(body, str) else data


def _as_bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    return _encode(value).encode("utf-8", "replace")
