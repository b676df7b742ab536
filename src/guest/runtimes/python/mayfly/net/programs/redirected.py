"""
Connects programs to the outside: for each connection that was led to the agent, the host is asked for one to exactly that address. All of it
happens in the pump's thread.

1. The kernel has told the program that it is connected before the agent sees it. A refusal is therefore a connection that is reset before any
   byte, and its reason is in the app's log.
2. Nothing is read of a program before the host has connected.
"""

from __future__ import annotations

import errno
import socket
from concurrent.futures import Future
from selectors import EVENT_READ

from ..loopback import break_off
from ..permission import Permission
from ..pump import Pump, Ready
from ..streams import GuestStreams
from ..tunnel import Tunnel
from .destination import destination
from .found_names import FoundNames
from .refusals import Refusals


class Redirected:
    def __init__(self, streams: GuestStreams, pump: Pump, permission: Permission, names: FoundNames, refusals: Refusals) -> None:
        self._streams = streams
        self._pump = pump
        self._permission = permission
        self._names = names
        self._refusals = refusals

    def listen(self, listener: socket.socket) -> None:
        listener.setblocking(False)
        self._pump.post(lambda: self._pump.watch(listener, EVENT_READ, 0, self._accepting(listener)))

    def _accepting(self, listener: socket.socket) -> Ready:
        return lambda _: self._accept(listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            sock, _ = listener.accept()
        except OSError:
            # It is gone already, or the machine has too many files open.
            return self._pump.rest(listener, EVENT_READ, self._accepting(listener))
        try:
            to = destination(sock)
        except OSError:
            to = None
        if to is None:
            break_off(sock)
        elif self._permission.refusal is not None:
            self._refuse(sock, to, [], self._permission.refusal)
        else:
            host, port = to
            address, name = self._names.behind(host) or (host, None)
            self._connect(sock, (address, port), self._names.of(host) if name is None else [name])

    def _connect(self, sock: socket.socket, to: tuple[str, int], names: list[str]) -> None:
        """Tries the next name if the host denies the address by the first one."""
        message = {"host": to[0], "port": to[1]} | ({"name": names[0]} if names else {})
        try:
            tunnel = Tunnel(self._streams, self._pump, message)
        except OSError as error:
            return self._refuse(sock, to, names, str(error))
        tunnel.connected.add_done_callback(lambda done: self._pump.post(lambda: self._connected(tunnel, done, sock, to, names)))

    def _connected(self, tunnel: Tunnel, done: Future[None], sock: socket.socket, to: tuple[str, int], names: list[str]) -> None:
        error = done.exception()
        if error is None:
            tunnel.lead(sock)
        elif isinstance(error, OSError) and error.errno == errno.EACCES and len(names) > 1:
            self._connect(sock, to, names[1:])
        else:
            self._refuse(sock, to, names, str(error))

    def _refuse(self, sock: socket.socket, to: tuple[str, int], names: list[str], reason: str) -> None:
        by = f"{names[0]}, " if names else ""
        self._refusals.tell(f"connect to {by}{to[0]} port {to[1]}", reason)
        break_off(sock)
