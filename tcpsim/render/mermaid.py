"""A trace as a Mermaid sequence diagram: for pages that draw Mermaid, such as GitHub's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..tcp.states import CLOSED, State
from ..tcp.units import format_time
from ..trace.trace import Trace
from .edges import NAMES, state_name
from .errors import check_choice
from .story import Event, Flow, Packet, Story, ecn_words, read_story, sender_of

#: What no sequence diagram of Mermaid's can say; stands as a comment in every file.
NOT_SHOWN: Final = (
    "Mermaid cannot show: time to scale, slanted and crossing arrows, timers as spans.",
    "Arrows stand in the order of departure; the times of departure and arrival are in their text.",
)

#: More lines than this are drawn by no viewer; the export tells how many events it left out.
MOST_LINES: Final = 2000


def sequence_mmd(
    trace: Trace,
    *,
    numbers: str = "absolute",
    names: str = "tcpsim",
    hosts: Iterable[Any] | None = None,
    conn: Any = None,
) -> str:
    """``trace`` in Mermaid's language: a participant for each host that exchanges packets.

    Parameters and errors as for ``ladder_svg``.  A comment says what Mermaid cannot show; where this trace has it,
    a note in the picture does too.  Of a long trace the first ``MOST_LINES`` lines are drawn, and a note counts
    the events that follow.
    """
    check_choice("spelling of names", names, NAMES)
    story = read_story(trace, numbers=numbers, hosts=hosts, conn=conn, every=True)
    writer = _Writer(story, names)
    body: list[str] = []
    drawn = 0
    for event in story.events:
        lines = list(writer.lines(event))
        if len(body) + len(lines) > MOST_LINES:
            break
        body += lines
        drawn += 1
    last = len(story.hosts) - 1
    head = ["sequenceDiagram", *(f"%% {line}" for line in NOT_SHOWN)]
    for place, (name, address) in enumerate(zip(story.hosts, story.addresses, strict=True)):
        head.append(f"    participant h{place} as {safe(f'{name} {address}'.strip() or '-')}")
    if writer.slow:
        head.append(f"    Note over h0,h{last}: Some packets are slow, cross or are doubled: read their times.")
    if drawn < len(story.events):
        body.append(f"    Note over h0,h{last}: {len(story.events) - drawn} more events are left out.")
    return "\n".join([*head, *body]) + "\n"


class _Writer:
    """The lines of one event after the other.  ``slow``: whether something could not be drawn as it was."""

    def __init__(self, story: Story, names: str) -> None:
        self.story = story
        self.names = names
        self.slow = False
        self.seen: dict[tuple[int, Flow | None], State] = {}
        self.under_way: list[set[int]] = [set() for _ in story.hosts]

    def lines(self, event: Event) -> Iterator[str]:
        packet = event.packet
        if packet is None:
            yield f"    Note {self._beside(event.side or 0)}: {format_time(event.t)} {safe(event.words)}"
        elif event.kind == "sent":
            yield self._arrow(packet, event.side or 0)
            self.under_way[packet.to].add(packet.number)
        elif packet.start is None:
            self.slow = True
            yield self._arrow(packet, self._source(packet))
        if packet is not None and event is packet.end:
            self._ends(packet, event.kind == "arrived")
        for side, state in enumerate(event.after):
            if self.seen.get((side, event.flow), CLOSED) is not state:
                self.seen[side, event.flow] = state
                yield f"    Note {self._beside(side)}: {state_name(state, self.names)}"

    def _ends(self, packet: Packet, arrives: bool) -> None:
        """It is under way no more; what left earlier for the same host, and arrives later, was overtaken."""
        waiting = self.under_way[packet.to]
        waiting.discard(packet.number)
        earlier = (self.story.packets[number] for number in waiting if arrives)
        self.slow = self.slow or any(
            other.born < packet.born and other.end is not None and other.end.kind == "arrived" for other in earlier
        )

    def _beside(self, side: int) -> str:
        last = len(self.story.hosts) - 1
        return "left of h0" if side == 0 else f"right of h{last}" if side == last else f"over h{side}"

    def _source(self, packet: Packet) -> int:
        address = sender_of(packet.seg)[0]
        known = self.story.addresses
        return known.index(address) if address in known else 1 if packet.to == 0 else packet.to - 1

    def _arrow(self, packet: Packet, source: int) -> str:
        target = packet.to if packet.to != source else 1 - source
        end = packet.end
        if end is None:
            self.slow = True
        crosses = end is not None and end.kind == "arrived" and self.under_way[source] - {packet.number}
        self.slow = self.slow or bool(crosses)
        arrow = "--)" if end is None else "->>" if end.kind == "arrived" else "-x"
        if packet.start is None and arrow == "->>":
            arrow = "-->>"
        return f"    h{source}{arrow}h{target}: {safe(_segment(packet))}"


def _segment(packet: Packet) -> str:
    seg, start, end = packet.seg, packet.start, packet.end
    arrives = end is not None and end.kind == "arrived"
    words = [
        f"{format_time(packet.t) if start else '…'} → {format_time(end.t) if end and arrives else '…'} ",
        seg.names,
        f"SEQ={packet.seq}",
        f"ACK={packet.ack}" if packet.ack is not None else "",
        f"LEN={seg.len}" if seg.len else "",
        f"WND={seg.wnd}",
        f"({packet.mark})" if packet.mark else "",
        *ecn_words(seg),
        f"({end.words})" if end and end.words else "",
    ]
    return " ".join(word for word in words if word)


def safe(text: str) -> str:
    """``text`` without the characters that mean something in Mermaid."""
    return "".join(_CODES.get(char, char) for char in text)


_CODES: Final = {"#": "#35;", ";": "#59;", "\n": " "}
