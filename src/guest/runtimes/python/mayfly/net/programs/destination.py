"""Where a program wanted to connect that was led to the agent."""

from __future__ import annotations

import socket
import struct

from ..address import is_local

_SO_ORIGINAL_DST = 80
#: A struct sockaddr_in: family, port, address.
_ADDRESS = struct.Struct("!2xH4s8x")


def destination(sock: socket.socket) -> tuple[str, int] | None:
    """
    None if it was the listener itself. A Linux kernel leaves the address that was meant as the connection's own; gVisor has changed it, and
    tells it when it is asked. Raises OSError if the connection is over.
    """
    host, port = sock.getsockname()[:2]
    if is_local(host):
        try:
            port, address = _ADDRESS.unpack(sock.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, _ADDRESS.size))
        except OSError:
            return None
        host = socket.inet_ntoa(address)
    return None if is_local(host) else (host.removeprefix("::ffff:"), port)
