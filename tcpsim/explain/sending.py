"""Why a segment was sent: what the event that sent it began with, which row or verdict asked for it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..tcp.segment import FIN, RST, SYN
from ..tcp.states import BY_ID, Do
from ..tcp.verdicts import VERDICTS
from ..trace.records import Sent
from ..trace.trace import Trace
from . import checks, rules
from .words import timer_name

#: How far back an earlier copy of a segment is looked for.
_FARTHEST: Final = 4096


class Reason(NamedTuple):
    """As ``Answer``, without the segment itself."""

    says: str
    lesson: str = ""
    refs: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()


def why_sent(trace: Trace, record: Sent, event: range) -> Reason:
    """Why ``record`` was sent in this event."""
    found = [trace.raw[n] for n in event if trace.raw[n][2] == record.where]
    flags = record.seg.flags
    promised = _promised(found, record.conn, flags)
    if promised is not None:
        return promised
    timer = next((raw[5] for raw in found if raw[0] == "timer_fired"), None)
    if timer is not None:
        return _by_timer(trace, record, timer)
    if flags & RST or not record.seg.len:
        answered = _answers(found)
        if answered is not None:
            return answered
    if flags & FIN:
        return _deferred_fin(trace, record)
    if record.seg.len:
        return _data(trace, record, found)
    return _ack(found)


def _promised(found: list[tuple[Any, ...]], conn: int | None, flags: int) -> Reason | None:
    """The row fired in this event that promises such a segment."""
    wanted = (
        Do.SND_RST if flags & RST else Do.SND_FIN if flags & FIN
        else (Do.SND_SYN, Do.SND_SYNACK) if flags & SYN else Do.SND_ACK
    )  # fmt: skip
    for raw in reversed(found):
        if raw[0] == "fired" and raw[3] == conn:
            row = BY_ID[raw[5]]
            promise = next((do for do in row.do if do in (wanted if isinstance(wanted, tuple) else (wanted,))), None)
            if promise is not None:
                note = rules.CUES.get(row.cue.id, rules.Note(""))
                return Reason(f"rule {row.id} promises {promise.value}", note.words, (row.ref,), note.requirements)
    return None


def _by_timer(trace: Trace, record: Sent, timer: str) -> Reason:
    note = rules.TIMERS.get(timer, rules.Note("", "3.10.8"))
    again = _sent_before(trace, record)
    more = f", as #{again} before" if again is not None else ""
    return Reason(f"the {timer_name(timer)} timer ran out{more}", note.words, (note.ref,), note.requirements)


def _answers(found: list[tuple[Any, ...]]) -> Reason | None:
    """The verdict that has this segment for an answer."""
    for raw in found:
        if raw[0] == "checked" and raw[7] is not None:
            verdict = VERDICTS.get(raw[7])
            if verdict is not None and verdict.reply != "nothing":
                note = checks.VERDICTS.get(verdict.id, checks.VerdictNote(""))
                return Reason(
                    f"it answers #{raw[5]}: {verdict.words}", note.lesson, (verdict.ref,), note.requirements
                )
    return None


def _deferred_fin(trace: Trace, record: Sent) -> Reason:
    again = _sent_before(trace, record)
    if again is not None:
        return Reason(f"sent again, as #{again} before", "", ("3.8.1",), ("MUST-18",))
    lesson = "CLOSE was called earlier; the FIN had to wait until all data before it was sent."
    return Reason("everything before our FIN is sent", lesson, ("3.10.4",), ("LC-16",))


def _data(trace: Trace, record: Sent, found: list[tuple[Any, ...]]) -> Reason:
    again = _sent_before(trace, record)
    if again is not None:
        return Reason(f"sent again, as #{again} before", "It was not acknowledged, so it may be lost.", ("3.8.1",),
                      ("MUST-18",))  # fmt: skip
    if any(raw[0] == "arrived" for raw in found):
        says = "what has just arrived lets queued data leave"
        lesson = "An ACK frees room in the window, or ends the wait for one that Nagle's algorithm asks for."
    else:
        says = "the program has given data, and the windows let it leave"
        lesson = "It leaves at once when the peer's window has room and nothing speaks for waiting."
    return Reason(says, lesson, ("3.8.6.2.1",), ("SHLD-28", "MUST-38"))


def _ack(found: list[tuple[Any, ...]]) -> Reason:
    """Why a segment without data, SYN, FIN or RST was sent."""
    kinds = {raw[0] for raw in found}
    if "arrived" not in kinds:
        lesson = "The program has read enough to make the window worth telling about."
        return Reason("it tells the peer of room in the receive buffer", lesson, ("3.8.6.2.2",), ("MUST-39",))
    if "delivered" in kinds:
        lesson = "At the latest every second full segment is acknowledged, and at once when a gap is filled."
        return Reason("it acknowledges the data that arrived", lesson, ("3.8.6.3",), ("SHLD-19", "EXT-5681-6"))
    lesson = "What lies ahead of RCV.NXT or repeats what is here is answered at once: the sender learns where we are."
    return Reason("it says what is expected next", lesson, ("3.10.7.4 (seventh)",), ("MAY-13", "EXT-5681-6"))


def _sent_before(trace: Trace, record: Sent) -> int | None:
    """The number of an earlier packet of this connection that began with the same number and took numbers."""
    seg = record.seg
    if not (seg.len or seg.flags & (SYN | FIN)):
        return None
    raw = trace.raw
    for n in range(record.n - 1, max(-1, record.n - _FARTHEST), -1):
        before = raw[n]
        if before[0] == "sent" and before[3] == record.conn and before[2] == record.where:
            header = before[6]
            if header[1] == seg.seq and (header[8] or header[3] & (SYN | FIN)):
                return int(before[5])
    return None
