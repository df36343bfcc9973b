"""Who acts besides the network: users of both hosts, and attackers, as plain data.

An *actor* makes its steps in order, each whenever it likes once it is possible.  A step is written like a
script's, ``"close"``, ``"connect server 80 40000"``, ``("send", b"x")``, ``"reboot"``, or is a ``Forge``; ``|`` stands
between alternatives, ``"close | abort"``.  What only prepares something, ``listen`` and ``accept``, is done at once.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..net.moves import Call, Inject, Move, Reboot
from ..net.programs import parse_program
from ..net.userland import CALLS, OPENING
from ..net.world import World
from ..tcp.errors import TcpsimError
from ..tcp.segment import ACK, parse_flags
from ..tcp.seq import MASK
from ..tcp.states import CLOSED, LISTEN
from ..tcp.tcb import Tcb


class Forge(NamedTuple):
    """An attacker off the path puts a segment on its way to ``to``, as if the peer had sent it.

    It is aimed at the host's connection.  ``flags``: tcpdump's letters.  ``seq``: counted from the victim's
    RCV.NXT; ``ack``: from its SND.UNA; so 0 is a lucky guess.  ``wnd``: the window field.  ``octets``: of data.
    """

    to: str
    flags: str
    seq: int = 0
    ack: int = 0
    wnd: int = 1000
    octets: bytes = b""


Step = tuple[Any, ...]


class Actor(NamedTuple):
    """``host``: where it lives (an attacker lives at its victim's).  ``steps``: alternatives, one after the other."""

    host: str
    steps: tuple[tuple[Step | Forge, ...], ...]


class Place(NamedTuple):
    """Where an actor is: its next step, and the descriptor of the socket it works on."""

    at: int = 0
    fd: int | None = None


#: Steps that nobody is kept waiting for: they prepare, and everything else commutes with them.
EAGER: Final = ("listen", "accept")

_VERBS: Final = (*OPENING, *CALLS, "reboot")


def actor(host: str, *steps: Any) -> Actor:
    """An actor from steps as people write them.  Raises TcpsimError that names a wrong one."""
    return Actor(host, tuple(_alternatives(step) for step in steps))


def _alternatives(step: Any) -> tuple[Step | Forge, ...]:
    parts = [part.strip() for part in step.split("|")] if isinstance(step, str) else [step]
    return tuple(_parsed(part) for part in parts)


def _parsed(step: Any) -> Step | Forge:
    if isinstance(step, Forge):
        try:
            parse_flags(step.flags)
        except ValueError as error:
            raise TcpsimError(f"step {step}: {error}") from None
        return step
    if step == "reboot":
        return ("reboot",)
    parsed = parse_program([step])[0]
    if parsed[0] not in _VERBS:
        raise TcpsimError(f"step {step!r}: an actor can {', '.join(_VERBS)} and Forge")
    return parsed


def enabled(world: World, who: Actor, place: Place) -> list[Move]:
    """The moves that the actor's next step may be; none when it is at its end or has to wait."""
    if place.at == len(who.steps):
        return []
    found = [_move(world, who.host, step, place) for step in who.steps[place.at]]
    return [move for move in found if move is not None]


def is_eager(who: Actor, place: Place) -> bool:
    """Whether the actor's next step is one that is done at once."""
    return place.at < len(who.steps) and who.steps[place.at][0][0] in EAGER


def _move(world: World, name: str, step: Step | Forge, place: Place) -> Move | None:
    """The move that a step is in this world; None where it makes no sense or would have to wait."""
    if isinstance(step, Forge):
        return _forged(world, step)
    verb, *args = step
    if verb == "reboot":
        return Reboot(name)
    if verb == "connect":
        address = next((host.addresses[0] for host in world.hosts if host.name == args[0]), args[0])
        return Call(name, verb, (address, *args[1:]))
    if verb == "listen":
        return Call(name, verb, tuple(args))
    host = world.host(name)
    if verb == "accept":
        for fd, given in sorted(host.fds.items()):
            if world.conns[given.conn].queue:
                return Call(name, verb, (fd,))
        return None
    if place.fd is None or place.fd not in host.fds:
        return None
    conn = world.conns[host.fds[place.fd].conn]
    if verb == "recv" and not (conn.tcb.rcv_buf.size or conn.tcb.fin_received):
        return None
    return Call(name, verb, (place.fd, *args))


def _forged(world: World, forge: Forge) -> Move | None:
    victim = victim_of(world, forge.to)
    if victim is None:
        return None
    flags = parse_flags(forge.flags)
    ack = (victim.snd_una + forge.ack) & MASK if flags & ACK else 0
    seq = (victim.rcv_nxt + forge.seq) & MASK
    return Inject((victim.flow, seq, ack, flags, forge.wnd, 0, None, None, forge.octets, ()), 1 << 50)


def victim_of(world: World, name: str) -> Tcb | None:
    """The newest connection of a host that is open or opening."""
    index = world.host(name).index
    for _, conn in sorted(world.conns.items(), reverse=True):
        if conn.host == index and conn.tcb.state not in (CLOSED, LISTEN):
            return conn.tcb
    return None


def after(move: Move, result: Any, place: Place) -> Place:
    """Where the actor is when its move has been made; ``result``: what the call returned."""
    fd = place.fd
    match move:
        case Call(_, "connect" | "accept", _):
            fd = result
        case Call(_, "close" | "abort", _) | Reboot():
            fd = None
    return Place(place.at + 1, fd)
