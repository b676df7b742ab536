"""The names by which programs have found addresses: a program connects to an address, but the host may allow it by its name only."""

from __future__ import annotations

_MOST_ADDRESSES = 1_000
_MOST_NAMES = 4


class FoundNames:
    def __init__(self) -> None:
        #: The names of each address, the last one first.
        self._names: dict[str, list[str]] = {}

    def learn(self, name: str, addresses: list[str]) -> None:
        for address in addresses:
            others = [each for each in self._names.pop(address, []) if each != name]
            self._names[address] = [name, *others][:_MOST_NAMES]
        while len(self._names) > _MOST_ADDRESSES:
            del self._names[next(iter(self._names))]

    def of(self, address: str) -> list[str]:
        return self._names.get(address, [])
