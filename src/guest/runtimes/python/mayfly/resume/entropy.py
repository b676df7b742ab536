"""
Gives every random source that a clone shares with its siblings bytes of its own: the kernel's, OpenSSL's, `random`'s, and what modules of
the standard library have drawn ahead. The seed of str's hash is the same in all clones of a template; Python cannot change it.
"""

from __future__ import annotations

import fcntl
import random
import sys

from ..osv import on_osv
from .mixed_bytes import mix

#: _IOW('R', 3, int[2]) and _IO('R', 7) of linux/random.h.
_RNDADDENTROPY = 0x40085203
_RNDRESEEDCRNG = 0x5207
#: How many of the 64 bytes the kernel gets. Each source gets different bytes, so that none reveals another's.
_KERNEL_BYTES = 24


def spread_entropy(entropy: bytes, own_kernel: bool, clone: bool) -> list[str]:
    """
    Returns sentences on what failed.

    `own_kernel`: this machine has a kernel of its own to reseed. `clone`: siblings share all that was drawn so far. Later the process is no
    clone of another any more, and the app may have seeded `random` on purpose.
    """
    failures: list[str] = []
    if on_osv:
        mix(entropy)
    elif own_kernel:
        failures += _reseed_kernel(entropy[:_KERNEL_BYTES])
    # OpenSSL comes after the kernel, because it then takes a seed from the kernel as well.
    failures += _reseed_tls(entropy[_KERNEL_BYTES : 2 * _KERNEL_BYTES])
    if clone:
        random.seed(entropy[2 * _KERNEL_BYTES :])
        _forget_drawn()
    return failures


def _reseed_kernel(data: bytes) -> list[str]:
    # struct rand_pool_info: bits of entropy, bytes, bytes…
    pool = (len(data) * 8).to_bytes(4, "little") + len(data).to_bytes(4, "little") + data
    try:
        with open("/dev/urandom", "rb", buffering=0) as device:
            fcntl.ioctl(device, _RNDADDENTROPY, pool)
            fcntl.ioctl(device, _RNDRESEEDCRNG)
    except OSError as error:
        return [f"the kernel's random source was not reseeded: {error}"]
    return []


def _reseed_tls(data: bytes) -> list[str]:
    try:
        from _ssl import RAND_add
    except ImportError:
        return []  # a Python without OpenSSL, which then has nothing to reseed
    RAND_add(data, float(len(data)))
    return []


def _forget_drawn() -> None:
    """The names of temporary files, the node and clock of version 1 UUIDs, and the generator that numpy's functions share."""
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None  # type: ignore[attr-defined]
    uuid = sys.modules.get("uuid")
    if uuid is not None:
        uuid._node = uuid._last_timestamp = None  # type: ignore[attr-defined]
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed()
