"""A chart's frame: axes with round numbers, lines in steps, thinned out where more points come than can be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import floor, log10
from typing import Final, NamedTuple

from .shapes import INK, QUIET, Drawing, Point, Rect, Shape, Stroke, Text, text_width

WIDTH: Final = 1000.0
LEFT: Final = 96.0
RIGHT: Final = 30.0
_TICK: Final = 11.5
_GRID: Final = "#dfe3e8"


class Series(NamedTuple):
    """How one thing is drawn, and what the legend calls it; ``sample``: shapes of the legend's sample at a point."""

    words: str
    sample: Callable[[float, float], Sequence[Shape]]


class Panel:
    """A rectangle with scales: ``x`` and ``y`` map values to places."""

    def __init__(self, rect: Rect, xs: tuple[float, float], ys: tuple[float, float], label: str) -> None:
        self.rect = rect
        self.label = label
        self.x0, self.x1 = xs if xs[1] > xs[0] else (xs[0], xs[0] + 1)
        self.y0, self.y1 = ys if ys[1] > ys[0] else (ys[0], ys[0] + 1)

    def x(self, value: float) -> float:
        """Where a value stands from left to right."""
        return self.rect.left + (self.rect.right - self.rect.left) * (value - self.x0) / (self.x1 - self.x0)

    def y(self, value: float) -> float:
        """Where a value stands from bottom to top; what is beyond the scale stands at its edge."""
        share = min(1.0, max(0.0, (value - self.y0) / (self.y1 - self.y0)))
        return self.rect.bottom - (self.rect.bottom - self.rect.top) * share

    def frame(self, unit: str, *, numbered: bool) -> Iterator[Shape]:
        """Grid, axes and their numbers; ``numbered``: whether the times stand below."""
        left, top, right, bottom = self.rect
        for value, words in ticks(self.y0, self.y1, 6):
            y = self.y(value)
            yield Stroke(((left, y), (right, y)), _GRID, 1, of="grid")
            yield Text(left - 8, y + 4, "end", _TICK, words, QUIET, "scale")
        for value, words in ticks(self.x0, self.x1, 9):
            x = self.x(value)
            yield Stroke(((x, top), (x, bottom)), _GRID, 1, of="grid")
            if numbered:
                yield Text(x, bottom + 18, "middle", _TICK, words, QUIET, "scale")
        yield Stroke(((left, top), (left, bottom), (right, bottom)), INK, 1.3, of="axes")
        yield Text(24, top - 12, "start", 12.5, self.label, INK, "scale", bold=True)
        if numbered:
            yield Text(right, bottom + 36, "end", 12.5, unit, INK, "scale", bold=True)

    def steps(self, points: Sequence[tuple[float, float]], end: float) -> list[Point]:
        """A line that keeps each value until the next one, up to ``end``; bounded by the width of the panel."""
        way: list[Point] = []
        for x, y in self._thin(points):
            if way:
                way.append((x, way[-1][1]))
            way.append((x, y))
        if way:
            way.append((self.x(end), way[-1][1]))
        return way

    def _thin(self, points: Sequence[tuple[float, float]]) -> Iterator[Point]:
        """Of each column of half a pixel: the first, the lowest, the highest and the last."""
        column: list[Point] = []
        for x, y in ((self.x(x), self.y(y)) for x, y in points):
            if column and floor(x * 2) != floor(column[0][0] * 2):
                yield from _ends(column)
                column = []
            column.append((x, y))
        yield from _ends(column)


def _ends(column: Sequence[Point]) -> Iterator[Point]:
    if len(column) <= 4:
        yield from column
        return
    low, high = min(column, key=lambda p: p[1]), max(column, key=lambda p: p[1])
    middle = sorted((low, high), key=column.index)
    yield from dict.fromkeys([column[0], *middle, column[-1]])


def ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round numbers between ``low`` and ``high``, at most ``most`` of them, and how they are written."""
    span = high - low
    step = 10.0 ** floor(log10(span / most)) if span > 0 else 1.0
    step = next(step * factor for factor in (1, 2, 5, 10, 20) if span / (step * factor) <= most)
    decimals = max(0, -floor(log10(step) + 1e-9))
    first = -floor(-low / step + 1e-9)
    return [
        (n * step, f"{n * step:,.{decimals}f}".replace(",", "\N{NO-BREAK SPACE}"))
        for n in range(first, floor(high / step + 1e-9) + 1)
    ]


def legend(series: Iterable[Series], y: float) -> tuple[list[Shape], float]:
    """Samples with their words in rows from ``y`` on, and where the last row stands."""
    shapes: list[Shape] = []
    x = LEFT
    for one in series:
        wide = 34 + text_width(one.words, 12)
        if x + wide > WIDTH - RIGHT and x > LEFT:
            x, y = LEFT, y + 22
        shapes += one.sample(x, y)
        shapes.append(Text(x + 34, y + 4, "start", 12, one.words, INK, "legend"))
        x += wide + 24
    return shapes, y


def sheet(name: str, title: str, words: str, height: float, shapes: Iterable[Shape]) -> Drawing:
    """A whole chart with its title."""
    head = Text(24, 36, "start", 18, title, INK, "title", bold=True)
    return Drawing(name, title, words, WIDTH, height, (head, *shapes))


__all__ = ["LEFT", "RIGHT", "WIDTH", "Panel", "Series", "legend", "sheet", "ticks"]
