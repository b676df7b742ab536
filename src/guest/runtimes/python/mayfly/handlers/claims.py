"""The claims of a caller's JWT, which the gateway has checked, as API Gateway's authorizers give them: every value is a text. As lambda/claims.ts of Node's runtime."""

from __future__ import annotations

import base64
import json


def claims_of(way: str | None, encoded: str | None) -> dict[str, str] | None:
    """None if no JWT let the caller in. They are the headers x-mayfly-caller-way and x-mayfly-caller-claims."""
    if way != "jwt" or encoded is None:
        return None
    claims = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    return {name: _text_of(value) for name, value in claims.items()}


def scopes_of(claims: dict[str, str]) -> list[str] | None:
    """The scopes that a token has, as API Gateway lists them."""
    return claims["scope"].split(" ") if "scope" in claims else None


def _text_of(value: object) -> str:
    """Lists are words in brackets there, and objects are JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "[" + " ".join(_text_of(each) for each in value) + "]"
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
