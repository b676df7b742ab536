"""Which invocation the running code belongs to. Threads and tasks that a handler starts inherit it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .invocation import Invocation

#: None outside of invocations, for example while a module is loaded.
current: ContextVar[Invocation | None] = ContextVar("mayfly-invocation", default=None)
