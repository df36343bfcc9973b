"""Many connections to one server at once, against one alone: what a segment costs as their number grows."""

from __future__ import annotations

from tcpsim import State

from .cases import timed, two_hosts

#: Octets that each connection sends: some 50 segments with data, some 80 in all.
OCTETS_EACH = 73_000


def at_once(connections: int, octets: int = OCTETS_EACH) -> float:
    """ns a segment when so many connections to one server open at the same time, send, and close."""
    sim = two_hosts()
    data = bytes(octets)
    sim.script("server", ("listen", 80, "", connections), ("serve", "recv_to_end", "close"))
    for _ in range(connections):
        sim.script("client", "connect server 80", ("send", data), "close")
    ns = timed(lambda: sim.run(until="60s", limit=10**9))
    segments = sim.world.next_packet
    assert segments >= connections * octets / 1460
    states = [row["state"] for row in sim.hosts["client"].sockets()]
    assert states == [State.TIME_WAIT] * connections
    return ns / segments


def growth(connections: int) -> float:
    """How many times what a segment of one long transfer costs it costs with so many at once."""
    return at_once(connections) / at_once(1, 4_000_000)
