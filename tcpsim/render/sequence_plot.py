"""The time-sequence graph: what one end sent when, what was acknowledged, and how far the window reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from ..tcp.segment import ACK, FIN, SYN
from ..tcp.seq import MASK
from ..tcp.units import format_time, parse_time
from ..trace.records import Arrived, Header, Lost, Refused, Sent
from ..trace.trace import Trace
from .chart import LEFT, RIGHT, WIDTH, Panel, Series, legend, sheet
from .errors import UnknownChoice, check_choice
from .shapes import ALARM, CLIENT, INK, OTHER, SERVER, Drawing, Mark, Rect, Shape, Stroke
from .story import Endpoint, receiver_of, sender_of
from .svg import svg

MOST: Final = 1500  #: segments that are drawn one by one; of more, all that fall into a pixel share a bar
_S: Final = 1_000_000_000
_TOP: Final = 112.0
_HIGH: Final = 460.0


class Segment(NamedTuple):
    """What was sent: time (s), from and to (relative numbers), whether it was sent again, and whether it was lost."""

    t: float
    low: int
    high: int
    again: bool
    lost: bool
    words: str


class Graph(NamedTuple):
    """The data of the picture.  ``acks``, ``edges``: (s, number); ``sacks``: (s, from, to)."""

    who: str
    segments: list[Segment]
    acks: list[tuple[float, int]]
    edges: list[tuple[float, int]]
    sacks: list[tuple[float, int, int]]


def sequence_svg(
    trace: Trace, *, conn: Any = None, start: str | int = 0, end: str | int | None = None, most: int = MOST
) -> str:
    """The time-sequence graph of one end of one connection as an SVG document.

    ``conn``: the sender's connection, a socket or its number; by default the one that sends most.  ``start``,
    ``end``: the window of time.  ``most``: how many segments get a bar of their own.  Numbers count from the
    sender's ISS.  Raises ``UnknownChoice`` for a connection that sent nothing.
    """
    return svg(sequence_drawing(trace, conn=conn, start=start, end=end, most=most))


def sequence_drawing(
    trace: Trace, *, conn: Any = None, start: str | int = 0, end: str | int | None = None, most: int = MOST
) -> Drawing:
    """The same as shapes."""
    graph = sequence_graph(trace, conn=conn)
    first = parse_time(start, "start") / _S
    last = None if end is None else parse_time(end, "end") / _S
    graph = _window(graph, first, last)
    times = [*(s.t for s in graph.segments), *(t for t, _ in graph.acks)]
    numbers = [*(s.high for s in graph.segments), *(n for _, n in graph.acks), *(s.low for s in graph.segments)]
    top = max(numbers, default=1)
    reach = max((n for _, n in graph.edges), default=top)
    ys = (min(numbers, default=0), min(reach, top + max(20, top - min(numbers, default=0))) * 1.02)
    samples, row = legend(_series(graph, most), 62)
    above = _TOP + row - 62
    rect = Rect(LEFT, above, WIDTH - RIGHT, above + _HIGH)
    panel = Panel(rect, (min(times, default=first), max(times, default=first + 1)), ys, "sequence number")
    shapes: list[Shape] = [*samples, *panel.frame("time (s)", numbered=True), *_lines(panel, graph)]
    shapes += _crowd(panel, graph.segments) if len(graph.segments) > most else _bars(panel, graph.segments)
    shapes += [
        Stroke(((panel.x(t), panel.y(low)), (panel.x(t), panel.y(high))), SERVER, 3.0, "2 1.5", of="sack")
        for t, low, high in graph.sacks
    ]
    title = f"Time-sequence graph: {graph.who}"
    return sheet("time-sequence", title, _words(graph), above + _HIGH + 56, shapes)


def sequence_graph(trace: Trace, *, conn: Any = None) -> Graph:
    """The numbers of the graph."""
    number, own, peer = _sender(trace, conn)
    fates = {r.packet for r in trace.of("lost", "refused") if isinstance(r, Lost | Refused)}
    sent = [r for r in trace.of("sent", conn=number) if isinstance(r, Sent) and sender_of(r.seg) == own]
    base = next((r.seg.seq for r in sent if r.seg.flags & SYN), sent[0].seg.seq)
    segments, reached = [], 0
    for record in sent:
        seg = record.seg
        length = seg.len + (seg.flags & (SYN | FIN)).bit_count()
        low = (seg.seq - base) & MASK
        if not length or low >= 1 << 31:
            continue
        words = f"{format_time(record.t)} s: {seg.names} {low}:{low + length}"
        lost = record.packet in fates
        segments.append(Segment(record.t / _S, low, low + length, low + length <= reached, lost, words))
        reached = max(reached, low + length)
    acks, edges, sacks = _answers(trace, own, peer, base, _shift(trace, own, peer))
    return Graph(f"{own[0]}:{own[1]} to {peer[0]}:{peer[1]}", segments, acks, edges, sacks)


def _sender(trace: Trace, conn: Any) -> tuple[int, Endpoint, Endpoint]:
    """The connection whose sends are drawn, its own endpoint and its peer's."""
    octets: dict[int, int] = {}
    ends: dict[int, tuple[Endpoint, Endpoint]] = {}
    for record in trace.of("sent"):
        if isinstance(record, Sent) and record.conn is not None:
            octets[record.conn] = octets.get(record.conn, 0) + record.seg.len
            ends.setdefault(record.conn, (sender_of(record.seg), receiver_of(record.seg)))
    if not octets:
        raise UnknownChoice("this trace has no segments of a connection, so no time-sequence graph")
    number = max(octets, key=lambda n: (octets[n], -n)) if conn is None else getattr(conn, "number", conn)
    check_choice("connection", str(number), map(str, octets))
    return number, *ends[number]


def _shift(trace: Trace, own: Endpoint, peer: Endpoint) -> int:
    """By how much the peer's windows are scaled: only if both SYNs offered it (RFC 7323 2.2)."""
    shifts: dict[Endpoint, int] = {}
    for record in trace.of("sent"):
        if isinstance(record, Sent) and record.seg.flags & SYN and sender_of(record.seg) in (own, peer):
            for option in record.seg.options:
                if option[0] == "wscale" and isinstance(option[1], int):
                    shifts[sender_of(record.seg)] = min(option[1], 14)
    return shifts[peer] if len(shifts) == 2 else 0


def _answers(
    trace: Trace, own: Endpoint, peer: Endpoint, base: int, shift: int
) -> tuple[list[tuple[float, int]], list[tuple[float, int]], list[tuple[float, int, int]]]:
    """What the peer's segments told on arrival: acknowledged up to, window up to, SACK blocks."""
    acks: list[tuple[float, int]] = []
    edges: list[tuple[float, int]] = []
    sacks: list[tuple[float, int, int]] = []
    for record in trace.of("arrived"):
        if not isinstance(record, Arrived):
            continue
        seg = record.seg
        if sender_of(seg) != peer or receiver_of(seg) != own or not seg.flags & ACK:
            continue
        t, ack = record.t / _S, (seg.ack - base) & MASK
        if ack >= 1 << 31:
            continue
        acks.append((t, max(ack, acks[-1][1] if acks else 0)))
        edges.append((t, ack + (seg.wnd << (0 if seg.flags & SYN else shift))))
        sacks += [(t, (low - base) & MASK, (high - base) & MASK) for low, high in _blocks(seg)]
    return acks, edges, sacks


def _blocks(seg: Header) -> Iterator[tuple[int, int]]:
    for option in seg.options:
        blocks: Sequence[Any] = option[1:] if option[0] == "sack" else ()
        yield from blocks


def _window(graph: Graph, first: float, last: float | None) -> Graph:
    def inside(t: float) -> bool:
        return first <= t and (last is None or t <= last)

    return Graph(
        graph.who,
        [one for one in graph.segments if inside(one.t)],
        [one for one in graph.acks if inside(one[0])],
        [one for one in graph.edges if inside(one[0])],
        [one for one in graph.sacks if inside(one[0])],
    )


# -- shapes


def _lines(panel: Panel, graph: Graph) -> Iterator[Shape]:
    for points, colour, dash, words in (
        (graph.edges, OTHER, "6 3", "edge of the window"),
        (graph.acks, CLIENT, "", "acknowledged"),
    ):
        way = panel.steps(points, panel.x1)
        if len(way) > 1:
            yield Stroke(tuple(way), colour, 1.5, dash, title=words, of=words)


def _bars(panel: Panel, segments: Sequence[Segment]) -> Iterator[Shape]:
    for one in segments:
        yield from _bar(panel.x(one.t), panel.y(one.low), panel.y(one.high), one)


def _bar(x: float, low: float, high: float, one: Segment) -> Iterator[Shape]:
    """A bar with ends; hollow-headed and red where it was sent again, with a cross where it was lost."""
    colour = ALARM if one.again else INK
    if low - high < 2:
        low, high = low + 1, high - 1
    yield Stroke(((x, low), (x, high)), colour, 1.6, title=one.words, of="segment")
    for y in (low, high):
        yield Stroke(((x - 3, y), (x + 3, y)), colour, 1.2, of="segment")
    if one.again:
        yield Mark((x, (low + high) / 2), "ring", ALARM, 4.0, one.words, "segment")
    if one.lost:
        yield Mark((x, (low + high) / 2), "cross", ALARM, 4.5, one.words, "segment")


def _crowd(panel: Panel, segments: Sequence[Segment]) -> Iterator[Shape]:
    """A summary: one bar for all first sendings of a pixel, one for all repeated ones."""
    columns: dict[tuple[int, bool], list[int]] = {}
    for one in segments:
        key = (round(panel.x(one.t)), one.again)
        low, high, count = columns.get(key, (one.low, one.high, 0))
        columns[key] = [min(low, one.low), max(high, one.high), count + 1]
    for (x, again), (low, high, count) in columns.items():
        colour, width = (ALARM, 2.0) if again else (INK, 1.0)
        top, bottom = panel.y(high), panel.y(low)
        yield Stroke(((x, bottom + 0.5), (x, top - 0.5)), colour, width, title=f"{count} segments", of="segment")
        if again:
            yield Mark((x, (top + bottom) / 2), "ring", ALARM, 3.0, of="segment")


def _series(graph: Graph, most: int) -> Iterator[Series]:
    def bar(again: bool, lost: bool) -> Series:
        words = "lost" if lost else "sent again" if again else "segment sent"
        one = Segment(0, 0, 0, again, lost, "")
        return Series(words, lambda x, y: list(_bar(x + 16, y + 8, y - 8, one)))

    def line(colour: str, dash: str, words: str) -> Series:
        return Series(words, lambda x, y: [Stroke(((x, y), (x + 28, y)), colour, 1.5, dash, of="legend")])

    yield bar(False, False)
    if any(one.again for one in graph.segments):
        yield bar(True, False)
    if any(one.lost for one in graph.segments) and len(graph.segments) <= most:
        yield bar(False, True)
    yield line(CLIENT, "", "acknowledged up to")
    yield line(OTHER, "6 3", "window open up to")
    if graph.sacks:
        yield Series(
            "SACK", lambda x, y: [Stroke(((x + 16, y + 8), (x + 16, y - 8)), SERVER, 3.0, "2 1.5", of="legend")]
        )
    if len(graph.segments) > most:
        yield Series(f"{len(graph.segments)} segments: a bar is all of a pixel", lambda x, y: [])


def _words(graph: Graph) -> str:
    again = sum(one.again for one in graph.segments)
    lost = sum(one.lost for one in graph.segments)
    last = graph.acks[-1][1] if graph.acks else 0
    return (
        f"Sequence numbers over time, from {graph.who}: {len(graph.segments)} segments, {again} of them sent again, "
        f"{lost} lost; {last} acknowledged in the end."
    )
