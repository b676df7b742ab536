"""
Makes a Linux kernel refuse what OSv lacks, as src/guest/testing/like-osv.ts does for Node's agent: a process that is started or forked, or
a socket that is neither TCP nor UDP over IPv4, ends this process at once by SIGSYS; clock_settime, clone3 and memfd_create do not exist.
"""

from __future__ import annotations

import ctypes
import struct

SOCKET, SOCKETPAIR, EXECVE = 41, 53, 59
_CLONE, _FORK, _VFORK, _CLOCK_SETTIME, _MEMFD_CREATE, _EXECVEAT, _CLONE3 = 56, 57, 58, 227, 319, 322, 435
_CLONE_THREAD, AF_INET = 0x10000, 2

# Classic BPF instructions, which seccomp runs over { u32 number, u32 architecture, u64 instruction, u64 arguments[6] }.
LOAD, IF_EQUAL, _IF_ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
NUMBER = 0
#: Where the lower halves of arguments are; the upper ones are 4 behind these.
ARGUMENTS = (16, 24, 32)
ALLOW, ERROR, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_NO_SUCH_CALL = ERROR + 38

Instruction = tuple[int, int, int, int]


def _when_is(call: int, result: int) -> list[Instruction]:
    return [(IF_EQUAL, 0, 1, call), (RETURN, 0, 0, result)]


_filter: list[Instruction] = [
    (LOAD, 0, 0, NUMBER),
    *(each for call in (_FORK, _VFORK, EXECVE, _EXECVEAT) for each in _when_is(call, _KILL_PROCESS)),
    *(each for call in (_CLOCK_SETTIME, _CLONE3, _MEMFD_CREATE) for each in _when_is(call, _NO_SUCH_CALL)),
    # Only threads may be cloned.
    (IF_EQUAL, 0, 4, _CLONE),
    (LOAD, 0, 0, ARGUMENTS[0]),
    (_IF_ANY_BIT, 1, 0, _CLONE_THREAD),
    (RETURN, 0, 0, _KILL_PROCESS),
    (RETURN, 0, 0, ALLOW),
    (IF_EQUAL, 1, 0, SOCKET),
    (IF_EQUAL, 0, 4, SOCKETPAIR),
    (LOAD, 0, 0, ARGUMENTS[0]),
    (IF_EQUAL, 1, 0, AF_INET),
    (RETURN, 0, 0, _KILL_PROCESS),
    (RETURN, 0, 0, ALLOW),
    (RETURN, 0, 0, ALLOW),
]


def refuse(first: list[Instruction] | None = None) -> None:
    """`first` is run before the filter. Both go on in programs that this process becomes."""
    all_of_it = [*(first or []), *_filter]
    program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *each) for each in all_of_it))
    # struct sock_fprog { u16 length; the program's address }
    header = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(all_of_it), ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    # PR_SET_NO_NEW_PRIVS; PR_SET_SECCOMP with SECCOMP_MODE_FILTER
    if libc.prctl(38, ctypes.c_ulong(1), zero, zero, zero) != 0 or libc.prctl(22, ctypes.c_ulong(2), header, zero, zero) != 0:
        raise OSError(ctypes.get_errno(), "the filter was refused")
