"""The state diagram as plain shapes: what is drawn where, before any file format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from ..tcp.states import State
from . import layout
from .edges import Edge, label, state_name
from .layout import Spot
from .shapes import CLIENT, INK, MARK, OTHER, PAPER, QUIET, SERVER, SHADE, Point, Rect, Text, text_width, usual_width


class Pen(NamedTuple):
    """How an edge is drawn; ``dash`` as in SVG, "" for a solid line."""

    colour: str
    width: float
    dash: str
    head: float  # length of the arrowhead


#: Bold solid, bold dashed, thin: told apart without colour too.
PENS: Final = {
    "client": Pen(CLIENT, 3.0, "", 13),
    "server": Pen(SERVER, 3.0, "9 5", 13),
    "other": Pen(OTHER, 1.3, "", 10),
}
PLAIN_PEN: Final = Pen(INK, 1.5, "", 11)


class Arrow(NamedTuple):
    """An edge, or a legend's sample of one (``edge`` is None); ``taken``: it is to stand out."""

    points: tuple[Point, ...]
    pen: Pen
    edge: Edge | None
    taken: bool = False


class Box(NamedTuple):
    """A state's box; ``current``: some host is in this state now."""

    state: State
    rect: Rect
    current: bool = False


class Scene(NamedTuple):
    """All there is to draw, in user units of a canvas ``width`` x ``height``."""

    width: float
    height: float
    regions: tuple[Rect, ...]
    rules: tuple[tuple[Point, Point], ...]
    arrows: tuple[Arrow, ...]
    boxes: tuple[Box, ...]
    texts: tuple[Text, ...]


class Highlight(NamedTuple):
    """``now``: state -> who is there; ``taken``: the edges that were followed."""

    now: dict[State, tuple[str, ...]]
    taken: frozenset[tuple[State, State]]


NO_HIGHLIGHT: Final = Highlight({}, frozenset())


def compose(edges: Sequence[Edge], *, style: str, names: str, highlight: Highlight = NO_HIGHLIGHT) -> Scene:
    """Lay the given edges and all eleven states out.

    Raises LookupError for an edge that ``layout.ROUTES`` has no way for.
    """
    texts: list[Text] = []
    rules: list[tuple[Point, Point]] = []
    arrows: list[Arrow] = []
    for edge in edges:
        ends = (edge.src, edge.dst)
        if ends not in layout.ROUTES:
            raise LookupError(f"layout.ROUTES has no way from {edge.src} to {edge.dst}")
        route = layout.ROUTES[ends]
        pen = PENS[edge.role] if style == "stevens" else PLAIN_PEN
        arrows.append(Arrow(route.points, pen, edge, ends in highlight.taken))
        lines, breaks = _label_lines(edge, style)
        colour = pen.colour if edge.role != "other" else INK
        spot = _centred(route.label, lines) if breaks else route.label
        block = _block(lines, spot, colour, f"{edge.src}->{edge.dst}")
        texts += block
        rules += [_rule(block[i], block[i + 1]) for i in breaks]
        if ends in layout.EDGE_CAPTIONS:
            texts.append(_caption(*layout.EDGE_CAPTIONS[ends]))
    texts += [_caption(words, spot) for words, spot, _ in layout.REGIONS]
    boxes = tuple(Box(state, layout.box_of(state), state in highlight.now) for state in State)
    for state in State:
        texts += _box_texts(state, names, highlight.now.get(state, ()))
    legend_arrows, legend_texts = _legend(style, bool(highlight.taken))
    return Scene(
        layout.WIDTH,
        legend_texts[-1].y + 24,
        tuple(frame for _, _, frame in layout.REGIONS),
        tuple(rules),
        (*arrows, *legend_arrows),
        boxes,
        (*texts, *legend_texts),
    )


def _label_lines(edge: Edge, style: str) -> tuple[list[str], list[int]]:
    """The label's lines, and after which of them the RFC's style draws a rule."""
    lines: list[str] = []
    breaks: list[int] = []
    for event, action in label(edge, style):
        if style == "uml":
            lines += [f"{event} /", action] if action else [event]
            continue
        if style == "rfc":
            breaks.append(len(lines))
        lines += [event, action]
    return lines, breaks


def _block(lines: Sequence[str], spot: Spot, colour: str, of: str) -> list[Text]:
    size, leading = layout.LABEL_SIZE, layout.LABEL_LEADING
    height = leading * (len(lines) - 1) + size
    top = spot.y - {"top": 0.0, "middle": height / 2, "bottom": height}[spot.hang]
    on_shade = any(frame.holds((spot.x, spot.y)) for _, _, frame in layout.REGIONS)
    return [
        Text(spot.x, top + 0.8 * size + i * leading, spot.anchor, size, line, colour, of,
             background=SHADE if on_shade else PAPER)
        for i, line in enumerate(lines)
    ]  # fmt: skip


def _centred(spot: Spot, lines: Sequence[str]) -> Spot:
    """The same place for lines that are centred: a fraction looks odd otherwise."""
    half = max(usual_width(line, layout.LABEL_SIZE) for line in lines) / 2
    shift = {"start": half, "middle": 0.0, "end": -half}[spot.anchor]
    return spot._replace(x=spot.x + shift, anchor="middle")


def _caption(words: str, spot: Spot) -> Text:
    (text,) = _block([words], spot, QUIET, words)
    return text._replace(italic=True)


def _rule(above: Text, below: Text) -> tuple[Point, Point]:
    """The RFC's line between event and action: as wide as the wider of the two."""
    wider = max(above, below, key=lambda text: text_width(text.text, text.size))
    width = usual_width(wider.text, wider.size)
    left = above.x - {"start": 0.0, "middle": width / 2, "end": width}[above.anchor]
    y = below.y - 0.93 * below.size
    return (left, y), (left + width, y)


def _box_texts(state: State, names: str, who: Iterable[str]) -> list[Text]:
    x, y = layout.CENTRES[state]
    present = ", ".join(who)
    caption = f"● {present}" if present else layout.CAPTIONS.get(state, "")
    while text_width(caption, layout.CAPTION_SIZE) > layout.BOX_WIDTH - 8:
        caption = caption[:-2] + "…"
    background = MARK if present else PAPER
    name = Text(x, y + (-2 if caption else 6), "middle", layout.STATE_SIZE,
                state_name(state, names), INK, str(state), bold=True, background=background)  # fmt: skip
    if not caption:
        return [name]
    return [
        name,
        Text(x, y + 16, "middle", layout.CAPTION_SIZE, caption, INK if present else QUIET,
             str(state), italic=not present, background=background),
    ]  # fmt: skip


_ROLES: Final = (
    ("client", "usual path of a client"),
    ("server", "usual path of a server"),
    ("other", "any other transition"),
)
_GLOSS: Final = {
    "stevens": "appl: the application calls      recv: a segment arrives      send: the answer to it",
    "uml": "event [guard] / what is sent      rcv: a segment arrives      other events: calls and timers",
    "rfc": "above the line: what happens      below it: what is done      x: nothing",
}


def _legend(style: str, taken: bool) -> tuple[list[Arrow], list[Text]]:
    size = layout.LABEL_SIZE
    y = layout.LEGEND_TOP
    entries: list[tuple[Pen, str, bool]] = []
    if style == "stevens":
        entries = [(PENS[role], words, False) for role, words in _ROLES]
    if taken:
        entries.append((entries[-1][0] if entries else PLAIN_PEN, "taken in this trace", True))
    sample, gap, between = 46, 10, 34
    widths = [sample + gap + usual_width(words, size) + between * (i > 0) for i, (_, words, _) in enumerate(entries)]
    x = (layout.WIDTH - sum(widths)) / 2 - between
    arrows: list[Arrow] = []
    texts: list[Text] = []
    for pen, words, marked in entries:
        x += between
        arrows.append(Arrow(((x, y), (x + sample, y)), pen, None, marked))
        texts.append(Text(x + sample + gap, y + 5, "start", size, words, INK, "legend"))
        x += sample + gap + usual_width(words, size)
    if entries:
        y += 38
    texts.append(Text(layout.WIDTH / 2, y, "middle", size, _GLOSS[style], QUIET, "legend"))
    return arrows, texts
