"""Plain shapes: what every picture is made of, before any file format.

All lengths are SVG user units, which are pixels at native size; y grows downwards.
"""

from __future__ import annotations

from math import cos, radians, sin
from typing import Final, NamedTuple

Point = tuple[float, float]

INK: Final = "#1f2328"
QUIET: Final = "#4d555e"
PAPER: Final = "#ffffff"
SHADE: Final = "#f3f5f8"
FRAME: Final = "#b6bec8"
MARK: Final = "#ffe08a"
CLIENT: Final = "#0b4f9e"
SERVER: Final = "#a2320a"
OTHER: Final = "#50575f"
ALARM: Final = "#b3001e"


class Rect(NamedTuple):
    """An upright rectangle by its edges."""

    left: float
    top: float
    right: float
    bottom: float

    def grown(self, by: float) -> Rect:
        """The same with a margin all round (a negative one shrinks it)."""
        return Rect(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def overlaps(self, other: Rect) -> bool:
        """Whether they share more than a border."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, point: Point) -> bool:
        """Whether the point lies inside."""
        return self.left < point[0] < self.right and self.top < point[1] < self.bottom


class Text(NamedTuple):
    """One line of text; ``y`` is the baseline, ``of`` names what it belongs to.

    ``angle``: by how many degrees it is turned clockwise about its anchor.
    """

    x: float
    y: float
    anchor: str
    size: float
    text: str
    colour: str
    of: str
    bold: bool = False
    italic: bool = False
    background: str = PAPER
    angle: float = 0.0

    @property
    def bounds(self) -> Rect:
        """A box that holds the text in any usual font, before it is turned."""
        width = text_width(self.text, self.size, bold=self.bold)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return Rect(left, self.y - 0.78 * self.size, left + width, self.y + 0.24 * self.size)


class Stroke(NamedTuple):
    """Straight pieces from point to point.  ``head``: length of the arrowhead at the end, 0 for none.

    ``dash`` as in SVG, "" for a solid line.  ``title``: what a reader sees who asks for more.
    """

    points: tuple[Point, ...]
    colour: str = INK
    width: float = 1.3
    dash: str = ""
    head: float = 0.0
    title: str = ""
    of: str = ""


class Plate(NamedTuple):
    """A filled rectangle."""

    rect: Rect
    fill: str = PAPER
    stroke: str = INK
    width: float = 1.3
    radius: float = 0.0
    title: str = ""
    of: str = ""
    dash: str = ""


class Mark(NamedTuple):
    """A small sign at a point.  ``kind``: "dot", "ring", "cross" or "bar"."""

    at: Point
    kind: str
    colour: str = INK
    size: float = 3.0
    title: str = ""
    of: str = ""


Shape = Stroke | Plate | Mark | Text


class Drawing(NamedTuple):
    """A whole picture: shapes in the order in which they are painted.

    ``name``: a word for ids; ``title``: in one line; ``words``: the picture in words, for those who do not see it.
    """

    name: str
    title: str
    words: str
    width: float
    height: float
    shapes: tuple[Shape, ...]


# Widths in ems of DejaVu Sans, the widest of the usual sans serifs: what fits in it fits in all of them.
_NARROW: Final = dict.fromkeys("ijlI|.,:;'!", 0.33) | dict.fromkeys("frt()[]- /", 0.41)
_WIDE: Final = dict.fromkeys("mwMW@%&", 0.99) | dict.fromkeys("CDGHNOQRU_+=<>→", 0.8)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """A safe upper estimate of the width of ``text`` in any usual sans serif font."""
    ems = 0.0
    for char in text:
        other = 0.71 if char.isupper() else 0.64
        ems += _NARROW.get(char) or _WIDE.get(char) or other
    return ems * size * (1.08 if bold else 1.0)


def usual_width(text: str, size: float) -> float:
    """What the estimate for the widest font comes to in the usual ones."""
    return 0.86 * text_width(text, size)


def cut_to(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """``text``, shortened with an ellipsis where it is wider than ``width``."""
    while len(text) > 1 and text_width(text, size, bold=bold) > width:
        text = text[:-2].rstrip() + "…"
    return text


def corners(text: Text, margin: float = 0.0) -> tuple[Point, ...]:
    """The corners of the box that holds ``text`` in any usual font, turned as it is."""
    left, top, right, bottom = text.bounds.grown(margin)
    turn = radians(text.angle)
    c, s = cos(turn), sin(turn)
    return tuple(
        (text.x + (x - text.x) * c - (y - text.y) * s, text.y + (x - text.x) * s + (y - text.y) * c)
        for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))
    )


def meet(one: tuple[Point, ...], other: tuple[Point, ...]) -> bool:
    """Whether two convex shapes, lines among them, share more than a border (separating axes)."""
    for shape in (one, other):
        for (x0, y0), (x1, y1) in zip(shape, (*shape[1:], shape[0]), strict=True):
            normal = (y0 - y1, x1 - x0)
            a = [x * normal[0] + y * normal[1] for x, y in one]
            b = [x * normal[0] + y * normal[1] for x, y in other]
            if max(a) <= min(b) or max(b) <= min(a):
                return False
    return True
