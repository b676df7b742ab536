"""Bytes that arrive on one direction of a stream. They are kept until they are taken, and credit is granted as they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from .. import forks


class Inlet:
    """push() and fail() are called by the reading thread, take() by one consumer in any thread."""

    __slots__ = ("_chunks", "_ended", "_grant", "error", "listener")

    def __init__(self, grant: Callable[[int], None], first: bytes, ended: bool) -> None:
        """`grant` grants the sender credit for this many bytes."""
        self._chunks: deque[bytes] = deque([first] if first else [])
        self._ended = ended
        self._grant = grant
        #: Why the rest will not come, if it will not.
        self.error: BaseException | None = None
        #: Called, in the reading thread, whenever there is more to take.
        self.listener: Callable[[], None] | None = None

    def push(self, chunk: bytes, ended: bool) -> None:
        if self.error is not None or self._ended:
            return
        if chunk:
            self._chunks.append(chunk)
        # Last, because who sees that the body has ended takes no further look at its chunks.
        self._ended = ended
        if self.listener is not None:
            self.listener()

    def fail(self, error: BaseException) -> None:
        if self._ended:
            return
        self.error = error
        if self.listener is not None:
            self.listener()

    @property
    def ended(self) -> bool:
        """Whether all of the body has arrived."""
        return self._ended

    def take(self) -> tuple[bytes, bool]:
        """
        All bytes that are there, and whether the body ends with them. Raises the error if the rest will not come, and OSError in a forked process, to
        which no more comes.
        """
        if self.error is not None:
            raise self.error
        ended, chunks = self._ended, self._chunks
        if forks.is_child and not ended and not chunks:
            raise OSError("a forked process gets no more of the request's body than was there when it was forked")
        if len(chunks) <= 1:
            data = chunks.popleft() if chunks else b""
        else:
            data = b"".join([chunks.popleft() for _ in range(len(chunks))])
        if data and not ended:
            self._grant(len(data))
        return data, ended
