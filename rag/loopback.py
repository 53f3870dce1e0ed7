"""Whether a request was made on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import urlsplit

_PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def of_this_machine(headers: Mapping[str, str]) -> bool:
    """Whether a request with these headers was made here, by this server's own page or a program.

    Another site can make a browser ask here, but not in this server's name.
    """
    names = [headers.get("host", "")]
    if "origin" in headers:
        names.append(urlsplit(headers["origin"]).netloc)
    if any(name in headers for name in _PASSED_ON):
        return False
    return all(is_loopback(urlsplit(f"//{name}").hostname or "") for name in names)


class Addresses:
    """Those of some networks: `in` tells whether an address is one of them."""

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network]) -> None:
        self._networks = tuple(networks)

    def __contains__(self, host: object) -> bool:
        try:
            address = ip_address(str(host))
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
