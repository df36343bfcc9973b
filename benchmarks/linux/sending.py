"""What the kernel sends, and how often it repeats it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from .wire import MSS, Wire, gaps, probe


@probe
def first_flight(w: Wire) -> dict[str, Any]:
    """How much leaves before anything is acknowledged, and when the oldest segment is repeated."""
    conn = w.accepted("<mss 1460,sackOK,nop,nop>")
    conn.setblocking(False)
    conn.send(bytes(60_000))
    flight = w.all(0.15)
    burst = [seg for when, seg in flight if when - flight[0][0] < 0.004]
    probes = [(when, seg) for when, seg in flight if when - flight[0][0] >= 0.004]
    sent = sum(seg.len for seg in burst)
    times, kinds = [flight[0][0]], []
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(TimeoutError):
            when, seg = w.get(deadline - time.monotonic())
            times.append(when)
            first = (seg.seq - w.iss - 1) & 0xFFFFFFFF
            kinds.append("oldest" if first == 0 else "new" if first >= sent else "last")
    conn.close()
    return {
        "initial window, segments": round(sent / MSS, 1),
        "tail loss probe after ms": [round((when - times[0]) * 1000) for when, _ in probes],
        "which carries": ["new data" if (s.seq - w.iss - 1) & 0xFFFFFFFF >= sent else "old data" for _, s in probes],
        "unanswered data: again after s": gaps(times),
        "which segment": kinds,
    }


@probe
def one_segment_unanswered(w: Wire) -> dict[str, Any]:
    """A single segment, handshake measured at about 0 s: TLP and RTO."""
    conn = w.accepted()
    conn.send(b"x")
    start, _ = w.get()
    times = [start]
    deadline = time.monotonic() + 28
    while time.monotonic() < deadline:
        with suppress(TimeoutError):
            times.append(w.get(deadline - time.monotonic())[0])
    conn.close()
    return {"one segment unanswered, no SACK: again after s": gaps(times)}


@probe
def nagle(w: Wire) -> dict[str, Any]:
    """Minshall's form lets a short segment follow full ones; Nagle's own does not."""
    conn = w.accepted()
    conn.send(bytes(MSS + 100))
    lengths = [seg.len for _, seg in w.all(0.1)]
    conn.send(bytes(100))
    more = [seg.len for _, seg in w.all(0.1)]
    conn.close()
    return {"MSS + 100 octets leave as": lengths, "and 100 more as": more}


@probe
def window_probes(w: Wire) -> dict[str, Any]:
    conn = w.accepted(win=0)
    conn.setblocking(False)
    conn.send(bytes(3000))
    times: list[float] = [time.monotonic()]
    shown: list[str] = []
    deadline = time.monotonic() + 14
    while time.monotonic() < deadline:
        with suppress(TimeoutError):
            when, seg = w.get(deadline - time.monotonic())
            times.append(when)
            shown.append(w.show(seg))
            w.ours(".", 1, 0, 1, 0)
    conn.close()
    return {"window probes after s": gaps(times), "a window probe": shown[0] if shown else "none"}
