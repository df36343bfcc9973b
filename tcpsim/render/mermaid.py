"""A trace as a Mermaid sequence diagram: for pages that draw Mermaid, such as GitHub's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..tcp.units import format_time
from ..trace.trace import Trace
from .edges import NAMES, state_name
from .errors import check_choice
from .rows import End, LadderLine, lines_of
from .story import read_story

#: What no sequence diagram of Mermaid's can say; stands as a comment in every file.
NOT_SHOWN: Final = (
    "Mermaid cannot show: time to scale, slanted and crossing arrows, timers as spans.",
    "Arrows stand in the order of departure; the times of departure and arrival are in their text.",
)

#: More messages than this are drawn by no viewer; the export tells how many it left out.
MOST_LINES: Final = 2000


def sequence_mmd(
    trace: Trace,
    *,
    numbers: str = "absolute",
    names: str = "tcpsim",
    hosts: Iterable[Any] | None = None,
    conn: Any = None,
) -> str:
    """``trace`` in Mermaid's language.  Parameters and errors as for ``ladder``.

    A comment says what Mermaid cannot show; where this trace has it, a note in the picture does too.  Of a long
    trace the first ``MOST_LINES`` lines are drawn, and a note counts the rest.
    """
    check_choice("spelling of names", names, NAMES)
    story = read_story(trace, numbers=numbers, hosts=hosts, conn=conn)
    lines = lines_of(story)
    head = ["sequenceDiagram", *(f"%% {line}" for line in NOT_SHOWN)]
    for place, (name, address) in enumerate(zip(story.hosts, story.addresses, strict=True)):
        head.append(f"    participant h{place} as {safe(f'{name} {address}'.strip() or '-')}")
    body = [text for line in lines[:MOST_LINES] for text in _line(line, names)]
    if any(line.what in ("departure", "arrival", "copy") for line in lines):
        body.insert(0, "    Note over h0,h1: Some packets are slow, cross or are doubled: read their times.")
    if len(lines) > MOST_LINES:
        body.append(f"    Note over h0,h1: {len(lines) - MOST_LINES} more lines are left out.")
    return "\n".join([*head, *body]) + "\n"


def _line(line: LadderLine, names: str) -> Iterator[str]:
    ends = (line.left, line.right)
    if line.seg is None:
        side = 0 if line.left is not None else 1
        end = ends[side]
        assert end is not None
        where = ("left of h0", "right of h1")[side]
        yield f"    Note {where}: {_at(end)} {safe(line.words)}<br/>{state_name(end.state, names)}"
        return
    near, far = (0, 1) if line.toward == "->" else (1, 0)
    arrow = {"lost": "-x", "departure": "--)", "arrival": "-->>", "copy": "--)"}.get(line.what, "->>")
    yield f"    h{near}{arrow}h{far}: {safe(_segment(line, ends[near], ends[far]))}"
    for side, end in enumerate(ends):
        if end is not None:
            yield f"    Note {('left of h0', 'right of h1')[side]}: {state_name(end.state, names)}"


def _segment(line: LadderLine, start: End | None, end: End | None) -> str:
    assert line.seg is not None
    seg = line.seg
    words = [
        f"{_at(start) if start else '…'} → {_at(end) if end else '…'} ",
        seg.names,
        f"SEQ={line.seq}",
        f"ACK={line.ack}" if line.ack is not None else "",
        f"LEN={seg.len}" if seg.len else "",
        f"WND={seg.wnd}",
        f"({line.mark})" if line.mark else "",
        f"({line.words})" if line.words else "",
    ]
    return " ".join(word for word in words if word)


def _at(end: End) -> str:
    return format_time(end.t)


def safe(text: str) -> str:
    """``text`` without the characters that mean something in Mermaid."""
    return "".join(_CODES.get(char, char) for char in text)


_CODES: Final = {"#": "#35;", ";": "#59;", "\n": " "}
