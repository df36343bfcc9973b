"""Small tags on the edges of the state diagram: order numbers and counts, where they hide nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import log
from typing import Final, NamedTuple

from . import layout
from .highlight import Ends, Highlight
from .shapes import CLIENT, INK, PAPER, SERVER, Point, Rect, Text, text_width

_SIZE: Final = 11.0
_HIGH: Final = 17.0
_LONGEST: Final = 9  # characters of one tag
THICKEST: Final = 7.0
THINNEST: Final = 1.4


class Tag(NamedTuple):
    """A plate with a word.  ``radius``: round for the first host, sharp for the second: not told by colour alone."""

    rect: Rect
    radius: float
    fill: str
    text: Text


class Word(NamedTuple):
    """What a tag says, before it has a place."""

    text: str
    fill: str
    colour: str
    radius: float


#: By place of the host: fill, radius.
_LOOKS: Final = ((CLIENT, 8.5), (SERVER, 1.5), (INK, 4.0))


def look_of(place: int) -> tuple[str, float]:
    """Fill and corner of the tags of a host."""
    return _LOOKS[min(place, len(_LOOKS) - 1)]


def order_words(highlight: Highlight) -> dict[Ends, list[Word]]:
    """The order numbers on each edge, a tag for each host."""
    found: dict[Ends, list[Word]] = {}
    for ends, times in highlight.taken.items():
        for place, host in enumerate(highlight.hosts):
            numbers = [str(number) for who, number in times if who == host]
            if numbers:
                fill, radius = look_of(place)
                found.setdefault(ends, []).append(Word(_short(numbers), fill, PAPER, radius))
    return found


def count_words(counts: dict[Ends, int]) -> dict[Ends, list[Word]]:
    """How often each edge ran."""
    return {ends: [Word(f"×{count}", PAPER, INK, 1.5)] for ends, count in counts.items() if count}


def _short(numbers: Sequence[str]) -> str:
    text = numbers[0]
    for number in numbers[1:]:
        if len(text) + len(number) + 1 > _LONGEST:
            return f"{text} …"
        text += f",{number}"
    return text


def width_of(count: int, most: int) -> float:
    """An edge's width by how often it ran: in steps of its logarithm."""
    if not count:
        return 1.0
    return THINNEST + (THICKEST - THINNEST) * log(1 + count) / log(1 + most)


def place_tags(
    words: dict[Ends, list[Word]],
    ways: dict[Ends, tuple[Point, ...]],
    obstacles: Sequence[Rect],
    plates: Mapping[Ends, Rect],
) -> list[Tag]:
    """A place on its edge for each tag: away from boxes, texts, other edges and other tags.

    ``plates``: those at the ends of stubs, beside which their tags stand.
    """
    points = {ends: _points(way) for ends, way in ways.items()}
    taken = list(obstacles)
    tags: list[Tag] = []
    for ends, several in words.items():
        if ends not in ways:
            continue
        others = [point for other, found in points.items() if other != ends for point in found]
        for word in several:
            wide = max(_HIGH, text_width(word.text, _SIZE, bold=True) + 8)
            rect = next(
                (
                    rect
                    for rect in _places(points[ends], wide, plates.get(ends))
                    if not any(rect.grown(1.5).overlaps(other) for other in taken)
                    and not any(rect.grown(3).holds(point) for point in others)
                ),
                None,
            )
            if rect is None:
                continue
            taken.append(rect)
            tags.append(_tag(rect, word, ends))
    return tags


def unplaced(words: Mapping[Ends, Sequence[Word]], tags: Sequence[Tag]) -> list[Ends]:
    """The edges that had no room for all of their tags."""
    placed = [tag.text.of for tag in tags]
    return [ends for ends, several in words.items() if placed.count(f"{ends[0]}->{ends[1]}") < len(several)]


def _points(way: tuple[Point, ...]) -> list[Point]:
    return layout.sampled(way) if len(way) > 2 else layout.sampled(way, 2.0)


def _places(points: Sequence[Point], wide: float, plate: Rect | None) -> Iterator[Rect]:
    """On the edge, from its middle outwards; then beside it.  Of a stub: beside its plate."""
    if plate is not None:
        x, y = (plate.left + plate.right) / 2, (plate.top + plate.bottom) / 2
        below, above = plate.bottom + _HIGH / 2 + 3, plate.top - _HIGH / 2 - 3
        for far in (3.0, 8.0, 15.0, 22.0):
            right, left = plate.right + far + wide / 2, plate.left - far - wide / 2
            for at in ((right, y), (left, y), (x, below), (x, above), (right, below), (left, below), (right, above)):
                yield Rect(at[0] - wide / 2, at[1] - _HIGH / 2, at[0] + wide / 2, at[1] + _HIGH / 2)
        return
    middle = len(points) // 2
    order = sorted(range(len(points)), key=lambda i: abs(i - middle))
    beside, above = wide / 2 + 6, _HIGH / 2 + 6
    for right, down in ((0.0, 0.0), (beside, 0.0), (-beside, 0.0), (0.0, above), (0.0, -above)):
        for i in order:
            x, y = points[i][0] + right, points[i][1] + down
            yield Rect(x - wide / 2, y - _HIGH / 2, x + wide / 2, y + _HIGH / 2)


def _tag(rect: Rect, word: Word, ends: Ends) -> Tag:
    x, y = (rect.left + rect.right) / 2, (rect.top + rect.bottom) / 2
    text = Text(x, y + 4, "middle", _SIZE, word.text, word.colour, f"{ends[0]}->{ends[1]}", True,
                background=word.fill)  # fmt: skip
    return Tag(rect, word.radius, word.fill, text)


__all__ = ["Tag", "Word", "count_words", "look_of", "order_words", "place_tags", "unplaced", "width_of"]
