"""What has to hold of every picture: no text touches a text or a line, everything is dark and large enough."""

from collections.abc import Iterator
from itertools import combinations, pairwise

from tcpsim.render.shapes import Drawing, Mark, Plate, Point, Rect, Stroke, Text, corners, meet

SMALLEST = 10


def faults(drawing: Drawing) -> list[str]:
    """What is wrong with a drawing, in words."""
    return [*_overlaps(drawing), *_struck(drawing), *_outside(drawing), *_faint(drawing), *_on_plates(drawing)]


def _texts(drawing: Drawing) -> list[Text]:
    return [shape for shape in drawing.shapes if isinstance(shape, Text)]


def _box(points: tuple[Point, ...]) -> Rect:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Rect(min(xs), min(ys), max(xs) + 0.01, max(ys) + 0.01)


def _overlaps(drawing: Drawing) -> Iterator[str]:
    found = [(_box(corners(text)), corners(text), text) for text in _texts(drawing)]
    found.sort(key=lambda one: one[0].top)
    for place, (box, shape, text) in enumerate(found):
        for box2, shape2, text2 in found[place + 1 :]:
            if box2.top >= box.bottom:
                break
            if box.overlaps(box2) and meet(shape, shape2):
                yield f"{text.text!r} and {text2.text!r} overlap"


def _struck(drawing: Drawing) -> Iterator[str]:
    """Lines that run through texts; a plate hides what was painted before it."""
    texts = [(text, corners(text), _box(corners(text))) for text in _texts(drawing)]
    for place, shape in enumerate(drawing.shapes):
        if isinstance(shape, Stroke):
            around = _box(shape.points).grown(shape.width)
            for text, area, box in texts:
                if not around.overlaps(box):
                    continue
                near = box.grown(shape.width / 2)
                hit = any(crosses(a, b, near) and meet(area, (a, b)) for a, b in pairwise(shape.points))
                if hit and not _hidden(box, drawing.shapes[place:]):
                    yield f"a line of {shape.of!r} runs through {text.text!r} of {text.of!r}"
        elif isinstance(shape, Mark):
            x, y, r = *shape.at, shape.size
            sign = ((x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r))
            for text, area, _ in texts:
                if meet(area, sign):
                    yield f"a mark of {shape.of!r} lies on {text.text!r}"


def _hidden(box: Rect, after: tuple[object, ...]) -> bool:
    return any(isinstance(shape, Plate) and inside(box, shape.rect.grown(1)) for shape in after)


def _outside(drawing: Drawing) -> Iterator[str]:
    canvas = Rect(1, 1, drawing.width - 1, drawing.height - 1)
    for text in _texts(drawing):
        left, top, right, bottom = _box(corners(text))
        if not (canvas.holds((left, top)) and canvas.holds((right, bottom))):
            yield f"{text.text!r} leaves the canvas"


def _faint(drawing: Drawing) -> Iterator[str]:
    for text in _texts(drawing):
        if contrast(text.colour, text.background) < 4.5:
            yield f"{text.text!r} is faint: {contrast(text.colour, text.background):.1f}"
        if text.size < SMALLEST:
            yield f"{text.text!r} is small: {text.size}"


def _on_plates(drawing: Drawing) -> Iterator[str]:
    """A text lies on a plate or beside it, and says truly what is behind it."""
    plates = [shape for shape in drawing.shapes if isinstance(shape, Plate)]
    for text in _texts(drawing):
        bounds, behind = _box(corners(text)), "#ffffff"
        for shape in plates:
            if shape.rect.overlaps(bounds):
                if not inside(bounds, shape.rect.grown(1)):
                    yield f"{text.text!r} sticks out of the plate of {shape.of!r}"
                behind = behind if shape.fill == "none" else shape.fill
        if behind != text.background:
            yield f"{text.text!r} stands on {behind}, not on {text.background}"


def inside(inner: Rect, outer: Rect) -> bool:
    """Whether ``inner`` lies within ``outer``."""
    return (
        outer.left <= inner.left
        and inner.right <= outer.right
        and outer.top <= inner.top
        and inner.bottom <= outer.bottom
    )


def crosses(a: Point, b: Point, box: Rect) -> bool:
    """Whether the straight piece from ``a`` to ``b`` runs through the box (Liang-Barsky)."""
    (x0, y0), (x1, y1) = a, b
    low, high = 0.0, 1.0
    for delta, near, far in ((x1 - x0, box.left - x0, box.right - x0), (y1 - y0, box.top - y0, box.bottom - y0)):
        if delta == 0:
            if near >= 0 or far <= 0:
                return False
            continue
        one, other = sorted((near / delta, far / delta))
        low, high = max(low, one), min(high, other)
        if low >= high:
            return False
    return True


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG 2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ways_apart(drawing: Drawing) -> list[str]:
    """Pairs of lines of different things that run one upon the other for a while."""
    level: dict[tuple[str, float], list[tuple[float, float, str]]] = {}
    for shape in drawing.shapes:
        if isinstance(shape, Stroke):
            for (x0, y0), (x1, y1) in pairwise(shape.points):
                if x0 == x1:
                    level.setdefault(("x", round(x0, 1)), []).append((min(y0, y1), max(y0, y1), shape.of))
                elif y0 == y1:
                    level.setdefault(("y", round(y0, 1)), []).append((min(x0, x1), max(x0, x1), shape.of))
    return [
        f"{one[2]} and {other[2]} share {axis}={at}"
        for (axis, at), pieces in level.items()
        for one, other in combinations(pieces, 2)
        if one[2] != other[2] and one[0] < other[1] and other[0] < one[1]
    ]
