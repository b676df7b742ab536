"""
Writes the app's files below the task root as they come: docs/guest-protocol.md, FramesFiles.

Owns: what earlier Binds have written there, which a rehearsal may; it is removed before the next Bind's files are written.
"""

from __future__ import annotations

import json
import os
import shutil

from .disk import mount_disk
from .environment import task_root

#: The first parts of the paths that were written.
_written: set[str] = set()


def empty_task_root() -> None:
    for name in _written:
        path = os.path.join(task_root, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.remove(path)
    _written.clear()


def write_files(data: memoryview, files: dict) -> int:
    """Returns how many bytes of the data were the files'. Raises OSError if one cannot be written, and ValueError if the list is no good."""
    kind = files.get("type")
    if kind == "folder":
        _link_folder(files["path"], files.get("device"))
        return 0
    if kind != "frames":
        raise ValueError(f"the app's files come as {json.dumps(kind)}, which this agent does not know")
    at = files["list"]
    for path, size, is_executable in json.loads(bytes(data[:at])):
        _write(path, data[at : at + size], 0o755 if is_executable else 0o644)
        at += size
    if at != files["list"] + files["bytes"]:
        raise ValueError(f"the files are {at - files['list']} bytes; the Bind says {files['bytes']}")
    return at


def _link_folder(folder: str, device: str | None) -> None:
    """docs/guest-protocol.md, FolderFiles."""
    if device is not None:
        mount_disk(device, folder)
    os.makedirs(task_root, exist_ok=True)
    for name in os.listdir(folder):
        _written.add(name)
        os.symlink(os.path.join(folder, name), os.path.join(task_root, name))


def _write(path: str, content: memoryview, mode: int) -> None:
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"the file {path!r} is not below the task root")
    place = os.path.join(task_root, *parts)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    _written.add(parts[0])
    with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
