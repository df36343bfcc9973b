"""The state diagram as SVG, by our own layout: needs no program and no package."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from ..trace.trace import Trace
from . import layout, svg
from .edges import NAMES, STYLES, drawn_rows, edges_of, state_name, tooltip
from .errors import check_choice
from .highlight import NO_HIGHLIGHT, Heat, counts_of, heat_of, highlight_of
from .legend import notes_of
from .pens import Arrow
from .scene import Box, Scene, compose
from .shapes import FRAME, INK, MARK, PAPER, SHADE, Point

_TITLE: Final = "TCP connection state diagram"


def state_diagram_svg(
    *,
    style: str = "stevens",
    names: str = "tcpsim",
    highlight: Trace | None = None,
    heat: Heat | None = None,
    all: bool = False,
) -> str:
    """The eleven states and the edges of RFC 9293's Figure 5 as an SVG document.

    ``style``: "stevens" (client path bold, server path bold and dashed; appl, recv, send), "rfc" (the RFC's own
    words, all edges alike) or "uml" (event [guard] / action).  ``names``: spelling of the states, "tcpsim" or "rfc".
    ``highlight``: a trace whose hosts' last states and followed edges stand out, with order numbers; edges that
    the figure lacks are added where the trace took them.  ``heat``: traces, or counts by rule; an edge is the
    wider the more often it ran.  ``all``: every edge of the table, those that the figure lacks dotted.  Edges and
    labels are read off ``TRANSITIONS``.  Raises ``UnknownChoice`` for any other style or spelling.
    """
    scene = scene_of(style=style, names=names, highlight=highlight, heat=heat, all=all)
    return svg.document(
        "tcp-states", _TITLE, _description(scene, style, names), scene.width, scene.height, _body(scene, style, names)
    )


def scene_of(
    *,
    style: str = "stevens",
    names: str = "tcpsim",
    highlight: Trace | None = None,
    heat: Heat | None = None,
    all: bool = False,
) -> Scene:
    """The same as shapes."""
    check_choice("style", style, STYLES)
    check_choice("spelling of names", names, NAMES)
    marked = NO_HIGHLIGHT if highlight is None else highlight_of(highlight)
    fired = {} if heat is None else heat_of(heat)
    also = {*marked.rules, *fired}
    edges = edges_of(drawn_rows(all=all, also=also))
    counts = None if heat is None else counts_of(edges, fired)
    notes = notes_of(edges, names, None if all else also)
    return compose(edges, style=style, names=names, highlight=marked, counts=counts, notes=notes)


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
    for plate in scene.plates:
        yield svg.rect(plate, 9, f'fill="{PAPER}" stroke="{INK}" stroke-width="1" stroke-dasharray="2 2"')
    for text in scene.texts:
        yield svg.text(text)
    for tag in scene.tags:
        yield svg.rect(tag.rect, tag.radius, f'fill="{tag.fill}" stroke="{INK}" stroke-width="0.8"')
        yield svg.text(tag.text)


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
