"""Where everything stands in the state diagram: the books' arrangement, laid by hand.

CLOSED on top, LISTEN below it, opening to the left and right, ESTABLISHED in the middle, the active close
lower left and the passive close lower right.  No two edges cross.  All lengths are SVG user units, which are
pixels at native size; y grows downwards.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple

from ..tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECV,
    SYN_SENT,
    TIME_WAIT,
    State,
)
from .shapes import Point, Rect, text_width

WIDTH: Final = 1000
LEGEND_TOP: Final = 990.0

BOX_WIDTH: Final = 150
BOX_HEIGHT: Final = 52
CORNER: Final = 16  # radius of an edge's bends

LABEL_SIZE: Final = 14
LABEL_LEADING: Final = 17
STATE_SIZE: Final = 16
CAPTION_SIZE: Final = 12.5

_LEFT, _MIDDLE, _RIGHT = 185, 500, 815
_OUTER_LEFT, _OUTER_RIGHT = 44, 956
_TOP, _BOTTOM = 34, 904


class Spot(NamedTuple):
    """Where a block of text hangs.  ``anchor``: start, middle or end of its lines is at ``x``.

    ``hang``: the block's "top", "middle" or "bottom" is at ``y``.
    """

    x: float
    y: float
    anchor: str
    hang: str


class Route(NamedTuple):
    """An edge's way from box to box, bends to be rounded, and where its label hangs."""

    points: tuple[Point, ...]
    label: Spot


#: The middle of each state's box.
CENTRES: Final[dict[State, Point]] = {
    CLOSED: (_MIDDLE, 98),
    LISTEN: (_MIDDLE, 238),
    SYN_RECV: (_LEFT, 378),
    SYN_SENT: (_RIGHT, 378),
    ESTABLISHED: (_MIDDLE, 518),
    FIN_WAIT_1: (_LEFT, 694),
    CLOSING: (_MIDDLE, 694),
    CLOSE_WAIT: (_RIGHT, 694),
    FIN_WAIT_2: (_LEFT, 836),
    TIME_WAIT: (_MIDDLE, 836),
    LAST_ACK: (_RIGHT, 836),
}

#: What the books call these places.
CAPTIONS: Final[dict[State, str]] = {
    CLOSED: "starting point",
    LISTEN: "passive open",
    SYN_SENT: "active open",
    ESTABLISHED: "data transfer",
    CLOSING: "simultaneous close",
}

#: And what they call what happens on these ways.
EDGE_CAPTIONS: Final[dict[tuple[State, State], tuple[str, Spot]]] = {
    (SYN_SENT, SYN_RECV): ("simultaneous open", Spot(_MIDDLE, 384, "middle", "top")),
}


def _above(x: float, y: float) -> Spot:
    return Spot(x, y - 7, "middle", "bottom")


def _below(x: float, y: float) -> Spot:
    return Spot(x, y + 6, "middle", "top")


def _left_of(x: float, y: float) -> Spot:
    return Spot(x - 10, y, "end", "middle")


def _right_of(x: float, y: float) -> Spot:
    return Spot(x + 10, y, "start", "middle")


#: Every edge that can be drawn.
ROUTES: Final[dict[tuple[State, State], Route]] = {
    (CLOSED, LISTEN): Route(((474, 124), (474, 212)), _left_of(474, 166)),
    (LISTEN, CLOSED): Route(((526, 212), (526, 124)), _right_of(526, 166)),
    (CLOSED, SYN_SENT): Route(((575, 86), (865, 86), (865, 352)), _above(720, 86)),
    (SYN_SENT, CLOSED): Route(((815, 352), (815, 110), (575, 110)), _below(720, 110)),
    (LISTEN, SYN_SENT): Route(((575, 238), (765, 238), (765, 352)), _above(666, 238)),
    (LISTEN, SYN_RECV): Route(((425, 250), (235, 250), (235, 352)), _below(334, 250)),
    (SYN_RECV, LISTEN): Route(((135, 352), (135, 226), (425, 226)), _above(252, 226)),
    (SYN_SENT, SYN_RECV): Route(((740, 378), (260, 378)), _above(_MIDDLE, 378)),
    (SYN_RECV, ESTABLISHED): Route(((235, 404), (235, 518), (425, 518)), _above(334, 518)),
    (SYN_SENT, ESTABLISHED): Route(((815, 404), (815, 518), (575, 518)), _above(690, 518)),
    (SYN_RECV, FIN_WAIT_1): Route(((155, 404), (155, 668)), _left_of(155, 580)),
    (ESTABLISHED, FIN_WAIT_1): Route(((474, 544), (474, 606), (215, 606), (215, 668)), _above(334, 606)),
    (ESTABLISHED, CLOSE_WAIT): Route(((526, 544), (526, 606), (815, 606), (815, 668)), _above(666, 606)),
    (FIN_WAIT_1, FIN_WAIT_2): Route(((_LEFT, 720), (_LEFT, 810)), _right_of(_LEFT, 762)),
    (FIN_WAIT_1, CLOSING): Route(((260, 694), (425, 694)), _above(338, 694)),
    (FIN_WAIT_2, TIME_WAIT): Route(((260, 836), (425, 836)), _above(338, 836)),
    (CLOSING, TIME_WAIT): Route(((_MIDDLE, 720), (_MIDDLE, 810)), _left_of(_MIDDLE, 762)),
    (CLOSE_WAIT, LAST_ACK): Route(((_RIGHT, 720), (_RIGHT, 810)), _right_of(_RIGHT, 762)),
    (TIME_WAIT, CLOSED): Route(
        (
            (_MIDDLE, 862),
            (_MIDDLE, _BOTTOM),
            (_OUTER_LEFT, _BOTTOM),
            (_OUTER_LEFT, _TOP),
            (474, _TOP),
            (474, 72),
        ),
        _below(338, _BOTTOM),
    ),
    (LAST_ACK, CLOSED): Route(
        (
            (_RIGHT, 862),
            (_RIGHT, _BOTTOM),
            (_OUTER_RIGHT, _BOTTOM),
            (_OUTER_RIGHT, _TOP),
            (526, _TOP),
            (526, 72),
        ),
        _below(886, _BOTTOM),
    ),
}

#: The blocks that the books frame: caption, where it stands, frame.
REGIONS: Final[tuple[tuple[str, Spot, Rect], ...]] = (
    ("active close", Spot(588, 654, "end", "bottom"), Rect(86, 632, 602, 880)),
    ("passive close", Spot(698, 654, "start", "bottom"), Rect(684, 632, 932, 880)),
)


class Stub(NamedTuple):
    """An edge that the RFC's figure lacks: a short way to a small plate, which names the state it leads to.

    ``x``: the middle of the plate; None where it lies to the right of the way's end.
    """

    points: tuple[Point, ...]
    x: float | None


PLATE_HEIGHT: Final = 18
PLATE_SIZE: Final = 11

#: The edges of the RFC's text that are not in its Figure 5: their targets are far, so a plate stands for them.
STUBS: Final[dict[tuple[State, State], Stub]] = {
    (SYN_RECV, CLOSED): Stub(((128, 404), (128, 426)), 117),
    (SYN_RECV, TIME_WAIT): Stub(((110, 385), (74, 385), (74, 458)), 92),
    (ESTABLISHED, CLOSED): Stub(((455, 492), (455, 464)), 455),
    (ESTABLISHED, TIME_WAIT): Stub(((545, 492), (545, 464)), 545),
    (FIN_WAIT_1, CLOSED): Stub(((122, 720), (122, 742)), 126),
    (FIN_WAIT_1, TIME_WAIT): Stub(((164, 720), (164, 770)), 133),
    (FIN_WAIT_2, CLOSED): Stub(((260, 855), (288, 855)), None),
    (CLOSING, CLOSED): Stub(((540, 720), (540, 738)), 552),
    (CLOSE_WAIT, CLOSED): Stub(((752, 720), (752, 742)), 746),
    (CLOSE_WAIT, TIME_WAIT): Stub(((796, 720), (796, 770)), 758),
    (TIME_WAIT, SYN_RECV): Stub(((545, 810), (545, 792)), 551),
}


def plate_of(ends: tuple[State, State], name: str) -> Rect:
    """The plate at the end of a stub, as wide as ``name`` needs."""
    (_, y0), (x, y) = STUBS[ends].points[-2:]
    half = text_width(name, PLATE_SIZE) / 2 + 3
    middle = STUBS[ends].x
    if middle is None:
        return Rect(x, y - PLATE_HEIGHT / 2, x + 2 * half, y + PLATE_HEIGHT / 2)
    top = y if y > y0 else y - PLATE_HEIGHT
    return Rect(middle - half, top, middle + half, top + PLATE_HEIGHT)


def box_of(state: State) -> Rect:
    """The state's box."""
    x, y = CENTRES[state]
    return Rect(x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2, x + BOX_WIDTH / 2, y + BOX_HEIGHT / 2)


# --- lines -------------------------------------------------------------------------------------------


def rounded(points: tuple[Point, ...], radius: float = CORNER) -> list[tuple[Point, ...]]:
    """The way as pieces: (from, to) is straight, (from, control, to) a quadratic bend."""
    pieces: list[tuple[Point, ...]] = []
    at = points[0]
    for corner, after in pairwise(points[1:]):
        enter, leave = _towards(corner, at, radius), _towards(corner, after, radius)
        pieces += [(at, enter), (enter, corner, leave)]
        at = leave
    return [*pieces, (at, points[-1])]


def shortened(points: tuple[Point, ...], by: float) -> tuple[Point, ...]:
    """The same way, ending ``by`` earlier: room for the arrowhead."""
    return (*points[:-1], _towards(points[-1], points[-2], by))


def sampled(points: tuple[Point, ...], step: float = 3.0) -> list[Point]:
    """Points along the rounded way, at most ``step`` apart."""
    found: list[Point] = []
    for piece in rounded(points):
        (x0, y0), (x1, y1) = piece[0], piece[-1]
        count = max(2, int((abs(x1 - x0) + abs(y1 - y0)) / step) + 2)
        for i in range(count):
            t = i / (count - 1)
            if len(piece) == 2:
                found.append((x0 + (x1 - x0) * t, y0 + (y1 - y0) * t))
            else:
                cx, cy = piece[1]
                a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
                found.append((a * x0 + b * cx + c * x1, a * y0 + b * cy + c * y1))
    return found


def _towards(start: Point, goal: Point, distance: float) -> Point:
    (x0, y0), (x1, y1) = start, goal
    length = abs(x1 - x0) + abs(y1 - y0)  # all pieces run along an axis
    share = min(distance, length / 2 if length < 2 * distance else distance) / length
    return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
