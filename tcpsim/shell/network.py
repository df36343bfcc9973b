"""The verbs that take the network over."""

from __future__ import annotations

from ..net import Host, Socket
from ..net.simulator import Happened
from .registry import by_hand, verb
from .session import Said, Session
from .texts import in_flight_text


@verb("The network")
def flight(session: Session) -> Said:
    """What is on its way, by number: the verbs below take these numbers."""
    return Said(in_flight_text(session.sim))


@verb("The network")
def drop(session: Session, n: int | None = None) -> Happened:
    """Lose a packet in flight: the oldest, or number n.

    flight() shows what is on its way, by number.
    """
    return by_hand(session, lambda sim: sim.drop(n))


@verb("The network")
def dup(session: Session, n: int | None = None) -> Happened:
    """Double a packet in flight: the oldest, or number n.

    Both copies arrive at the same time, unless one of them is delayed.
    """
    return by_hand(session, lambda sim: sim.duplicate(n))


@verb("The network")
def delay(session: Session, n: int | None = None, by: str | int = "100ms") -> Happened:
    """Let a packet in flight take longer: the oldest, or number n.

    delay(4, "1s") lets packet 4 arrive a second later than it would, so that others overtake it.
    """
    return by_hand(session, lambda sim: sim.delay(n, by))


@verb("The network")
def deliver(session: Session, *n: int) -> Happened:
    """Let a packet arrive now: the oldest, or number n.

    deliver(4, 3) lets several arrive in one event, in that order; they overtake all others.
    """
    return by_hand(session, lambda sim: sim.deliver(*n))


@verb("The network")
def corrupt(session: Session, n: int | None = None) -> Happened:
    """Damage a packet in flight: the oldest, or number n.

    Its checksum will be wrong, so its host refuses it.
    """
    return by_hand(session, lambda sim: sim.corrupt(n))


@verb("The network")
def inject(
    session: Session,
    host: str | Host,
    text: str,
    *,
    conn: Socket | None = None,
    absolute: bool = False,
    delay: str | int = 0,
) -> Happened:
    """Put a forged segment on its way to a host, as if its peer had sent it.

    inject("client", "R 101:101(0) win 0"): flags, first and last number, octets, then ack and win, as packetdrill
    writes them.  The numbers count from the connection's initial ones unless absolute=True.  conn= says which
    connection it pretends to belong to; the host's newest unless given.  It arrives with the next step(), or
    after delay=.
    """
    return by_hand(session, lambda sim: sim.inject(host, text, conn=conn, absolute=absolute, delay=delay))
