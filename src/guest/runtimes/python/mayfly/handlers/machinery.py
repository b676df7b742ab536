"""What the runners of all kinds of handlers share."""

from __future__ import annotations

from dataclasses import dataclass

from ..crew import Crew
from ..exits import Exits
from ..invocation.failures import Failures
from ..log.log import Log
from .event_loop import EventLoop


@dataclass(frozen=True, slots=True)
class Machinery:
    crew: Crew
    loop: EventLoop
    failures: Failures
    exits: Exits
    log: Log


@dataclass(frozen=True, slots=True)
class AppFacts:
    """What handlers are told of the app."""

    name: str
    memory_mb: int
    #: The most invocations that the machine gets at a time.
    concurrency: int
