"""
os.urandom and os.getrandom for a kernel that takes no entropy, so that its bytes may be the same as a sibling's: what it gives is mixed with
the host's bytes. secrets, uuid4 and random.SystemRandom draw from these.
"""

from __future__ import annotations

import hashlib
import os
import random
import threading

_urandom = os.urandom
_lock = threading.Lock()
_key = b""
_counter = 0


def mix(entropy: bytes) -> None:
    """From now on, and again at every resume."""
    global _key
    with _lock:
        _key = hashlib.blake2b(entropy, key=_key).digest()
    os.urandom = _mixed
    if hasattr(os, "getrandom"):
        os.getrandom = lambda size, flags=0: _mixed(size)
    random._urandom = _mixed  # type: ignore[attr-defined]


def _mixed(size: int, /) -> bytes:
    global _counter
    kernels = _urandom(size)
    with _lock:
        _counter += 1
        ours = hashlib.shake_256(_key + _counter.to_bytes(16, "little")).digest(size)
    return (int.from_bytes(kernels, "little") ^ int.from_bytes(ours, "little")).to_bytes(size, "little")
