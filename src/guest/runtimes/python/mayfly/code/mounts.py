"""
Mounts the app's NFS exports. A program of the machine's image does it, and stays to carry their bytes: threads of this process cannot do it, because one that
waits for a file may keep the others from running.
"""

from __future__ import annotations

import os

from ..wire.protocol import MOUNTS_PROGRAM


class MountError(OSError):
    """Its text is a sentence for the app's owner."""


def mount_all(mounts: list[dict]) -> None:
    """Raises MountError with the reason if one cannot be mounted."""
    if not mounts:
        return
    words = [MOUNTS_PROGRAM]
    for one in mounts:
        ports = ",".join(map(str, one["ports"]))
        words += [one["server"], one["address"], ports, one["source"], one["path"], str(one["flags"]), one["options"]]
    reading, writing = os.pipe()
    try:
        outputs = [(os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_DUP2, writing, 2)]
        os.posix_spawn(MOUNTS_PROGRAM, words, {}, file_actions=[(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), *outputs])
    finally:
        os.close(writing)
    with open(reading, "rb") as output:
        # It closes its output when all is mounted, and goes on.
        said = output.read().decode("utf-8", "replace").strip()
    if said != "ok":
        raise MountError(said or "what mounts ended without a word")
