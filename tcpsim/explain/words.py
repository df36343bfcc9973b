"""Calls, timers, moves and segments as a person would write them."""

from __future__ import annotations

from typing import Any

from ..tcp.segment import CE, flag_names
from ..tcp.units import format_time
from ..trace.records import Call, Header


def timer_name(timer: str) -> str:
    """The timer as the RFC calls it."""
    return "2MSL" if timer == "time_wait" else timer


def call_words(record: Call) -> str:
    """The call as a person would write it: without descriptors, which mean nothing to the reader."""
    args = list(record.args)
    match record.name:
        case "connect":  # without a local port that was left to the host
            args = args[:2] + [port for port in args[2:] if port]
        case "listen":  # without the wildcard address and the backlog
            args = [arg for arg in args[:2] if arg]
        case _:
            args = args[1:] if args and isinstance(args[0], int) else args
    if record.name == "recv":
        octets = "end of stream" if record.result == "0 octets" else record.result
        return f"recv() = {octets}"
    shown = ", ".join(str(arg) if isinstance(arg, int | str) else repr(arg) for arg in args)
    result = record.result
    answer = f" = {result}" if isinstance(result, str) else ""
    return f"{record.name}({shown}){answer}"


def segment_words(seg: Header) -> str:
    """``SYN,ACK SEQ=300 ACK=101 WND=1000``; LEN only where there is data, CE only where marked."""
    ack = f" ACK={seg.ack}" if seg.has_ack else ""
    octets = f" LEN={seg.len}" if seg.len else ""
    return f"{seg.names} SEQ={seg.seq}{ack} WND={seg.wnd}{octets}{' CE' if seg.ecn == CE else ''}"


def move_words(move: dict[str, Any]) -> str:
    """A move as a trace keeps it: ``drop packet 3``, ``delay packet 4, by 0.100 s``."""
    kind = move["move"]
    if kind == "inject":
        flow, seq, _, flags, *_ = move["fields"]
        return f"inject {flag_names(flags)} SEQ={seq} to {flow[0]}"
    if kind == "call":
        return f"call {move['name']} on {move['host']}"
    return f"{kind} {', '.join(_field(name, value) for name, value in move.items() if name != 'move')}"


def _field(name: str, value: Any) -> str:
    if name in ("by", "until", "delay"):
        return f"{name} {format_time(value)} s"
    return f"{name} {', '.join(map(str, value)) if isinstance(value, list | tuple) else value}"
