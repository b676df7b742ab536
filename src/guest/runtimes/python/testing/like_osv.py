"""
Runs the agent under Linux with a kernel that refuses what OSv lacks, as src/guest/testing/like-osv.ts does for Node's: a process that is
started or forked, or a socket that is neither TCP nor UDP over IPv4, ends the agent at once by SIGSYS; clock_settime and clone3 do not exist.
"""

import ctypes
import runpy
import struct

_SOCKET, _SOCKETPAIR, _CLONE, _FORK, _VFORK, _EXECVE, _CLOCK_SETTIME, _EXECVEAT, _CLONE3 = 41, 53, 56, 57, 58, 59, 227, 322, 435
_CLONE_THREAD, _AF_INET = 0x10000, 2

# Classic BPF instructions, which seccomp runs over { u32 number, u32 architecture, u64 instruction, u64 arguments[6] }.
_LOAD, _IF_EQUAL, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_FIRST_ARGUMENT = 16
_ALLOW, _KILL_PROCESS, _NO_SUCH_CALL = 0x7FFF0000, 0x80000000, 0x00050000 + 38


def _when_is(call, result):
    return [(_IF_EQUAL, 0, 1, call), (_RETURN, 0, 0, result)]


_filter = [
    (_LOAD, 0, 0, 0),
    *(each for call in (_FORK, _VFORK, _EXECVE, _EXECVEAT) for each in _when_is(call, _KILL_PROCESS)),
    *(each for call in (_CLOCK_SETTIME, _CLONE3) for each in _when_is(call, _NO_SUCH_CALL)),
    # Only threads may be cloned.
    (_IF_EQUAL, 0, 4, _CLONE),
    (_LOAD, 0, 0, _FIRST_ARGUMENT),
    (_IF_ANY_BIT, 1, 0, _CLONE_THREAD),
    (_RETURN, 0, 0, _KILL_PROCESS),
    (_RETURN, 0, 0, _ALLOW),
    (_IF_EQUAL, 1, 0, _SOCKET),
    (_IF_EQUAL, 0, 4, _SOCKETPAIR),
    (_LOAD, 0, 0, _FIRST_ARGUMENT),
    (_IF_EQUAL, 1, 0, _AF_INET),
    (_RETURN, 0, 0, _KILL_PROCESS),
    (_RETURN, 0, 0, _ALLOW),
    (_RETURN, 0, 0, _ALLOW),
]


def _refuse():
    program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *each) for each in _filter))
    # struct sock_fprog { u16 length; the program's address }
    header = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(_filter), ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    # PR_SET_NO_NEW_PRIVS; PR_SET_SECCOMP with SECCOMP_MODE_FILTER
    if libc.prctl(38, ctypes.c_ulong(1), zero, zero, zero) != 0 or libc.prctl(22, ctypes.c_ulong(2), header, zero, zero) != 0:
        raise OSError(ctypes.get_errno(), "the filter was refused")


_refuse()
runpy.run_module("mayfly", run_name="__main__")
