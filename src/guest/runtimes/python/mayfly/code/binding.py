"""A Bind that is arriving: its message, and the files and the code that follow."""

from __future__ import annotations

import json
from collections.abc import Callable

#: Called with the message and all bytes that followed.
OnComplete = Callable[[dict, bytes], None]


class Binding:
    def __init__(self, message: bytes, first: bytes, on_complete: OnComplete) -> None:
        """`first` is what came in the frame of the message."""
        self._message = json.loads(message)
        self._chunks = [first]
        self._on_complete = on_complete
        #: What comes behind the end is ignored, also while code is evaluated ahead.
        self._is_complete = False

    def data(self, chunk: bytes, ended: bool) -> None:
        if self._is_complete:
            return
        self._chunks.append(chunk)
        if ended:
            self.complete()

    def complete(self) -> None:
        self._is_complete = True
        self._on_complete(self._message, b"".join(self._chunks))

    def credit(self, size: int) -> None:
        """Credit does not apply to a Bind."""

    def reset(self, code: int, message: str) -> None:
        """The host kills the machine if a Bind fails."""
