"""Mounts the disk of an app's files, in a machine with a kernel of its own. Python offers no call for that, so libc's is used."""

from __future__ import annotations

import os

_MS_RDONLY_NOSUID_NODEV = 1 | 2 | 4

_libc = None


def look_up_mount() -> None:
    """A template calls this before it is frozen, as loading ctypes takes many times longer than the mount itself."""
    global _libc
    if _libc is None:
        import ctypes

        _libc = ctypes.CDLL(None, use_errno=True)


def mount_disk(device: str, folder: str) -> None:
    """Mounts an erofs file system for reading only. Raises OSError."""
    look_up_mount()
    import ctypes

    os.makedirs(folder, exist_ok=True)
    flags = ctypes.c_ulong(_MS_RDONLY_NOSUID_NODEV)
    if _libc.mount(device.encode(), folder.encode(), b"erofs", flags, None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"the disk {device} of the app's files cannot be mounted: {os.strerror(number)}")
