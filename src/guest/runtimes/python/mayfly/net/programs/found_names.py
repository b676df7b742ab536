"""
The names by which programs have found addresses: a program connects to an address, but the host may allow it by its name only.

1. Names that the operator's host has for itself have addresses like the machine's own. A program gets others in their place, so that its
   connections leave the machine.
"""

from __future__ import annotations

from ..address import is_local

_MOST_ADDRESSES = 1_000
_MOST_NAMES = 4
#: 240.0.0.2 and up: reserved, so that nothing else has them. gVisor has given 240.0.0.1 to the loopback.
_FIRST_STAND_IN = 2
_IPV4 = 4


class FoundNames:
    def __init__(self) -> None:
        #: The names of each address, the last one first.
        self._names: dict[str, list[str]] = {}
        #: By the host's name and its address.
        self._stand_ins: dict[tuple[str, str], str] = {}
        self._behind: dict[str, tuple[str, str]] = {}

    def learn(self, name: str, found: list[dict]) -> list[dict]:
        """Takes addresses as the host's Resolved has them, and returns them as a program is to be told them."""
        if is_local(name):
            return found
        for each in found:
            others = [other for other in self._names.pop(each["address"], []) if other != name]
            self._names[each["address"]] = [name, *others][:_MOST_NAMES]
        while len(self._names) > _MOST_ADDRESSES:
            del self._names[next(iter(self._names))]
        return [self._outward(name, each) for each in found]

    def of(self, address: str) -> list[str]:
        return self._names.get(address, [])

    def behind(self, address: str) -> tuple[str, str] | None:
        """The address and the name that a stand-in stands for."""
        return self._behind.get(address)

    def _outward(self, name: str, found: dict) -> dict:
        if not is_local(found["address"]):
            return found
        key = name, found["address"]
        if key not in self._stand_ins:
            if len(self._stand_ins) >= _MOST_ADDRESSES:
                self._stand_ins.clear()
            number = _FIRST_STAND_IN + len(self._stand_ins)
            self._stand_ins[key] = f"240.0.{number >> 8}.{number & 0xFF}"
            self._behind[self._stand_ins[key]] = found["address"], name
        return {"address": self._stand_ins[key], "family": _IPV4}
