"""TCP connections inside the machine. OSv has no socketpair."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct

#: The connecting of sockets before user code's is led over the wire.
native_connect = socket.socket.connect
#: Seconds that a connection inside the machine may take.
_PATIENCE = 10.0
#: Has close() send a reset in place of an orderly end.
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


def tcp_pair(*_: object) -> tuple[socket.socket, socket.socket]:
    """What socketpair() does, over the loopback interface."""
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    one.setblocking(True)
    try:
        return one, join(one)
    except BaseException:
        one.close()
        raise


def join(sock: socket.socket, receive_buffer: int | None = None) -> socket.socket:
    """
    Connects the socket, of AF_INET or AF_INET6 and in any mode, with a new one, which is returned. Nobody else's connection is taken in its
    place. `receive_buffer` is that of the new one, in bytes. Raises OSError.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        if receive_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        listener.settimeout(_PATIENCE)
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        port = listener.getsockname()[1]
        if sock.family == socket.AF_INET6:
            _allow_ipv4(sock)
            _connect(sock, ("::ffff:127.0.0.1", port))
        else:
            _connect(sock, ("127.0.0.1", port))
        own_port = sock.getsockname()[1]
        while True:
            other, address = listener.accept()
            if address == ("127.0.0.1", own_port):
                return other
            other.close()


def _allow_ipv4(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    except OSError:
        pass  # it has a port already: then what was set before decides


def _connect(sock: socket.socket, address: tuple) -> None:
    try:
        try:
            native_connect(sock, address)
        except ConnectionAbortedError:
            # The kernel tells so, once, of a connection of this socket that was cut while its owner did not block.
            native_connect(sock, address)
    except BlockingIOError:
        _wait_until_connected(sock)


def break_off(sock: socket.socket) -> None:
    """Closes the socket so that its other end fails, as one does whose connection is reset."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
    except OSError:
        pass  # it is reset already
    sock.close()


def is_writable(sock: socket.socket) -> bool:
    """Whether code that polls the socket is told so now."""
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLOUT)
    return bool(poll.poll(0))


def _wait_until_connected(sock: socket.socket) -> None:
    """For a socket that does not block. Only this machine's kernel is waited for."""
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLOUT)
    if not poll.poll(_PATIENCE * 1_000):
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
    number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number != 0:
        raise OSError(number, os.strerror(number))
