"""A trace read as the story of lifelines: who did what in which order, and in which state that left them.

Everything that draws a trace starts here.  A packet's departure and its end are joined by the packet's
number, never by guessing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..explain.words import call_words, timer_name
from ..tcp.segment import CE, FIN, RST, SYN
from ..tcp.seq import MASK
from ..tcp.states import CLOSED, State
from ..trace.records import (
    Arrived,
    Call,
    Duplicated,
    Fired,
    Header,
    Icmp,
    Injected,
    Lost,
    Marked,
    Note,
    Rebooted,
    Record,
    Refused,
    Sent,
    TimerFired,
)
from ..trace.trace import Trace
from .errors import UnknownChoice, check_choice

LEFT: Final = 0
RIGHT: Final = 1

#: Absolute numbers as on the wire, or counted from each side's initial sequence number.
NUMBERS: Final = ("absolute", "relative")

#: What the states say anyway.
_TOLD_BY_THE_STATE: Final = frozenset(("signal open", "signal closing"))

#: From here on a difference of two numbers counts as negative.
_HALF: Final = 1 << 31

#: Calls that end what they are made on.
_ENDS_IT: Final = frozenset(("close", "abort"))

Endpoint = tuple[str, int]
Flow = tuple[Endpoint, Endpoint]  # both ends in a fixed order: the same for both directions


@dataclass(slots=True, eq=False)
class Event:
    """Something that gets a line.

    ``kind``: sent, arrived, lost, refused, call, timer, note or reboot.  ``side``: whose lifeline it is on,
    None for the network.  ``after``: each lifeline's state when it and what followed from it at once was done.
    """

    n: int
    t: int
    kind: str
    side: int | None
    words: str = ""
    flow: Flow | None = None
    packet: Packet | None = None
    after: tuple[State, ...] = ()


@dataclass(slots=True, eq=False)
class Packet:
    """A packet's way.  ``to``: the side it travels to; ``seq``, ``ack``: in the numbers asked for.

    ``mark``: "" or what it is otherwise: "duplicate", "injected".  ``start`` is None where no host sent it,
    ``end`` where it is still in flight; ``born`` is the record that introduced it, at ``t``; ``original``: the
    packet that a duplicate was made from.
    """

    number: int
    seg: Header
    to: int
    seq: int
    ack: int | None
    mark: str
    born: int
    flow: Flow
    t: int = 0
    original: int | None = None
    start: Event | None = None
    end: Event | None = None


@dataclass(slots=True, eq=False)
class Story:
    """``hosts``: the lifelines' names from left to right, two at least ("" if there is none).

    ``flows``: the connections, in order.  ``places``: connection number -> its lifeline and its flow.

    ``bases``: what relative numbers count from, for each flow and sender: one number for each incarnation.
    ``uncounted``: whether a number had to stay absolute, since what it counts from is unknown.
    """

    hosts: tuple[str, ...]
    addresses: tuple[str, ...]
    flows: dict[Flow, None] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    packets: dict[int, Packet] = field(default_factory=dict)
    bases: dict[tuple[Flow, Endpoint], list[int]] = field(default_factory=dict)
    uncounted: bool = False
    places: dict[int, tuple[int, Flow]] = field(default_factory=dict)


def read_story(
    trace: Trace,
    *,
    numbers: str = "absolute",
    hosts: Iterable[Any] | None = None,
    conn: Any = None,
    every: bool = False,
) -> Story:
    """The story of two hosts, or of one connection between them; of more hosts where ``every``.

    ``hosts``: two of the trace's hosts (or their names), left first; by default the first two that exchange
    packets, in the order in which the trace lists them.  ``every``: any number from two on; by default all that
    exchange packets.  ``conn``: a connection of either end, a socket or its number.  Raises ``UnknownChoice`` for
    hosts and connections that the trace does not know.
    """
    check_choice("way to count", numbers, NUMBERS)
    return _Reader(trace, numbers == "relative", hosts, conn, every).read()


def flow_of(seg: Header) -> Flow:
    """The two ends of the segment's connection, in a fixed order."""
    address, port, source, source_port = seg.flow
    one, other = (address, port), (source, source_port)
    return (one, other) if one < other else (other, one)


def sender_of(seg: Header) -> Endpoint:
    """Address and port the segment claims to come from."""
    return seg.flow[2], seg.flow[3]


def receiver_of(seg: Header) -> Endpoint:
    """Address and port the segment goes to."""
    return seg.flow[0], seg.flow[1]


def _is_one_endpoint(flow: Flow | None) -> bool:
    """Whether a socket is connected to itself: one connection, and one state for both lifelines."""
    return flow is not None and flow[0] == flow[1]


class _Reader:
    """One pass over the records, after a quick look at who talks to whom."""

    def __init__(self, trace: Trace, relative: bool, hosts: Iterable[Any] | None, conn: Any, every: bool) -> None:
        self.records: Sequence[Record] = list(trace)
        self.relative = relative
        listed = trace.header.get("hosts", ())
        self.addresses: dict[str, list[str]] = {h["name"]: list(h["addresses"]) for h in listed}
        self.host_of = {a: name for name, known in self.addresses.items() for a in known}
        self.flow_by_conn: dict[int, Flow] = {}
        self.end_by_conn: dict[int, Endpoint] = {}
        self.owner: dict[int, str] = {}
        self._look_around()
        chosen = self._choose(hosts, every)
        self.story = Story(chosen, tuple(self._address(name) for name in chosen))
        self.only = None if conn is None else self._numbers_of(getattr(conn, "number", conn))
        self.states: dict[tuple[int, Flow | None], State] = {}
        flows = set(self.flow_by_conn.values())
        self.only_flow = flows.pop() if len(flows) == 1 else None
        self.pending: Event | None = None
        self.listeners: set[int | None] = set()
        # By connection: its own ISS, its peer's, and how far its own numbers have come.
        self.own: dict[int, int] = {}
        self.peers: dict[int | None, int] = {}
        self.reached: dict[int, int] = {}

    # -- who talks to whom

    def _look_around(self) -> None:
        for record in self.records:
            if record.where:
                self.addresses.setdefault(record.where, [])
            if isinstance(record, Sent):
                self.host_of.setdefault(sender_of(record.seg)[0], record.where)
                if record.conn is not None:
                    self.flow_by_conn.setdefault(record.conn, flow_of(record.seg))
                    self.end_by_conn.setdefault(record.conn, sender_of(record.seg))
                    self.owner.setdefault(record.conn, record.where)
            elif isinstance(record, Arrived):
                self.host_of.setdefault(receiver_of(record.seg)[0], record.where)

    def _choose(self, hosts: Iterable[Any] | None, every: bool) -> tuple[str, ...]:
        known = list(self.addresses)
        if hosts is not None:
            chosen = [str(getattr(host, "name", host)) for host in hosts]
            for name in chosen:
                check_choice("host", name, known)
            if len(chosen) != 2 and not every:
                raise UnknownChoice(f"hosts={chosen}: this ladder has two, left and right; as .svg it may have more")
            if len(chosen) < 2 or (len(set(chosen)) < len(chosen) and len(chosen) > 2):
                raise UnknownChoice(f"hosts={chosen}: name two hosts or more, each once")
            return tuple(chosen)
        talking: dict[str, None] = {}
        for record in self.records:
            if isinstance(record, Sent):
                peer = self.host_of.get(receiver_of(record.seg)[0], record.where)
                one, other = sorted((record.where, peer), key=known.index)
                if not every:
                    return one, other
                talking |= {one: None, other: None}
        found = [name for name in known if name in talking] if len(talking) > 1 else list(talking) * 2
        return tuple(found) or ((*known, "", "")[0], (*known, "", "")[1])

    def _address(self, host: str) -> str:
        return self.addresses.get(host, [""])[0] if self.addresses.get(host) else ""

    def _numbers_of(self, conn: int) -> frozenset[int]:
        """The connection's number at both of its ends."""
        known = sorted({record.conn for record in self.records if record.conn is not None})
        check_choice("connection", str(conn), map(str, known))
        flow = self.flow_by_conn.get(conn)
        if flow is None:
            return frozenset((conn,))
        return frozenset(n for n, other in self.flow_by_conn.items() if other == flow) | {conn}

    def _side_of(self, where: str, end: Endpoint | None) -> int | None:
        """The side of a host; where a host talks to itself, who spoke first is on the left."""
        hosts = self.story.hosts
        if where not in hosts:
            return None
        if hosts[0] != hosts[1]:
            return hosts.index(where)
        first = next(iter(self.end_by_conn.values()), end)
        return LEFT if end == first else RIGHT

    # -- reading

    def read(self) -> Story:
        for record in self.records:
            if isinstance(record, Sent | Duplicated | Injected):
                self._introduce(record)
            elif isinstance(record, Marked):
                if record.packet in self.story.packets:
                    packet = self.story.packets[record.packet]
                    packet.seg = packet.seg._replace(ecn=CE)
            elif isinstance(record, Arrived | Lost | Refused):
                self._end(record)
            elif isinstance(record, Fired):
                self._fired(record)
            elif isinstance(record, Call | TimerFired | Note | Rebooted):
                self._local(record)
            elif isinstance(record, Icmp) and record.what == "arrived":
                self._local(record)
        self._settle()
        for conn, flow in self.flow_by_conn.items():
            place = self._side_of(self.owner[conn], self.end_by_conn[conn])
            if place is not None and (self.only is None or conn in self.only):
                self.story.places[conn] = place, flow
        return self.story

    def _add(self, event: Event) -> Event:
        self._settle()
        self.pending = event
        self.story.events.append(event)
        return event

    def _settle(self) -> None:
        """What the last event led to is known when the next one begins."""
        event = self.pending
        if event is not None:
            event.after = tuple(self._state(side, event.flow) for side in range(len(self.story.hosts)))
            self.pending = None

    def _state(self, side: int, flow: Flow | None) -> State:
        """The connection's state; while it has none, that of a listener which would take it."""
        states = self.states
        found = states.get((side, flow))
        return states.get((side, None), CLOSED) if found is None else found

    def _fired(self, record: Fired) -> None:
        flow = None if record.conn is None else self.flow_by_conn.get(record.conn)
        end = None if record.conn is None else self.end_by_conn.get(record.conn)
        if record.rule == "closed.open_passive":
            self.listeners.add(record.conn)
        elif record.dst is not CLOSED:
            self.listeners.discard(record.conn)
        side = self._side_of(record.where, end)
        if side is None or not self._wanted(record):
            return
        for at in (LEFT, RIGHT) if _is_one_endpoint(flow) else (side,):
            self.states[at, flow] = record.dst

    def _wanted(self, record: Record) -> bool:
        """Whether the record concerns the connection asked for, or the listener that may take it."""
        if self.only is None or record.conn in self.only:
            return True
        return isinstance(record, Fired | Call) and record.conn not in self.flow_by_conn

    def _introduce(self, record: Sent | Duplicated | Injected) -> None:
        seg = record.seg
        flow = flow_of(seg)
        if self.only is not None and all(self.flow_by_conn.get(n) != flow for n in self.only):
            return
        source = record.where if isinstance(record, Sent) else self.host_of.get(sender_of(seg)[0], "")
        target = self.host_of.get(receiver_of(seg)[0], "")
        to = self._side_of(target, receiver_of(seg))
        start = self._side_of(source, sender_of(seg))
        if to is None:
            # Sent to nobody that is drawn: it ends somewhere between the two, or does not concern them.
            if start is None or target:
                return
            to = 1 - start if start < 2 else start - 1
        elif start is None and source:
            return
        seq, ack = self._count(flow, record)
        mark = {"sent": "", "duplicated": "duplicate", "injected": "injected"}[record.kind]
        original = record.original if isinstance(record, Duplicated) else None
        packet = Packet(record.packet, seg, to, seq, ack, mark, record.n, flow, record.t, original)
        self.story.packets[record.packet] = packet
        self.story.flows[flow] = None
        if isinstance(record, Sent):
            packet.start = self._add(Event(record.n, record.t, "sent", start, flow=flow, packet=packet))

    def _count(self, flow: Flow, record: Sent | Duplicated | Injected) -> tuple[int, int | None]:
        """SEQ and ACK as asked for."""
        seg = record.seg
        ack = seg.ack if seg.has_ack else None
        if not self.relative:
            return seg.seq, ack
        if isinstance(record, Duplicated) and record.original in self.story.packets:
            original = self.story.packets[record.original]
            return original.seq, original.ack
        conn = record.conn if isinstance(record, Sent) else None
        if seg.flags & SYN:
            self._begin((flow, sender_of(seg)), conn, seg.seq)
        seq = self._relative_seq(flow, seg, conn, isinstance(record, Sent))
        return seq, None if ack is None else self._relative_ack(flow, seg, conn)

    def _begin(self, end: tuple[Flow, Endpoint], conn: int | None, iss: int) -> None:
        """A host's own SYN begins an incarnation; a forged one only where there is none yet."""
        known = self.story.bases.setdefault(end, [])
        if conn is not None and self.own.get(conn) != iss:
            self.own[conn] = iss
            self.reached[conn] = 0
            self.peers.pop(conn, None)
        if iss not in known and (conn is not None or not known):
            known.append(iss)

    def _relative_seq(self, flow: Flow, seg: Header, conn: int | None, sent: bool) -> int:
        number, end = seg.seq, (flow, sender_of(seg))
        if sent and conn is None and seg.has_ack:
            return number  # the RST of no connection, <SEQ=0>: nobody counted it
        base = self.own.get(conn) if conn is not None else None
        if base is None or conn is None:
            return self._nearest(end, number)
        far = (number - base) & MASK
        if seg.flags & RST and far > self.reached[conn]:
            return self._nearest(end, number)  # taken from the ACK of a segment that meant somebody else
        if far >= _HALF:
            self.story.uncounted = True
            return number
        self.reached[conn] = max(self.reached[conn], far + seg.len + (seg.flags & (SYN | FIN)).bit_count())
        return far

    def _relative_ack(self, flow: Flow, seg: Header, conn: int | None) -> int:
        """A connection counts one peer only: the one that it acknowledged first."""
        number, end = seg.ack, (flow, receiver_of(seg))
        base = self.peers.get(conn) if conn is not None else None
        if base is not None and (number - base) & MASK < _HALF:
            return (number - base) & MASK
        found = self._nearest(end, number)
        if conn in self.own and not seg.flags & RST and found != number:
            self.peers.setdefault(conn, (number - found) & MASK)
        return found

    def _nearest(self, end: tuple[Flow, Endpoint], number: int) -> int:
        """``number`` from the start of the incarnation that lies next below it; as it is if there is none."""
        far = min(((number - base) & MASK for base in self.story.bases.get(end, ())), default=_HALF)
        if far < _HALF:
            return far
        self.story.uncounted = True
        return number

    def _end(self, record: Arrived | Lost | Refused) -> None:
        packet = self.story.packets.get(record.packet)
        if packet is None:
            return
        side = packet.to if isinstance(record, Arrived) else None
        words = "" if isinstance(record, Arrived) else fate(record)
        if packet.end is not None:  # it had arrived, and was turned away at the door
            self._add(Event(record.n, record.t, "note", packet.to, words, packet.flow))
            return
        packet.end = self._add(Event(record.n, record.t, record.kind, side, words, packet.flow, packet))

    def _local(self, record: Call | TimerFired | Note | Rebooted | Icmp) -> None:
        # What concerns a listener or nobody is told beside the one connection there is.
        flow = self.only_flow
        end = None
        if record.conn in self.flow_by_conn:
            flow, end = self.flow_by_conn[record.conn], self.end_by_conn[record.conn]
        side = self._side_of(record.where, end)
        if side is None or not self._wanted(record):
            return
        if isinstance(record, Note) and record.text in _TOLD_BY_THE_STATE:
            return
        if isinstance(record, Rebooted):
            left, right, *_ = self.story.hosts
            for known in [key for key in self.states if key[0] == side or left == right]:
                self.states[known] = CLOSED
        kind, words = _words(record)
        if isinstance(record, Call) and record.name in _ENDS_IT and record.conn in self.listeners:
            words += " of the listener"  # beside it stands the state of a connection
        self._add(Event(record.n, record.t, kind, side, words, flow))


def ecn_words(seg: Header) -> list[str]:
    """What a label tells of the ECN field: CE where congestion was met on the way, else nothing (RFC 3168 5)."""
    return ["CE"] if seg.ecn == CE else []


def fate(record: Lost | Refused) -> str:
    """What became of a packet that did not arrive."""
    if isinstance(record, Refused):
        return f"refused ({record.by})"
    return {"hand": "dropped by hand", "loss": "lost"}.get(record.by) or f"lost ({record.by})"


def _words(record: Call | TimerFired | Note | Rebooted | Icmp) -> tuple[str, str]:
    if isinstance(record, Icmp):
        return "note", record.words
    if isinstance(record, Call):
        return "call", call_words(record)
    if isinstance(record, TimerFired):
        return "timer", f"{timer_name(record.timer)} timer runs out"
    if isinstance(record, Rebooted):
        return "reboot", record.text or "reboot"
    if record.text.startswith("signal "):
        return "note", f"user is told: {record.text.removeprefix('signal ')}"
    return "note", record.text
