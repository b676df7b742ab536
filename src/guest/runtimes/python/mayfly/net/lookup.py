"""Names are looked up by the host. What reads the answers, with its options and errors, stays Python's own getaddrinfo()."""

from __future__ import annotations

import errno
import _socket
import socket
from concurrent.futures import Future
from socket import AF_INET, AF_INET6, AF_UNSPEC, AI_ADDRCONFIG, AI_CANONNAME, AI_NUMERICHOST, AI_V4MAPPED, gaierror
from typing import Any

from ..osv import on_osv
from ..wire.protocol import FrameType, ResetCode
from .address import FoundAddress, is_literal, is_local
from .failure import NO_ACCESS, network_error, no_such_name, refused_by_host
from .permission import Permission
from .streams import GuestStreams

#: The longest name that resolvers take, in bytes.
_LONGEST = 255
_FAMILIES = {AF_INET: 4, AF_INET6: 6}
#: OSv has no sockets of IPv6.
_ANY = 4 if on_osv else 0
_SELF = {AF_INET: "127.0.0.1", AF_INET6: "::1"}

_native_getaddrinfo = _socket.getaddrinfo


class Lookups:
    def __init__(self, streams: GuestStreams, permission: Permission) -> None:
        self._streams = streams
        self._permission = permission

    def capture(self) -> None:
        # socket.getaddrinfo is code of Python's that calls this one.
        _socket.getaddrinfo = self.getaddrinfo
        for module in (_socket, socket):
            module.gethostbyname = self.gethostbyname  # type: ignore[attr-defined]
            module.gethostbyname_ex = self.gethostbyname_ex  # type: ignore[attr-defined]

    def getaddrinfo(self, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> list[tuple]:
        is_plain = not isinstance(host, (str, bytes)) or flags & AI_NUMERICHOST or family not in (AF_UNSPEC, AF_INET, AF_INET6)
        if is_plain or self._permission.leaves_to_kernel:
            return _native_getaddrinfo(host, port, family, type, proto, flags)
        name = _in_ascii(host)
        if name == "" or is_literal(name):
            return _native_getaddrinfo(host, port, family, type, proto, flags)
        numeric = flags & ~(AI_ADDRCONFIG | AI_CANONNAME) | AI_NUMERICHOST
        if is_local(name):
            found = [(family or AF_INET, _SELF[family or AF_INET])]
        else:
            found = self._resolve_mapped(name, family, flags)
        results: list[tuple] = []
        for kind, address in found:
            for *what, _, place in _native_getaddrinfo(address, port, kind, type, proto, numeric):
                known = FoundAddress(place[0], name) if isinstance(address, FoundAddress) else place[0]
                canonical = name if flags & AI_CANONNAME and not results else ""
                results.append((*what, canonical, (known, *place[1:])))
        return results

    def gethostbyname(self, hostname: Any, /) -> str:
        return self.address(hostname, AF_INET)

    def gethostbyname_ex(self, hostname: Any, /) -> tuple[str, list[str], list[str]]:
        places = [place[0] for *_, place in self.getaddrinfo(hostname, 0, AF_INET, socket.SOCK_STREAM)]
        return (hostname if isinstance(hostname, str) else _in_ascii(hostname)), [], places

    def address(self, host: Any, family: int) -> str:
        """The first address of a name."""
        return self.getaddrinfo(host, 0, family, socket.SOCK_STREAM)[0][4][0]

    def _resolve_mapped(self, name: str, family: int, flags: int) -> list[tuple[int, str]]:
        """With the flag V4MAPPED, a name that has only IPv4 addresses gets IPv6's forms of them."""
        try:
            return self._resolve(name, family)
        except gaierror:
            if family != AF_INET6 or not flags & AI_V4MAPPED:
                raise
        return [(AF_INET6, FoundAddress(f"::ffff:{address}", name)) for _, address in self._resolve(name, AF_INET)]

    def _resolve(self, name: str, family: int) -> list[tuple[int, str]]:
        """Asks the host. Raises OSError."""
        refusal = self._permission.refusal_of(name)
        if refusal is not None:
            raise network_error(NO_ACCESS, refusal)
        if len(name) > _LONGEST:
            raise no_such_name()
        found = Lookup.begin(self._streams, name, _FAMILIES.get(family, _ANY)).result()
        return [(AF_INET if each["family"] == 4 else AF_INET6, FoundAddress(each["address"], name)) for each in found]


class Lookup:
    """One Resolve stream. The host has a limit for the time of its answer."""

    @classmethod
    def begin(cls, streams: GuestStreams, name: str, family: int = _ANY) -> Future[list[dict]]:
        """The addresses of a name, as the host's Resolved has them, or an OSError. Raises OSError if too many streams are open."""
        lookup = cls(streams)
        streams.open(FrameType.RESOLVE, {"host": name, "family": family}, lookup)
        return lookup.addresses

    def __init__(self, streams: GuestStreams) -> None:
        self.stream = 0
        self.addresses: Future[list[dict]] = Future()
        self._streams = streams

    def answer(self, message: dict) -> None:
        if self._streams.close(self):
            self.addresses.set_result(message["addresses"])

    def reset(self, code: int, message: str) -> None:
        if self._streams.close(self):
            self.addresses.set_exception(refused_by_host(code, message))

    def abandon(self) -> None:
        """The app that asked is forgotten, or about to be frozen."""
        if self._streams.close(self):
            self._streams.outbox.reset(self.stream, ResetCode.CANCELLED, "nobody waits for it")
            self.addresses.set_exception(network_error(errno.ECONNRESET, "the machine is about to be frozen"))

    def in_child(self) -> None: ...

    def data(self, chunk: bytes, ended: bool) -> None: ...

    def credit(self, size: int) -> None: ...


def _in_ascii(host: str | bytes) -> str:
    """Raises UnicodeError as Python's own look-ups do."""
    return host.encode("idna").decode("ascii") if isinstance(host, str) else host.decode("ascii")
