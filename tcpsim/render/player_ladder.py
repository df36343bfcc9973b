"""The ladder of the player: a row for each step, so that arrows slant, cross and end where the trace says.

Complete without the script, which only dims what is still to come and moves a dot along what is in flight.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from math import atan2, degrees, hypot
from typing import Final, NamedTuple

from ..tcp.units import format_time
from .edges import state_name
from .player_data import Play, Step, Way
from .story import LEFT, RIGHT

WIDTH: Final = 740
ROW: Final = 30
RAILS: Final = (170, 570)

_HEAD: Final = 8.0
_LOST_AT: Final = 0.72  # of the way: where a lost packet's cross stands
_FLYING_TO: Final = 0.6
_FORK_AT: Final = 0.3
_STEEP: Final = 9.0  # degrees
_MOST: Final = 58  # letters beside a lifeline


class Line(NamedTuple):
    """Where a packet's arrow begins and ends."""

    x1: float
    y1: float
    x2: float
    y2: float

    def at(self, share: float) -> tuple[float, float]:
        """The point so far along."""
        return self.x1 + (self.x2 - self.x1) * share, self.y1 + (self.y2 - self.y1) * share


def height(play: Play) -> float:
    """Of the whole picture."""
    return ROW * (len(play.steps) + 1)


def row(step: int) -> float:
    """Where a step stands."""
    return ROW * (step + 0.75)


def lines_of(play: Play) -> dict[int, Line]:
    """The arrow of each packet."""
    found: dict[int, Line] = {}
    for number, way in play.ways.items():  # in the order of their birth: an original comes before its copy
        source, target = RAILS[1 - way.packet.to], RAILS[way.packet.to]
        origin = found.get(way.origin) if way.origin is not None else None
        if way.packet.start is not None:
            x1, y1 = float(source), row(way.start) if way.start is not None else row(0) - 0.6 * ROW
        elif origin is not None:
            x1, y1 = origin.at(_FORK_AT)
        else:
            x1, y1 = (source + target) / 2, row(way.first) - ROW / 2
        if way.end is None:
            whole = Line(x1, y1, target, y1 + ROW)
            found[number] = Line(x1, y1, *whole.at(_FLYING_TO))
        elif way.packet.end is not None and way.packet.end.kind == "arrived":
            found[number] = Line(x1, y1, target, row(way.end))
        else:
            found[number] = Line(x1, y1, x1 + (target - x1) * _LOST_AT, row(way.end))
    return found


def ladder_svg(play: Play) -> str:
    """The ladder as an SVG element."""
    return "".join(_elements(play))


def _elements(play: Play) -> Iterator[str]:
    high = _number(height(play))
    left, right = play.story.hosts
    yield (
        f'<svg id="ladder" viewBox="0 0 {WIDTH} {high}" role="group" '
        f'aria-label="Ladder: {escape(left)} on the left, {escape(right)} on the right, time running down">'
        f'<rect id="row" x="0" y="{_number(row(0) - ROW / 2)}" width="{WIDTH}" height="{ROW}"/>'
    )
    for x in RAILS:
        yield f'<path class="rail" d="M{x},0V{high}"/>'
    lines = lines_of(play)
    for number, way in play.ways.items():
        yield from _packet(play, way, lines[number])
    for number, way in play.ways.items():  # words over all lines
        yield _label(play, way, lines[number])
    shown: dict[int, str] = {}
    for i, step in enumerate(play.steps):
        yield from _beside(play, i, step, shown)
    yield "</svg>"


def _beside(play: Play, i: int, step: Step, shown: dict[int, str]) -> Iterator[str]:
    """What stands at a lifeline: time and state outside, a call or a timer inside."""
    if step.side is None:
        return
    y = _number(row(i) + 4)
    state = state_name(step.states[step.side], play.names)
    new = " new" if shown.get(step.side) != state else ""
    shown[step.side] = state
    x = RAILS[step.side] + (-10 if step.side == LEFT else 10)
    time = f'<tspan class="t">{format_time(step.t)}</tspan>'
    name = f'<tspan class="st{new}">{escape(state)}</tspan>'
    pair = f"{time} {name}" if step.side == LEFT else f"{name} {time}"
    anchor = ' class="end"' if step.side == LEFT else ""
    words = ""
    if step.packet is None:
        inner = step.words.partition(": ")[2]
        inner = inner if len(inner) <= _MOST else inner[: _MOST - 2] + " …"
        at, turn = (RAILS[LEFT] + 10, "") if step.side == LEFT else (RAILS[RIGHT] - 10, " end")
        words = f'<text x="{at}" y="{y}" class="in{turn}">{escape(inner)}</text>'
    yield f'<g class="ev {step.kind}" data-s="{i}"><text x="{x}" y="{y}"{anchor}>{pair}</text>{words}</g>'


def _packet(play: Play, way: Way, line: Line) -> Iterator[str]:
    packet = way.packet
    lost = packet.end is not None and packet.end.kind != "arrived" and way.end is not None
    fate = "lost" if lost else "arrived" if way.end is not None else "flying"
    said = f"packet {packet.number}, {play.label(packet)}, to {play.story.hosts[packet.to]}, {fate}"
    last = len(play.steps) if way.end is None else way.end
    marked = f" {packet.mark}" if packet.mark else ""
    yield (
        f'<g class="pk {fate}{marked}" id="p{packet.number}" data-p="{packet.number}" data-s="{way.first}" '
        f'data-e="{last}" data-way="{",".join(map(_number, line))}" role="button" tabindex="-1" '
        f'aria-label="{escape(said)}">'
    )
    shaft = f"M{_number(line.x1)},{_number(line.y1)}L{_number(line.x2)},{_number(line.y2)}"
    yield f'<path class="hit" d="{shaft}"/><path class="shaft" d="{shaft}"/>'
    if fate == "arrived":
        yield f'<path class="head" d="{_head(line)}"/>'
    elif fate == "lost":
        assert packet.end is not None
        x, y = line.x2, line.y2
        cross = f"M{_number(x - 6)},{_number(y - 6)}l12,12m0,-12l-12,12"
        yield f'<path class="cross" d="{cross}"/>'
        yield f'<text class="fate" x="{_number(x)}" y="{_number(y + 19)}">{escape(packet.end.words)}</text>'
    yield f'<circle class="dot" cx="{_number(line.x1)}" cy="{_number(line.y1)}" r="6"/></g>'


def _label(play: Play, way: Way, line: Line) -> str:
    """The words at the arrow's beginning, so that those of crossing arrows keep apart; level where it is steep.

    Those of a copy stand further on: at the beginning are its original's, which say the rest.
    """
    right = line.x2 > line.x1
    x, y, turn, at_end = line.x1 + (16 if right else -16), line.y1 - 5, "", not right
    if way.origin is not None:
        x, y = line.at(0.5)
        x, y, at_end, words = x + (-10 if right else 10), y + 12, right, f"a copy of #{way.origin}"
    else:
        words = play.label(way.packet)
        if len(play.story.flows) > 1:
            port = way.packet.seg.flow[3] if way.packet.to == RIGHT else way.packet.seg.flow[1]
            words = f":{port} {words}"
        dx, dy = line.x2 - line.x1, line.y2 - line.y1
        angle = degrees(atan2(dy, dx) if right else atan2(-dy, -dx))
        if abs(angle) < _STEEP:
            turn = f' transform="rotate({_number(angle)} {_number(line.x1)} {_number(line.y1)})"'
    anchor = " end" if at_end else ""
    return (
        f'<text class="lb{anchor}" data-p="{way.packet.number}" data-s="{way.first}" x="{_number(x)}" '
        f'y="{_number(y)}"{turn}>{escape(words)}</text>'
    )


def _head(line: Line) -> str:
    dx, dy = line.x2 - line.x1, line.y2 - line.y1
    size = hypot(dx, dy) or 1.0
    ux, uy = dx / size * _HEAD, dy / size * _HEAD
    x, y = line.x2, line.y2
    wings = ((x - ux - side * uy * 0.5, y - uy + side * ux * 0.5) for side in (1, -1))
    return f"M{_number(x)},{_number(y)}" + "".join(f"L{_number(a)},{_number(b)}" for a, b in wings) + "Z"


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
