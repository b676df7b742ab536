"""What the runners of all kinds of handlers share."""

from __future__ import annotations

from dataclasses import dataclass

from ..crew import Crew
from ..exits import Exits
from ..invocation.failures import Failures
from .event_loop import EventLoop


@dataclass(frozen=True, slots=True)
class Machinery:
    crew: Crew
    loop: EventLoop
    failures: Failures
    exits: Exits


@dataclass(frozen=True, slots=True)
class AppFacts:
    """What handlers are told of the app."""

    name: str
    memory_mb: int
