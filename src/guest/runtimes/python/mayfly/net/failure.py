"""Errors of the network, as Python's own sockets raise them, with the host's reason in their text."""

from __future__ import annotations

import errno
import os
from socket import EAI_AGAIN, EAI_FAIL, EAI_NONAME, gaierror

from ..wire.protocol import ResetCode

#: The number of the error if the app may not connect.
NO_ACCESS = errno.EACCES
#: The errors by the codes of Resets: of those whose message begins with a name, the one to take if that name is none of errno's.
_USUAL = {
    ResetCode.EGRESS_DENIED: errno.EACCES,
    ResetCode.REFUSED: errno.EMFILE,
    ResetCode.CONNECT_FAILED: errno.EHOSTUNREACH,
}
_LOOKUPS = {
    "ENOTFOUND": (EAI_NONAME, "Name or service not known"),
    "EAI_AGAIN": (EAI_AGAIN, "Temporary failure in name resolution"),
}


def network_error(number: int, reason: str) -> OSError:
    """Of the class that belongs to the number, such as PermissionError."""
    return OSError(number, f"{os.strerror(number)}: {reason}")


def no_such_name(reason: str = "") -> gaierror:
    return _lookup_failure("ENOTFOUND", reason)


def refused_by_host(code: int, message: str) -> OSError:
    """The error of a connection or a look-up that the host has reset."""
    usual = _USUAL.get(code, errno.ECONNRESET)
    if code not in (ResetCode.CONNECT_FAILED, ResetCode.RESOLVE_FAILED):
        return network_error(usual, message)
    name, _, text = message.partition(" ")
    if code == ResetCode.RESOLVE_FAILED:
        return _lookup_failure(name, text)
    return network_error(getattr(errno, name, usual), text)


def _lookup_failure(name: str, reason: str) -> gaierror:
    number, text = _LOOKUPS.get(name, (EAI_FAIL, "Non-recoverable failure in name resolution"))
    return gaierror(number, f"{text}: {reason}" if reason else text)
