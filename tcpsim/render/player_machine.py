"""The state diagram of the player: the books' arrangement, squeezed, without words on the edges.

The hand-laid routes keep their order from left to right and from top to bottom, so no edges cross here either.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from html import escape
from math import hypot
from typing import Final

from ..tcp.states import State
from . import layout
from .edges import edges_of, figure5_rows, state_name

WIDTH: Final = 344
HEIGHT: Final = 316
BOX_WIDTH: Final = 92
BOX_HEIGHT: Final = 24

#: Where the big picture's places come to lie: (there, here), in between evenly.
_ACROSS: Final = (
    (0, -4), (44, 4), (110, 14), (135, 38), (185, 60), (235, 82), (260, 106), (425, 126), (500, 172), (575, 218),
    (740, 238), (765, 262), (815, 284), (865, 306), (890, 330), (956, 340), (1000, 348),
)  # fmt: skip
_DOWN: Final = (
    (0, 0), (34, 6), (72, 18), (124, 42), (212, 68), (264, 92), (352, 118), (404, 142), (492, 168), (544, 192),
    (606, 205), (668, 218), (720, 242), (810, 264), (862, 288), (904, 304), (1000, 316),
)  # fmt: skip

_HEAD: Final = 6.0
_BEND: Final = 6.0
_WIDE_BOW: Final = 116.0
_NARROW_BOW: Final = 24.0

Way = tuple[tuple[float, float], ...]


def machine(name: str, names: str, extra: Iterable[tuple[State, State]] = ()) -> str:
    """The diagram as an SVG element whose ids and data attributes the player's script moves.

    ``name``: begins its id.  ``names``: spelling of the states.  ``extra``: edges that the figure lacks.
    """
    return "".join(_elements(name, names, tuple(extra)))


def _elements(name: str, names: str, extra: tuple[tuple[State, State], ...]) -> Iterator[str]:
    yield f'<svg id="{name}" class="states" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}">'
    for edge in edges_of(figure5_rows()):
        way = tuple(map(_here, layout.ROUTES[edge.src, edge.dst].points))
        yield _edge(edge.src, edge.dst, edge.role, _rounded(way), way)
    for src, dst in extra:
        if src is not dst:
            way = _bow(src, dst)
            yield _edge(src, dst, "extra", _curve(way), way)
    for state in State:
        x, y = _here(layout.CENTRES[state])
        left, top = _number(x - BOX_WIDTH / 2), _number(y - BOX_HEIGHT / 2)
        yield (
            f'<g class="s" data-state="{state}"><rect x="{left}" y="{top}" width="{BOX_WIDTH}" '
            f'height="{BOX_HEIGHT}" rx="6"/><text x="{_number(x)}" y="{_number(y + 4)}">'
            f"{escape(state_name(state, names))}</text></g>"
        )
    yield "</svg>"


def _edge(src: State, dst: State, role: str, path: str, way: Way) -> str:
    return f'<g class="e {role}" data-edge="{src}>{dst}"><path class="w" d="{path}"/><path d="{_head(way)}"/></g>'


def _here(point: tuple[float, float]) -> tuple[float, float]:
    return _between(_ACROSS, point[0]), _between(_DOWN, point[1])


def _between(places: tuple[tuple[float, float], ...], value: float) -> float:
    i = min(max(bisect_right(places, (value, float("inf"))), 1), len(places) - 1)
    (x0, y0), (x1, y1) = places[i - 1], places[i]
    return y0 + (y1 - y0) * (value - x0) / (x1 - x0)


def _bow(src: State, dst: State) -> Way:
    """Start, control point and end of a bow for an edge that has no way of its own; it clears a box between."""
    (x0, y0), (x1, y1) = _here(layout.CENTRES[src]), _here(layout.CENTRES[dst])
    length = hypot(x1 - x0, y1 - y0)
    bulge = _WIDE_BOW if x0 == x1 else _NARROW_BOW
    control = (x0 + x1) / 2 + (y1 - y0) / length * bulge, (y0 + y1) / 2 - (x1 - x0) / length * bulge
    return _border((x0, y0), control), control, _border((x1, y1), control)


def _border(centre: tuple[float, float], toward: tuple[float, float]) -> tuple[float, float]:
    """Where the line from ``centre`` to ``toward`` leaves the box around ``centre``."""
    dx, dy = toward[0] - centre[0], toward[1] - centre[1]
    share = min(
        BOX_WIDTH / 2 / abs(dx) if dx else float("inf"),
        BOX_HEIGHT / 2 / abs(dy) if dy else float("inf"),
    )
    return centre[0] + dx * share, centre[1] + dy * share


def _rounded(way: Way) -> str:
    words = [f"M{_pair(way[0])}"]
    for piece in layout.rounded(way, _BEND):
        words.append(("L" if len(piece) == 2 else "Q") + " ".join(map(_pair, piece[1:])))
    return "".join(words)


def _curve(way: Way) -> str:
    return f"M{_pair(way[0])}Q{_pair(way[1])} {_pair(way[2])}"


def _head(way: Way) -> str:
    (x0, y0), (x1, y1) = way[-2:]
    size = hypot(x1 - x0, y1 - y0)
    ux, uy = (x1 - x0) / size * _HEAD, (y1 - y0) / size * _HEAD
    wings = [(x1 - ux - side * uy * 0.5, y1 - uy + side * ux * 0.5) for side in (1, -1)]
    return f"M{_pair((x1, y1))}L{_pair(wings[0])}L{_pair(wings[1])}Z"


def _pair(point: tuple[float, float]) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
