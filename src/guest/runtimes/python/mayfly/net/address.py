"""Which addresses are the machine's own, and addresses that know the name that they were found by."""

from __future__ import annotations

import ipaddress


class FoundAddress(str):
    """
    An address that the host found for a name. Code passes what getaddrinfo() returned on to connect(), and so the name gets there, too: the
    host may allow the address by its name only. An address like the machine's own is the host's if it was found this way.
    """

    name: str

    def __new__(cls, address: str, name: str) -> FoundAddress:
        found = super().__new__(cls, address)
        found.name = name
        return found

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """A copy, or what is sent to another process, is a plain text."""
        return str, (str(self),)


def is_literal(host: str) -> bool:
    return _parsed(host) is not None


def is_local(host: str) -> bool:
    """Whether a destination is the machine itself, where a function may run a server of its own."""
    if isinstance(host, FoundAddress):
        return False
    address = _parsed(host)
    if address is None:
        name = host.lower().removesuffix(".")
        return name == "" or name == "localhost" or name.endswith(".localhost")
    mapped = address.ipv4_mapped if address.version == 6 else None
    if mapped is not None:
        address = mapped
    return address.is_loopback or address.is_unspecified


def _parsed(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
