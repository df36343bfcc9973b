"""Joint states: what both hosts are in at the same time, and the moves between the pairs."""

from __future__ import annotations

from typing import NamedTuple

from ..net.world import World
from ..tcp.states import CLOSED, LISTEN, State

#: The states of the hosts' newest connections, in the hosts' order.
Joint = tuple[State, ...]


def joint_state(world: World) -> Joint:
    """For each host the state of its newest connection; LISTEN where there is only a listener, else CLOSED."""
    found = [CLOSED] * len(world.hosts)
    for conn in world.conns.values():
        if conn.tcb.state is LISTEN and found[conn.host] is CLOSED:
            found[conn.host] = LISTEN
    newest = [0] * len(world.hosts)
    for number, conn in world.conns.items():
        state = conn.tcb.state
        if state is not CLOSED and state is not LISTEN and number > newest[conn.host]:
            newest[conn.host] = number
            found[conn.host] = state
    return tuple(found)


class Edge(NamedTuple):
    """A change of the joint state, and the kind of move that made it (``deliver``, ``call``, ``timeout`` ...)."""

    src: Joint
    dst: Joint
    kind: str


def name_of(joint: Joint) -> str:
    """``ESTABLISHED/SYN_RECV``."""
    return "/".join(state.name for state in joint)
