"""Whether connections may leave the machine."""

from __future__ import annotations

import re

NO_NETWORK = 'this app has no network: set "network": "egress" in mayfly.json'
#: `<function>.mayfly.internal` leads to a function of the app itself, by an address that leads nowhere else.
INTERNAL = re.compile(r"(.+\.mayfly\.internal\.?|198\.18\.\d+\.\d+)", re.IGNORECASE)
IN_CHILD = "a forked process has no network; only the process that serves calls has"


class Permission:
    """
    `refusal` is why nothing may leave; None if the host is to be asked. It is read when something connects.

    `leaves_to_kernel` says that nobody is asked here: the kernel leads connections to the agent, which is another process.
    """

    def __init__(self) -> None:
        self.refusal: str | None = NO_NETWORK
        self.leaves_to_kernel = False
        #: Whether the kernel does so, for every process of the machine.
        self.is_redirected = False

    def refusal_of(self, host: str) -> str | None:
        """Why nothing may lead to this name or address; functions of the app may be called without a network."""
        return None if self.refusal is NO_NETWORK and INTERNAL.fullmatch(host) else self.refusal

    def bound(self, egress: bool) -> None:
        self.refusal = None if egress else NO_NETWORK

    def in_child(self) -> None:
        """In a forked process, which cannot use its parent's channel."""
        self.refusal = IN_CHILD
        self.leaves_to_kernel = self.is_redirected
