"""The state diagram in Graphviz's language, and its rendering by the ``dot`` program."""

from __future__ import annotations

from typing import Final

from ..tcp.states import State
from ..trace.trace import Trace
from . import layout
from .edges import NAMES, STYLES, Edge, edges_of, figure5_rows, label, state_name, tooltip
from .errors import DrawingFailed, MissingTool, UnknownChoice, check_choice
from .highlight import highlight_of
from .scene import NO_HIGHLIGHT, PENS, Highlight
from .shapes import INK, MARK, QUIET

#: States that stand side by side, top to bottom, as in our own layout.
_RANKS: Final = (
    (State.CLOSED,),
    (State.LISTEN,),
    (State.SYN_RECV, State.SYN_SENT),
    (State.ESTABLISHED,),
    (State.FIN_WAIT_1, State.CLOSING, State.CLOSE_WAIT),
    (State.FIN_WAIT_2, State.TIME_WAIT, State.LAST_ACK),
)

#: Formats that ``dot`` writes and people ask for.
FORMATS: Final = ("svg", "png", "pdf", "ps", "eps", "json", "plain", "dot")


def state_diagram_dot(*, style: str = "stevens", names: str = "tcpsim", highlight: Trace | None = None) -> str:
    """The state diagram as DOT source.  Parameters and errors as for ``state_diagram_svg``."""
    check_choice("style", style, STYLES)
    check_choice("spelling of names", names, NAMES)
    marked = NO_HIGHLIGHT if highlight is None else highlight_of(highlight)
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
    lines += [_edge(edge, style, marked) for edge in edges_of(figure5_rows())]
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


def _edge(edge: Edge, style: str, marked: Highlight) -> str:
    looks = [f'label="{_words(edge, style)}"']
    if style == "stevens" and edge.role != "other":
        pen = PENS[edge.role]
        dashes = ", style=dashed" if pen.dash else ""
        looks.append(f'color="{pen.colour}", fontcolor="{pen.colour}", penwidth=2.4{dashes}')
    if (edge.src, edge.dst) in marked.taken:
        looks.append("arrowsize=1.3, taillabel=<●>")
    rules = tooltip(edge).replace('"', "'").replace("\n", "\\n")
    looks.append(f'tooltip="{rules}", labeltooltip="{rules}"')
    return f"  {edge.src} -> {edge.dst} [{', '.join(looks)}]"


def _words(edge: Edge, style: str) -> str:
    """The label, flush left and a blank away from the edge that Graphviz puts it right beside."""
    lines = []
    for event, action in label(edge, style):
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
        raise MissingTool("this needs Graphviz's program dot: apt install graphviz / brew install graphviz") from None
    except graphviz.CalledProcessError as error:
        words = (error.stderr or b"").decode(errors="replace").strip() or str(error)
        raise DrawingFailed(f"dot refused the drawing: {words}") from None
    return drawn
