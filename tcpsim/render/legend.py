"""What stands below the state diagram: samples of its lines, its words explained, transitions that are not drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from . import layout
from .edges import Edge, in_words, state_name
from .highlight import Highlight
from .pens import EXTRA_PEN, PENS, PLAIN_PEN, Arrow, Pen
from .shapes import INK, PAPER, QUIET, Point, Rect, Text, cut_to, text_width
from .tags import Tag, look_of

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
_NOTE: Final = 12.0
_LEADING: Final = 18.0
_MARGIN: Final = 44.0


class Legend(NamedTuple):
    """Shapes, and where the picture ends."""

    bottom: float
    arrows: list[Arrow]
    texts: list[Text]
    tags: list[Tag]
    rules: list[tuple[Point, Point]]


def legend_of(style: str, highlight: Highlight, heat: bool, stubs: bool, notes: Sequence[str]) -> Legend:
    """The legend for what the picture has in it."""
    y = layout.LEGEND_TOP
    entries = _entries(style, highlight, heat, stubs)
    arrows: list[Arrow] = []
    texts: list[Text] = []
    for row in (entries[:3], entries[3:]) if len(entries) > 4 else (entries,):
        samples, words = _samples(row, y)
        arrows += samples
        texts += words
        y += 34 if row else 0
    tags: list[Tag] = []
    if highlight.hosts and not heat:
        tags, names = _hosts(highlight.hosts, y)
        texts += names
        y += 34
    texts.append(Text(layout.WIDTH / 2, y, "middle", layout.LABEL_SIZE, _GLOSS[style], QUIET, "legend"))
    rules: list[tuple[Point, Point]] = []
    if notes:
        y += 26
        rules.append(((_MARGIN, y), (layout.WIDTH - _MARGIN, y)))
        for line, indented in _folded(notes):
            y += _LEADING
            texts.append(Text(_MARGIN + 18 * indented, y, "start", _NOTE, line, INK, "notes"))
    return Legend(y + 24, arrows, texts, tags, rules)


def _entries(style: str, highlight: Highlight, heat: bool, stubs: bool) -> list[tuple[Pen, str, bool]]:
    entries: list[tuple[Pen, str, bool]] = []
    if heat:
        entries = [(PLAIN_PEN._replace(width=5.0, head=14), "the wider, the more often; ×n: n times", False),
                   (PLAIN_PEN._replace(width=1.0, dash="2 4", head=10), "never ran", False)]  # fmt: skip
    elif style == "stevens":
        entries = [(PENS[role], words, False) for role, words in _ROLES]
    if stubs and not heat:
        entries.append((EXTRA_PEN, "in the RFC's text, not in its figure", False))
    if highlight.taken and not heat:
        entries.append((entries[0][0] if entries else PLAIN_PEN, "taken; n: the n-th step", True))
    return entries


def _samples(entries: Sequence[tuple[Pen, str, bool]], y: float) -> tuple[list[Arrow], list[Text]]:
    """A row of sample lines with their meaning, as large as fits."""
    sample, gap, between = 46, 10, 30
    size = float(layout.LABEL_SIZE)
    while sum(sample + gap + between + text_width(words, size) for _, words, _ in entries) > layout.WIDTH - 20:
        size -= 0.5
    widths = [sample + gap + text_width(words, size) for _, words, _ in entries]
    x = (layout.WIDTH - sum(widths) - between * max(0, len(widths) - 1)) / 2
    arrows, texts = [], []
    for (pen, words, marked), width in zip(entries, widths, strict=True):
        arrows.append(Arrow(((x, y), (x + sample, y)), pen, None, marked))
        texts.append(Text(x + sample + gap, y + 5, "start", size, words, INK, "legend"))
        x += width + between
    return arrows, texts


def _hosts(hosts: Sequence[str], y: float) -> tuple[list[Tag], list[Text]]:
    """A row that says whose tags look how."""
    between, names = 30, [cut_to(host, 200, layout.LABEL_SIZE) for host in hosts[:4]]
    widths = [25 + text_width(name, layout.LABEL_SIZE) for name in names]
    x = (layout.WIDTH - sum(widths) - between * (len(widths) - 1)) / 2
    tags, texts = [], []
    for place, (name, width) in enumerate(zip(names, widths, strict=True)):
        fill, radius = look_of(place)
        number = Text(x + 9, y + 4, "middle", 11, "n", PAPER, "legend", bold=True, background=fill)
        tags.append(Tag(Rect(x, y - 9, x + 18, y + 9), radius, fill, number))
        texts.append(Text(x + 25, y + 5, "start", layout.LABEL_SIZE, name, INK, "legend"))
        x += width + between
    return tags, texts


def notes_of(edges: Iterable[Edge], names: str, rules: Iterable[str] | None = None) -> list[str]:
    """A line for each edge with rows that the RFC's figure lacks: what they are; only ``rules`` unless None."""
    wanted = None if rules is None else frozenset(rules)
    lines = []
    for edge in edges:
        extra = [row for row in edge.rows if not row.figure5 and (wanted is None or row.id in wanted)]
        if extra:
            lines.append(f"{state_name(edge.src, names)} → {state_name(edge.dst, names)}:  {in_words(extra)}")
    return ["Not in the figure of RFC 9293, but in its text (event / what is sent):", *lines] if lines else []


def _folded(notes: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The notes in lines that fit, and whether one goes on."""
    room = layout.WIDTH - 2 * _MARGIN - 18
    for note in notes:
        line, first = "", True
        for word in note.split(" "):
            longer = f"{line} {word}" if line else word
            if line and text_width(longer, _NOTE) > room:
                yield line, not first
                line, first = word, False
            else:
                line = longer
        yield line, not first
