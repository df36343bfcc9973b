"""ICMP errors (RFC 792, RFC 4443): who sends them, how they travel, and what they mean to a connection.

A message quotes the header of the packet that caused it.  It is delivered to the connection with that 4-tuple and
to nobody else (MUST-54), and only if the quoted sequence number is in flight (RFC 5927 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..tcp.notices import ERRORS, IcmpError, icmp_arrives
from ..tcp.segment import Flow, Segment
from .chance import draw
from .host import HostData
from .link import down_name
from .rebooting import is_off
from .route import is_group, is_unicast, lookup, owns, source_for
from .telling import drain

if TYPE_CHECKING:
    from .world import World

#: What a heap entry of the world is about, when it is about an ICMP message in flight.
ICMP: Final = 3


class Message(NamedTuple):
    """An ICMP error on its way.

    ``name``: one of ``tcp.notices.ERRORS``.  ``source``, ``destination``: of the message.  ``flow``, ``seq``: of the
    packet it is about, as that packet's receiver keys it.  ``mtu``: of the link that was too small, else 0.
    """

    name: str
    source: str
    destination: str
    flow: Flow
    seq: int
    mtu: int = 0

    @property
    def error(self) -> IcmpError:
        """Type, code and meaning."""
        return ERRORS[self.name]

    def words(self) -> str:
        """``fragmentation needed, MTU 1000``."""
        return f"{self.error.words}, MTU {self.mtu}" if self.mtu else self.error.words


def report(world: World, host: HostData, name: str, seg: Segment, mtu: int = 0, *, source: str = "") -> None:
    """``host`` tells the sender of ``seg`` that it was not delivered, and why.

    Nothing is said of packets to or from many hosts (RFC 1122 3.2.2).  ``source``: the address the message
    comes from; by default one of the host's.
    """
    destination = seg.flow[2]
    if is_group(seg.flow[0]) or not is_unicast(destination):
        return
    if not source:
        same = [own for own in host.addresses if (":" in own) == (":" in destination)]
        if not same:
            return
        source = source_for(host, destination)
    send(world, host, Message(name, source, destination, seg.flow, seg.seq, mtu))


def send(world: World, host: HostData, message: Message) -> None:
    """Put a message on its way; the host's own packets are told of without any delay."""
    world.next_packet += 1
    number = world.next_packet
    _tell(world, host.name, number, "sent", message)
    if owns(host, message.destination):
        fly(world, number, world.now, message, host.index)
    else:
        _pass_on(world, host, number, message)


def fly(world: World, number: int, due: int, message: Message, target: int) -> None:
    """A message is in flight until ``due``."""
    world.icmp[number] = (due, message, target)
    world.schedule(due, ICMP, number)


def _pass_on(world: World, host: HostData, number: int, message: Message) -> None:
    """Over the next link.  Weather that loses packets loses messages too; they are too small for the rest."""
    place = world.routes[host.index].get(message.destination)
    if place is None:
        place = lookup(world, host.index, message.destination)
    if place < 0:
        _tell(world, host.name, number, "lost", message, "no route")
        return
    path = world.paths[place]
    weather = path.weather
    for times in weather.down:
        if times[0] <= world.now < times[1]:
            path.hit(down_name(*times))
            _tell(world, "", number, "lost", message, down_name(*times))
            return
    if weather.loss and draw(path.stream("icmp loss"), number) < weather.loss:
        path.hit("loss")
        _tell(world, "", number, "lost", message, "loss")
        return
    fly(world, number, world.now + path.delay, message, path.target)


def arrive(world: World, number: int, message: Message, index: int) -> None:
    """A message reaches a host: it goes on from there, or tells the connection it is about."""
    host = world.hosts[index]
    if world.off and is_off(world, index):
        _tell(world, host.name, number, "lost", message, "host is off")
        return
    if not owns(host, message.destination):
        if world.forwards[index]:
            _pass_on(world, host, number, message)
        else:
            _tell(world, host.name, number, "lost", message, "not for this host")
        return
    to, to_port, source, source_port = message.flow
    conn = host.conns.get((source, source_port, to, to_port))
    _tell(world, host.name, number, "arrived", message, conn=None if conn is None else conn.number)
    if conn is None:
        return  # nobody to tell; an error never draws an answer
    world.touch(conn)
    icmp_arrives(conn, message.name, message.seq, message.mtu)
    if conn.log:
        drain(world, conn)


def inject(world: World, message: Message, due: int, target: int) -> None:
    """A forged message is on its way."""
    world.next_packet += 1
    _tell(world, "", world.next_packet, "sent", message)
    fly(world, world.next_packet, due, message, target)


def lose(world: World, number: int) -> None:
    """A message in flight is lost by hand."""
    _, message, _ = world.icmp.pop(number)
    _tell(world, "", number, "lost", message, "hand")


def _tell(
    world: World, where: str, number: int, what: str, message: Message, by: str = "", conn: int | None = None
) -> None:
    if world.log is None:
        return
    place = len(world.log)
    told: tuple[Any, ...] = (number, what, message.name, message.source, message.destination, message.flow)
    world.log.append(("icmp", world.now, where, conn, world.cause, *told, message.seq, message.mtu, by))
    if what == "arrived":
        world.cause = place
