"""Making moves: how each kind of move changes a world.

A move that names what is not there raises TcpsimError and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..tcp.errors import TcpsimError
from ..tcp.notices import ERRORS as ICMP_ERRORS
from ..tcp.segment import Segment
from ..tcp.tcb import TIMERS
from ..tcp.units import NEVER
from ..trace.raw import header_of
from . import icmp, rebooting, userland
from .crossing import size_of
from .firewall import check_firewall
from .host import Conn
from .inbound import arrive
from .link import check_weather
from .moves import (
    Call,
    Corrupt,
    Delay,
    Deliver,
    Drop,
    Duplicate,
    Expire,
    Inject,
    InjectIcmp,
    Move,
    Reboot,
    SetFirewall,
    SetLink,
    SetMark,
    SetProfile,
    Wait,
    Wake,
)
from .outbound import check_mark, double, flip, fly, lose

if TYPE_CHECKING:
    from .world import World


def moves(world: World) -> list[Move]:
    """Every enabled delivery, loss, duplication, time-out and wake-up, in a fixed order."""
    found: list[Move] = []
    for packet in world.flight:
        found += [Deliver((packet,)), Drop(packet), Duplicate(packet)]
    for conn in world.conns.values():
        found += [Expire(conn.number, name) for name in TIMERS if getattr(conn.tcb, f"{name}_due") != NEVER]
    found += [Wake(script.number) for script in world.scripts.values() if script.due != NEVER]
    return found


def _call(world: World, move: Call) -> Any:
    host = world.host(move.host)
    rebooting.check_up(world, host, f"{move.name}()")
    return userland.call(world, host, move.name, move.args)


def _deliver(world: World, move: Deliver) -> None:
    _check_flight(world, move.packets, messages=True)
    for packet in move.packets:
        if packet in world.icmp:
            _, message, host = world.icmp.pop(packet)
            icmp.arrive(world, packet, message, host)
            continue
        _, seg, host = world.flight.pop(packet)
        arrive(world, seg, host)
        world.forget_ended()  # so that the next of these packets may begin another connection


def _drop(world: World, move: Drop) -> None:
    if move.packet in world.icmp:
        icmp.lose(world, move.packet)
        return
    _check_flight(world, (move.packet,))
    _, seg, _ = world.flight.pop(move.packet)
    lose(world, seg, "hand")


def _duplicate(world: World, move: Duplicate) -> None:
    _check_flight(world, (move.packet,))
    due, seg, target = world.flight[move.packet]
    double(world, seg, due, target, "hand")


def _delay(world: World, move: Delay) -> None:
    _check_flight(world, (move.packet,))
    if move.by < 0:
        raise TcpsimError(f"delay of packet {move.packet} by {move.by} ns: time does not run backwards")
    due, seg, target = world.flight[move.packet]
    fly(world, seg, due + move.by, target)


def _corrupt(world: World, move: Corrupt) -> None:
    _check_flight(world, (move.packet,))
    seg = world.flight[move.packet][1]
    size = 8 * size_of(seg)
    bit = move.bit if move.bit is not None else 320 if ":" in seg.flow[0] else 160
    if not 0 <= bit < size:
        raise TcpsimError(f"corrupt bit {bit} of packet {move.packet}: it has the bits 0 .. {size - 1}")
    flip(world, seg, bit)


def _inject(world: World, move: Inject) -> None:
    flow, seq, ack, flags, wnd, up, tsval, tsecr, data, options, *ecn = move.fields  # saved ones may lack the last
    target = world.host(move.host).index if move.host else world.by_address.get(flow[0])
    if target is None:
        raise TcpsimError(f"inject: no host has the address {flow[0]}")
    if move.delay < 0:
        raise TcpsimError(f"inject with delay {move.delay} ns: time does not run backwards")
    seg = Segment(flow, seq, ack, flags, wnd, data, up, tsval, tsecr, options, *ecn)
    world.next_packet += 1
    seg.id = world.next_packet
    if world.log is not None:
        told = header_of(seg, data=world.full)
        world.log.append(("injected", world.now, "", None, world.cause, seg.id, told))
    fly(world, seg, world.now + move.delay, target)


def _inject_icmp(world: World, move: InjectIcmp) -> None:
    target = world.by_address.get(move.flow[2])
    if target is None:
        raise TcpsimError(f"inject: no host has the address {move.flow[2]}")
    if move.name not in ICMP_ERRORS:
        raise TcpsimError(f"inject: no ICMP error {move.name!r}; there are {', '.join(ICMP_ERRORS)}")
    if move.delay < 0:
        raise TcpsimError(f"inject with delay {move.delay} ns: time does not run backwards")
    message = icmp.Message(move.name, move.flow[0], move.flow[2], move.flow, move.seq, move.mtu)
    icmp.inject(world, message, world.now + move.delay, target)


def _reboot(world: World, move: Reboot) -> None:
    host = world.host(move.host)
    if move.down < 0:
        raise TcpsimError(f"reboot of {host.name}, off for {move.down} ns: time does not run backwards")
    forgotten = rebooting.crash(world, host)
    rebooting.start(world, host, move.down)
    if world.log is not None:
        text = f"{forgotten} connections and listeners forgotten"
        world.log.append(("rebooted", world.now, host.name, None, world.cause, text))


def _set_link(world: World, move: SetLink) -> None:
    place = world.joined.get((world.host(move.a).index, world.host(move.b).index))
    if place is None:
        raise TcpsimError(f"no link from {move.a} to {move.b}")
    path = world.paths[place]
    path.set(check_weather(f"link {move.a}-{move.b}", path.weather._asdict() | dict(move.changes)))


def _set_firewall(world: World, move: SetFirewall) -> None:
    host = world.host(move.host)
    world.guards[host.index] = check_firewall(host.name, move.rules, move.policy)


def _set_mark(world: World, move: SetMark) -> None:
    if move.conn not in world.conns:
        raise TcpsimError(f"no connection {move.conn}; there are {sorted(world.conns)}")
    world.marks[move.conn] = check_mark(move.ttl, move.dscp, f"mark of connection {move.conn}")


def _set_profile(world: World, move: SetProfile) -> None:
    host = world.host(move.host)
    host.profile = profile = host.profile.but(**dict(move.changes))
    for conn in world.conns.values():
        if conn.host == host.index:
            conn.profile = profile


def _wait(world: World, move: Wait) -> None:
    due = world.next_due()
    if not world.now <= move.until <= due:
        raise TcpsimError(f"wait until {move.until} ns: it is {world.now} ns, and the next event is due at {due} ns")
    world.now = move.until


def _expire_now(world: World, move: Expire) -> None:
    world.expire(_running(world, move.conn, move.timer), move.timer)


def _wake_now(world: World, move: Wake) -> None:
    script = world.scripts.get(move.script)
    if script is None or script.due == NEVER:
        waiting = sorted(number for number, script in world.scripts.items() if script.due != NEVER)
        raise TcpsimError(f"script {move.script} does not sleep; those that do are {waiting}")
    world.wake(script)


def _running(world: World, number: int, timer: str) -> Conn:
    """The connection whose ``timer`` runs.  Raises TcpsimError if there is none."""
    conn = world.conns.get(number)
    if conn is None:
        raise TcpsimError(f"no connection {number}; there are {sorted(world.conns)}")
    if timer not in TIMERS:
        raise TcpsimError(f"no timer {timer!r}; the timers are {', '.join(TIMERS)}")
    if getattr(conn.tcb, f"{timer}_due") == NEVER:
        raise TcpsimError(f"connection {number} in {conn.state}: the timer {timer} does not run")
    return conn


def _check_flight(world: World, packets: tuple[int, ...], *, messages: bool = False) -> None:
    if not packets or len(set(packets)) != len(packets):
        raise TcpsimError(f"packets {packets}: name one or more, each once")
    for packet in packets:
        if packet not in world.flight and not (messages and packet in world.icmp):
            flying = ", ".join(str(number) for number in world.flight) or "none"
            raise TcpsimError(f"packet {packet} is not in flight; in flight: {flying}")


#: What makes a move.
MAKE: Final[dict[type, Callable[..., Any]]] = {
    Call: _call,
    Corrupt: _corrupt,
    Delay: _delay,
    Deliver: _deliver,
    Drop: _drop,
    Duplicate: _duplicate,
    Expire: _expire_now,
    Inject: _inject,
    InjectIcmp: _inject_icmp,
    Reboot: _reboot,
    SetFirewall: _set_firewall,
    SetLink: _set_link,
    SetMark: _set_mark,
    SetProfile: _set_profile,
    Wait: _wait,
    Wake: _wake_now,
}
