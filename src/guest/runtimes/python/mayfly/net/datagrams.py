"""UDP does not cross the wire, so sending fails at once, instead of losing packets silently."""

from __future__ import annotations

import errno
import socket
from socket import AF_INET, AF_INET6
from typing import Any

from .address import is_local
from .failure import network_error

_native_sendto = socket.socket.sendto
_native_sendmsg = socket.socket.sendmsg


def capture_datagrams() -> None:
    socket.socket.sendto = _sendto  # type: ignore[method-assign]
    socket.socket.sendmsg = _sendmsg  # type: ignore[method-assign]


def refuse_datagrams(sock: socket.socket, address: Any) -> None:
    """Raises OSError if the address is beyond the machine."""
    if sock.family in (AF_INET, AF_INET6) and isinstance(address, tuple) and address and isinstance(address[0], str):
        if not is_local(address[0]):
            raise network_error(errno.EOPNOTSUPP, "there is no UDP from inside a machine")


def _sendto(self: socket.socket, data: Any, *args: Any) -> int:
    if args:
        refuse_datagrams(self, args[-1])
    return _native_sendto(self, data, *args)


def _sendmsg(self: socket.socket, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None, /) -> int:
    refuse_datagrams(self, address)
    return _native_sendmsg(self, buffers, ancdata, flags, *(() if address is None else (address,)))
