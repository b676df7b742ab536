"""The parts of a request's URL, which is absolute."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote_to_bytes

_PORTS = {"http": 80, "https": 443}


class Url(NamedTuple):
    scheme: str
    #: As in a Host header: with the port, if the URL has one.
    host: str
    #: As the caller wrote it, percent-encoded.
    path: str
    query: str

    @property
    def path_bytes(self) -> bytes:
        """The path without percent-encoding."""
        return unquote_to_bytes(self.path)

    @property
    def server(self) -> tuple[str, int]:
        """The host's name and port."""
        name, colon, port = self.host.rpartition(":")
        if colon and port.isascii() and port.isdigit():
            return name, int(port)
        return self.host, _PORTS.get(self.scheme, 80)


def split_url(url: str) -> Url:
    scheme, _, rest = url.partition("://")
    before, _, query = rest.partition("?")
    host, slash, path = before.partition("/")
    return Url(scheme, host, slash + path if slash else "/", query)
