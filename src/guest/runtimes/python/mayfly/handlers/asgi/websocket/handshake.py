"""The opening handshake of a WebSocket (RFC 6455, section 4.2), as a server answers it."""

from __future__ import annotations

import base64
import binascii
import hashlib

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION = "13"
_KEY_BYTES = 16


class Handshake:
    """What a client asks for. `wrong` is the status and the headers of the refusal if it asks for no WebSocket of this version; otherwise None."""

    def __init__(self, headers: list[str]) -> None:
        """`headers` is name, value, name, value…"""
        self._headers: dict[str, list[str]] = {}
        for name, value in zip(headers[::2], headers[1::2]):
            self._headers.setdefault(name.lower(), []).append(value)
        self._key = self._one("sec-websocket-key")
        self.wrong = self._wrong()

    @property
    def subprotocols(self) -> list[str]:
        offered = ",".join(self._headers.get("sec-websocket-protocol", []))
        return [name.strip() for name in offered.split(",") if name.strip()]

    def accept(self, subprotocol: str | None, more: list[str]) -> list[str]:
        """The headers of the reply with the status 101."""
        digest = hashlib.sha1(self._key.encode("latin-1") + _GUID, usedforsecurity=False).digest()
        headers = ["Sec-WebSocket-Accept", base64.b64encode(digest).decode()]
        if subprotocol is not None:
            headers += ["Sec-WebSocket-Protocol", subprotocol]
        return headers + more

    def _wrong(self) -> tuple[int, list[str]] | None:
        if self._one("sec-websocket-version") != _VERSION:
            return 426, ["Sec-WebSocket-Version", _VERSION]
        try:
            is_key = len(base64.b64decode(self._key, validate=True)) == _KEY_BYTES
        except (binascii.Error, ValueError):
            is_key = False
        return None if is_key else (400, [])

    def _one(self, name: str) -> str:
        values = self._headers.get(name, [])
        return values[0].strip() if len(values) == 1 else ""
