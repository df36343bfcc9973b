"""The state diagram as SVG, by our own layout: needs no program and no package."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from ..trace.trace import Trace
from . import layout, svg
from .edges import NAMES, STYLES, edges_of, figure5_rows, state_name, tooltip
from .errors import check_choice
from .highlight import highlight_of
from .scene import NO_HIGHLIGHT, Arrow, Box, Scene, compose
from .shapes import FRAME, INK, MARK, PAPER, SHADE, Point

_TITLE: Final = "TCP connection state diagram"


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
    return svg.document(
        "tcp-states", _TITLE, _description(scene, style, names), scene.width, scene.height, _body(scene, style, names)
    )


def states_of(trace: Trace, *, names: str = "tcpsim") -> str:
    """The state diagram with the ways that ``trace`` took."""
    return state_diagram_svg(names=names, highlight=trace)


def _body(scene: Scene, style: str, names: str) -> Iterator[str]:
    for frame in scene.regions:
        yield svg.rect(frame, 14, f'fill="{SHADE}" stroke="{FRAME}" stroke-width="1"')
    for arrow in scene.arrows:
        yield from _arrow(arrow, names)
    for (x1, y1), (x2, y2) in scene.rules:
        ends = f'x1="{svg.number(x1)}" y1="{svg.number(y1)}" x2="{svg.number(x2)}" y2="{svg.number(y2)}"'
        yield f'<line {ends} stroke="{INK}" stroke-width="0.8"/>'
    for box in scene.boxes:
        yield _box(box, 6 if style == "rfc" else 12)
    for text in scene.texts:
        yield svg.text(text)


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
    shaft = layout.shortened(arrow.points, svg.NOTCH * pen.head)
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
    yield f'<path d="{svg.head(arrow.points, pen.head)}" fill="{pen.colour}"/>'
    yield "</g>"


def _way(points: tuple[Point, ...]) -> str:
    start = points[0]
    words = [f"M{svg.pair(start)}"]
    for piece in layout.rounded(points):
        words.append(("L" if len(piece) == 2 else "Q") + " ".join(map(svg.pair, piece[1:])))
    return " ".join(words)


def _box(box: Box, radius: float) -> str:
    fill = MARK if box.current else PAPER
    width = 3 if box.current else 1.6
    look = f'fill="{fill}" stroke="{INK}" stroke-width="{width}" data-state="{box.state}"'
    return svg.rect(box.rect, radius, look)
