"""The state diagram as a Mermaid stateDiagram-v2."""

from __future__ import annotations

from typing import Final

from ..tcp.states import CLOSED, State
from ..trace.trace import Trace
from .edges import NAMES, STYLES, Edge, drawn_rows, edges_of, label, state_name
from .errors import check_choice
from .highlight import NO_HIGHLIGHT, Heat, Highlight, counts_of, heat_of, highlight_of, taken_words
from .mermaid import safe
from .shapes import INK, MARK

#: What no state diagram of Mermaid's can say; stands as a comment in every file.
NOT_SHOWN: Final = (
    "Mermaid cannot show: bold, dashed or dotted edges.  (client) and (server) mark the usual paths instead."
)


def state_diagram_mmd(
    *,
    style: str = "uml",
    names: str = "tcpsim",
    highlight: Trace | None = None,
    heat: Heat | None = None,
    all: bool = False,
) -> str:
    """The state diagram in Mermaid's language.  Parameters and errors as for ``state_diagram_svg``.

    Who took an edge when, how often it ran, and that the RFC's figure lacks it, stand in its words.
    """
    check_choice("style", style, STYLES)
    check_choice("spelling of names", names, NAMES)
    marked = NO_HIGHLIGHT if highlight is None else highlight_of(highlight)
    fired = {} if heat is None else heat_of(heat)
    edges = edges_of(drawn_rows(all=all, also={*marked.rules, *fired}))
    counts = {} if heat is None else counts_of(edges, fired)
    lines = ["stateDiagram-v2", f"    %% {NOT_SHOWN}", "    [*] --> CLOSED"]
    lines += [_state(state, names, marked) for state in State]
    for edge in edges:
        extra = taken_words(marked.taken.get((edge.src, edge.dst), ()))
        if heat is not None:
            extra = [f"×{counts[edge.src, edge.dst]}"]
        lines.append(f"    {edge.src} --> {edge.dst} : {_words(edge, style, extra)}")
    if marked.now:
        lines.append(f"    classDef now fill:{MARK},stroke:{INK},stroke-width:3px")
        lines.append(f"    class {','.join(str(state) for state in State if state in marked.now)} now")
    return "\n".join(lines) + "\n"


def states_mmd(trace: Trace, *, names: str = "tcpsim") -> str:
    """The state diagram with the ways that ``trace`` took."""
    return state_diagram_mmd(names=names, highlight=trace)


def _state(state: State, names: str, marked: Highlight) -> str:
    who = marked.now.get(state, ())
    caption = f"<br/>● {safe(', '.join(who))}" if who else "<br/>starting point" if state is CLOSED else ""
    return f'    state "{state_name(state, names)}{caption}" as {state}'


def _words(edge: Edge, style: str, extra: list[str]) -> str:
    drawn = tuple(row for row in edge.rows if row.figure5)
    pairs = label(edge._replace(rows=drawn or edge.rows), style)
    words = [f"{event} / {action}" if action else event for event, action in pairs]
    if edge.role != "other" and style == "stevens":
        words.append(f"({edge.role})")
    if not drawn:
        words.append("(not in Figure 5)")
    return "<br/>".join(safe(word).replace(":", "#58;") for word in [*words, *extra])
