"""
A connection inside the machine whose user's end cannot be written to yet, so that code which polls a socket that does not block sees it
connect. A TCP socket without a connection would be reported as ready at once, therefore it gets one at once, and is filled.
"""

from __future__ import annotations

import select
import socket

from .loopback import join

#: In bytes. The sender's is much larger, because a socket is writable again when a third of its buffer is free.
_RECEIVE_BUFFER = 4_096
_SEND_BUFFER = 32_768
#: What both are once the connection is in use.
_USUAL_BUFFER = 212_992
#: Milliseconds for which the kernel may still carry bytes over, after it has taken no more.
_SETTLE_MS = 2
_FILL = bytes(65_536)


class Plug:
    def __init__(self, sock: socket.socket) -> None:
        """Raises OSError."""
        self._user = sock
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self.local = join(sock, _RECEIVE_BUFFER)
        self._size = _fill(sock)

    def drain(self) -> bool:
        """Takes out of the agent's end what was filled in, and returns whether that is done. Raises OSError if the connection is gone."""
        try:
            while self._size > 0:
                taken = len(self.local.recv(min(self._size, len(_FILL))))
                if taken == 0:
                    raise ConnectionResetError
                self._size -= taken
        except BlockingIOError:
            return False
        self.local.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _USUAL_BUFFER)
        try:
            self._user.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _USUAL_BUFFER)
        except OSError:
            pass  # the user has closed it
        return True


def _fill(sock: socket.socket) -> int:
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLOUT)
    size = 0
    while True:
        try:
            size += socket.socket.send(sock, _FILL)
        except BlockingIOError:
            if not poll.poll(_SETTLE_MS):
                return size
