"""The lines of a ladder as data: what the text prints, what tests assert, what other pictures are drawn from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from ..tcp.states import State
from ..trace.records import Header
from ..trace.trace import Trace
from .edges import NAMES, state_name
from .errors import check_choice
from .story import LEFT, RIGHT, Event, Packet, Story, read_story


class End(NamedTuple):
    """One lifeline at one line: when (ns), and the state after what happened there."""

    t: int
    state: State


class LadderLine(NamedTuple):
    """One line.

    ``what``: "segment" (departure and arrival), "departure", "arrival", "lost", "copy" (a duplicate or an
    injected packet still in flight), "call", "timer", "note" or "reboot".  ``left``, ``right``: the ends that
    take part, else None.  ``toward``: "->" or "<-" for packets.  ``seq``, ``ack``: in the numbers asked for.
    ``words``: the call, the timer, the reason of a loss.  ``mark``: "", "duplicate" or "injected".
    ``records``: the places in the trace that the line stands for.
    """

    what: str
    left: End | None
    right: End | None
    toward: str = ""
    packet: int | None = None
    seg: Header | None = None
    seq: int = 0
    ack: int | None = None
    words: str = ""
    mark: str = ""
    records: tuple[int, ...] = ()


class FigureLine(NamedTuple):
    """One segment as the RFC's figures print it, and both states when it has arrived or is lost."""

    direction: str
    flags: str
    seq: int
    ack: int | None
    octets: int
    left: str
    right: str


#: How many events may lie between the ends of a packet that still gets one line: bounds the search.
_FAR: Final = 64

_MAY_WAIT: Final = frozenset(("sent", "arrived", "lost", "refused", "call"))


def ladder_lines(
    trace: Trace,
    *,
    numbers: str = "absolute",
    hosts: Iterable[Any] | None = None,
    conn: Any = None,
) -> list[LadderLine]:
    """The ladder's lines, top to bottom.  Parameters and errors as for ``read_story``.

    A packet gets one line where that keeps the order of events on both lifelines and no timer of its sender
    runs out meanwhile; otherwise one line for its departure and one for its end.  Of two packets that cross,
    so, the first is cut in two, as in the RFC's figures.
    """
    return lines_of(read_story(trace, numbers=numbers, hosts=hosts, conn=conn))


def lines_of(story: Story) -> list[LadderLine]:
    """The lines of a story that has been read."""
    events = story.events
    place = {id(event): i for i, event in enumerate(events)}
    done = [False] * len(events)
    lines: list[LadderLine] = []
    for i, event in enumerate(events):
        if done[i]:
            continue
        packet = event.packet
        if packet is None:
            lines.append(_local(event))
            continue
        end = packet.end
        if event.kind != "sent" or end is None:
            lines.append(_half(packet, event))
            continue
        j = place[id(end)]
        if _joins(events, done, i, j):
            done[j] = True
            lines.append(_whole(packet, event, end))
        else:
            lines.append(_half(packet, event))
    lines += [_copy(packet) for packet in story.packets.values() if not (packet.start or packet.end)]
    return lines


def figure_lines(
    trace: Trace,
    *,
    numbers: str = "absolute",
    names: str = "tcpsim",
    hosts: Iterable[Any] | None = None,
    conn: Any = None,
) -> list[FigureLine]:
    """One line for each segment, in the order in which they arrive or are lost.

    ``names``: the spelling of the states.  Other parameters and errors as for ``read_story``.
    """
    check_choice("spelling of names", names, NAMES)
    story = read_story(trace, numbers=numbers, hosts=hosts, conn=conn)
    return [
        FigureLine(
            _toward(event.packet),
            event.packet.seg.names,
            event.packet.seq,
            event.packet.ack,
            event.packet.seg.len,
            *(state_name(state, names) for state in event.after),
        )
        for event in story.events
        if event.packet is not None and event.packet.end is event
    ]


def _joins(events: list[Event], done: list[bool], i: int, j: int) -> bool:
    """Whether the departure at ``i`` and the end at ``j`` may share a line.

    What lies between comes after that line.  So it must not be on the receiver's lifeline, whose order that
    would break; and a packet that its sender's timers did not wait for is shown to be slow.
    """
    if j - i > _FAR:
        return False
    side = events[i].side
    return all(done[k] or (_sender(events[k]) == side and events[k].kind in _MAY_WAIT) for k in range(i + 1, j))


def _sender(event: Event) -> int | None:
    """On whose lifeline it is; of what happens in the network, who sent it."""
    if event.side is None and event.packet is not None and event.packet.start is not None:
        return event.packet.start.side
    return event.side


def _toward(packet: Packet) -> str:
    return "->" if packet.to == RIGHT else "<-"


def _ends(left: Event | None, right: Event | None) -> tuple[End | None, End | None]:
    return (
        None if left is None else End(left.t, left.after[LEFT]),
        None if right is None else End(right.t, right.after[RIGHT]),
    )


def _local(event: Event) -> LadderLine:
    left, right = _ends(*((event, None) if event.side == LEFT else (None, event)))
    return LadderLine(event.kind, left, right, words=event.words, records=(event.n,))


def _whole(packet: Packet, start: Event, end: Event) -> LadderLine:
    """Departure and end on one line."""
    arrives = end.kind == "arrived"
    far = end if arrives else None
    left, right = _ends(*((start, far) if packet.to == RIGHT else (far, start)))
    what = "segment" if arrives else "lost"
    return _of(packet, what, left, right, end.words, (start.n, end.n))


def _half(packet: Packet, event: Event) -> LadderLine:
    """A departure or an end alone."""
    what = {"sent": "departure", "arrived": "arrival"}.get(event.kind, "lost")
    at_right = {"departure": packet.to != RIGHT, "arrival": packet.to == RIGHT}.get(what)
    left, right = _ends(
        event if at_right is False else None,
        event if at_right else None,
    )
    return _of(packet, what, left, right, event.words, (event.n,))


def _copy(packet: Packet) -> LadderLine:
    return _of(packet, "copy", None, None, "", (packet.born,))


def _of(
    packet: Packet,
    what: str,
    left: End | None,
    right: End | None,
    words: str,
    records: tuple[int, ...],
) -> LadderLine:
    return LadderLine(
        what, left, right, _toward(packet), packet.number, packet.seg, packet.seq, packet.ack,
        words, packet.mark, records,
    )  # fmt: skip
