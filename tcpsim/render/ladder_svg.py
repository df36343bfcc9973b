"""The ladder as a picture: time runs down, a packet's arrow slants with its delay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median_low
from typing import Any, Final, NamedTuple

from ..tcp.states import CLOSED, State
from ..tcp.units import format_time, parse_time
from ..trace.trace import Trace
from .edges import NAMES, state_name
from .errors import UnknownChoice, check_choice
from .ladder_arrows import Arrows
from .ladder_spans import Change, Span, changes_of, spans_of
from .shapes import (
    CLIENT,
    FRAME,
    INK,
    PAPER,
    QUIET,
    SERVER,
    SHADE,
    Drawing,
    Mark,
    Plate,
    Rect,
    Shape,
    Stroke,
    Text,
    cut_to,
    text_width,
)
from .story import Event, Flow, Story, read_story
from .svg import svg
from .timeline import Moment, Timeline

MOST: Final = 400  #: events that one picture shows unless more are asked for

_GAP: Final = 440.0  # between lifelines
_MARGIN: Final = 350.0  # beside the outer lifelines
_BAND: Final = 340.0  # of an inner lifeline, which arrows pass behind
_LANE: Final = 13.0  # of a timer's bar
_LANES: Final = 4  # bars side by side
_TOP: Final = 118.0
_LINE: Final = 15.5  # from line to line in the margin
_SIZE: Final = 12.0
_TIME: Final = 58.0  # width of the column of times
_WORDS: Final = 200.0  # width of the column of words
_WAYS: Final = {"sent": "out", "arrived": "in"}
CALL: Final = "#0a5c63"
TIMER: Final = "#7a4b00"


class Note(NamedTuple):
    """A line in the margin."""

    words: str
    colour: str = INK
    bold: bool = False
    italic: bool = False
    time: str = ""


def ladder_svg(
    trace: Trace,
    *,
    scale: str = "compressed",
    numbers: str = "absolute",
    names: str = "tcpsim",
    hosts: Iterable[Any] | None = None,
    conn: Any = None,
    variables: Iterable[str] = (),
    timers: bool = True,
    start: str | int = 0,
    end: str | int | None = None,
    most: int = MOST,
    title: str | None = None,
) -> str:
    """The ladder of ``trace`` as an SVG document: a lifeline for each host that exchanges packets.

    ``scale``: "compressed" cuts long waits, "true" gives every moment its place to scale.  ``numbers``, ``names``,
    ``conn``: as for ``ladder``; ``hosts``: two or more, from left to right.  ``variables``: those of the
    connection block that stand along the lifelines when they change (``snd_una``, ``cwnd``); they and the
    ``timers`` as bars need a trace of level full.  ``start``, ``end``: the window of time; ``most``: how many events
    are drawn at most; what is left out is counted below.

    Raises ``UnknownChoice`` for a wrong option, host or connection, ValueError for a time.
    """
    drawing = ladder_drawing(
        trace, scale=scale, numbers=numbers, names=names, hosts=hosts, conn=conn, variables=variables,
        timers=timers, start=start, end=end, most=most, title=title,
    )  # fmt: skip
    return svg(drawing)


def ladder_drawing(
    trace: Trace,
    *,
    scale: str = "compressed",
    numbers: str = "absolute",
    names: str = "tcpsim",
    hosts: Iterable[Any] | None = None,
    conn: Any = None,
    variables: Iterable[str] = (),
    timers: bool = True,
    start: str | int = 0,
    end: str | int | None = None,
    most: int = MOST,
    title: str | None = None,
) -> Drawing:
    """The same as shapes."""
    check_choice("spelling of names", names, NAMES)
    if most < 1:
        raise UnknownChoice(f"most={most}: draw one event at least")
    story = read_story(trace, numbers=numbers, hosts=hosts, conn=conn, every=True)
    first = parse_time(start, "start")
    last = max((event.t for event in story.events), default=0) if end is None else parse_time(end, "end")
    inside = [event for event in story.events if first <= event.t <= last]
    shown = inside[:most]
    wanted = tuple([variables] if isinstance(variables, str) else variables)
    changes = changes_of(trace, story, wanted, numbers == "relative") if wanted else {}
    spans = spans_of(trace, story) if timers else []
    if title is None:
        title = str(trace.header.get("scenario", "") or "What happened")
    sheet = _Sheet(story, shown, names, scale, changes, spans)
    return sheet.drawing(title, len(story.events) - len(inside), len(inside) - len(shown))


class _Sheet:
    """The whole page.  ``lines``: the x of each lifeline's left and right rail, which differ for inner ones."""

    def __init__(
        self,
        story: Story,
        events: Sequence[Event],
        names: str,
        scale: str,
        changes: dict[int, list[Change]],
        spans: Sequence[Span],
    ) -> None:
        self.story = story
        self.events = events
        self.names = names
        self.scale = scale
        self.changes = changes
        self.count = len(story.hosts)
        self.rails = self._rails()
        self.width = self.rails[-1][1] + _MARGIN
        self.notes = self._notes()
        moments = [
            Moment(event.t, event.side, _LINE * len(notes) + 3 if notes else 0.0, _WAYS.get(event.kind, ""))
            for event, notes in zip(events, self.notes, strict=True)
        ]
        self.time = Timeline(moments, self.count, scale=scale, usual=self._usual())
        self.y = {id(event): _TOP + y for event, y in zip(events, self.time.ys, strict=True)}
        self.bottom = _TOP + self.time.bottom + 44
        self.spans = self._visible(spans)

    def _rails(self) -> list[tuple[float, float]]:
        rails, x = [], _MARGIN
        for place in range(self.count):
            inner = 0 < place < self.count - 1
            rails.append((x, x + _BAND if inner else x))
            x = rails[-1][1] + _GAP
        return rails

    def _usual(self) -> int:
        """The usual delay of a packet, ns."""
        delays = [p.end.t - p.t for p in self.story.packets.values() if p.end is not None and p.end.t > p.t]
        return median_low(delays) if delays else 10_000_000

    # -- what stands in the margins

    def _notes(self) -> list[list[Note]]:
        seen: dict[tuple[int, Any], State] = {}
        found = []
        several = len(self.story.flows) > 1
        for event in self.events:
            notes: list[Note] = []
            if event.side is not None:
                notes = list(self._told(event, seen, several))
            found.append(notes)
        return found

    def _told(self, event: Event, seen: dict[tuple[int, Any], State], several: bool) -> Iterator[Note]:
        """The lines beside one event: what was called or ran out, the state it led to, variables that changed."""
        assert event.side is not None
        of = self._owner(event.flow, event.side) if several and event.flow is not None else ""
        lines: list[Note] = []
        if event.packet is None:
            colour = {"call": CALL, "timer": TIMER}.get(event.kind, QUIET)
            lines += _folded(Note(of + event.words, colour, italic=event.kind != "call"))
        state = event.after[event.side]
        if seen.get((event.side, event.flow), CLOSED) is not state:
            seen[event.side, event.flow] = state
            lines += _folded(Note(of + state_name(state, self.names), INK, bold=True))
        changed = [change for change in self.changes.get(event.n, ()) if change.side == event.side]
        for change in changed:
            lines += _folded(Note(of + " ".join(f"{n}={v}" for n, v in change.values), QUIET))
        for place, line in enumerate(lines):
            yield line._replace(time=format_time(event.t) if place == 0 else "")

    def _owner(self, flow: Flow, side: int) -> str:
        """What tells a connection from others: its client's port; the client's host too, where it is another one."""
        address, port = max(flow, key=lambda end: end[1])
        known = self.story.addresses
        place = known.index(address) if address in known else side
        return f"{self.story.hosts[place] if place != side and self.count > 2 else ''}:{port} "

    def _visible(self, spans: Sequence[Span]) -> list[tuple[Span, float, float, int]]:
        """The timers' bars: from, to, and on which lane beside the lifeline."""
        if not self.events:
            return []
        first, last = self.events[0].t, self.events[-1].t
        places = {event.n: self.y[id(event)] for event in self.events}
        free: dict[tuple[int, int], float] = {}
        found = []
        for span in spans:
            if span.start > last or (span.end is not None and span.end < first):
                continue
            top = places.get(span.from_event, _TOP + self.time.y_of(span.start))
            low = self.bottom - 26 if span.end is None or span.end > last else _TOP + self.time.y_of(span.end)
            if span.end is None or span.end > last:
                span = span._replace(how="runs")
            else:
                low = places.get(span.to_event, low)
            if low - top < 20:
                continue
            lane = next((one for one in range(_LANES) if free.get((span.side, one), 0.0) + 14 <= top), None)
            if lane is not None:
                free[span.side, lane] = low
                found.append((span, top, low, lane))
        return found

    # -- shapes

    def drawing(self, title: str, outside: int, beyond: int) -> Drawing:
        """Everything, in the order of painting."""
        arrows = Arrows(self.story, self.events, self.y, self.rails, self._typical())
        shapes: list[Shape] = [*self._head(title), *self._lifelines(), *arrows.lines(), *self._bands()]
        shapes += self._bars()
        shapes += self._margins()
        shapes += self._waits()
        bands = [shape.rect for shape in self._bands()]
        shapes += arrows.labels([text for text in shapes if isinstance(text, Text)], bands)
        foot, height = self._foot(arrows.kinds(), outside, beyond)
        return Drawing("tcp-ladder", title, self._words(), self.width, height, (*shapes, *foot))

    def _typical(self) -> float:
        ways = [
            self.y[id(p.end)] - self.y[id(p.start)]
            for p in self.story.packets.values()
            if p.start and p.end and id(p.start) in self.y and id(p.end) in self.y and p.end.kind == "arrived"
        ]
        return min(120.0, max(20.0, median_low(ways))) if ways else 40.0

    def _middle(self, side: int) -> float:
        return sum(self.rails[side]) / 2

    def _head(self, title: str) -> Iterator[Shape]:
        yield Text(24, 38, "start", 20, title, INK, "title", bold=True)
        for side, (name, address) in enumerate(zip(self.story.hosts, self.story.addresses, strict=True)):
            yield Text(self._middle(side), 70, "middle", 15, cut_to(name, 260, 15), INK, f"host {side}", bold=True)
            if address:
                yield Text(self._middle(side), 88, "middle", 12, cut_to(address, 260, 12), QUIET, f"host {side}")

    def _lifelines(self) -> Iterator[Shape]:
        for side, (left, right) in enumerate(self.rails):
            for x in (left,) if left == right else ():
                yield Stroke(((x, _TOP - 18), (x, self.bottom)), INK, 1.6, of=f"lifeline {side}")

    def _bands(self) -> Iterator[Plate]:
        """Inner lifelines are bands: what passes by runs behind them."""
        for side, (left, right) in enumerate(self.rails):
            if left != right:
                yield Plate(Rect(left, _TOP - 18, right, self.bottom), SHADE, INK, 1.6, of=f"lifeline {side}")

    def _beside(self, side: int) -> tuple[float, int]:
        """Where a lifeline's notes begin, and into which direction they go."""
        left, right = self.rails[side]
        if side == 0:
            return left, -1
        return (left if left != right else right), 1

    def _bars(self) -> Iterator[Shape]:
        for span, top, low, lane in self.spans:
            x0, way = self._beside(span.side)
            x = x0 + way * (_LANE * (lane + 0.7) + 2)
            fill = SHADE if 0 < span.side < self.count - 1 else PAPER
            dash = "" if span.how == "runs out" else "3 2.5"
            of = f"timer {span.from_event} {span.name}"
            yield Stroke(((x, top + 12), (x, low)), TIMER, 2.4 if span.how == "runs out" else 1.6, dash,
                         title=f"{span.name} timer: {span.words}", of=of)  # fmt: skip
            if span.how == "runs out":
                yield Mark((x, low), "dot", TIMER, 3.4, of=of)
            elif span.how == "stopped":
                yield Mark((x, low), "bar", TIMER, 3.4, of=of)
            yield Text(x, top + 9, "middle", 10, span.letter, TIMER, of, bold=True, background=fill)

    def _margins(self) -> Iterator[Shape]:
        """Notes beside the lifelines; what would lie upon what came before moves down, on a leader."""
        free = [0.0] * self.count
        lanes = 1 + max((lane for *_, lane in self.spans), default=-1)
        for event, notes in zip(self.events, self.notes, strict=True):
            if not notes or event.side is None:
                continue
            x0, way = self._beside(event.side)
            fill = SHADE if 0 < event.side < self.count - 1 else PAPER
            y = self.y[id(event)]
            top = max(y - 7, free[event.side])
            if top > self.bottom - 20:
                continue
            x = x0 + way * (_LANE * lanes + 12)
            if top > y + 3:
                yield Stroke(((x0, y), (x0 + way * 7, top + 7)), FRAME, 0.8, of=f"leader {event.n}")
            for place, note in enumerate(notes):
                base = top + 11 + _LINE * place
                words = cut_to(note.words, _WORDS, _SIZE, bold=note.bold)
                at = x + way * _TIME
                yield Text(at, base, "end" if way < 0 else "start", _SIZE, words, note.colour, f"note {event.n}",
                           note.bold, note.italic, fill)  # fmt: skip
                if note.time:
                    yield Text(x, base, "end" if way < 0 else "start", 11, note.time, QUIET, f"note {event.n}",
                               background=fill)  # fmt: skip
            free[event.side] = top + _LINE * len(notes) + 1

    def _waits(self) -> Iterator[Shape]:
        """Where a wait was cut: a gap in the outer lifelines, and how long it is."""
        for gap in self.time.breaks:
            y = _TOP + gap.y
            for side in {0, self.count - 1}:
                x = self.rails[side][0]
                of = f"wait {gap.y}"
                yield Plate(Rect(x - 3, y - 5, x + 3, y + 5), PAPER, PAPER, 0, of=of)
                for shift in (-5, 5):
                    yield Stroke(((x - 7, y + shift + 3), (x + 7, y + shift - 3)), INK, 1.2, of=of)
            words = f"{format_time(gap.wait)} s"
            yield Text(self.rails[0][0] + 16, y + 4, "start", 11, words, QUIET, f"wait {gap.y}", italic=True)

    def _foot(self, kinds: Iterable[tuple[str, str, str]], outside: int, beyond: int) -> tuple[list[Shape], float]:
        """What the lines mean, as far as they occur, and what is left out."""
        y, x = self.bottom + 30, 24.0
        shapes: list[Shape] = []
        entries = [(Stroke(((0, 0), (40, 0)), colour, 1.5, dash, 9), words) for colour, dash, words in kinds]
        letters = sorted({(span.letter, span.name, span.how) for span, *_ in self.spans})
        for letter, name in dict.fromkeys((letter, name) for letter, name, _ in letters):
            entries.append((Stroke(((0, 0), (0, 0)), TIMER, 0), f"{letter}  {name} timer"))
        for stroke, words in entries:
            room = 50 if stroke.head else 0
            wide = room + text_width(words, _SIZE) + 30
            if x + wide > self.width - 24:
                x, y = 24.0, y + 24
            if stroke.head:
                shapes.append(stroke._replace(points=((x, y - 4), (x + 40, y - 4)), of="legend"))
            colour = INK if stroke.head else TIMER
            shapes.append(Text(x + room, y, "start", _SIZE, words, colour, "legend"))
            x += wide
        remarks = [f"Time is {'to scale' if self.scale == 'true' else 'not to scale: long waits are cut'}."]
        if outside:
            remarks.append(f"{outside} events lie outside this window of time.")
        if beyond:
            remarks.append(f"{beyond} more events follow; a later start, or more events, shows them.")
        y += 26
        shapes.append(Text(24, y, "start", _SIZE, "  ".join(remarks), QUIET, "legend", italic=True))
        return shapes, y + 22

    def _words(self) -> str:
        packets = sum(event.kind == "sent" for event in self.events)
        lost = sum(event.kind == "lost" for event in self.events)
        last = [
            f"{name} {state_name(self.events[-1].after[side], self.names)}"
            for side, name in enumerate(self.story.hosts)
            if self.events and name
        ]
        return (
            f"A ladder diagram of {', '.join(filter(None, self.story.hosts)) or 'nobody'}: {packets} segments sent, "
            f"{lost} lost. In the end: {', '.join(last) or 'nothing has happened'}."
        )


def _folded(note: Note) -> list[Note]:
    """A note in as many lines as it needs."""
    lines = [""]
    for word in note.words.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and text_width(longer, _SIZE, bold=note.bold) > _WORDS:
            lines.append(word)
        else:
            lines[-1] = longer
    return [note._replace(words=line) for line in lines]


__all__ = ["CLIENT", "MOST", "SERVER", "ladder_drawing", "ladder_svg"]
