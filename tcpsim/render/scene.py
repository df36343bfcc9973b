"""The state diagram as plain shapes: what is drawn where, before any file format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..tcp.states import State
from . import layout
from .edges import Edge, label, state_name
from .highlight import NO_HIGHLIGHT, Ends, Highlight, taken_words
from .layout import Spot
from .legend import legend_of
from .pens import EXTRA_PEN, PENS, PLAIN_PEN, Arrow, Pen
from .shapes import INK, MARK, OTHER, PAPER, QUIET, SHADE, Point, Rect, Text, text_width, usual_width
from .tags import Tag, Word, count_words, order_words, place_tags, unplaced, width_of


class Box(NamedTuple):
    """A state's box; ``current``: some host is in this state now."""

    state: State
    rect: Rect
    current: bool = False


class Scene(NamedTuple):
    """All there is to draw, in user units of a canvas ``width`` x ``height``; ``plates``: at the ends of stubs."""

    width: float
    height: float
    regions: tuple[Rect, ...]
    rules: tuple[tuple[Point, Point], ...]
    arrows: tuple[Arrow, ...]
    boxes: tuple[Box, ...]
    texts: tuple[Text, ...]
    plates: tuple[Rect, ...] = ()
    tags: tuple[Tag, ...] = ()


def compose(
    edges: Sequence[Edge],
    *,
    style: str,
    names: str,
    highlight: Highlight = NO_HIGHLIGHT,
    counts: Mapping[Ends, int] | None = None,
    notes: Sequence[str] = (),
) -> Scene:
    """Lay the given edges and all eleven states out.

    ``counts``: how often each edge ran; then width tells it instead of the usual paths.  ``notes``: lines below the
    legend.  Raises LookupError for an edge that ``layout`` has neither a way nor a stub for.
    """
    texts: list[Text] = []
    rules: list[tuple[Point, Point]] = []
    arrows: list[Arrow] = []
    plates: dict[Ends, Rect] = {}
    for edge in edges:
        ends = (edge.src, edge.dst)
        pen = _pen(edge, style, counts)
        taken = ends in highlight.taken
        if ends in layout.STUBS:
            name = state_name(edge.dst, names)
            plates[ends] = layout.plate_of(ends, name)
            arrows.append(Arrow(layout.STUBS[ends].points, pen, edge, taken))
            texts.append(_plate_text(plates[ends], name, edge))
            continue
        if ends not in layout.ROUTES:
            raise LookupError(f"layout.ROUTES has no way from {edge.src} to {edge.dst}")
        route = layout.ROUTES[ends]
        arrows.append(Arrow(route.points, pen, edge, taken))
        block, breaks = _labelled(edge, style, route.label, pen if edge.role != "other" else None)
        texts += block
        rules += [_rule(block[i], block[i + 1]) for i in breaks]
        if ends in layout.EDGE_CAPTIONS:
            texts.append(_caption(*layout.EDGE_CAPTIONS[ends]))
    texts += [_caption(words, spot) for words, spot, _ in layout.REGIONS]
    boxes = tuple(Box(state, layout.box_of(state), state in highlight.now) for state in State)
    for state in State:
        texts += _box_texts(state, names, highlight.now.get(state, ()))
    words = count_words(dict(counts)) if counts is not None else order_words(highlight)
    tags = _tags(words, arrows, texts, plates, rules)
    crowded = []
    for src, dst in unplaced(words, tags):
        told = taken_words(highlight.taken[src, dst]) if counts is None else [f"×{counts[src, dst]}"]
        crowded.append(f"{state_name(src, names)} → {state_name(dst, names)}:  {'; '.join(told)}")
    legend = legend_of(style, highlight, counts is not None, bool(plates), [*notes, *crowded])
    return Scene(
        layout.WIDTH,
        legend.bottom,
        tuple(frame for _, _, frame in layout.REGIONS),
        (*rules, *legend.rules),
        (*arrows, *legend.arrows),
        boxes,
        (*texts, *legend.texts),
        tuple(plates.values()),
        (*tags, *legend.tags),
    )


def _pen(edge: Edge, style: str, counts: Mapping[Ends, int] | None) -> Pen:
    if counts is not None:
        count = counts.get((edge.src, edge.dst), 0)
        width = round(width_of(count, max([1, *counts.values()])), 2)
        if (edge.src, edge.dst) in layout.STUBS:
            width = min(width, 2.6)
        return Pen(INK if count else OTHER, width, "" if count else "2 4", 9 + width)
    if not any(row.figure5 for row in edge.rows):
        return EXTRA_PEN
    return PENS[edge.role] if style == "stevens" else PLAIN_PEN


def _labelled(edge: Edge, style: str, spot: Spot, pen: Pen | None) -> tuple[list[Text], list[int]]:
    """The label's texts, and after which of them the RFC's style draws a rule."""
    lines, breaks = _label_lines(edge, style)
    colour = INK if pen is None else pen.colour
    return _block(lines, _centred(spot, lines) if breaks else spot, colour, f"{edge.src}->{edge.dst}"), breaks


def _plate_text(plate: Rect, name: str, edge: Edge) -> Text:
    x, y = (plate.left + plate.right) / 2, (plate.top + plate.bottom) / 2 + 4
    return Text(x, y, "middle", layout.PLATE_SIZE, name, INK, f"{edge.src}->{edge.dst}")


def _tags(
    words: dict[Ends, list[Word]],
    arrows: Sequence[Arrow],
    texts: Sequence[Text],
    plates: Mapping[Ends, Rect],
    rules: Sequence[tuple[Point, Point]],
) -> list[Tag]:
    ways = {(arrow.edge.src, arrow.edge.dst): arrow.points for arrow in arrows if arrow.edge is not None}
    obstacles = [
        *(text.bounds.grown(1) for text in texts),
        *(layout.box_of(state).grown(12) for state in State),
        *plates.values(),
        *(Rect(left, y - 1, right, y + 1) for (left, y), (right, _) in rules),
    ]
    for frame in (frame for _, _, frame in layout.REGIONS):
        left, top, right, bottom = frame
        obstacles += [Rect(left, y - 1, right, y + 1) for y in (top, bottom)]
        obstacles += [Rect(x - 1, top, x + 1, bottom) for x in (left, right)]
    return place_tags(words, ways, obstacles, plates)


def _label_lines(edge: Edge, style: str) -> tuple[list[str], list[int]]:
    """The label's lines, and after which of them the RFC's style draws a rule."""
    lines: list[str] = []
    breaks: list[int] = []
    drawn = tuple(row for row in edge.rows if row.figure5)
    for event, action in label(edge._replace(rows=drawn or edge.rows), style):
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
