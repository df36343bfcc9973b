"""A packet leaves a host: which way it goes, and what the link does to it."""

from __future__ import annotations

from heapq import heappush
from typing import TYPE_CHECKING, Final, NamedTuple

from ..tcp.arrives import reset_for
from ..tcp.errors import TcpsimError
from ..tcp.notices import TOO_BIG
from ..tcp.segment import CE, Segment
from ..trace.raw import header_of
from .chance import draw
from .crossing import cross, size_of
from .firewall import guard
from .host import HostData
from .icmp import report
from .link import Path
from .route import HERE, lookup

if TYPE_CHECKING:
    from .world import World

#: What a heap entry of the world is about, when it is about a packet in flight.
PACKET: Final = 0


class Mark(NamedTuple):
    """What a packet's IP header says besides the addresses: hops left, 0 .. 255, and DSCP, 0 .. 63."""

    ttl: int = 64
    dscp: int = 0


#: What a packet says that says nothing else.
PLAIN: Final = Mark()


def check_mark(ttl: object, dscp: object, what: str) -> Mark:
    """A mark from numbers.  Raises TcpsimError that says which are right (RFC 791, RFC 2474)."""
    for name, value, least, most in (("ttl", ttl, 1, 255), ("dscp", dscp, 0, 63)):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise TcpsimError(f"{what}: {name} {value!r} is not in {least} .. {most}")
    assert isinstance(ttl, int)
    assert isinstance(dscp, int)
    return Mark(ttl, dscp)


def transmit(world: World, host: HostData, seg: Segment, conn: int | None, *, guarded: bool = True) -> None:
    """Put a segment of ``host`` on its way to its destination; ``guarded``: past the host's firewall."""
    world.next_packet = seg.id = world.next_packet + 1
    log = world.log
    if log is not None:
        told = header_of(seg, data=world.full)
        log.append(("sent", world.now, host.name, conn, world.cause, seg.id, told))
    if world.marks:
        mark = world.marks.get(conn or 0) or world.marks.get(host.name)
        if mark is not None:
            world.headers[seg.id] = mark
    if guarded and world.guards and not allowed(world, host, seg, "out", conn):
        return
    place = world.routes[host.index].get(seg.flow[0])
    if place is None:
        place = lookup(world, host.index, seg.flow[0])
    if place < 0:
        if place == HERE:
            fly(world, seg, world.now, host.index)
        else:
            refuse(world, host, seg, "no route", conn)
        return
    path = world.paths[place]
    if path.count >= path.clear and not path.foresee():
        carry(world, host, path, seg, conn)
        return
    path.count += 1
    world.flight[seg.id] = (due := world.now + path.delay, seg, path.target)
    world.serial += 1
    heappush(world.heap, (due, world.serial, PACKET, seg.id))


def carry(world: World, host: HostData, path: Path, seg: Segment, conn: int | None = None) -> None:
    """Put a packet on a link with weather."""
    path.count += 1
    mtu = path.weather.mtu
    if mtu is not None and size_of(seg) > mtu:
        path.hit("mtu")
        refuse(world, host, seg, f"MTU {mtu}", conn)
        report(world, host, TOO_BIG, seg, mtu)
        return
    fate = cross(world, path, seg)
    if not fate.copies:
        if fate.refused:
            refuse(world, host, seg, fate.by, conn)
        else:
            lose(world, seg, fate.by, conn)
        return
    if fate.marks and seg.ecn in (1, 2):
        seg = _mark(world, path, seg, fate.marks, conn)
    fly(world, seg, fate.due, path.target)
    if fate.corrupt:
        flip(world, seg, int(draw(path.stream("bit"), path.count) * 8 * size_of(seg)))
    if fate.copies == 2:
        double(world, seg, fate.due, path.target, fate.by)


def _mark(world: World, path: Path, seg: Segment, marks: list[str], conn: int | None) -> Segment:
    """The packet as it goes on: it tells that it has met congestion (RFC 3168 5)."""
    for by in marks:
        path.hit(by)
    found = seg.replace(ecn=CE)  # other copies of the world may have it in flight
    found.id = seg.id
    if world.log is not None:
        world.log.append(("marked", world.now, "", conn, world.cause, seg.id, marks[0]))
    return found


def allowed(world: World, host: HostData, seg: Segment, direction: str, conn: int | None = None) -> bool:
    """Whether the host's firewall lets a packet pass; a rejected one is answered."""
    decision = guard(world, host.index, seg, direction)
    if decision is None:
        return True
    name, action = decision
    refuse(world, host, seg, f"firewall: {name}", conn)
    if action == "reject":
        reset, _ = reset_for(seg)
        if reset is not None:
            transmit(world, host, reset, None, guarded=False)
    elif action != "drop":
        report(world, host, "port-unreachable" if action == "reject-icmp" else "prohibited", seg)
    return False


def forward(world: World, host: HostData, seg: Segment) -> None:
    """A packet that is for somebody else goes on: one hop less, and the next link."""
    mark = world.headers.get(seg.id, PLAIN)
    if mark.ttl <= 1:
        refuse(world, host, seg, "TTL")
        report(world, host, "ttl-exceeded", seg)
        return
    place = world.routes[host.index].get(seg.flow[0])
    if place is None:
        place = lookup(world, host.index, seg.flow[0])
    if place < 0:
        refuse(world, host, seg, "no route")
        report(world, host, "net-unreachable", seg)
        return
    if world.guards and not allowed(world, host, seg, "forward"):
        return
    world.headers[seg.id] = mark._replace(ttl=mark.ttl - 1)
    if world.log is not None:
        world.cause = len(world.log)
        world.log.append(("forwarded", world.now, host.name, None, None, seg.id, mark.ttl - 1))
    carry(world, host, world.paths[place], seg)


def refuse(world: World, host: HostData, seg: Segment, by: str, conn: int | None = None) -> None:
    """``host`` does not let a packet pass, by the name of what decided it."""
    settle(world, seg.id)
    if world.log is not None:
        cause = world.cause
        if cause is None:
            world.cause = len(world.log)  # whatever answers it follows from it
        world.log.append(("refused", world.now, host.name, conn, cause, seg.id, by))


def lose(world: World, seg: Segment, by: str, conn: int | None = None) -> None:
    """A packet is lost on a link."""
    settle(world, seg.id)
    if world.log is not None:
        world.log.append(("lost", world.now, "", conn, world.cause, seg.id, by))


def settle(world: World, packet: int) -> None:
    """A packet is no longer on its way: what was kept beside it is forgotten."""
    if world.headers:
        world.headers.pop(packet, None)
    if world.damaged:
        world.damaged.pop(packet, None)


def fly(world: World, seg: Segment, due: int, target: int) -> None:
    """A packet is in flight until ``due``."""
    world.flight[seg.id] = (due, seg, target)
    world.schedule(due, PACKET, seg.id)


def flip(world: World, seg: Segment, bit: int) -> None:
    """Damage a packet in flight: one bit of its octets, counted from the first, round the end; twice is undone."""
    bits = set(world.damaged.get(seg.id, ())) ^ {bit % (8 * size_of(seg))}
    if bits:
        world.damaged[seg.id] = tuple(sorted(bits))
    else:
        del world.damaged[seg.id]


def double(world: World, seg: Segment, due: int, target: int, rule: str) -> Segment:
    """A second packet like ``seg``, damage and all, with a number of its own."""
    twin = seg.replace()
    world.next_packet += 1
    twin.id = world.next_packet
    if seg.id in world.headers:
        world.headers[twin.id] = world.headers[seg.id]
    if seg.id in world.damaged:
        world.damaged[twin.id] = world.damaged[seg.id]
    if world.log is not None:
        told = header_of(twin, data=world.full)
        world.log.append(("duplicated", world.now, "", None, world.cause, twin.id, told, seg.id, rule))
    fly(world, twin, due, target)
    return twin
