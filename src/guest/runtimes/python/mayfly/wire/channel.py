"""Opens the byte stream to the host: docs/guest-protocol.md, Transport."""

from __future__ import annotations

import os
import re
import socket

from ..leave import leave


def open_channel() -> tuple[str, socket.socket]:
    """The transport, which is tcp, unix or fd, and the connected socket."""
    value = os.environ.pop("MAYFLY_CHANNEL", None) or _from_kernel_command_line()
    transport, _, address = value.partition(":")
    try:
        return transport, _connect(transport, address)
    except (OSError, ValueError) as error:
        leave(1, f"MAYFLY_CHANNEL is {value!r}; it must be tcp:address:port, unix:path or fd:number: {error}")


def _connect(transport: str, address: str) -> socket.socket:
    if transport == "fd":
        channel = socket.socket(fileno=int(address))
        channel.setblocking(True)
        # Programs that the app starts must not get the channel.
        channel.set_inheritable(False)
        return channel
    if transport == "unix":
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        channel.connect(address)
        return channel
    if transport != "tcp":
        raise ValueError("unknown transport")
    host, _, port = address.rpartition(":")
    channel = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    channel.connect((host, int(port)))
    channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return channel


def _from_kernel_command_line() -> str:
    try:
        with open("/proc/cmdline", encoding="utf-8") as file:
            found = re.search(r"(?:^|\s)mayfly\.channel=(\S+)", file.read())
    except OSError:
        return ""
    return found[1] if found else ""
