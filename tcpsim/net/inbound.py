"""A packet reaches a host: whether it is whole, who it is for, and what answers it when it is for nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.arrives import arrives, reset_for
from ..tcp.core import child_block
from ..tcp.segment import ACK, RST, SYN, Segment
from ..tcp.states import CLOSED, LISTEN, TIME_WAIT
from ..trace.raw import header_of
from .host import Conn, HostData
from .outbound import PLAIN, Mark, allowed, forward, refuse, settle, transmit
from .queues import be_born, has_no_room, must_wait
from .rebooting import is_off, is_quiet
from .route import is_group, is_unicast, owns
from .telling import drain

if TYPE_CHECKING:
    from .world import World

_NO_NUMBERS: Final = (CLOSED, 0, 0, 0, 0, 0, 0, None)


def arrive(world: World, seg: Segment, index: int) -> None:
    """A packet reaches a host: demultiplex by 4-tuple, then listener, then CLOSED."""
    host = world.hosts[index]
    if world.damaged and seg.id in world.damaged:
        decoded = _read(world, host, seg)
        if decoded is None:
            return
        seg = decoded
    conn = host.conns.get(seg.flow)
    if conn is None and not _is_for(world, host, seg):
        return
    if world.guards and not allowed(world, host, seg, "in"):
        return
    if world.log is not None:
        number = None if conn is None else conn.number
        world.cause = len(world.log)
        world.log.append(("arrived", world.now, host.name, number, None, seg.id))
        world.packet = seg.id
    if world.headers or world.heard:
        mark = world.headers.pop(seg.id, PLAIN)
    else:
        mark = PLAIN
    if conn is None:
        listener = host.listener_for(seg.flow)
        if listener is None:
            _reset(world, host, seg)
            return
        conn = _child(world, host, listener, seg) if seg.flags & (SYN | RST | ACK) == SYN else listener
        if conn is None:
            return
    elif conn.embryo and must_wait(world.conns.get(conn.listener or 0), conn, seg):
        _no_room(world, host, conn, seg, "accept queue")
        return
    elif seg.flags & SYN:
        _prepare_reopening(host, conn)
    if (mark is not PLAIN or world.heard) and conn.tcb.flow[3]:
        _hear(world, conn, mark)
    world.touch(conn)
    arrives(conn, seg)
    if conn.tcb.previous is not None and not conn.embryo:
        _reopened(world, host, conn)
    if conn.listener is not None and conn.tcb.state is LISTEN:
        host.forget(conn)  # the next SYN, even in this event, begins a child of its own
    if conn.log:  # now, since another packet may arrive in the same event
        drain(world, conn)


def _is_for(world: World, host: HostData, seg: Segment) -> bool:
    """Whether a packet without a connection is for this host; if not, it goes on or is dropped, as it deserves."""
    destination = seg.flow[0]
    if world.off and is_off(world, host.index):
        refuse(world, host, seg, "host is off")
        return False
    if not owns(host, destination):
        if is_group(destination):  # RFC 1122 4.2.3.10: no answer of any kind (MUST-57)
            refuse(world, host, seg, "destination is a group")
        elif world.forwards[host.index]:
            forward(world, host, seg)
        else:
            refuse(world, host, seg, "not for this host")
        return False
    if not is_unicast(seg.flow[2]):  # MUST-63
        refuse(world, host, seg, "source is no host's address")
        return False
    return True


def _hear(world: World, conn: Conn, mark: Mark) -> None:
    """Remember what the last packet of a connection said beside TCP (MAY-9); nothing, where that is usual."""
    if mark != PLAIN:
        world.heard[conn.number] = mark
    elif conn.number in world.heard:
        del world.heard[conn.number]


def _read(world: World, host: HostData, seg: Segment) -> Segment | None:
    """A damaged packet, as its octets read now; None when a checksum gives it away, and it is dropped."""
    from ..tcp.wire import WireError, decode, decode_ip, encode

    bits = world.damaged.pop(seg.id)
    mark = world.headers.get(seg.id, PLAIN)
    try:
        octets = encode(seg, ttl=mark.ttl, dscp=mark.dscp)
        meant = decode(octets)
        damaged = _flipped(octets, bits)
        datagram = decode_ip(damaged)
        if not owns(host, seg.flow[0]):  # routers look at the IP header alone
            world.damaged[seg.id] = bits
            return seg
        found = decode(damaged)
    except WireError as error:
        refuse(world, host, seg, _given_away(str(error)))
        return None
    if (datagram.ttl, datagram.dscp) != mark:
        world.headers[seg.id] = Mark(datagram.ttl, datagram.dscp)
    if found == meant:
        return seg
    # Nobody has noticed: the network has made another packet of it.
    settle(world, seg.id)
    world.next_packet = found.id = world.next_packet + 1
    if world.log is not None:
        told = header_of(found, data=world.full)
        world.log.append(("injected", world.now, "", None, world.cause, found.id, told))
    return found


def _flipped(octets: bytes, bits: tuple[int, ...]) -> bytes:
    """``octets`` with those bits the other way round, counted from the first octet's highest."""
    damaged = bytearray(octets)
    for bit in bits:
        damaged[bit >> 3] ^= 128 >> (bit & 7)
    return bytes(damaged)


def _given_away(problem: str) -> str:
    """The name of the check that a damaged packet has failed."""
    for name in ("TCP checksum", "IPv4 header checksum"):
        if name in problem:
            return name
    return "TCP header" if "TCP" in problem else "IP header"


def _child(world: World, host: HostData, listener: Conn, seg: Segment) -> Conn | None:
    """The connection that a SYN to ``listener`` begins; None when nobody accepts fast enough."""
    full = has_no_room(listener)
    if full:
        _no_room(world, host, listener, seg, full)
        return None
    if world.quiet and is_quiet(world, host.index):
        refuse(world, host, seg, "quiet time", listener.number)
        return None
    child = world.new_conn(host, seg.flow, tcb=child_block(listener.tcb, seg.flow))
    be_born(world, listener, child)
    host.conns[seg.flow] = child
    return child


def _no_room(world: World, host: HostData, conn: Conn, seg: Segment, queue: str) -> None:
    """A queue is full: the segment is dropped without a word, and its sender will try again."""
    if world.log is not None:
        world.log.append(("refused", world.now, host.name, conn.number, world.cause, seg.id, queue))


def _prepare_reopening(host: HostData, conn: Conn) -> None:
    """A SYN for a connection that exists: in TIME_WAIT it may begin a new incarnation, if somebody listens."""
    listener = host.listener_for(conn.tcb.flow)
    conn.reopens = conn.fd is None and listener is not None
    if conn.reopens and listener is not None and conn.tcb.state is TIME_WAIT:
        conn.listener = listener.number  # who accepts the new incarnation
        conn.iss_given = host.given_iss()


def _reopened(world: World, host: HostData, conn: Conn) -> None:
    """A new incarnation has begun in TIME_WAIT (MAY-2): it has taken the host's next ISS, and is a listener's child."""
    host.next_iss()
    listener = world.conns.get(conn.listener or 0)
    if listener is not None:
        be_born(world, listener, conn)


def _reset(world: World, host: HostData, seg: Segment) -> None:
    """No connection and no listener: answer as CLOSED does (RFC 9293 3.10.7.1)."""
    reset, verdict = reset_for(seg)
    if world.log is not None:
        told = ("check_closed", verdict.id, _NO_NUMBERS)
        world.log.append(("checked", world.now, host.name, None, world.cause, seg.id, *told))
    silent = host.profile.blackhole
    if reset is not None and not (silent and (silent > 1 or seg.flags & SYN)):
        transmit(world, host, reset, None)
