"""Which way a packet goes: addresses, the next link, and the address a connection begins from.

Routes follow the fewest links, over hosts that forward; of equal ones the link that was made first.  Routes given
by hand come before, the longest prefix first.  They are looked up once and remembered until something changes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ..tcp.errors import TcpsimError
from .host import HostData

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    from .world import World

#: What ``lookup`` answers beside the place of a path: the host itself, and no route.
HERE: Final = -1
NOWHERE: Final = -2

#: ``(network, index of the next host)``: a route given by hand.
Route = tuple[str, int]


def lookup(world: World, index: int, address: str) -> int:
    """The place in ``world.paths`` of the link that host ``index`` sends to ``address`` over; ``HERE``; ``NOWHERE``.

    Remembers the answer in ``world.routes``, which copies of a world share: it follows from the topology alone.
    """
    known = world.routes[index].get(address)
    if known is not None:
        return known
    found = _find(world, index, address)
    world.routes[index][address] = found
    return found


def _find(world: World, index: int, address: str) -> int:
    owner = world.by_address.get(address)
    if owner == index or is_loopback(address):
        return HERE
    via = _by_hand(world, index, address)
    if via is not None:
        return world.joined[index, via]
    if owner is None:
        return NOWHERE
    # Breadth first, links in the order in which they were made.
    first: dict[int, int] = {}
    reached = [index]
    for host in reached:
        if host != index and not world.forwards[host]:
            continue
        for neighbour, place in world.neighbours[host].items():
            if neighbour != index and neighbour not in first:
                first[neighbour] = place if host == index else first[host]
                if neighbour == owner:
                    return first[neighbour]
                reached.append(neighbour)
    return NOWHERE


def _by_hand(world: World, index: int, address: str) -> int | None:
    best, via = -1, None
    for network, host in world.by_hand[index]:
        length = prefix_of(network, address)
        if length > best:
            best, via = length, host
    return via


def next_mtu(world: World, index: int, address: str) -> int | None:
    """The MTU of the first link from host ``index`` to ``address``, octets; None where nothing limits it.

    The one place to ask: a stack derives from it what it announces and sends (RFC 9293 3.7.1).
    """
    place = world.routes[index].get(address)
    if place is None:
        place = lookup(world, index, address)
    return world.paths[place].weather.mtu if place >= 0 else None


# -- addresses


def _parsed(address: str) -> IPv4Address | IPv6Address:
    from ipaddress import ip_address  # here, so that starting up does not pay for it

    return ip_address(address)


def is_loopback(address: str) -> bool:
    """Whether an address means the host itself, whichever it is."""
    return address.startswith("127.") or address == "::1"


@lru_cache(maxsize=1024)
def is_group(address: str) -> bool:
    """Whether an address means many hosts: multicast, or IPv4's limited broadcast."""
    return address == "255.255.255.255" or _parsed(address).is_multicast


@lru_cache(maxsize=1024)
def is_unicast(address: str) -> bool:
    """Whether a host can have the address (RFC 1122 3.2.1.3)."""
    parsed = _parsed(address)
    return not (is_group(address) or parsed.is_unspecified or (parsed.version == 4 and parsed.is_reserved))


def owns(host: HostData, address: str) -> bool:
    """Whether packets to ``address`` are for ``host``."""
    return address in host.addresses or is_loopback(address)


def source_for(host: HostData, address: str) -> str:
    """The address from which ``host`` talks to ``address`` (MUST-44; RFC 6724: rules 1 and 8).

    The address itself, if it is the host's own; of those of the same IP version the one that shares the longest
    prefix, and of equal ones the first.  Raises TcpsimError when the host has none of that version.
    """
    if address in host.addresses:
        return address
    if is_loopback(address):
        return "::1" if ":" in address else "127.0.0.1"
    wide = ":" in address
    candidates = [own for own in host.addresses if (":" in own) == wide]
    if not candidates:
        version = 6 if wide else 4
        raise TcpsimError(f"host {host.name} has no IPv{version} address to reach {address} from")
    return max(candidates, key=lambda own: (_shared(own, address), -candidates.index(own)))


@lru_cache(maxsize=4096)
def _shared(one: str, other: str) -> int:
    """How many leading bits two addresses of one version share."""
    a, b = _parsed(one), _parsed(other)
    return a.max_prefixlen - (int(a) ^ int(b)).bit_length()


@lru_cache(maxsize=1024)
def parse_network(text: str, what: str) -> IPv4Network | IPv6Network:
    """``"10.0.0.0/24"``, ``"10.0.0.1"``.  Raises TcpsimError naming ``what``."""
    from ipaddress import ip_network

    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise TcpsimError(f"{what}: {text!r} is no address or network; write 10.0.0.1 or 10.0.0.0/24") from None


@lru_cache(maxsize=4096)
def prefix_of(network: str, address: str) -> int:
    """The length of the network's prefix if it holds the address; -1 otherwise."""
    parsed = parse_network(network, "route")
    return parsed.prefixlen if _parsed(address) in parsed else -1
