"""Ports: which one a connection gets, and who may be bound to one at the same time.

The ephemeral ports are chosen as the profile says: one after the other, or by RFC 6056's algorithm 3, whose
secret is the host's, so that the same simulation chooses the same ports every time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..tcp.profiles import Profile
from ..tcp.states import LISTEN
from .errnos import socket_error

if TYPE_CHECKING:
    from .host import Conn, HostData
    from .world import World

#: The addresses that stand for all of a host's, and the IP versions that each one covers.
WILDCARDS: Final = {"": "46", "0.0.0.0": "4", "::": "46"}


def first_port(profile: Profile) -> int:
    """Where the counter of ephemeral ports begins."""
    return profile.ephemeral_ports[0]


def candidates(host: HostData, address: str, remote: str, remote_port: int) -> Iterator[int]:
    """The ephemeral ports, each once, in the order in which they are tried; the counter goes on with each."""
    low, high = host.profile.ephemeral_ports
    size = high - low + 1
    offset = 0
    if host.profile.port_choice == "rfc6056":  # 3.3.3, simple hash-based selection
        from hashlib import blake2b  # here, so that starting up does not pay for it

        what = f"{address} {remote} {remote_port}".encode()
        offset = int.from_bytes(blake2b(what, digest_size=4, key=host.secret).digest(), "big")
    for _ in range(size):
        count = host.next_port - low
        host.next_port = low + (count + 1) % size
        yield low + (count + offset) % size


def free_port(host: HostData, address: str, remote: str, remote_port: int) -> int:
    """An ephemeral port whose 4-tuple is free.  Raises SocketError EADDRNOTAVAIL when there is none."""
    port = host.next_port
    low, high = host.profile.ephemeral_ports
    if host.profile.port_choice == "in_order" and (address, port, remote, remote_port) not in host.conns:
        host.next_port = port + 1 if port < high else low  # as below, for the usual case
        return port
    for port in candidates(host, address, remote, remote_port):
        if (address, port, remote, remote_port) not in host.conns:
            return port
    raise socket_error(
        "EADDRNOTAVAIL", f"connect() from {host.name}: no ephemeral port is free for {remote}:{remote_port}"
    )


def port_to_bind(world: World, host: HostData, conn: Conn, address: str) -> int:
    """A port for bind() to port 0: one that nobody has.  Raises SocketError EADDRINUSE when there is none."""
    taken = {other.tcb.flow[1] for other in world.conns.values() if other.host == host.index}
    for port in candidates(host, address, "", 0):
        if port not in taken:
            return port
    raise socket_error("EADDRINUSE", f"bind() on {host.name}: no ephemeral port is free")


def rival(world: World, host: HostData, conn: Conn, address: str, port: int) -> Conn | None:
    """Who keeps ``conn`` from being bound to (address, port); None when nobody does.

    Two sockets may share a port on different addresses, with SO_REUSEADDR on both while neither listens, and
    with SO_REUSEPORT on both.
    """
    for other in world.conns.values():
        if other is conn or other.host != host.index or other.tcb.flow[1] != port:
            continue
        if not overlap(address, conn, other.tcb.flow[0], other):
            continue
        if _both("SO_REUSEADDR", conn, other) and LISTEN not in (other.tcb.state, conn.tcb.state):
            continue
        if not _both("SO_REUSEPORT", conn, other):
            return other
    return None


def _both(name: str, one: Conn, other: Conn) -> bool:
    return (name, 1) in one.options and (name, 1) in other.options


def overlap(address: str, conn: Conn, other_address: str, other: Conn) -> bool:
    """Whether some packet could be for both addresses."""
    if address not in WILDCARDS and other_address not in WILDCARDS:
        return address == other_address
    return bool(set(_versions(address, conn)) & set(_versions(other_address, other)))


def _versions(address: str, conn: Conn) -> str:
    """The IP versions that an address stands for."""
    if address == "::" and ("IPV6_V6ONLY", 1) in conn.options:
        return "6"
    return WILDCARDS.get(address) or ("6" if ":" in address else "4")
