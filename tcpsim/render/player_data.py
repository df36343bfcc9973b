"""What the player shows, as plain data: the steps of a trace, its packets, and why each is as it is.

A step is an event of the story: a packet leaves, arrives or is lost, a call, a timer, a notice, a reboot.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from ..explain.sections import cited
from ..explain.variables import rfc_name, shown
from ..explain.why import Why, why
from ..tcp.notation import format_option
from ..tcp.segment import CE, URG
from ..tcp.states import State
from ..tcp.units import format_time
from ..trace.records import Duplicated, Fired, Vars
from ..trace.trace import Trace
from .edges import state_name
from .errors import UnknownChoice, check_choice
from .story import LEFT, NUMBERS, RIGHT, Event, Flow, Packet, Story, ecn_words, read_story

#: Steps that a page holds unless told otherwise: what a browser draws at once, and a person steps through.
LIMIT: Final = 600

#: The variables that stand below a state machine.
SHOWN: Final = ("snd_una", "snd_nxt", "snd_wnd", "rcv_nxt", "rcv_wnd", "cwnd", "ssthresh", "rto")

#: The kinds of a why's steps that are told after the checks, and what each is called.
_TOLD: Final = {"rule": "rule", "variable": "changed", "timer": "timers", "told": "told", "read": "readable"}

_MOST_OCTETS: Final = 48  # of payload that is shown


class Move(NamedTuple):
    """A row of the table that a step followed.  ``side``: LEFT or RIGHT."""

    side: int
    src: State
    dst: State
    rule: str
    words: str


class Step(NamedTuple):
    """``n``: its record.  ``words``: what happens.  ``states``: of both ends, afterwards.  ``flow``: its place among
    the connections, None where it belongs to no certain one.  ``packet``: the number of the packet it is about.

    ``moves``: the rows followed.  ``values``: (side, name, words) of the variables changed.
    """

    n: int
    t: int
    kind: str
    side: int | None
    words: str
    states: tuple[State, State]
    flow: int | None
    packet: int | None
    moves: tuple[Move, ...]
    values: tuple[tuple[int, str, str], ...]


class Way(NamedTuple):
    """A packet's way.  ``start``, ``end``: the steps at which it leaves and ends; None where it does so outside
    the page or not at all.  ``first``: the step from which it is drawn.

    ``origin``: the packet that it is a copy of.
    """

    packet: Packet
    start: int | None
    end: int | None
    first: int
    origin: int | None


class Play(NamedTuple):
    """Everything a page shows.  ``total``: steps of the whole trace; ``start``: those before the page's first.

    ``more``: hosts that are not shown.
    """

    story: Story
    steps: tuple[Step, ...]
    ways: dict[int, Way]
    total: int
    start: int
    names: str
    more: tuple[str, ...]
    relative: bool

    def label(self, packet: Packet) -> str:
        """A packet in the numbers asked for: ``SYN,ACK SEQ=300 ACK=101``."""
        return _label(packet, self.relative)

    @property
    def followed(self) -> tuple[tuple[State, State], ...]:
        """The edges followed, in the order of their first time."""
        return tuple(dict.fromkeys((move.src, move.dst) for step in self.steps for move in step.moves))


def read_play(
    trace: Trace,
    *,
    numbers: str,
    names: str,
    hosts: Iterable[Any] | None,
    conn: Any,
    first: int,
    most: int,
) -> Play:
    """At most ``most`` steps of ``trace``, of which step ``first`` is the first; steps count from 1.

    Other parameters and errors as for ``read_story``; raises ``UnknownChoice`` for a window that is none.
    """
    check_choice("way to count", numbers, NUMBERS)
    # Its packets have both: the relative numbers themselves, the absolute ones in their segments.
    story = read_story(trace, numbers="relative", hosts=hosts, conn=conn)
    total = len(story.events)
    if not 1 <= first <= max(total, 1):
        raise UnknownChoice(f"no step {first} to begin with: the trace has steps 1 .. {total}")
    if most < 1:
        raise UnknownChoice(f"most={most}: a page holds one step at least")
    start = first - 1
    events = story.events[start : start + most]
    flows = {flow: i for i, flow in enumerate(story.flows)}
    after = story.events[start + most].n if start + most < total else len(trace)
    ends = [event.n for event in events[1:]] + [after] * bool(events)
    relative = numbers == "relative"
    steps = tuple(_step(trace, story, flows, event, end, relative) for event, end in zip(events, ends, strict=True))
    listed = [host["name"] for host in trace.header.get("hosts", ())]
    more = tuple(name for name in listed if name not in story.hosts)
    return Play(story, steps, _ways(trace, story, events), total, start, names, more, relative)


def _step(trace: Trace, story: Story, flows: dict[Flow, int], event: Event, end: int, relative: bool) -> Step:
    """``end``: the record of the next step: what lies between follows from this one."""
    moves: list[Move] = []
    values: list[tuple[int, str, str]] = []
    for n in range(event.n + 1, end):
        if trace.raw[n][0] not in ("fired", "vars"):
            continue
        record = trace[n]
        sides = _sides(story, event, record.where)
        if isinstance(record, Fired):
            row = record.row
            words = f"{row.cue.event}; {', '.join(do.value for do in row.do) or 'nothing'}"
            moves += [Move(side, row.src, row.dst, record.rule, f"{words} ({cited(row.ref)})") for side in sides]
        elif isinstance(record, Vars):
            changed = [name for name in SHOWN if name in record.changed]
            values += [
                (side, rfc_name(name), shown(name, record.changed[name][1])) for side in sides for name in changed
            ]
    return Step(
        event.n, event.t, event.kind, event.side, _words(story, event, relative), (event.after[LEFT], event.after[RIGHT]),
        None if event.flow is None else flows.get(event.flow),
        None if event.packet is None else event.packet.number, tuple(moves), tuple(values),
    )  # fmt: skip


def _sides(story: Story, event: Event, where: str) -> tuple[int, ...]:
    """The lifelines of what happened at the host ``where`` during ``event``."""
    left, right = story.hosts
    if left != right:
        return tuple(side for side in (LEFT, RIGHT) if story.hosts[side] == where)
    if event.flow is not None and event.flow[0] == event.flow[1]:
        return LEFT, RIGHT  # a socket connected to itself has one state
    return () if event.side is None else (event.side,)


def _words(story: Story, event: Event, relative: bool) -> str:
    """What happens, in a line."""
    who = "" if event.side is None else story.hosts[event.side]
    packet = event.packet
    if packet is None:
        return f"{who}: {event.words}"
    named = f"#{packet.number} {_label(packet, relative)}"
    if event.kind == "sent":
        return f"{who} sends {named}"
    return f"{who} gets {named}" if event.kind == "arrived" else f"{named}: {event.words}"


def _label(packet: Packet, relative: bool) -> str:
    number, acked = (packet.seq, packet.ack) if relative else (packet.seg.seq, packet.seg.ack)
    ack = "" if packet.ack is None else f" ACK={acked}"
    octets = f" LEN={packet.seg.len}" if packet.seg.len else ""
    mark = "".join(f" {word}" for word in [*([f"({packet.mark})"] if packet.mark else []), *ecn_words(packet.seg)])
    return f"{packet.seg.names} SEQ={number}{ack}{octets}{mark}"


def _ways(trace: Trace, story: Story, events: list[Event]) -> dict[int, Way]:
    place = {id(event): i for i, event in enumerate(events)}
    times = [event.n for event in events]
    found: dict[int, Way] = {}
    if not events:
        return found
    for packet in story.packets.values():
        start = None if packet.start is None else place.get(id(packet.start))
        end = None if packet.end is None else place.get(id(packet.end))
        if start is None and end is None and not (packet.start is None and times[0] <= packet.born <= times[-1]):
            continue
        first = start
        if first is None:  # it begins between two steps: it is there at the second
            first = min(bisect_right(times, packet.born), len(events) - 1 if end is None else end)
        record = trace[packet.born]
        origin = record.original if isinstance(record, Duplicated) else None
        found[packet.number] = Way(packet, start, end, first, origin)
    return found


# -- the details that are shown on demand


def fields(play: Play, way: Way) -> list[tuple[str, str]]:
    """A packet's header fields, by name."""
    packet, seg = way.packet, way.packet.seg
    found = [
        ("from", seg.src),
        ("to", seg.dst),
        ("flags", seg.names),
        ("SEQ", _both(seg.seq, packet.seq)),
        ("ACK", "not set" if packet.ack is None else _both(seg.ack, packet.ack)),
        ("WND", str(seg.wnd)),
        ("LEN", f"{seg.len} octets of data"),
    ]
    if seg.ecn:
        found.append(("ECN", "CE: it has met congestion" if seg.ecn == CE else "ECT: its sender understands marks"))
    if seg.flags & URG:
        found.append(("UP", str(seg.up)))
    options = [format_option(option) for option in seg.options if option[0] != "TS"]
    if seg.tsval is not None:
        options.append(f"TS val {seg.tsval} ecr {seg.tsecr}")
    found.append(("options", ", ".join(options) or "none"))
    if seg.data:
        found.append(("data", _octets(seg.data)))
    return found


def _both(number: int, other: int) -> str:
    return str(number) if number == other else f"{number}, relative {other}"


def _octets(data: bytes) -> str:
    text = "".join(chr(octet) if 32 <= octet < 127 else "·" for octet in data[:_MOST_OCTETS])
    return text + " …" * (len(data) > _MOST_OCTETS)


def reason(trace: Trace, step: Step) -> dict[str, Any]:
    """Why a step went as it did, as the page tells it: a sentence, a lesson, what was checked and changed, and
    what to read.
    """
    told = why(trace, step.n)
    lines = list(_facts(told)) if _begins(trace, step.n) else []
    found: dict[str, Any] = {"says": told.says}
    if told.lesson:
        found["lesson"] = told.lesson
    if lines:
        found["lines"] = lines
    read = [*map(cited, told.refs), *told.requirements]
    if read:
        found["read"] = ", ".join(read)
    return found


def _begins(trace: Trace, n: int) -> bool:
    """Whether an event begins with record ``n``: what it checked and changed is told there and not again."""
    cause = trace.raw[n][4]
    return trace.raw[n][0] not in ("sent", "lost", "refused") and (cause is None or trace.raw[cause][0] == "move")


def _facts(told: Why) -> Iterator[str]:
    """Checks line by line, the rest gathered."""
    for one in told.steps:
        if one.kind == "check":
            yield f"{'✓' if one.facts['verdict'] is None else '■'} {one.words}"
    for kind, title in _TOLD.items():
        words = [one.words for one in told.steps if one.kind == kind]
        if words:
            yield f"{title}: {'; '.join(words)}"


def page_data(trace: Trace, play: Play) -> dict[str, Any]:
    """The page's data in JSON's types."""
    return {
        "start": play.start,
        "hosts": list(play.story.hosts),
        "steps": [_step_data(trace, play, step) for step in play.steps],
        "packets": {str(number): _way_data(play, way) for number, way in play.ways.items()},
    }


def _step_data(trace: Trace, play: Play, step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {
        "t": format_time(step.t),
        "words": step.words,
        "states": [state.name for state in step.states],
        "why": reason(trace, step),
    }
    if step.flow is not None:
        found["flow"] = step.flow
    if step.packet is not None:
        found["packet"] = step.packet
    if step.moves:
        found["moves"] = [
            [move.side, f"{move.src}>{move.dst}",
             f"{state_name(move.src, play.names)} → {state_name(move.dst, play.names)}", move.words]
            for move in step.moves
        ]  # fmt: skip
    if step.values:
        found["values"] = [list(value) for value in step.values]
    return found


def _way_data(play: Play, way: Way) -> dict[str, Any]:
    packet = way.packet
    sender, receiver = play.story.hosts[1 - packet.to], play.story.hosts[packet.to]
    return {
        "title": f"#{packet.number} {play.label(packet)}, from {sender} to {receiver}",
        "fields": [list(field) for field in fields(play, way)],
        "start": way.start,
        "end": way.end,
        "first": way.first,
    }
