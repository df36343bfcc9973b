"""The state diagram as SVG, by our own layout: needs no program and no package."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from ..trace.trace import Trace
from . import layout
from .edges import NAMES, STYLES, edges_of, figure5_rows, state_name, tooltip
from .errors import check_choice
from .highlight import highlight_of
from .layout import Point, Rect
from .scene import FRAME, INK, MARK, NO_HIGHLIGHT, PAPER, SHADE, Arrow, Box, Scene, Text, compose

_FONT: Final = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_TITLE: Final = "TCP connection state diagram"
_NOTCH: Final = 0.75  # of an arrowhead's length: where shaft and head meet


def state_diagram_svg(*, style: str = "stevens", names: str = "tcpsim", highlight: Trace | None = None) -> str:
    """The eleven states and the edges of RFC 9293's Figure 5 as an SVG document.

    ``style``: "stevens" (client path bold, server path bold and dashed; appl, recv, send) or "rfc" (the
    RFC's own words, all edges alike).  ``names``: spelling of the states, "tcpsim" or "rfc".
    ``highlight``: a trace whose hosts' last states and followed edges stand out.  Edges and labels are read
    off ``TRANSITIONS``.  Raises ``UnknownChoice`` for any other style or spelling.
    """
    check_choice("style", style, STYLES)
    check_choice("spelling of names", names, NAMES)
    marked = NO_HIGHLIGHT if highlight is None else highlight_of(highlight)
    scene = compose(edges_of(figure5_rows()), style=style, names=names, highlight=marked)
    return "\n".join(_document(scene, style, names)) + "\n"


def _document(scene: Scene, style: str, names: str) -> Iterator[str]:
    width, height = _number(scene.width), _number(scene.height)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="tcp-states-title tcp-states-desc" '
        f'font-family="{escape(_FONT)}">'
    )
    yield f'<title id="tcp-states-title">{_TITLE}</title>'
    yield f'<desc id="tcp-states-desc">{escape(_description(scene, style, names))}</desc>'
    yield f'<rect width="{width}" height="{height}" fill="{PAPER}"/>'
    for frame in scene.regions:
        yield _rect(frame, 14, f'fill="{SHADE}" stroke="{FRAME}" stroke-width="1"')
    for arrow in scene.arrows:
        yield from _arrow(arrow, names)
    for (x1, y1), (x2, y2) in scene.rules:
        ends = f'x1="{_number(x1)}" y1="{_number(y1)}" x2="{_number(x2)}" y2="{_number(y2)}"'
        yield f'<line {ends} stroke="{INK}" stroke-width="0.8"/>'
    for box in scene.boxes:
        yield _box(box, 6 if style == "rfc" else 12)
    for text in scene.texts:
        yield _text(text)
    yield "</svg>"


def _description(scene: Scene, style: str, names: str) -> str:
    """The diagram in words, for those who cannot see it."""
    ways = [
        f"{state_name(arrow.edge.src, names)} to {state_name(arrow.edge.dst, names)}"
        for arrow in scene.arrows
        if arrow.edge is not None
    ]
    paths = (
        " Bold solid edges are the usual path of a client, bold dashed ones that of a server."
        if style == "stevens"
        else ""
    )
    present = [text.text.removeprefix("● ") + " in " + text.of for text in scene.texts if text.text.startswith("● ")]
    now = f" Now: {'; '.join(present)}." if present else ""
    return (
        f"The {len(scene.boxes)} states of a TCP connection (RFC 9293, Figure 5) and the "
        f"{len(ways)} transitions between them: {'; '.join(ways)}.{paths}{now}"
    )


def _arrow(arrow: Arrow, names: str) -> Iterator[str]:
    pen = arrow.pen
    shaft = layout.shortened(arrow.points, _NOTCH * pen.head)
    way = _way(shaft)
    if arrow.edge is None:
        yield '<g fill="none">'
    else:
        edge = arrow.edge
        rules = " ".join(row.id for row in edge.rows)
        yield (
            f'<g fill="none" data-src="{edge.src}" data-dst="{edge.dst}" data-rules="{rules}" '
            f'data-role="{edge.role}">'
        )
        ends = f"{state_name(edge.src, names)} → {state_name(edge.dst, names)}"
        yield f"<title>{escape(ends)}\n{escape(tooltip(edge))}</title>"
    if arrow.taken:
        yield f'<path d="{_way(arrow.points)}" stroke="{MARK}" stroke-width="{pen.width + 9}"/>'
    dash = f' stroke-dasharray="{pen.dash}"' if pen.dash else ""
    yield f'<path d="{way}" stroke="{pen.colour}" stroke-width="{pen.width}"{dash}/>'
    yield f'<path d="{_head(arrow.points, pen.head)}" fill="{pen.colour}"/>'
    yield "</g>"


def _way(points: tuple[Point, ...]) -> str:
    start = points[0]
    words = [f"M{_pair(start)}"]
    for piece in layout.rounded(points):
        words.append(("L" if len(piece) == 2 else "Q") + " ".join(map(_pair, piece[1:])))
    return " ".join(words)


def _head(points: tuple[Point, ...], length: float) -> str:
    """The arrowhead at the end of the way, slightly notched."""
    (x0, y0), (x1, y1) = points[-2], points[-1]
    size = abs(x1 - x0) + abs(y1 - y0)
    ux, uy = (x1 - x0) / size, (y1 - y0) / size
    half = 0.42 * length
    back = (x1 - ux * length, y1 - uy * length)
    notch = (x1 - ux * length * _NOTCH, y1 - uy * length * _NOTCH)
    wings = [(back[0] - side * uy * half, back[1] + side * ux * half) for side in (1, -1)]
    return f"M{_pair((x1, y1))} L{_pair(wings[0])} L{_pair(notch)} L{_pair(wings[1])} Z"


def _box(box: Box, radius: float) -> str:
    fill = MARK if box.current else PAPER
    width = 3 if box.current else 1.6
    look = f'fill="{fill}" stroke="{INK}" stroke-width="{width}" data-state="{box.state}"'
    return _rect(box.rect, radius, look)


def _rect(rect: Rect, radius: float, look: str) -> str:
    width, height = rect.right - rect.left, rect.bottom - rect.top
    return (
        f'<rect x="{_number(rect.left)}" y="{_number(rect.top)}" width="{_number(width)}" '
        f'height="{_number(height)}" rx="{_number(radius)}" {look}/>'
    )


def _text(text: Text) -> str:
    anchor = "" if text.anchor == "start" else f' text-anchor="{text.anchor}"'
    weight = ' font-weight="bold"' if text.bold else ""
    slant = ' font-style="italic"' if text.italic else ""
    # Non-breaking, for SVG folds runs of spaces into one.
    words = escape(text.text).replace("  ", "\N{NO-BREAK SPACE} ")
    return (
        f'<text x="{_number(text.x)}" y="{_number(text.y)}" font-size="{_number(text.size)}"'
        f'{anchor}{weight}{slant} fill="{text.colour}">{words}</text>'
    )


def _pair(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(value: float) -> str:
    """At most two decimals, no trailing zeros: the same text on every machine."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
