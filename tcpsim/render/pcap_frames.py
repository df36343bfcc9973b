"""What a capture shows: which packet passes which tap when, and a comment on each.

A tap stands at a host's side of its links, as tcpdump does.  So a packet lost on the way is seen at its sender's
tap only, a duplicate and an injected packet at their receiver's only, and what a host sends to itself once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from ..explain.words import call_words, timer_name
from ..tcp.segment import CE
from ..tcp.states import BY_ID, CLOSED, Kind, State
from ..tcp.verdicts import VERDICTS
from ..trace.raw import INTRODUCE
from ..trace.records import Call, Header, Icmp, Lost, Refused
from ..trace.trace import Trace
from .errors import UnknownChoice
from .story import fate

#: The tap that stands for all hosts.
BOTH: Final = "both"

#: Names that the first and the second host answer to where no host is called so.
_ROLES: Final = ("client", "server")

#: The hops that a packet begins with, where the trace does not tell.
TTL: Final = 64

#: The records after an ICMP message among which those that follow from it are looked for.
_NEAR: Final = 16

#: By the check that a damaged packet has failed: whose checksum is wrong.
_DAMAGE: Final = {
    "checksum": "TCP",
    "TCP checksum": "TCP",
    "TCP header": "TCP",
    "IPv4 header checksum": "IP",
    "IP header": "IP",
}

#: Calls that a segment may follow from.
_SENDING_CALLS: Final = frozenset(("connect", "send", "sendall", "sendto", "shutdown", "close", "abort"))


class Frame(NamedTuple):
    """A packet at a tap.  ``tap``: the host's name; ``outbound``: whether it leaves it.

    ``ttl``: the hops it has left.  ``damaged``: "", or whose checksum is wrong, "IP" or "TCP".  ``comment``: what it
    has to do with the host's state.
    """

    t: int
    tap: str
    outbound: bool
    packet: int
    seg: Header | Icmp
    ttl: int
    damaged: str
    comment: str


def tap_names(trace: Trace, tap: str | None = None) -> tuple[str, ...]:
    """The hosts to listen at.

    ``tap``: a host's name; "client" or "server", the first and the second host; "both", all of them; None, the
    first.  Raises ``UnknownChoice`` for a host that the trace does not know.
    """
    known = [host["name"] for host in trace.header.get("hosts", ())]
    known += sorted({raw[2] for raw in trace.raw if raw[2]} - set(known)) if not known else []
    if tap == BOTH:
        return tuple(known)
    if tap is None:
        return tuple(known[:1])
    if tap in known:
        return (tap,)
    if tap in _ROLES[: len(known)]:
        return (known[_ROLES.index(tap)],)
    raise UnknownChoice(f"no tap {tap!r}; choose one of: {', '.join((*known, BOTH))}")


def frames(trace: Trace, tap: str | None = None) -> Iterator[Frame]:
    """The packets that pass the tap, in the order of the trace.  ``tap`` and errors as for ``tap_names``.

    A router's tap sees a packet as it comes in.
    """
    taps = tap_names(trace, tap)
    told = _Comments(trace)
    senders: dict[int, tuple[str, Header]] = {}
    ttls: dict[int, int] = {}
    seen: dict[int, str] = {}  # by packet: where it was seen last
    for n, raw in enumerate(trace.raw):
        kind, t, where = raw[:3]
        if kind == "icmp":
            if where in taps and raw[6] in ("sent", "arrived"):
                yield _icmp_frame(trace, n)
        elif kind in INTRODUCE:
            packet = raw[5]
            senders[packet] = where if kind == "sent" else "", Header._make(raw[6])
            ttls[packet] = told.ttls.get(packet, TTL)
            if kind == "sent" and where in taps:
                yield Frame(t, where, True, packet, senders[packet][1], ttls[packet], "", told.of_sending(n, packet))
        elif kind == "marked":
            sender, seg = senders[raw[5]]
            senders[raw[5]] = sender, seg._replace(ecn=CE)
        elif kind in ("arrived", "forwarded", "refused") and seen.get(raw[5]) != where:
            packet = raw[5]
            seen[packet] = where
            sender, seg = senders[packet]
            if where in taps and where != sender:
                damaged = _DAMAGE.get(raw[6], "") if kind == "refused" else ""
                yield Frame(t, where, False, packet, seg, ttls[packet], damaged, told.of_arrival(n, packet))
            if kind == "forwarded":
                ttls[packet] = raw[6]


def _icmp_frame(trace: Trace, n: int) -> Frame:
    record = trace[n]
    assert isinstance(record, Icmp)
    changes = [
        f"; {record.where}: {raw[5]}" for raw in trace.raw[n + 1 : n + 1 + _NEAR] if raw[0] == "fired" and raw[4] == n
    ]
    comment = f"#{record.packet} {record.words}{''.join(changes)}"
    return Frame(record.t, record.where, record.what == "sent", record.packet, record, TTL, "", comment)


class _Passing:
    """What there is to say where a packet passes a tap, in the order in which it is said."""

    __slots__ = ("after", "changes", "reasons", "stands", "stopped")

    def __init__(self, reasons: list[str], stands: str) -> None:
        self.reasons = reasons  # what it is sent for, or where it comes from
        self.stands = stands  # the host's state, where nothing changes it
        self.changes: list[str] = []
        self.stopped = ""  # by which check
        self.after: list[str] = []

    def words(self) -> list[str]:
        told = self.changes
        if not told:
            told = [words for words in (self.stands, self.stopped) if words]
        return [*self.reasons, *told, *self.after]


class _Comments:
    """The comments, gathered in one pass: what became of a packet is known only later."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.passing: dict[int, _Passing] = {}  # by the record of a sending or an arrival
        self.fates: dict[int, list[str]] = {}  # by packet: what the network did to it
        self.ends: dict[int, int] = {}  # by packet: the record of its arrival
        self.origins: dict[int, list[str]] = {}  # by packet that no host sent: where it comes from
        self.ttls: dict[int, int] = {}  # by packet that a router passed on: the hops that it began with
        self.states: dict[int, State] = {}
        # By what an event began with: its calls, and the changes they made, until a packet tells them.
        self.calls: dict[int, list[str]] = {}
        self.changes: dict[int, list[str]] = {}
        for n, raw in enumerate(trace.raw):
            read = self._READ.get(raw[0])
            if read is not None:
                read(self, n, raw)
        for cause, changes in self.changes.items():
            if cause in self.passing:  # an arrival that no segment followed
                self.passing[cause].changes += changes

    def of_sending(self, n: int, packet: int) -> str:
        """The comment at the sender's tap."""
        words = self.passing[n].words() + self.fates.get(packet, [])
        end = self.ends.get(packet)
        if end is None and packet not in self.fates:
            words.append("still on its way when the trace ends")
        elif end is not None and self.trace.raw[end][2] == self.trace.raw[n][2]:  # to itself: seen only here
            words += self.passing[end].words()
        return f"#{packet} {'; '.join(words)}"

    def of_arrival(self, n: int, packet: int) -> str:
        """The comment at the receiver's tap."""
        return f"#{packet} {'; '.join(self.passing[n].words())}"

    # -- reading

    def _call(self, n: int, raw: tuple[Any, ...]) -> None:
        record = self.trace[n]
        assert isinstance(record, Call)
        if record.name in _SENDING_CALLS:
            self.calls.setdefault(n if record.cause is None else record.cause, []).append(call_words(record))

    def _sent(self, n: int, raw: tuple[Any, ...]) -> None:
        where, conn, cause = raw[2:5]
        reasons = [] if cause is None else [*self._reason(cause), *self.calls.pop(cause, ())]
        self.passing[n] = _Passing(reasons, self._stands(where, conn))
        if cause is not None:
            self.passing[n].changes += self.changes.pop(cause, ())

    def _reason(self, cause: int) -> list[str]:
        """What a segment is sent for, calls apart."""
        kind = self.trace.raw[cause][0]
        if kind == "arrived":
            return [f"answers #{self.trace.raw[cause][5]}"]
        return [f"{timer_name(self.trace.raw[cause][5])} timer runs out"] if kind == "timer_fired" else []

    def _stands(self, where: str, conn: int | None) -> str:
        state = None if conn is None else self.states.get(conn)
        return f"{where} has no such connection" if state is None else f"{where} in {state}"

    def _arrived(self, n: int, raw: tuple[Any, ...]) -> None:
        _, _, where, conn, _, packet = raw
        self.ends[packet] = n
        self.passing[n] = _Passing(self.origins.get(packet, []), self._stands(where, conn))

    def _fired(self, n: int, raw: tuple[Any, ...]) -> None:
        _, _, where, conn, cause, rule = raw
        row = BY_ID[rule]
        self.states[conn] = row.dst
        if row.dst is CLOSED:
            del self.states[conn]
        if cause is None:
            return
        change = f"{where}: {row.src} -> {row.dst} ({rule})"
        if cause in self.passing and row.cue.kind is not Kind.CALL:
            self.passing[cause].changes.append(change)
        else:
            self.changes.setdefault(cause, []).append(change)

    def _checked(self, n: int, raw: tuple[Any, ...]) -> None:
        verdict = VERDICTS.get(raw[7])
        passing = self.passing.get(raw[4])
        if verdict is not None and passing is not None:
            answer = "" if verdict.reply == "nothing" else f", so {verdict.reply}"
            passing.stopped = f"{verdict.words} ({verdict.id}){answer}"
            if raw[3] is None:
                passing.stands = raw[2]

    def _lost(self, n: int, raw: tuple[Any, ...]) -> None:
        record = self.trace[n]
        assert isinstance(record, Lost)
        words = fate(record)
        self._befell(record.packet, words if words != "lost" else "lost on the way")

    def _marked(self, n: int, raw: tuple[Any, ...]) -> None:
        self._befell(raw[5], f"marked on the way ({raw[6]}): it has met congestion")

    def _injected(self, n: int, raw: tuple[Any, ...]) -> None:
        self.origins[raw[5]] = ["injected"]

    def _duplicated(self, n: int, raw: tuple[Any, ...]) -> None:
        self._befell(raw[7], f"doubled on the way as #{raw[5]} ({raw[8]})")
        self.origins[raw[5]] = [f"a copy of #{raw[7]}"]

    def _refused(self, n: int, raw: tuple[Any, ...]) -> None:
        record = self.trace[n]
        assert isinstance(record, Refused)
        damaged = record.by in _DAMAGE
        words = f"damaged on the way: its {record.by} is wrong" if damaged else fate(record)
        if record.packet in self.ends:  # it had arrived, and was turned away at the door
            self.passing[self.ends[record.packet]].after.append(words)
            return
        self.passing[n] = _Passing([], f"{record.where}: {words}")
        self._befell(record.packet, words)

    def _forwarded(self, n: int, raw: tuple[Any, ...]) -> None:
        packet, left = raw[5:7]
        self.ttls.setdefault(packet, left + 1)
        self.passing[n] = _Passing(self.origins.get(packet, []), f"{raw[2]} passes it on, {left} hops left")

    def _befell(self, packet: int, words: str) -> None:
        self.fates.setdefault(packet, []).append(words)

    _READ: Final = {
        "call": _call,
        "sent": _sent,
        "arrived": _arrived,
        "fired": _fired,
        "checked": _checked,
        "forwarded": _forwarded,
        "lost": _lost,
        "marked": _marked,
        "injected": _injected,
        "duplicated": _duplicated,
        "refused": _refused,
    }
