"""What happened, as typed records.

A trace keeps plain tuples ``(kind, t, where, conn, cause, *body)`` and builds these when somebody reads.
Every record has ``n`` (its place, from 0), ``kind``, ``t`` (ns), ``where`` (host name, "" for the network), ``conn``
(a number, None where there is none) and ``cause`` (the ``n`` of the record it follows from, or None).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..tcp.notices import ERRORS as ICMP_ERRORS
from ..tcp.segment import ACK, Flow, Option, Segment, flag_letters, flag_names
from ..tcp.states import BY_ID, State, Transition
from .raw import endpoint


class Header(NamedTuple):
    """A segment's fields as a trace keeps them.

    ``len`` counts the octets of data; ``data`` is None at level brief.  ``ecn``: the ECN field of the IP header, 0 to 3
    (RFC 3168 5).
    """

    flow: Flow
    seq: int
    ack: int
    flags: int
    wnd: int
    up: int
    tsval: int | None
    tsecr: int | None
    len: int
    options: tuple[Option, ...]
    data: bytes | None
    ecn: int = 0

    @property
    def src(self) -> str:
        """``address:port`` of the sender."""
        return endpoint(self.flow[2], self.flow[3])

    @property
    def dst(self) -> str:
        """``address:port`` of the receiver."""
        return endpoint(self.flow[0], self.flow[1])

    @property
    def names(self) -> str:
        """The flags by the RFC's names: ``SYN,ACK``."""
        return flag_names(self.flags)

    @property
    def letters(self) -> str:
        """The flags in tcpdump's letters: ``S.``."""
        return flag_letters(self.flags)

    @property
    def has_ack(self) -> bool:
        """Whether ``ack`` counts."""
        return bool(self.flags & ACK)

    def segment(self) -> Segment:
        """The segment again; octets that were not kept are zeros."""
        data = bytes(self.len) if self.data is None else self.data
        return Segment(
            self.flow, self.seq, self.ack, self.flags, self.wnd, data, self.up, self.tsval, self.tsecr,
            self.options, self.ecn,
        )  # fmt: skip


class Call(NamedTuple):
    """A user call that was allowed; ``result``: what it returned."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    name: str
    args: tuple[Any, ...]
    result: Any


class Sent(NamedTuple):
    """A packet was put on a link."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    packet: int
    seg: Header


class Arrived(NamedTuple):
    """A packet reached its host."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    packet: int
    seg: Header


class Lost(NamedTuple):
    """A packet was lost; ``by``: the link's fault rule or the person."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    packet: int
    seg: Header
    by: str


class Marked(NamedTuple):
    """A packet was told to have met congestion (CE, RFC 3168 5); ``by``: what on the link marked it."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    packet: int
    seg: Header
    by: str


class Forwarded(NamedTuple):
    """A router passed a packet on; ``ttl``: the hops it has left."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    packet: int
    seg: Header
    ttl: int


class Passed(NamedTuple):
    """A host's firewall let a packet pass: ``by`` which rule, in which ``direction``."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    packet: int
    seg: Header
    by: str
    direction: str


class Icmp(NamedTuple):
    """An ICMP error was sent, arrived or was lost (``what``); ``by``: what lost it.

    ``name``: as in ``tcpsim.tcp.notices``.  ``flow``, ``seq``: of the packet it is about.  ``mtu``: of the link that
    was too small, else 0.
    """

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    packet: int
    what: str
    name: str
    source: str
    destination: str
    flow: Flow
    seq: int
    mtu: int
    by: str

    @property
    def words(self) -> str:
        """``ICMP fragmentation needed, MTU 1000, from 10.0.0.9``."""
        mtu = f", MTU {self.mtu}" if self.mtu else ""
        return f"ICMP {ICMP_ERRORS[self.name].words}{mtu}, from {self.source}"


class Duplicated(NamedTuple):
    """A packet was doubled: ``packet`` is the new one, ``original`` the old one."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    packet: int
    seg: Header
    original: int
    by: str


class Refused(NamedTuple):
    """A packet was refused on arrival; ``by``: checksum, queue, firewall rule, no route."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    packet: int
    seg: Header
    by: str


class Injected(NamedTuple):
    """A forged or replayed packet was put on its way."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    packet: int
    seg: Header


class Checked(NamedTuple):
    """A check looked at a segment; ``verdict``: None when it let it pass, else the verdict's id."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    packet: int
    check: str
    verdict: str | None
    because: str


class Fired(NamedTuple):
    """A row of the transition table was followed."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    rule: str

    @property
    def row(self) -> Transition:
        """The row itself."""
        return BY_ID[self.rule]

    @property
    def src(self) -> State:
        """The state before."""
        return self.row.src

    @property
    def dst(self) -> State:
        """The state after."""
        return self.row.dst


class Vars(NamedTuple):
    """The variables an event changed: name -> (before, after)."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    changed: dict[str, tuple[Any, Any]]


class TimerSet(NamedTuple):
    """A timer runs now; ``due``: ns."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    timer: str
    due: int


class TimerStopped(NamedTuple):
    """A timer runs no longer."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    timer: str


class TimerFired(NamedTuple):
    """A timer ran out."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    timer: str


class Delivered(NamedTuple):
    """Octets became readable, in order."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    octets: int


class Rebooted(NamedTuple):
    """A host forgot its connections."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    text: str


class Note(NamedTuple):
    """Anything worth telling: what the RFC calls asynchronous notice among it."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    text: str


class Moved(NamedTuple):
    """A move made by hand; ``position``: how many moves came before it."""

    n: int
    kind: str
    t: int
    where: str
    conn: int | None
    cause: int | None
    position: int
    move: dict[str, Any]


Record = (
    Call | Sent | Arrived | Forwarded | Icmp | Passed | Lost | Marked | Duplicated | Refused | Injected | Checked | Fired | Vars
    | TimerSet | TimerStopped | TimerFired | Delivered | Rebooted | Note | Moved
)  # fmt: skip

#: The record types by kind.
KINDS: Final[dict[str, Any]] = {
    "call": Call,
    "sent": Sent,
    "arrived": Arrived,
    "forwarded": Forwarded,
    "passed": Passed,
    "icmp": Icmp,
    "lost": Lost,
    "marked": Marked,
    "duplicated": Duplicated,
    "refused": Refused,
    "injected": Injected,
    "checked": Checked,
    "fired": Fired,
    "vars": Vars,
    "timer_set": TimerSet,
    "timer_stopped": TimerStopped,
    "timer_fired": TimerFired,
    "delivered": Delivered,
    "rebooted": Rebooted,
    "note": Note,
    "move": Moved,
}
