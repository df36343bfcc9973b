"""Shapes as SVG: self-contained, titled, described, the same text on every machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from math import hypot
from typing import Final

from .shapes import PAPER, Drawing, Mark, Plate, Point, Rect, Shape, Stroke, Text

FONT: Final = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
NOTCH: Final = 0.75  # of an arrowhead's length: where shaft and head meet

#: Characters that XML cannot hold, from payload or hostile files.
_UNFIT: Final = {n: "\N{REPLACEMENT CHARACTER}" for n in range(32) if n not in (9, 10, 13)}


def svg(drawing: Drawing) -> str:
    """The drawing as an SVG document."""
    body = (line for shape in drawing.shapes for line in element(shape))
    return document(drawing.name, drawing.title, drawing.words, drawing.width, drawing.height, body)


def document(name: str, title: str, words: str, width: float, height: float, body: Iterable[str]) -> str:
    """An SVG document of the given size, on paper; ``name`` begins its ids."""
    wide, high = number(width), number(height)
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" '
        f'height="{high}" role="img" aria-labelledby="{name}-title {name}-desc" '
        f'font-family="{escape(FONT)}">',
        f'<title id="{name}-title">{clean(title)}</title>',
        f'<desc id="{name}-desc">{clean(words)}</desc>',
        f'<rect width="{wide}" height="{high}" fill="{PAPER}"/>',
    ]
    return "\n".join([*head, *body, "</svg>"]) + "\n"


def element(shape: Shape) -> Iterator[str]:
    """One shape."""
    match shape:
        case Text():
            yield text(shape)
        case Plate():
            dash = f' stroke-dasharray="{shape.dash}"' if shape.dash else ""
            look = f'fill="{shape.fill}" stroke="{shape.stroke}" stroke-width="{number(shape.width)}"{dash}'
            yield rect(shape.rect, shape.radius, look, shape.title)
        case Stroke():
            yield from _stroke(shape)
        case Mark():
            yield _mark(shape)


def _stroke(stroke: Stroke) -> Iterator[str]:
    points = stroke.points
    dash = f' stroke-dasharray="{stroke.dash}"' if stroke.dash else ""
    if stroke.title:
        yield f"<g><title>{clean(stroke.title)}</title>"
    shaft = _shortened(points, NOTCH * stroke.head) if stroke.head else points
    way = "M" + " L".join(map(pair, shaft))
    yield f'<path d="{way}" fill="none" stroke="{stroke.colour}" stroke-width="{number(stroke.width)}"{dash}/>'
    if stroke.head:
        yield f'<path d="{head(points, stroke.head)}" fill="{stroke.colour}"/>'
    if stroke.title:
        yield "</g>"


def _shortened(points: tuple[Point, ...], by: float) -> tuple[Point, ...]:
    (x0, y0), (x1, y1) = points[-2], points[-1]
    size = hypot(x1 - x0, y1 - y0)
    share = max(0.0, (size - by) / size) if size else 0.0
    return (*points[:-1], (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share))


def head(points: tuple[Point, ...], length: float) -> str:
    """The arrowhead at the end of the way, slightly notched."""
    (x0, y0), (x1, y1) = points[-2], points[-1]
    size = hypot(x1 - x0, y1 - y0) or 1.0
    ux, uy = (x1 - x0) / size, (y1 - y0) / size
    half = 0.42 * length
    back = (x1 - ux * length, y1 - uy * length)
    notch = (x1 - ux * length * NOTCH, y1 - uy * length * NOTCH)
    wings = [(back[0] - side * uy * half, back[1] + side * ux * half) for side in (1, -1)]
    return f"M{pair((x1, y1))} L{pair(wings[0])} L{pair(notch)} L{pair(wings[1])} Z"


def _mark(mark: Mark) -> str:
    (x, y), size = mark.at, mark.size
    title = f"<title>{clean(mark.title)}</title>" if mark.title else ""
    if mark.kind in ("dot", "ring"):
        look = f'fill="{mark.colour}"' if mark.kind == "dot" else f'fill="{PAPER}" stroke="{mark.colour}"'
        close = f">{title}</circle>" if title else "/>"
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(size)}" {look}{close}'
    ways = {
        "cross": f"M{pair((x - size, y - size))} L{pair((x + size, y + size))} "
        f"M{pair((x - size, y + size))} L{pair((x + size, y - size))}",
        "bar": f"M{pair((x - size, y))} L{pair((x + size, y))}",
    }
    close = f">{title}</path>" if title else "/>"
    return f'<path d="{ways[mark.kind]}" fill="none" stroke="{mark.colour}" stroke-width="2"{close}'


def rect(rect: Rect, radius: float, look: str, title: str = "") -> str:
    """A rectangle with rounded corners; ``look``: its other attributes."""
    width, height = rect.right - rect.left, rect.bottom - rect.top
    close = f"><title>{clean(title)}</title></rect>" if title else "/>"
    return (
        f'<rect x="{number(rect.left)}" y="{number(rect.top)}" width="{number(width)}" '
        f'height="{number(height)}" rx="{number(radius)}" {look}{close}'
    )


def text(text: Text) -> str:
    """One line of text."""
    anchor = "" if text.anchor == "start" else f' text-anchor="{text.anchor}"'
    weight = ' font-weight="bold"' if text.bold else ""
    slant = ' font-style="italic"' if text.italic else ""
    # Non-breaking, for SVG folds runs of spaces into one.
    words = clean(text.text).replace("  ", "\N{NO-BREAK SPACE} ")
    turn = f' transform="rotate({number(text.angle)} {pair((text.x, text.y))})"' if text.angle else ""
    return (
        f'<text x="{number(text.x)}" y="{number(text.y)}" font-size="{number(text.size)}"'
        f'{anchor}{weight}{slant}{turn} fill="{text.colour}">{words}</text>'
    )


def clean(words: str) -> str:
    """``words`` as XML can hold them."""
    return escape(words.translate(_UNFIT))


def pair(point: Point) -> str:
    """``x,y``."""
    return f"{number(point[0])},{number(point[1])}"


def number(value: float) -> str:
    """At most two decimals, no trailing zeros: the same text on every machine."""
    found = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if found == "-0" else found
