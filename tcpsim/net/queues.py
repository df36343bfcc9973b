"""What users are told: the queues of a listener, and the notices that a socket's owner reads.

A listener has handshakes that are not finished, and connections that wait for accept().
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.segment import ACK, RST, SYN, Segment
from ..tcp.states import SYN_RECV, Do
from .host import CONNECTED, UNCONNECTED, Conn, Notice
from .scripts import advance
from .sockopts import option

if TYPE_CHECKING:
    from .world import World

#: What a socket's owner finds among its notices, though no call was made (RFC 9293 3.9.1.8, 3.8.5).
NOTICED: Final = {
    Do.SIGNAL_R1: "delivery trouble: a segment was retransmitted several times",
    Do.SIGNAL_URGENT: "urgent data",
    Do.SIGNAL_SOFT_ERROR: "the network reports {}",
}

#: How many notices wait for their owner; of more, the oldest are forgotten: a peer must not fill the memory.
MOST_NOTICES: Final = 64


def has_no_room(listener: Conn) -> str:
    """Why a SYN is dropped; ``""`` when there is room.

    One number bounds handshakes and waiting connections together, or as Linux has it each of them.
    """
    if listener.profile.queues_apart:
        if len(listener.queue) >= listener.backlog:
            return "accept queue"
        return "SYN queue" if listener.embryos >= listener.backlog else ""
    return "backlog" if len(listener.queue) + listener.embryos >= listener.backlog else ""


def must_wait(listener: Conn | None, child: Conn, seg: Segment) -> bool:
    """Whether the segment that would finish a handshake is ignored, because nobody accepts fast enough."""
    return (
        listener is not None
        and child.profile.queues_apart
        and child.tcb.state is SYN_RECV
        and len(listener.queue) >= listener.backlog
        and seg.flags & (SYN | RST | ACK) == ACK
    )


def be_born(world: World, listener: Conn, child: Conn) -> None:
    """A SYN has begun ``child``; its socket's options are the listener's."""
    child.listener = listener.number
    child.options = listener.options
    child.stage, child.shut, child.told = UNCONNECTED, 0, False
    child.embryo = True
    listener.embryos += 1
    if listener.number in world.marks:
        world.marks[child.number] = world.marks[listener.number]


def grow_up(listener: Conn | None, child: Conn) -> None:
    """``child`` has left SYN_RECV, in whatever way."""
    child.embryo = False
    if listener is not None:
        listener.embryos -= 1


def tell_users(world: World, conn: Conn) -> None:
    """What the user is told: a new connection is queued for accept(); all of it goes into the trace."""
    for signal in conn.signals:
        if world.log is not None:
            where = world.hosts[conn.host].name
            world.log.append(("note", world.now, where, conn.number, world.cause, signal.value))
        if signal in NOTICED and (signal is Do.SIGNAL_URGENT or option(conn, "IP_RECVERR")):
            text = NOTICED[signal].format(conn.tcb.soft_error)
            conn.notices = (*conn.notices, Notice(world.now, text))[-MOST_NOTICES:]
        if signal is Do.SIGNAL_OPEN and conn.listener is not None:
            _queue(world, world.conns[conn.listener], conn)
    conn.signals.clear()


def _queue(world: World, listener: Conn, conn: Conn) -> None:
    """A handshake is finished: the connection waits to be accepted.  Who stops listening ends all handshakes."""
    conn.stage = CONNECTED
    listener.queue += (conn.number,)
    conn.waiting = True
    if listener.owner is not None and listener.owner in world.scripts:
        advance(world, world.scripts[listener.owner])
