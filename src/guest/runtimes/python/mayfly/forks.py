"""
Processes that the app forks, with os.fork(), multiprocessing or a server's workers. Each begins as a copy of the agent: with the channel,
without the agent's threads, and with every lock as it happened to be.

1. It sends nothing to the host, to which two processes would speak at once. What it prints goes to descriptors 1 and 2, as a program's does.
2. It waits for no lock that a thread held which it does not have.
3. It ends when the function that forked it returns, in place of serving calls as well, and whatever that returns goes nowhere. So it waits for nothing
   that only the host could give it: credit for a large reply, or more of a request's body.
"""

from __future__ import annotations

import os
from collections.abc import Callable

#: Whether this is such a process.
is_child = False


def call_in_children(*calls: Callable[[], None]) -> None:
    """They run in each process that is forked from now on, before any code of the app's."""
    if not hasattr(os, "register_at_fork"):
        return  # OSv has no processes

    def begin() -> None:
        global is_child
        is_child = True
        for call in calls:
            call()

    os.register_at_fork(after_in_child=begin)
