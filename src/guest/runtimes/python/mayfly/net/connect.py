"""
Replaces the connecting of Python's TCP sockets, on which http.client, ssl, asyncio and most packages are built, so that connections beyond
the machine lead over the wire. The socket stays the user's own, with its descriptor: it is connected to the agent inside the machine, after
the host has made the connection beyond.

1. The host is asked for exactly the address that was given. The name that it was found by is sent along, if the address still knows it.
2. What cannot be chosen inside a machine is refused with a reason.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Callable
from concurrent.futures import wait
from functools import wraps
from socket import AF_INET, AF_INET6, SOCK_STREAM
from typing import Any
from weakref import WeakKeyDictionary

from .address import FoundAddress, is_literal, is_local
from .datagrams import refuse_datagrams
from .failure import NO_ACCESS, network_error
from .loopback import is_writable, native_connect
from .lookup import Lookups
from .permission import Permission
from .pump import Pump
from .streams import GuestStreams
from .tunnel import Tunnel

_native_getpeername = socket.socket.getpeername
_native_getsockopt = socket.socket.getsockopt
#: What an address must have in its place for Python to say what else is wrong with it, without a look-up.
_INSIDE = {AF_INET: "127.0.0.1", AF_INET6: "::1"}
_PARTS = {AF_INET: (2,), AF_INET6: (2, 3, 4)}
#: The most connections whose real ends are remembered: those that are open, and some more that code may still ask about.
_MOST_PEERS = 4_096


class Connector:
    def __init__(self, streams: GuestStreams, pump: Pump, permission: Permission, lookups: Lookups) -> None:
        self._streams = streams
        self._permission = permission
        self._lookups = lookups
        self._pump = pump
        #: What sockets that do not block wait for, until their owners have asked how it ended.
        self._attempts: WeakKeyDictionary[socket.socket, Tunnel] = WeakKeyDictionary()
        #: The ports of a connection inside the machine, the user's first → the address at its other end beyond.
        self._peers: dict[tuple[int, int], tuple] = {}

    def capture(self) -> None:
        _replace(socket.socket, "connect", self._connect)
        _replace(socket.socket, "connect_ex", self._connect_ex)
        _replace(socket.socket, "getpeername", self._getpeername)
        _replace(socket.socket, "getsockopt", self._getsockopt)
        native_sock_connect = BaseSelectorEventLoop.sock_connect

        async def sock_connect(loop: Any, sock: socket.socket, address: Any) -> None:
            if self._permission.leaves_to_kernel or not _is_beyond(sock, address):
                return await native_sock_connect(loop, sock, address)
            if not is_literal(address[0]):
                found = await loop.getaddrinfo(*address[:2], family=sock.family, type=sock.type, proto=sock.proto)
                return await sock_connect(loop, sock, found[0][4])
            tunnel = self._begin(sock, address)
            try:
                await asyncio.wrap_future(tunnel.connected, loop=loop)
            except BaseException:
                tunnel.abandon()
                raise
            self._join(sock, tunnel, address)

        _replace(BaseSelectorEventLoop, "sock_connect", sock_connect)

    def _connect(self, sock: socket.socket, address: Any, /) -> None:
        """Waits for the host, in the caller's thread and for the socket's timeout at most."""
        if sock in self._attempts:
            return self._connect_again(sock)
        if sock.type != SOCK_STREAM:
            refuse_datagrams(sock, address)
        if sock.type != SOCK_STREAM or self._permission.leaves_to_kernel or not _has_host(sock, address):
            return native_connect(sock, address)
        address = self._with_literal(sock, address)
        if not _is_beyond(sock, address):
            return native_connect(sock, address)
        tunnel = self._begin(sock, address)
        if sock.gettimeout() == 0:
            self._remember(tunnel.join_ahead(sock), sock, address)
            self._attempts[sock] = tunnel
            raise OSError(errno.EINPROGRESS, os.strerror(errno.EINPROGRESS))
        try:
            tunnel.connected.result(sock.gettimeout())
        except TimeoutError as error:
            tunnel.abandon()
            raise error if error.errno is not None else TimeoutError("timed out") from None
        except BaseException:
            tunnel.abandon()
            raise
        self._join(sock, tunnel, address)

    def _connect_ex(self, sock: socket.socket, address: Any, /) -> int:
        try:
            self._connect(sock, address)
        except socket.gaierror:
            raise
        except OSError as error:
            return errno.EAGAIN if error.errno is None else error.errno
        return 0

    def _connect_again(self, sock: socket.socket) -> None:
        """As the kernel answers a second connect()."""
        self._settle(sock)
        if not self._attempts[sock].connected.done():
            raise OSError(errno.EALREADY, os.strerror(errno.EALREADY))
        error = self._outcome(sock)
        if error is not None:
            raise error

    def _outcome(self, sock: socket.socket) -> BaseException | None:
        """How the attempt of a socket that does not block has failed, once; None if it has not."""
        tunnel = self._attempts.get(sock)
        if tunnel is None or not tunnel.connected.done():
            return None
        self._attempts.pop(sock, None)
        return tunnel.connected.exception()

    def _settle(self, sock: socket.socket) -> None:
        """
        Waits for the host's answer if the socket can be written to before it: a slow kernel made room in a full socket late, or the user made
        its buffer larger. Code that polled it was told that the attempt is over, and now asks how it ended.
        """
        tunnel = self._attempts.get(sock)
        if tunnel is not None and not tunnel.connected.done() and is_writable(sock):
            wait([tunnel.connected])

    def _getsockopt(self, sock: socket.socket, level: int, option: int, *size: int) -> Any:
        value = _native_getsockopt(sock, level, option, *size)
        if level == socket.SOL_SOCKET and option == socket.SO_ERROR and sock in self._attempts:
            self._settle(sock)
            error = self._outcome(sock)
            return error.errno if isinstance(error, OSError) else value
        return value

    def _getpeername(self, sock: socket.socket, /) -> Any:
        self._settle(sock)
        attempt = self._attempts.get(sock)
        if attempt is not None and not attempt.connected.done():
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        peer = _native_getpeername(sock)
        if self._peers and sock.family in _PARTS:
            return self._peers.get((sock.getsockname()[1], peer[1]), peer)
        return peer

    def _with_literal(self, sock: socket.socket, address: tuple) -> tuple:
        """The address, with that of its host if it has a name."""
        host, family = address[0], sock.family
        if not _is_whole(sock, address):
            return (_INSIDE[family], *address[1:])
        if host in ("", b""):
            return address
        if host in ("<broadcast>", b"<broadcast>"):
            return ("255.255.255.255", *address[1:])
        return address if isinstance(host, FoundAddress) else (self._lookups.address(host, family), *address[1:])

    def _begin(self, sock: socket.socket, address: tuple) -> Tunnel:
        refusal = self._permission.refusal_of(str(address[0]))
        if refusal is not None:
            raise network_error(NO_ACCESS, refusal)
        own = sock.getsockname()
        if own[1] != 0 and not is_local(own[0]):
            reason = "the host makes the connection: the address that it comes from cannot be chosen in a machine"
            raise network_error(errno.EADDRNOTAVAIL, reason)
        if _is_connected(sock):
            raise OSError(errno.EISCONN, os.strerror(errno.EISCONN))
        host, port = address[:2]
        message = {"host": str(host), "port": port}
        if isinstance(host, FoundAddress):
            message["name"] = host.name
        return Tunnel(self._streams, self._pump, message)

    def _join(self, sock: socket.socket, tunnel: Tunnel, address: tuple) -> None:
        self._remember(tunnel.join(sock), sock, address)

    def _remember(self, ports: tuple[int, int], sock: socket.socket, address: tuple) -> None:
        if len(self._peers) >= _MOST_PEERS:
            self._peers.pop(next(iter(self._peers)), None)
        self._peers.pop(ports, None)
        rest = () if sock.family == AF_INET else (*address[2:], 0, 0)[:2]
        self._peers[ports] = (str(address[0]), address[1], *rest)


def _has_host(sock: socket.socket, address: Any) -> bool:
    """Whether it is one of IP, as far as that can be told: everything else is Python's to take or to refuse."""
    return sock.family in _PARTS and isinstance(address, tuple) and len(address) > 0 and isinstance(address[0], (str, bytes))


def _is_whole(sock: socket.socket, address: tuple) -> bool:
    return len(address) in _PARTS[sock.family] and isinstance(address[1], int) and 0 <= address[1] <= 0xFFFF


def _is_beyond(sock: socket.socket, address: Any) -> bool:
    if not (_has_host(sock, address) and _is_whole(sock, address) and sock.type == SOCK_STREAM):
        return False
    return isinstance(address[0], str) and not is_local(address[0])


def _is_connected(sock: socket.socket) -> bool:
    try:
        _native_getpeername(sock)
    except OSError:
        return False
    return True


def _replace(owner: type, name: str, call: Callable[..., Any]) -> None:
    """Makes it a method that looks like the one in whose place it is."""
    native = getattr(owner, name)

    if asyncio.iscoroutinefunction(native):

        @wraps(native)
        async def waiting(self: Any, *args: Any, **named: Any) -> Any:
            return await call(self, *args, **named)

        setattr(owner, name, waiting)
        return

    @wraps(native)
    def method(self: Any, *args: Any) -> Any:
        return call(self, *args)

    setattr(owner, name, method)
