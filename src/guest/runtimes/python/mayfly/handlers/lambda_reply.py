"""Turns what a Lambda handler returned into a reply, by the rules of function URLs."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal

#: Of a whole number that is a Decimal. A few characters, such as 1E+999999999, may mean more than there is memory for.
_MOST_DIGITS = 1_000


def _default(value: object) -> object:
    if isinstance(value, Decimal):
        is_whole = value.is_finite() and value.adjusted() < _MOST_DIGITS and value == value.to_integral_value()
        return int(value) if is_whole else _finite(float(value))
    raise TypeError(f"a {type(value).__name__} can't be sent as JSON")


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_default, allow_nan=False).encode


def lambda_reply(value: object) -> tuple[object, list[str], bytes]:
    """
    Status, headers (name, value, name, value…) and body. A mapping with a status code is the whole reply; anything else is the body of a 200,
    as JSON. Raises TypeError or ValueError if it is no response.
    """
    if not is_reply(value):
        return 200, ["content-type", "application/json"], _as_bytes(value)
    return lambda_status(value), lambda_headers(value, "application/json"), _body_of(value)


def is_reply(value: object) -> bool:
    return isinstance(value, Mapping) and value.get("statusCode") is not None


def result_of(value: object) -> bytes:
    """A value as JSON. Raises TypeError or ValueError if JSON can't hold it."""
    try:
        text = _encode(value)
    except ValueError as error:
        try:
            text = _encode(_with_null(value))
        except RecursionError:  # it contains itself
            raise error from None
    # UTF-8 has no character for half of a pair of surrogates, but JSON can name it, just as this does.
    return text.encode("utf-8", "backslashreplace")


def _with_null(value: object) -> object:
    """The value with null in the place of numbers that JSON does not have, as in JavaScript."""
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, dict):
        return {key: _with_null(each) for key, each in value.items()}
    return [_with_null(each) for each in value] if isinstance(value, (list, tuple)) else value


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def lambda_status(reply: Mapping[str, object]) -> object:
    """Its status code. An HTTPStatus is one, as it is in JSON, and so is the text of one."""
    status = reply["statusCode"]
    return int(status) if isinstance(status, (int, str)) and not isinstance(status, bool) else status


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
    return result_of(value)
