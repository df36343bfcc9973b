"""What a full trace tells beside its packets: timers as spans of time, and variables as they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from ..tcp.seq import MASK
from ..tcp.units import format_time
from ..trace.records import Rebooted, Record, TimerFired, TimerSet, TimerStopped, Vars
from ..trace.trace import Trace
from .story import Story

#: Timers that always run while something else waits: told of only where one runs out.
_BACKGROUND: Final = frozenset(("user",))

#: Timer -> its letter, and what the legend calls it.
_TIMERS: Final = {
    "rtx": ("R", "retransmission"),
    "rack": ("A", "RACK"),
    "time_wait": ("T", "2MSL"),
    "persist": ("P", "persist"),
    "delack": ("D", "delayed ACK"),
    "override": ("O", "override"),
    "keepalive": ("K", "keep-alive"),
    "fin_wait_2": ("F", "FIN_WAIT_2"),
    "user": ("U", "user timeout"),
}

#: Variables that count from the ISS, and from the IRS.
_OWN: Final = frozenset(("iss", "snd_una", "snd_nxt", "snd_max", "snd_up", "snd_wl2", "recover"))
_PEERS: Final = frozenset(("irs", "rcv_nxt", "rcv_up", "snd_wl1", "last_ack_sent"))


class Span(NamedTuple):
    """A timer that ran.  ``how``: "runs out", "stopped", "set again" or "runs" (``end`` is None then).

    ``from_event``, ``to_event``: the records that the events began with in which it was set and ended.
    """

    side: int
    timer: str
    start: int
    end: int | None
    how: str
    due: int
    from_event: int
    to_event: int

    @property
    def name(self) -> str:
        """What the timer is called."""
        return _TIMERS.get(self.timer, ("", self.timer))[1]

    @property
    def letter(self) -> str:
        """One letter for its bar."""
        return _TIMERS.get(self.timer, (self.timer[:1].upper(), ""))[0]

    @property
    def words(self) -> str:
        """The span in words."""
        until = f", {self.how} at {format_time(self.end)}" if self.end is not None else ", runs on"
        return f"set at {format_time(self.start)} for {format_time(self.due)}{until}"


class Change(NamedTuple):
    """Variables of a connection that an event changed, in the order asked for."""

    side: int
    values: tuple[tuple[str, Any], ...]


def spans_of(trace: Trace, story: Story) -> list[Span]:
    """The spans of all timers of the story's connections, by start."""
    running: dict[tuple[int, str], tuple[TimerSet, int]] = {}
    spans: list[Span] = []

    def finish(key: tuple[int, str], record: Record | None, how: str) -> None:
        begun, side = running.pop(key)
        if key[1] in _BACKGROUND and how != "runs out":
            return
        end = None if record is None else record.t
        to_event = -1 if record is None else _opening(record)
        spans.append(Span(side, key[1], begun.t, end, how, begun.due, _opening(begun), to_event))

    for record in trace.of("timer_set", "timer_stopped", "timer_fired", "rebooted"):
        if isinstance(record, Rebooted):
            side = story.hosts.index(record.where) if record.where in story.hosts else -1
            for key in [key for key, (_, at) in running.items() if at == side]:
                finish(key, record, "stopped")
            continue
        if record.conn not in story.places or not isinstance(record, TimerSet | TimerStopped | TimerFired):
            continue
        key = (record.conn, record.timer)
        if key in running:
            how = {"timer_set": "set again", "timer_stopped": "stopped", "timer_fired": "runs out"}[record.kind]
            finish(key, record, how)
        if isinstance(record, TimerSet):
            running[key] = (record, story.places[record.conn][0])
    for key in list(running):
        finish(key, None, "runs")
    return sorted(spans, key=lambda span: (span.start, span.side, span.timer))


def changes_of(trace: Trace, story: Story, names: Sequence[str], relative: bool) -> dict[int, list[Change]]:
    """By the record that an event began with: what it changed of the variables ``names``."""
    bases: dict[int, dict[str, int]] = {}
    found: dict[int, list[Change]] = {}
    for record in trace.of("vars"):
        if not isinstance(record, Vars) or record.conn not in story.places:
            continue
        base = bases.setdefault(record.conn, {})
        for name in ("iss", "irs"):
            if name in record.changed:
                base[name] = record.changed[name][1]
        values = tuple(
            (name, _counted(name, record.changed[name][1], base if relative else {}))
            for name in names
            if name in record.changed
        )
        if values:
            found.setdefault(_opening(record), []).append(Change(story.places[record.conn][0], values))
    return found


def _counted(name: str, value: Any, base: dict[str, int]) -> Any:
    start = base.get("iss" if name in _OWN else "irs" if name in _PEERS else "")
    return value if start is None or not isinstance(value, int) else (value - start) & MASK


def _opening(record: Record) -> int:
    return record.n if record.cause is None else record.cause
