"""Which records of a trace belong together, and what led to them.

An event is a root (a call, an arrival, a timer that runs out, a move by hand) and the records that follow from it.
"""

from __future__ import annotations

from typing import Any, Final

from ..tcp.segment import FIN, SYN
from ..tcp.states import BY_ID, Do
from ..trace.raw import LENGTH, REFER
from ..trace.trace import Trace

#: Links of a chain of causes that are followed; a long transfer goes back for ever.
FARTHEST: Final = 10_000


def event_of(trace: Trace, n: int) -> range:
    """The places of the records of the event that record ``n`` belongs to, its root first."""
    raw = trace.raw
    root = n
    while raw[root][4] is not None:
        root = raw[root][4]
    known = {root}
    end = root + 1
    while end < len(raw) and raw[end][4] in known:
        known.add(end)
        end += 1
    return range(root, end)


def made_by(trace: Trace, root: int) -> int | None:
    """The move by hand that the arrival or time-out ``root`` came about by; None if the clock made it."""
    raw = trace.raw
    kind, t, *_ = raw[root]
    for n in range(root - 1, -1, -1):
        if raw[n][1] != t or raw[n][0] == "timer_fired":
            return None
        if raw[n][0] == "move":
            move = raw[n][6]
            delivered = kind == "arrived" and move["move"] == "deliver" and raw[root][5] in move["packets"]
            expired = kind == "timer_fired" and move["move"] == "expire" and n == root - 1
            return n if delivered or expired else None
    return None


def causes_of(trace: Trace, n: int) -> list[int]:
    """The records that led to record ``n``, the nearest first, back to the call, timer or move it began with."""
    found: list[int] = []
    at = cause_of(trace, n)
    while at is not None and len(found) < FARTHEST:
        found.append(at)
        at = cause_of(trace, at)
    return found


def cause_of(trace: Trace, n: int) -> int | None:
    """What led to record ``n`` directly; None for what a program or a person did by itself."""
    record = trace.raw[n]
    kind, cause = record[0], record[4]
    if kind in REFER and cause is None:
        introduced = trace.introduced(record[5])
        return None if introduced is None else introduced[0]
    if kind == "icmp" and cause is None:
        return _icmp_sent(trace, n)
    if kind == "timer_fired":
        return made_by(trace, n) or set_by(trace, n)
    if kind == "move" and "packet" in record[6]:
        introduced = trace.introduced(record[6]["packet"])
        return None if introduced is None else introduced[0]
    if cause is not None and trace.raw[cause][0] == "move":
        if kind == "call":
            return None  # a call made by hand tells all that the move does
        first = int(cause) + 1
        if trace.raw[first][0] == "call" and first < n:
            return first
    return None if cause is None else int(cause)


def _icmp_sent(trace: Trace, n: int) -> int | None:
    """Where the ICMP error of record ``n`` was sent."""
    packet = trace.raw[n][5]
    for before in range(n - 1, -1, -1):
        record = trace.raw[before]
        if record[0] == "icmp" and record[5] == packet and record[6] == "sent":
            return before
    return None


def set_by(trace: Trace, n: int) -> int | None:
    """What set the timer that runs out in record ``n``.

    At level full the trace says so.  At level brief it is found by what timers are for: the last row that starts
    2MSL, the last segment that has to be acknowledged, the last octets whose ACK may wait.
    """
    timer, due, conn = trace.raw[n][5], trace.raw[n][1], trace.raw[n][3]
    for before in range(n - 1, -1, -1):
        record = trace.raw[before]
        if record[3] == conn and _sets(record, timer, due, full=trace.level == "full"):
            return before
    return None


def _sets(record: tuple[Any, ...], timer: str, due: int, *, full: bool) -> bool:
    """Whether ``record`` is about what set ``timer`` to ``due``."""
    kind = record[0]
    if full:
        return bool(kind == "timer_set" and record[5] == timer and record[6] == due)
    if timer == "time_wait":
        return kind == "fired" and Do.START_2MSL in BY_ID[record[5]].do
    if timer in ("rtx", "user"):
        return kind == "sent" and bool(record[6][LENGTH] or record[6][3] & (SYN | FIN))
    if timer == "delack":
        return bool(kind == "delivered")
    return kind in ("arrived", "call", "timer_fired")
