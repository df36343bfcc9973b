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
    Header,
    Injected,
    Lost,
    Moved,
    Note,
    Rebooted,
    Record,
    Refused,
    Sent,
    TimerFired,
    TimerSet,
    TimerStopped,
    Vars,
)
from .story import call_words, timer_name


def describe(record: Record) -> str:
    """``record`` in one line: time, place, what happened; numbers are absolute."""
    place = record.where or "network"
    return f"{format_time(record.t):>8}  {place:<8}  {_words(record)}"


def segment_words(seg: Header) -> str:
    """``SYN,ACK SEQ=300 ACK=101 WND=1000``; LEN only where there is data."""
    ack = f" ACK={seg.ack}" if seg.has_ack else ""
    octets = f" LEN={seg.len}" if seg.len else ""
    return f"{seg.names} SEQ={seg.seq}{ack} WND={seg.wnd}{octets}"


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
        case Refused():
            return f"refuses #{record.packet} {segment_words(record.seg)} ({record.by})"
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
            fields = ", ".join(f"{key}={value}" for key, value in record.move.items())
            return f"move {record.position}: {fields}"
        case Rebooted() | Note():
            return record.text
