"""A packet reaches its host: who it is for, and what answers it when it is for nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.arrives import arrives, reset_for
from ..tcp.core import child_block
from ..tcp.segment import ACK, RST, SYN, Segment
from ..tcp.states import CLOSED, LISTEN, TIME_WAIT
from .host import Conn, HostData
from .outbound import transmit
from .telling import drain

if TYPE_CHECKING:
    from .world import World

_NO_NUMBERS: Final = (CLOSED, 0, 0, 0, 0, 0, 0, None)


def arrive(world: World, seg: Segment, index: int) -> None:
    """A packet reaches its host: demultiplex by 4-tuple, then listener, then CLOSED."""
    host = world.hosts[index]
    if world.damaged and seg.id in world.damaged:
        world.damaged.discard(seg.id)
        if world.log is not None:
            world.log.append(("refused", world.now, host.name, None, world.cause, seg.id, "checksum"))
        return
    conn = host.conns.get(seg.flow)
    if world.log is not None:
        number = None if conn is None else conn.number
        world.cause = len(world.log)
        world.log.append(("arrived", world.now, host.name, number, None, seg.id))
        world.packet = seg.id
    if conn is None:
        listener = host.listener_for(seg.flow)
        if listener is None:
            _reset(world, host, seg)
            return
        conn = _child(world, host, listener, seg) if seg.flags & (SYN | RST | ACK) == SYN else listener
        if conn is None:
            return
    elif seg.flags & SYN:
        listener = host.listener_for(seg.flow)
        conn.reopens = conn.fd is None and listener is not None
        if conn.reopens and listener is not None and conn.tcb.state is TIME_WAIT:
            conn.listener = listener.number  # who accepts the new incarnation, if one begins
    world.touch(conn)
    arrives(conn, seg)
    if conn.listener is not None and conn.tcb.state is LISTEN:
        host.forget(conn)  # the next SYN, even in this event, begins a child of its own
    if conn.log:  # now, since another packet may arrive in the same event
        drain(world, conn)


def _child(world: World, host: HostData, listener: Conn, seg: Segment) -> Conn | None:
    """The connection that a SYN to ``listener`` begins; None when nobody accepts fast enough."""
    if len(listener.queue) >= listener.backlog:
        if world.log is not None:
            world.log.append(("refused", world.now, host.name, listener.number, world.cause, seg.id, "backlog"))
        return None
    child = world.new_conn(host, seg.flow, tcb=child_block(listener.tcb, seg.flow))
    child.listener = listener.number
    host.conns[seg.flow] = child
    return child


def _reset(world: World, host: HostData, seg: Segment) -> None:
    """No connection and no listener: answer as CLOSED does (RFC 9293 3.10.7.1)."""
    reset, verdict = reset_for(seg)
    if world.log is not None:
        told = ("check_closed", verdict.id, _NO_NUMBERS)
        world.log.append(("checked", world.now, host.name, None, world.cause, seg.id, *told))
    if reset is not None:
        transmit(world, host, reset, None)
