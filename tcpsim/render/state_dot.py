"""The state diagram in Graphviz's language, and its rendering by the ``dot`` program."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import Final

from ..tcp.states import State
from ..trace.trace import Trace
from . import layout
from .edges import NAMES, STYLES, Edge, drawn_rows, edges_of, in_words, label, state_name, tooltip
from .errors import DrawingFailed, MissingTool, UnknownChoice, check_choice
from .highlight import NO_HIGHLIGHT, Ends, Heat, Highlight, counts_of, heat_of, highlight_of, taken_words
from .pens import PENS
from .shapes import INK, MARK, QUIET
from .tags import width_of

#: States that stand side by side, top to bottom, as in our own layout.
_RANKS: Final = (
    (State.CLOSED,),
    (State.LISTEN,),
    (State.SYN_RECV, State.SYN_SENT),
    (State.ESTABLISHED,),
    (State.FIN_WAIT_1, State.CLOSING, State.CLOSE_WAIT),
    (State.FIN_WAIT_2, State.TIME_WAIT, State.LAST_ACK),
)

_NARROW: Final = 30  # columns of a label that lists many events

#: Formats that ``dot`` writes and people ask for.
FORMATS: Final = ("svg", "png", "pdf", "ps", "eps", "json", "plain", "dot")


def state_diagram_dot(
    *,
    style: str = "stevens",
    names: str = "tcpsim",
    highlight: Trace | None = None,
    heat: Heat | None = None,
    all: bool = False,
) -> str:
    """The state diagram as DOT source.  Parameters and errors as for ``state_diagram_svg``."""
    check_choice("style", style, STYLES)
    check_choice("spelling of names", names, NAMES)
    marked = NO_HIGHLIGHT if highlight is None else highlight_of(highlight)
    fired = {} if heat is None else heat_of(heat)
    edges = edges_of(drawn_rows(all=all, also={*marked.rules, *fired}))
    counts = None if heat is None else counts_of(edges, fired)
    lines = [
        "// The TCP connection state diagram (RFC 9293, Figure 5), from tcpsim's transition table.",
        'digraph "TCP connection state diagram" {',
        "  graph [rankdir=TB, nodesep=0.9, ranksep=0.75, splines=true, "
        'fontname="Helvetica", tooltip="TCP connection state diagram"]',
        f'  node [shape=box, style="rounded,filled", fillcolor=white, color="{INK}", penwidth=1.4, '
        f'fontname="Helvetica-Bold", fontsize=14, width=1.7, height=0.5]',
        f'  edge [fontname="Helvetica", fontsize=11, color="{INK}", fontcolor="{INK}", arrowsize=0.8]',
    ]
    lines += [_node(state, names, marked) for state in State]
    for rank in _RANKS:
        if len(rank) > 1:
            lines.append(f"  {{rank=same; {' '.join(str(state) + ';' for state in rank)}}}")
    lines += [_edge(edge, style, marked, counts) for edge in edges]
    return "\n".join([*lines, "}"]) + "\n"


def _node(state: State, names: str, marked: Highlight) -> str:
    name = state_name(state, names)
    who = ", ".join(marked.now.get(state, ()))
    caption = f"● {who}" if who else layout.CAPTIONS.get(state, "")
    look = f', fillcolor="{MARK}", penwidth=3' if who else ""
    if not caption:
        return f'  {state} [label="{name}"{look}]'
    small = f'<font point-size="10.5" face="Helvetica" color="{INK if who else QUIET}">'
    return f"  {state} [label=<{name}<br/>{small}{_escaped(caption)}</font>>{look}]"


def _edge(edge: Edge, style: str, marked: Highlight, counts: Mapping[Ends, int] | None) -> str:
    ends = (edge.src, edge.dst)
    looks = [f'label="{_words(edge, style)}{_numbers(marked, counts, ends)}"']
    pen = PENS[edge.role]
    if counts is not None:
        count = counts.get(ends, 0)
        width = width_of(count, max([1, *counts.values()]))
        looks.append(f"penwidth={width:.1f}" + (", style=dotted" if not count else ""))
    elif not any(row.figure5 for row in edge.rows):
        looks.append("style=dotted, constraint=false")
    elif style == "stevens" and edge.role != "other":
        dashes = ", style=dashed" if pen.dash else ""
        looks.append(f'color="{pen.colour}", fontcolor="{pen.colour}", penwidth=2.4{dashes}')
    if ends in marked.taken:
        looks.append("arrowsize=1.3, taillabel=<●>")
    rules = tooltip(edge).replace('"', "'").replace("\n", "\\n")
    looks.append(f'tooltip="{rules}", labeltooltip="{rules}"')
    return f"  {edge.src} -> {edge.dst} [{', '.join(looks)}]"


def _numbers(marked: Highlight, counts: Mapping[Ends, int] | None, ends: Ends) -> str:
    """A last line of the label: how often the edge ran, or who took it when."""
    if counts is not None:
        return f"  ×{counts[ends]}\\l" if counts.get(ends) else ""
    times = marked.taken.get(ends, ())
    return "".join(f"  {line}\\l" for line in taken_words(times))


def _words(edge: Edge, style: str) -> str:
    """The label, flush left and a blank away from the edge that Graphviz puts it right beside."""
    lines = []
    drawn = tuple(row for row in edge.rows if row.figure5)
    if not drawn:
        return "".join(f"  {line}\\l" for line in wrap(in_words(edge.rows), _NARROW))
    for event, action in label(edge._replace(rows=drawn), style):
        lines += [event, action] if style == "stevens" else [f"{event} /", action] if action else [event]
    return "".join(f"  {line}\\l" for line in lines)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def render_dot(dot_source: str, format: str = "svg") -> bytes:
    """``dot_source`` drawn by Graphviz.

    ``format``: svg, png, pdf and others of ``FORMATS``.  Raises ``MissingTool`` where the ``graphviz``
    package or the ``dot`` program is not installed, ``UnknownChoice`` for another format, ``DrawingFailed``
    with Graphviz's own words when it refuses the source.
    """
    if format not in FORMATS:
        raise UnknownChoice(f"no format {format!r}; choose one of: {', '.join(FORMATS)}")
    try:
        import graphviz
    except ImportError:
        raise MissingTool("this needs the Python package graphviz: pip install graphviz") from None
    try:
        drawn: bytes = graphviz.Source(dot_source).pipe(format=format)
    except graphviz.ExecutableNotFound:
        raise MissingTool(
            "this needs Graphviz's program dot: apt install graphviz / brew install graphviz / winget install graphviz"
        ) from None
    except graphviz.CalledProcessError as error:
        words = (error.stderr or b"").decode(errors="replace").strip() or str(error)
        raise DrawingFailed(f"dot refused the drawing: {words}") from None
    return drawn
