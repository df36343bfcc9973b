"""Copying a world for one event: an event changes one host, so the others can be shared.

For drivers that keep many worlds and make every move by hand, such as the explorer.
"""

from __future__ import annotations

from .world import World


def branch(world: World, index: int | None) -> World:
    """A copy in which an event on the host ``index`` may happen; with None, one of the network alone.

    Other hosts and their connections are shared with ``world``, and so are the links, whose count of packets
    matters to planned faults only.  There is no trace, and the event heap is left behind: what is due can only
    be made to happen by hand.
    """
    new = World.__new__(World)
    new.seed = world.seed
    new.now = world.now
    new.conns = conns = world.conns.copy()
    if index is None:
        new.hosts = world.hosts
    else:
        own = {number: conn.copy() for number, conn in conns.items() if conn.host == index}
        conns.update(own)
        new.hosts = world.hosts.copy()
        new.hosts[index] = world.hosts[index].copy(own)
    new.by_address = world.by_address
    new.paths = world.paths
    # A script is changed by events of its own host only.
    new.scripts = {number: one.copy() if one.host == index else one for number, one in world.scripts.items()}
    new.flight = world.flight.copy()
    new.damaged = world.damaged.copy()
    new.heap = []
    new.serial = world.serial
    new.next_packet = world.next_packet
    new.next_conn = world.next_conn
    new.next_script = world.next_script
    new.log = None
    new.full = False
    new._dirty = []
    new.cause = None
    new.packet = 0
    new.before = {}
    return new
