"""
Becomes the program that its parameters name, under Linux with a kernel that refuses what OSv lacks. A Java has libraries in C that ask for
some of that all the same, whoever it runs for, and go on when OSv refuses or grants it: for sockets of other families than IPv4's at its
start (whether there is IPv6, and a cache of users' names), and for one pair of Unix stream sockets, which OSv has in this form only.
"""

import ctypes
import os
import sys

from osv_filter import ALLOW, AF_INET, ARGUMENTS, ERROR, EXECVE, IF_EQUAL, LOAD, NUMBER, RETURN, SOCKET, SOCKETPAIR, refuse

_AF_UNIX, _SOCK_STREAM, _EAFNOSUPPORT = 1, 1, 97


def _only(call, *arguments):
    """Lets a call pass whose first arguments are these, in 32 bits each."""
    checks = [each for at, value in arguments for each in ((LOAD, 0, 0, at), (IF_EQUAL, 0, None, value))]
    whole = [(LOAD, 0, 0, NUMBER), (IF_EQUAL, 0, None, call), *checks, (RETURN, 0, 0, ALLOW)]
    # Where something is different, what follows this decides.
    return [(code, yes, len(whole) - at - 1 if no is None else no, value) for at, (code, yes, no, value) in enumerate(whole)]


program = ctypes.create_string_buffer(os.fsencode(sys.argv[1]))
place = ctypes.addressof(program)
refuse(
    [
        # Programs' addresses are random: no other program has its name in this place.
        *_only(EXECVE, (ARGUMENTS[0], place & 0xFFFFFFFF), (ARGUMENTS[0] + 4, place >> 32)),
        *_only(SOCKETPAIR, (ARGUMENTS[0], _AF_UNIX), (ARGUMENTS[1], _SOCK_STREAM), (ARGUMENTS[2], 0)),
        (LOAD, 0, 0, NUMBER),
        (IF_EQUAL, 0, 3, SOCKET),
        (LOAD, 0, 0, ARGUMENTS[0]),
        (IF_EQUAL, 1, 0, AF_INET),
        (RETURN, 0, 0, ERROR + _EAFNOSUPPORT),
    ]
)


def _texts(values):
    return (ctypes.c_char_p * (len(values) + 1))(*map(os.fsencode, values), None)


libc = ctypes.CDLL(None, use_errno=True)
variables = [f"{name}={value}" for name, value in os.environ.items() if not name.startswith("PYTHON")]
libc.execve(program, _texts(sys.argv[1:]), _texts(variables))
raise OSError(ctypes.get_errno(), "the program was not started")
