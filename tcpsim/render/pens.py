"""How the edges of the state diagram are drawn."""

from __future__ import annotations

from typing import Final, NamedTuple

from .edges import Edge
from .shapes import CLIENT, INK, OTHER, SERVER, Point


class Pen(NamedTuple):
    """How an edge is drawn; ``dash`` as in SVG, "" for a solid line."""

    colour: str
    width: float
    dash: str
    head: float  # length of the arrowhead


#: Bold solid, bold dashed, thin: told apart without colour too.
PENS: Final = {
    "client": Pen(CLIENT, 3.0, "", 13),
    "server": Pen(SERVER, 3.0, "9 5", 13),
    "other": Pen(OTHER, 1.3, "", 10),
}
PLAIN_PEN: Final = Pen(INK, 1.5, "", 11)

#: Edges that the RFC's figure lacks.
EXTRA_PEN: Final = Pen(OTHER, 1.5, "2 3", 9)


class Arrow(NamedTuple):
    """An edge, or a legend's sample of one (``edge`` is None); ``taken``: it is to stand out."""

    points: tuple[Point, ...]
    pen: Pen
    edge: Edge | None
    taken: bool = False
