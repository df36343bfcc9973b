"""The joint diagram drawn on a grid: rows for one end, columns for the other, the pairs where they meet.

A move of one end runs along its row or column: straight to a neighbour, otherwise on a lane of its own in the
gutter beside.  Each gutter has a strip without lines for the moves' numbers, so that no text touches a line.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from ..trace.trace import Trace
from .edges import NAMES, state_name
from .errors import check_choice
from .joint import LIFE, Joint, Pair, joint_of, mover
from .shapes import (
    CLIENT,
    INK,
    MARK,
    PAPER,
    QUIET,
    SERVER,
    SHADE,
    Drawing,
    Plate,
    Point,
    Rect,
    Shape,
    Stroke,
    Text,
    cut_to,
    text_width,
)
from .svg import svg

_WIDE: Final = 116.0  # of a pair's box
_HIGH: Final = 64.0
_STRIP: Final = 44.0  # of a gutter: where numbers stand and no lane runs
_PITCH: Final = 20.0  # from lane to lane
_MARGIN: Final = 24.0
_TOP: Final = 118.0
_HEAD: Final = 8.0
_TAG: Final = 10.5  # size of a number
_NEAR: Final = 12.0  # a straight move's distance from the middle of the side
_KEY: Final = 13.0
_LEADING: Final = 20.0


def joint_diagram_svg(
    source: Joint | Trace | Iterable[Trace], *, names: str = "tcpsim", title: str = "Joint state diagram"
) -> str:
    """The joint diagram of traces, or of data (see ``joint_data``), as an SVG document.

    Every move is numbered, and the numbers are explained below; the same words have the same number.  Blue solid
    lines are moves of the first end, brown dashed ones of the second, grey dotted ones of both at once.
    """
    return svg(joint_drawing(source, names=names, title=title))


def joint_drawing(
    source: Joint | Trace | Iterable[Trace], *, names: str = "tcpsim", title: str = "Joint state diagram"
) -> Drawing:
    """The same as shapes."""
    check_choice("spelling of names", names, NAMES)
    data = source if isinstance(source, Joint) else joint_of(source)
    return _Grid(data, names).drawing(title)


class _Lanes:
    """The lanes of one gutter: intervals that would touch get lanes of their own."""

    def __init__(self) -> None:
        self.taken: list[list[tuple[float, float]]] = []

    def place(self, low: float, high: float) -> int:
        for lane, others in enumerate(self.taken):
            if all(high < a or b < low for a, b in others):
                others.append((low, high))
                return lane
        self.taken.append([(low, high)])
        return len(self.taken) - 1


#: By who moves: colour, width, dashes.
_PENS: Final = ((CLIENT, 1.7, ""), (SERVER, 1.7, "6 3"), (INK, 1.2, "2 3"))


Ends = tuple[Pair, Pair]


class _Grid:
    """Places for everything.

    A way's kind: "straight" to a neighbour; "row", "column" along a lane; both ends at once go round a corner,
    "below" their source first or "right" of it first.
    """

    def __init__(self, data: Joint, names: str) -> None:
        self.data = data
        self.names = names
        self.rows = [state for state in LIFE if any(pair[0] is state for pair in data.pairs)]
        self.columns = [state for state in LIFE if any(pair[1] is state for pair in data.pairs)]
        self.at = {pair: (self.rows.index(pair[0]), self.columns.index(pair[1])) for pair in data.pairs}
        self.labels: dict[Ends, list[str]] = {}
        for step in data.steps:
            self.labels.setdefault((step.src, step.dst), []).append(step.label)
        self.numbers: dict[tuple[int, tuple[str, ...]], int] = {}
        for ends, labels in self.labels.items():
            self.numbers.setdefault((mover(ends), tuple(labels)), len(self.numbers) + 1)
        self.row_lanes = [_Lanes() for _ in self.rows]
        self.column_lanes = [_Lanes() for _ in self.columns]
        self.kinds = {ends: self._kind(*ends) for ends in self.labels}
        self.lanes = {ends: self._place(ends) for ends in self.labels}
        self.ports = self._assign_ports()
        self.xs, self.ys, self.right, self.bottom = self._lay()

    # -- lanes

    def _kind(self, src: Pair, dst: Pair) -> str:
        (r0, c0), (r1, c1) = self.at[src], self.at[dst]
        if r0 != r1 and c0 != c1:
            return "right" if c1 < c0 and r1 > r0 else "below"
        if abs(r0 - r1) + abs(c0 - c1) == 1:
            return "straight"
        return "row" if r0 == r1 else "column"

    def _place(self, ends: Ends) -> tuple[int, int]:
        """The lanes along the row and along the column, where the way has them."""
        (r0, c0), (r1, c1) = self.at[ends[0]], self.at[ends[1]]
        match self.kinds[ends]:
            case "row":
                return self.row_lanes[r0].place(min(c0, c1) - 0.4, max(c0, c1) + 0.4), 0
            case "column":
                return 0, self.column_lanes[c0].place(min(r0, r1) - 0.4, max(r0, r1) + 0.4)
            case "below":
                row = self.row_lanes[r0].place(min(c0, c1 + 0.5) - 0.4, max(c0, c1 + 0.5) + 0.4)
                return row, self.column_lanes[c1].place(min(r0 + 0.5, r1) - 0.4, max(r0 + 0.5, r1) + 0.4)
            case "right":
                row = self.row_lanes[r1].place(min(c0 + 0.5, c1) - 0.4, max(c0 + 0.5, c1) + 0.4)
                return row, self.column_lanes[c0].place(min(r0, r1 + 0.5) - 0.4, max(r0, r1 + 0.5) + 0.4)
        return 0, 0

    def _sides(self, ends: Ends) -> tuple[str, str]:
        """On which side of its boxes the way begins and ends; "" for straight ones."""
        return {"row": ("below", "below"), "column": ("right", "right"), "below": ("below", "right"),
                "right": ("right", "below")}.get(self.kinds[ends], ("", ""))  # fmt: skip

    def _assign_ports(self) -> dict[tuple[Pair, str], list[Ends]]:
        """Which ways touch which side of which pair, in an order that avoids crossings."""
        ports: dict[tuple[Pair, str], list[Ends]] = {}
        for ends in self.lanes:
            for pair, side in zip(ends, self._sides(ends), strict=True):
                if side:
                    ports.setdefault((pair, side), []).append(ends)
        for (pair, side), ways in ports.items():
            ways.sort(key=lambda ends: self._port_key(ends, pair, side))
        return ports

    def _port_key(self, ends: Ends, pair: Pair, side: str) -> tuple[bool, int]:
        after = self._goes_after(ends, pair, side)
        lane = self.lanes[ends][0 if side == "below" else 1]
        return after, -lane if after else lane

    def _goes_after(self, ends: Ends, pair: Pair, side: str) -> bool:
        """Whether it comes from, or goes to, what lies to the right of the pair (or below it)."""
        axis = 1 if side == "below" else 0
        other = ends[1] if ends[0] == pair else ends[0]
        return self.at[other][axis] > self.at[pair][axis]

    def _port(self, ends: Ends, pair: Pair, side: str) -> float:
        """Where on the side, from its middle: the middle itself is for straight ways."""
        after = self._goes_after(ends, pair, side)
        group = [way for way in self.ports[pair, side] if self._goes_after(way, pair, side) == after]
        inner, outer = _NEAR + 10.0, (_WIDE if side == "below" else _HIGH) / 2 - 4.0
        gap = min(9.0, (outer - inner) / max(1, len(group) - 1))
        place = group.index(ends) if after else len(group) - 1 - group.index(ends)
        return (1 if after else -1) * (inner + gap * place)

    # -- places

    def _lay(self) -> tuple[list[float], list[float], float, float]:
        """The left edge of each column, the top of each row, and where the grid ends."""
        x = _MARGIN + max(text_width(state_name(state, self.names), 13, bold=True) for state in self.rows) + 34
        xs, ys = [], []
        for lanes in self.column_lanes:
            xs.append(x)
            x += _WIDE + _gutter(lanes)
        y = _TOP
        for lanes in self.row_lanes:
            ys.append(y)
            y += _HIGH + _gutter(lanes)
        return xs, ys, x, y

    def _box(self, pair: Pair) -> Rect:
        row, column = self.at[pair]
        left, top = self.xs[column], self.ys[row]
        return Rect(left, top, left + _WIDE, top + _HIGH)

    def _lane_y(self, row: int, lane: int) -> float:
        return self.ys[row] + _HIGH + _STRIP + _PITCH * (lane + 0.5)

    def _lane_x(self, column: int, lane: int) -> float:
        return self.xs[column] + _WIDE + _STRIP + _PITCH * (lane + 0.5)

    def _strip_x(self, column: int) -> float:
        return self.xs[column] + _WIDE + _STRIP / 2

    def _strip_y(self, row: int) -> float:
        return self.ys[row] + _HIGH + _STRIP / 2

    def _end(self, ends: Ends, place: int) -> Point:
        """Where the way leaves its source (0) or meets its target (1), on a side with ports."""
        pair, side = ends[place], self._sides(ends)[place]
        box, shift = self._box(pair), self._port(ends, pair, side)
        if side == "below":
            return (box.left + box.right) / 2 + shift, box.bottom
        return box.right, (box.top + box.bottom) / 2 + shift

    def _way(self, ends: Ends) -> tuple[tuple[Point, ...], Point]:
        """The points, and the middle of the number on it."""
        (r0, c0), (r1, c1) = self.at[ends[0]], self.at[ends[1]]
        row, column = self.lanes[ends]
        kind = self.kinds[ends]
        if kind == "straight":
            return self._straight(ends)
        start, end = self._end(ends, 0), self._end(ends, 1)
        if kind == "row":
            y = self._lane_y(r0, row)
            return (start, (start[0], y), (end[0], y), end), (self._strip_x(c0 if c1 > c0 else c0 - 1), y)
        if kind == "column":
            x = self._lane_x(c0, column)
            return (start, (x, start[1]), (x, end[1]), end), (x, self._strip_y(r0 if r1 > r0 else r0 - 1))
        if kind == "right":
            x, y = self._lane_x(c0, column), self._lane_y(r1, row)
            return (start, (x, start[1]), (x, y), (end[0], y), end), (x, self._strip_y(r0))
        x, y = self._lane_x(c1, column), self._lane_y(r0, row)
        tag = (self._strip_x(c0), y) if c1 > c0 else (x, self._strip_y(r0))
        return (start, (start[0], y), (x, y), (x, end[1]), end), tag

    def _straight(self, ends: Ends) -> tuple[tuple[Point, ...], Point]:
        a, b = self._box(ends[0]), self._box(ends[1])
        (r0, c0), (r1, c1) = self.at[ends[0]], self.at[ends[1]]
        if r0 == r1:
            y = (a.top + a.bottom) / 2 + (-_NEAR if c1 > c0 else _NEAR)
            x0, x1 = (a.right, b.left) if c1 > c0 else (a.left, b.right)
            return ((x0, y), (x1, y)), (self._strip_x(min(c0, c1)), y)
        x = (a.left + a.right) / 2 + (_NEAR if r1 > r0 else -_NEAR)
        y0, y1 = (a.bottom, b.top) if r1 > r0 else (a.top, b.bottom)
        return ((x, y0), (x, y1)), (x, self._strip_y(min(r0, r1)))

    # -- shapes

    def drawing(self, title: str) -> Drawing:
        """Everything, in the order of painting."""
        shapes: list[Shape] = [*self._axes(title)]
        for ends in self.labels:
            shapes += self._move(ends)
        for pair in self.data.pairs:
            shapes += self._pair(pair)
        key, height, width = self._key()
        return Drawing("joint-states", title, self._words(), width, height, (*shapes, *key))

    def _axes(self, title: str) -> list[Shape]:
        first, second = self.data.ends
        x = self.xs[0]
        shapes: list[Shape] = [
            Text(_MARGIN, 40, "start", 20, title, INK, "title", bold=True),
            Text(_MARGIN, _TOP - 22, "start", 13, f"{first} ↓", CLIENT, "axis", bold=True),
            Text(x, 70, "start", 13, f"{second} →", SERVER, "axis", bold=True),
        ]
        for state, left in zip(self.columns, self.xs, strict=True):
            name = state_name(state, self.names)
            shapes.append(Text(left + _WIDE / 2, _TOP - 22, "middle", 13, name, SERVER, "axis", bold=True))
        for state, top in zip(self.rows, self.ys, strict=True):
            name = state_name(state, self.names)
            shapes.append(Text(x - 20, top + _HIGH / 2 + 4.5, "end", 13, name, CLIENT, "axis", bold=True))
        return shapes

    def _move(self, ends: Ends) -> list[Shape]:
        points, (x, y) = self._way(ends)
        who = mover(ends)
        labels = tuple(self.labels[ends])
        number = str(self.numbers[who, labels])
        colour, width, dash = _PENS[who]
        title = f"{self._named(ends[0])} → {self._named(ends[1])}: {'; '.join(labels)}"
        half = text_width(number, _TAG, bold=True) / 2 + 2.5
        of = f"{ends}"
        before, after = _parted(points, Rect(x - half, y - 8, x + half, y + 8))
        return [
            Stroke(before, colour, width, dash, title=title, of=of),
            Stroke(after, colour, width, dash, _HEAD, title=title, of=of),
            Text(x, y + 3.8, "middle", _TAG, number, colour, of, bold=True),
        ]

    def _pair(self, pair: Pair) -> list[Shape]:
        box, count = self._box(pair), self.data.pairs[pair]
        first, second = (state_name(state, self.names) for state in pair)
        marked = pair in self.data.marked
        fill = MARK if marked else SHADE if pair == self.data.start else PAPER
        x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        notes = ["start"] * (pair == self.data.start) + ["!"] * marked + [f"×{count}"] * (count > 1)
        size = 11.5
        while max(text_width(name, size, bold=True) for name in (first, second)) > _WIDE - 8:
            size -= 0.5
        up = -10 if notes else -2
        return [
            Plate(box, fill, INK, 2.6 if marked else 1.4, 9, f"{self._named(pair)}, seen {count} times", of=f"{pair}"),
            Text(x, y + up, "middle", size, first, CLIENT, f"{pair}", bold=True, background=fill),
            Text(x, y + up + 15, "middle", size, second, SERVER, f"{pair}", bold=True, background=fill),
            *([Text(x, y + 21, "middle", 11, " · ".join(notes), QUIET if fill != MARK else INK, f"{pair}", italic=True,
                    background=fill)] if notes else []),
        ]  # fmt: skip

    def _named(self, pair: Pair) -> str:
        return f"({', '.join(state_name(state, self.names) for state in pair)})"

    def _key(self) -> tuple[list[Shape], float, float]:
        """The numbers explained, in columns below the grid; the picture's height and width."""
        entries = [(number, who, "; ".join(labels)) for (who, labels), number in self.numbers.items()]
        widest = max((text_width(words, _KEY) for _, _, words in entries), default=0.0)
        column = min(max(widest, 180.0), 560.0) + 66
        width = max(self.right, _MARGIN * 2 + column, 520.0)
        columns = max(1, int((width - 2 * _MARGIN) // column))
        y = self.bottom + 24
        shapes: list[Shape] = []
        x = _MARGIN
        whose = (f"{self.data.ends[0]} moves", f"{self.data.ends[1]} moves", "both move")
        for who in sorted({who for _, who, _ in entries}):
            colour, wide, dash = _PENS[who]
            shapes.append(Stroke(((x, y), (x + 42, y)), colour, wide, dash, _HEAD, of="key"))
            shapes.append(Text(x + 50, y + 4.5, "start", _KEY, whose[who], INK, "key"))
            x += 50 + text_width(whose[who], _KEY) + 34
        y += 34
        high = -(-len(entries) // columns)
        for place, (number, who, words) in enumerate(entries):
            at_x = _MARGIN + column * (place // high if high else 0)
            at_y = y + _LEADING * (place % high)
            shapes.append(Text(at_x + 24, at_y, "end", _KEY, str(number), _PENS[who][0], "key", bold=True))
            shapes.append(Text(at_x + 34, at_y, "start", _KEY, cut_to(words, column - 50, _KEY), INK, "key"))
        return shapes, y + _LEADING * high + 4, width

    def _words(self) -> str:
        first, second = self.data.ends
        moves = "; ".join(
            f"{self._named(src)} to {self._named(dst)}: {', '.join(labels)}"
            for (src, dst), labels in list(self.labels.items())[:200]
        )
        return (
            f"The pairs (state of {first}, state of {second}) that occurred, {len(self.data.pairs)} of them, and "
            f"{len(self.labels)} moves between them: {moves}."
        )


def _gutter(lanes: _Lanes) -> float:
    return _STRIP + _PITCH * len(lanes.taken) + (12 if lanes.taken else 0)


def _parted(points: tuple[Point, ...], gap: Rect) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """The way before and after the gap, which lies on one of its pieces."""
    for place, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        inside = gap.left < x0 < gap.right if x0 == x1 else gap.top < y0 < gap.bottom
        low, high = (min(y0, y1), max(y0, y1)) if x0 == x1 else (min(x0, x1), max(x0, x1))
        start, end = (gap.top, gap.bottom) if x0 == x1 else (gap.left, gap.right)
        if inside and low <= start and end <= high:
            first, second = (start, end) if (y1 > y0 or x1 > x0) else (end, start)
            one, other = ((x0, first), (x0, second)) if x0 == x1 else ((first, y0), (second, y0))
            return (*points[: place + 1], one), (other, *points[place + 1 :])
    raise AssertionError(f"no piece of {points} runs through {gap}")
