"""One record of a trace in one line."""

from __future__ import annotations

from ..tcp.units import format_time
from ..trace.records import (
    Arrived,
    Call,
    Checked,
    Delivered,
    Duplicated,
    Fired,
    Forwarded,
    Icmp,
    Injected,
    Lost,
    Marked,
    Moved,
    Note,
    Passed,
    Rebooted,
    Record,
    Refused,
    Sent,
    TimerFired,
    TimerSet,
    TimerStopped,
    Vars,
)
from .words import call_words, move_words, segment_words, timer_name


def describe(record: Record) -> str:
    """``record`` in one line: time, place, what happened; numbers are absolute."""
    place = record.where or "network"
    return f"{format_time(record.t):>8}  {place:<8}  {_words(record)}"


def _words(record: Record) -> str:
    match record:
        case Call():
            return call_words(record)
        case Sent():
            return f"sends #{record.packet} {segment_words(record.seg)}"
        case Arrived():
            return f"gets #{record.packet} {segment_words(record.seg)}"
        case Lost():
            return f"loses #{record.packet} {segment_words(record.seg)} ({record.by})"
        case Marked():
            return f"marks #{record.packet} {segment_words(record.seg)} as having met congestion ({record.by})"
        case Refused():
            return f"refuses #{record.packet} {segment_words(record.seg)} ({record.by})"
        case Forwarded():
            return f"passes on #{record.packet} {segment_words(record.seg)} (TTL {record.ttl})"
        case Passed():
            return f"lets #{record.packet} {segment_words(record.seg)} pass {record.direction} ({record.by})"
        case Icmp():
            return f"{record.what}: #{record.packet} {record.words}{f' ({record.by})' if record.by else ''}"
        case Duplicated():
            return f"doubles #{record.original} as #{record.packet} {segment_words(record.seg)} ({record.by})"
        case Injected():
            return f"injects #{record.packet} {segment_words(record.seg)}"
        case Checked():
            return f"{record.verdict or 'passes'}: {record.because}"
        case Fired():
            return f"{record.src} -> {record.dst}  ({record.rule})"
        case Vars():
            changes = (f"{name} {a} -> {b}" for name, (a, b) in record.changed.items())
            return ", ".join(changes)
        case TimerSet():
            return f"{timer_name(record.timer)} timer set to {format_time(record.due)}"
        case TimerStopped():
            return f"{timer_name(record.timer)} timer stopped"
        case TimerFired():
            return f"{timer_name(record.timer)} timer runs out"
        case Delivered():
            return f"{record.octets} octets can be read"
        case Moved():
            return f"by hand at step {record.position}: {move_words(record.move)}"
        case Rebooted() | Note():
            return record.text
