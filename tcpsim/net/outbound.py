"""A packet leaves its host: which link takes it, and what the link does to it."""

from __future__ import annotations

from heapq import heappush
from typing import TYPE_CHECKING, Final

from ..tcp.segment import Segment
from ..trace.raw import header_of
from .host import HostData

if TYPE_CHECKING:
    from .world import World

#: What a heap entry of the world is about, when it is about a packet in flight.
PACKET: Final = 0


def transmit(world: World, host: HostData, seg: Segment, conn: int | None) -> None:
    """Put a segment on the link to its destination."""
    world.next_packet += 1
    seg.id = world.next_packet
    log = world.log
    if log is not None:
        told = header_of(seg, data=world.full)
        log.append(("sent", world.now, host.name, conn, world.cause, seg.id, told))
    target = world.by_address.get(seg.flow[0])
    path = world.paths.get((host.index, target))
    if path is None or target is None:
        if target == host.index or _is_loopback(seg.flow[0]):
            fly(world, seg, world.now, host.index)
        elif log is not None:
            log.append(("refused", world.now, host.name, conn, world.cause, seg.id, "no route"))
        return
    due = world.now + path.delay
    path.count += 1
    if path.faults or path.loss:
        copies, rule, later = path.fate()
        due += later
        if copies == 2:
            fly(world, seg, due, target)
            double(world, seg, due, target, rule)
            return
        if copies == 0:
            if log is not None:
                log.append(("lost", world.now, "", conn, world.cause, seg.id, rule))
            return
    world.flight[seg.id] = (due, seg, target)
    world.serial += 1
    heappush(world.heap, (due, world.serial, PACKET, seg.id))


def fly(world: World, seg: Segment, due: int, target: int) -> None:
    """A packet is in flight until ``due``."""
    world.flight[seg.id] = (due, seg, target)
    world.schedule(due, PACKET, seg.id)


def double(world: World, seg: Segment, due: int, target: int, rule: str) -> Segment:
    """A second packet like ``seg``, with a number of its own."""
    twin = seg.replace()
    world.next_packet += 1
    twin.id = world.next_packet
    if world.log is not None:
        told = header_of(twin, data=world.full)
        world.log.append(("duplicated", world.now, "", None, world.cause, twin.id, told, seg.id, rule))
    fly(world, twin, due, target)
    return twin


def _is_loopback(address: str) -> bool:
    """Whether an address means the host itself, whichever it is."""
    return address.startswith("127.") or address == "::1"
