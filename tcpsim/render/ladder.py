"""The text ladder: two lifelines, time running down, one line for each segment as in the RFC's figures.

    client 10.0.0.1:49152                                              server 10.0.0.2:80
     0.000  SYN_SENT    ├───── SYN      SEQ=100           WND=1000 ────►│ SYN_RECV     0.010
     0.020  ESTABLISHED │◄──── SYN,ACK  SEQ=300  ACK=101  WND=1000 ─────┤ SYN_RECV     0.010

Each side has its own clock: a line carries the time of departure at one end and of arrival at the other.
The state beside it is the one that the line leaves behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

from ..explain.describe import describe
from ..tcp.segment import RST
from ..tcp.states import State
from ..trace.trace import Trace
from .edges import NAMES, state_name
from .errors import check_choice
from .rows import End, LadderLine, lines_of
from .story import RIGHT, Endpoint, Story, ecn_words, read_story, receiver_of, sender_of

Piece = tuple[str, str]  # text, and the name of its style


class Glyphs(NamedTuple):
    """The characters that draw."""

    rail: str
    leaves_left: str
    leaves_right: str
    shaft: str
    to_right: str
    to_left: str
    cross: str
    network: str


UNICODE: Final = Glyphs("│", "├", "┤", "─", "►", "◄", "✗", "…")
ASCII: Final = Glyphs("|", "|", "|", "-", ">", "<", "X", "...")

#: ANSI codes by style.
COLOURS: Final = {
    "": "", "quiet": "2", "head": "1", "state": "1", "time": "2", "call": "36",
    "timer": "33", "note": "35", "lost": "31", "SYN": "1;32", "FIN": "1;33", "RST": "1;31", "ACK": "1",
}  # fmt: skip


class Form(NamedTuple):
    """How much of a segment is told.  ``window``: "always", "changed" (since its sender's last) or "never"."""

    gap: int
    aligned: bool
    window: str
    octets: bool = True


#: From roomy to terse; the first that fits is taken for the whole ladder, the last where none does.
FORMS: Final = (
    Form(2, True, "always"),
    Form(1, True, "always"),
    Form(1, True, "changed"),
    Form(1, False, "changed"),
)

#: For single lines that still do not fit, one after the other.
_SHORTER: Final = (Form(1, False, "never"),)

#: The same where the window is what the segment is about: LEN goes first.
_SHORTER_BUT_WINDOW: Final = (
    Form(1, False, "changed"),
    Form(1, False, "changed", octets=False),
    Form(1, False, "never", octets=False),
)

_PREFIX: Final = 6  # columns before a segment's text
_SUFFIX: Final = 5  # fewest columns after it
_NARROWEST: Final = 24  # of the space between the rails


def ladder(
    trace: Trace,
    *,
    numbers: str = "absolute",
    names: str = "tcpsim",
    color: bool = False,
    ascii: bool = False,
    width: int = 100,
    hosts: Iterable[Any] | None = None,
    conn: Any = None,
) -> str:
    """The ladder of ``trace`` as text; lines end in a newline, without blanks before it.

    ``numbers``: "absolute", or "relative" to each side's initial sequence number, in each of its connections;
    what counts from no known one stays absolute.  ``names``: the states' spelling, "tcpsim" or "rfc".
    ``color``: ANSI colours.  ``ascii``: nothing but ASCII.  ``width``: columns to fit; below some 70 the
    ladder is as wide as its numbers need.  ``hosts``: which two, left first.  ``conn``: only this connection
    (a socket of either end, or its number).

    An arrow drawn whole is a segment that arrives before anything else concerns it.  Otherwise its departure
    (``──► …``) and its arrival (``… ──►``) stand on lines of their own; ``✗`` is a loss.

    Raises ``UnknownChoice`` for a wrong option, host or connection.
    """
    check_choice("spelling of names", names, NAMES)
    story = read_story(trace, numbers=numbers, hosts=hosts, conn=conn)
    printer = _Printer(story, lines_of(story), names, ASCII if ascii else UNICODE, width)
    lines = (_stripped(pieces) for pieces in printer.pieces(relative=numbers == "relative"))
    return "".join(_painted(pieces, color) + "\n" for pieces in lines)


def _stripped(pieces: Sequence[Piece]) -> list[Piece]:
    kept = list(pieces)
    while kept:
        text, style = kept.pop()
        if text.rstrip():
            return [*kept, (text.rstrip(), style)]
    return []


def _painted(pieces: Iterable[Piece], color: bool) -> str:
    if not color:
        return "".join(text for text, _ in pieces)
    return "".join(
        f"\x1b[{COLOURS[style]}m{text}\x1b[0m" if COLOURS[style] and text.strip() else text for text, style in pieces
    )


class _Printer:
    """Everything the lines share: widths, characters, spelling."""

    def __init__(self, story: Story, lines: list[LadderLine], names: str, glyphs: Glyphs, width: int) -> None:
        self.story = story
        self.lines = lines
        self.glyphs = glyphs
        self.width = width
        self.name = {state: state_name(state, names) for state in State}
        self.state_width = max(map(len, self.name.values()))
        self.shown: dict[str, State] = {}
        self.decimals = 3
        self.time_width = 5
        self.body = 0
        self.texts: list[str] = []
        self.latest = max((end.t for end in self._all_ends()), default=0)
        self.cells = _cells(lines, story)
        self._fit()

    def _fit(self) -> None:
        """Choose the form and the times' decimals: as much as fits, the window before microseconds.

        Lines with more to say, such as a loss and its reason, do not decide: they do without the window, or
        without LEN where the window is shut or has changed.
        """
        needed = max(map(_decimals, {end.t for end in self._all_ends()}), default=3)
        plain = [line.seg is not None and not line.mark and line.what != "lost" for line in self.lines]
        for form, decimals in product(FORMS, range(needed, 2, -1)):
            if decimals == needed:
                self.texts = _texts(self.cells, form)
            self._lay(decimals)
            if all(self._fits(i) for i, is_plain in enumerate(plain) if is_plain):
                break
        aligned = form._replace(window="never")
        for telling, forms in ((False, (aligned, *_SHORTER)), (True, _SHORTER_BUT_WINDOW)):
            for shorter in forms:
                wide = [i for i, line in enumerate(self.cells) if line.telling is telling and not self._fits(i)]
                if not wide:
                    break
                texts = _texts(self.cells, shorter)
                for i in wide:
                    self.texts[i] = texts[i]
        self.body = max([self.body, _NARROWEST, *(self._inner(i) for i in range(len(self.lines)))])

    def _lay(self, decimals: int) -> None:
        self.decimals = decimals
        self.time_width = max(len(_time(self.latest, decimals)), 5)
        self.body = self.width - 2 * (self.time_width + 2 + self.state_width + 2)

    def _fits(self, i: int) -> bool:
        return self._inner(i) <= self.body

    def _all_ends(self) -> Iterator[End]:
        for line in self.lines:
            yield from (end for end in (line.left, line.right) if end is not None)

    def _inner(self, i: int) -> int:
        """Columns that a segment's line needs between the rails."""
        line = self.lines[i]
        if line.seg is None:
            return 0
        reason = len(f"   {line.words}") if line.what == "lost" else 0
        return _PREFIX + len(self.texts[i]) + _SUFFIX + reason

    # -- lines

    def pieces(self, *, relative: bool) -> Iterator[list[Piece]]:
        """Every line of the output."""
        yield from self._heading(relative)
        yield []
        first = End(0, State.CLOSED)
        yield self._row(first, first, [(" " * self.body, "")], clock=False)
        for line, text in zip(self.lines, self.texts, strict=True):
            if line.seg is None:
                yield self._row(line.left, line.right, self._event(line))
            else:
                rails = self._rails(line)
                yield self._row(line.left, line.right, self._segment(line, text), rails)
        if not self.lines:
            yield self._row(None, None, [("nothing has happened".center(self.body), "quiet")])

    def _heading(self, relative: bool) -> Iterator[list[Piece]]:
        story = self.story
        left, right = (f"{name} {where}".rstrip() for name, where in zip(story.hosts, _addresses(story), strict=True))
        whole = 2 * (self.time_width + self.state_width + 4) + self.body
        yield [(left, "head"), (" " * max(2, whole - len(left) - len(right)), ""), (right, "head")]
        if relative and len(story.flows) == 1:
            lines = [f"SEQ and ACK count from {' and '.join(starts)}"] if (starts := list(_starts(story))) else []
            if story.uncounted and starts:
                lines[0] += "; others are absolute"
            if any(len(line) > self.width for line in lines):
                lines = [f"SEQ and ACK count from {start}" for start in starts]
                lines += ["Others are absolute"] * story.uncounted
            yield from ([(line, "quiet")] for line in lines)

    def _row(
        self,
        left: End | None,
        right: End | None,
        body: list[Piece],
        rails: tuple[str, str] | None = None,
        *,
        clock: bool = True,
    ) -> list[Piece]:
        rail = self.glyphs.rail
        at_left, at_right = rails or (rail, rail)
        return [
            (self._clock(left, clock).rjust(self.time_width), "time"),
            ("  ", ""),
            self._state("left", left),
            (" ", ""),
            (at_left, "quiet"),
            *body,
            (at_right, "quiet"),
            (" ", ""),
            self._state("right", right),
            ("  ", ""),
            (self._clock(right, clock).rjust(self.time_width), "time"),
        ]

    def _clock(self, end: End | None, clock: bool) -> str:
        return _time(end.t, self.decimals) if end is not None and clock else ""

    def _state(self, side: str, end: End | None) -> Piece:
        if end is None:
            return " " * self.state_width, ""
        style = "" if self.shown.get(side) is end.state else "state"
        self.shown[side] = end.state
        return self.name[end.state].ljust(self.state_width), style

    def _event(self, line: LadderLine) -> list[Piece]:
        """What happens at one end, beside its rail."""
        words = line.words
        room = self.body - 2
        if len(words) > room:
            network = self.glyphs.network
            words = words[: room - len(network)] + network
        if not words.isascii() and self.glyphs is ASCII:
            words = words.encode("ascii", "replace").decode()
        padded = f" {words}".ljust(self.body) if line.left is not None else f"{words} ".rjust(self.body)
        return [(padded, line.what if line.what in COLOURS else "note")]

    def _rails(self, line: LadderLine) -> tuple[str, str]:
        """The rails, with a branch where a packet leaves."""
        glyphs = self.glyphs
        if line.toward == "->":
            return glyphs.leaves_left if line.left is not None else glyphs.rail, glyphs.rail
        return glyphs.rail, glyphs.leaves_right if line.right is not None else glyphs.rail

    def _segment(self, line: LadderLine, text: str) -> list[Piece]:
        """A segment between the rails: what stands before its text, the text, what stands behind."""
        glyphs, right = self.glyphs, line.toward == "->"
        near, far = (line.left, line.right) if right else (line.right, line.left)
        lost = line.what == "lost"
        cloud = f" {glyphs.network} " if len(glyphs.network) == 1 else f"{glyphs.network} "
        if right:
            before = cloud if near is None else ""
            after = glyphs.to_right if far is not None else f"{glyphs.to_right} {glyphs.network} "
        else:
            before = glyphs.to_left if far is not None else cloud + glyphs.to_left
            after = "" if near is not None else f" {glyphs.network} "
        room = self.body - _PREFIX - len(text)
        if lost and right:
            reason = f" {line.words}"
            shaft = max(2, (room - len(reason) - 2) * 2 // 3)
            tail: list[Piece] = [
                (" " + glyphs.shaft * (shaft - 1), "quiet"),
                (glyphs.cross + reason, "lost"),
            ]
            tail.append((" " * (room - shaft - 1 - len(reason)), ""))
        elif lost:
            before = f"  {glyphs.cross}"
            reason = f"  {line.words}"
            shaft = room - len(reason) - 1 - len(after)
            tail = [(reason, "lost"), (" " + glyphs.shaft * shaft + after, "quiet")]
        else:
            tail = [(" " + glyphs.shaft * (room - 1 - len(after)) + after, "quiet")]
        prefix = before + glyphs.shaft * (_PREFIX - 1 - len(before)) + " "
        head: list[Piece] = [(prefix, "lost" if lost and not right else "quiet")]
        return [*head, *_flagged(line, text), *tail]


def _flagged(line: LadderLine, text: str) -> list[Piece]:
    """The text with its flags in the style of the most telling one."""
    assert line.seg is not None
    flags = line.seg.names
    before, found, after = text.partition(flags)
    style = next((name for name in ("RST", "SYN", "FIN") if name in flags), "ACK")
    return [(before, "quiet"), (found, style), (after, "")]


# -- a segment's text


class Cells(NamedTuple):
    """What may be told of a segment; nothing of lines that are none.

    ``fields``: connection, flags, SEQ, ACK.  ``telling``: its sender has shut its window or changed it.
    """

    fields: tuple[str, ...] = ()
    octets: str = ""
    window: str = ""
    mark: str = ""
    changed: bool = False
    telling: bool = False


def _cells(lines: Sequence[LadderLine], story: Story) -> list[Cells]:
    several = len(story.flows) > 1
    windows: dict[tuple[Any, Any], int] = {}
    table: list[Cells] = []
    for line in lines:
        seg = line.seg
        if seg is None:
            table.append(Cells())
            continue
        sender, receiver = sender_of(seg), receiver_of(seg)
        client = sender if line.toward == "->" else receiver
        before = windows.get((sender, receiver))
        shut = seg.wnd == 0 and not seg.flags & RST
        changed = before != seg.wnd
        if line.what != "lost":
            windows[sender, receiver] = seg.wnd
        table.append(
            Cells(
                (
                    f":{client[1]}" if several else "",
                    seg.names,
                    f"SEQ={line.seq}",
                    "" if line.ack is None else f"ACK={line.ack}",
                ),
                octets=f"LEN={seg.len}" if seg.len else "",
                window=f"WND={seg.wnd}",
                mark=" ".join([*([f"({line.mark})"] if line.mark else []), *ecn_words(seg)]),
                changed=changed or shut,
                telling=shut or (changed and before is not None and not seg.flags & RST),
            )
        )
    return table


def _texts(table: Sequence[Cells], form: Form) -> list[str]:
    """The segments' texts in the given form; "" for lines that are no segment."""
    chosen: list[list[str]] = []
    for cells in table:
        if not cells.fields:
            chosen.append([])
            continue
        windowed = form.window == "always" or (form.window == "changed" and cells.changed)
        octets = cells.octets if form.octets else ""
        chosen.append([*cells.fields, octets, cells.window if windowed else "", cells.mark])
    if not form.aligned:
        return [(" " * form.gap).join(filter(None, row)) for row in chosen]
    columns = [max(map(len, column)) for column in zip(*filter(None, chosen), strict=True)]
    if columns:
        columns[1] = min(columns[1], len("SYN,ACK"))  # the rare longer ones only shift their own line
    return [
        (" " * form.gap).join(cell.ljust(wide) for cell, wide in zip(row, columns, strict=False) if wide).rstrip()
        for row in chosen
    ]


# -- headings and times


def _addresses(story: Story) -> tuple[str, str]:
    """``address:port`` of both sides where there is one connection, else their addresses."""
    if len(story.flows) == 1:
        packet = next(iter(story.packets.values()))
        source, target = packet.seg.src, packet.seg.dst
        return (source, target) if packet.to == RIGHT else (target, source)
    return story.addresses[0], story.addresses[1]


def _starts(story: Story) -> Iterator[str]:
    """``"100 (client)"``, ``"300, then 700 (server)"``; a socket connected to itself counts once."""
    packet = next(iter(story.packets.values()))
    ends: tuple[Endpoint, ...] = (sender_of(packet.seg), receiver_of(packet.seg))
    if ends[0] == ends[1]:
        ends = ends[:1]
    for name, end in zip(story.hosts, ends if packet.to == RIGHT else ends[::-1], strict=False):
        if bases := story.bases.get((packet.flow, end)):
            yield f"{', then '.join(map(str, bases))} ({name})"


def _decimals(ns: int) -> int:
    """Decimals of a second that tell the time to the microsecond, three at least."""
    return max(3, len(f"{ns // 1000 % 1_000_000:06d}".rstrip("0")))


def _time(ns: int, decimals: int) -> str:
    seconds, rest = divmod(ns, 1_000_000_000)
    return f"{seconds}.{f'{rest:09d}'[:decimals]}"


__all__ = ["ASCII", "UNICODE", "Glyphs", "describe", "ladder"]
