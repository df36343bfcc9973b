"""When the kernel sends a reset, obeys one or challenges it."""

from __future__ import annotations

import time
from typing import Any

from .wire import Wire, error_of, probe


@probe
def resets(w: Wire) -> dict[str, Any]:
    """RSTs in an open connection, by where they lie; the window is exactly what was last announced."""
    found = {}
    for name, shift in {
        "RST one below RCV.NXT": lambda wnd: -1,
        "RST in the window": lambda wnd: 10,
        "RST at the window's right edge": lambda wnd: wnd,
        "RST one beyond": lambda wnd: wnd + 1,
        "RST at RCV.NXT": lambda wnd: 0,
    }.items():
        w.kernel_port = 0
        w.fresh_port()
        conn = w.accepted()
        seq = (1 + shift(w.synack.wnd)) & 0xFFFFFFFF
        w.put(f"R {seq}:{seq}(0) win 0")
        found[name] = w.answer(0.15) + f", then {error_of(conn)}"
        conn.close()
        w.all(0.05)
    return found


@probe
def syn_and_acks_in_established(w: Wire) -> dict[str, Any]:
    found = {}
    for name, text in {
        "SYN in ESTABLISHED": "S 1:1(0) win 65535",
        "ACK of what was never sent": "ACK",
        "old data": "P. 0:1(1) ack ISS1 win 65535",
        "bare ACK beyond the window": ". 900000:900000(0) ack ISS1 win 65535",
    }.items():
        w.kernel_port = 0
        w.fresh_port()
        conn = w.accepted()
        line = text.replace("ISS1", str(w.iss + 1 & 0xFFFFFFFF))
        if text == "ACK":
            line = f". 1:1(0) ack {w.iss + 5001 & 0xFFFFFFFF} win 65535"
        w.put(line)
        found[name] = w.answer(0.2)
        conn.close()
        w.all(0.05)
    return found


@probe
def reset_in_close_wait(w: Wire) -> dict[str, Any]:
    conn = w.accepted()
    w.ours("F.", 1, 0, 1)
    w.answer(0.2)
    w.put("R 2:2(0) win 0")
    time.sleep(0.2)
    error = error_of(conn)
    try:
        conn.send(b"x")
        sending = "no error"
    except OSError as caught:
        sending = type(caught).__name__
    conn.close()
    return {"RST in CLOSE_WAIT": error, "and send()": sending}


@probe
def close_with_unread_data(w: Wire) -> dict[str, Any]:
    conn = w.accepted()
    w.ours("P.", 1, 10, 1)
    w.get()
    conn.close()
    return {"close() with unread data": w.answer()}


@probe
def data_after_close(w: Wire) -> dict[str, Any]:
    conn = w.accepted()
    conn.close()
    w.answer(0.1)
    w.ours("P.", 1, 10, 2)
    return {"data to a socket that is closed": w.answer()}


@probe
def challenge_rate(w: Wire) -> dict[str, Any]:
    """Segments that draw an ACK though nothing in them is acceptable, 50 ms apart for 2 s."""
    conn = w.accepted()
    times = []
    start = time.monotonic()
    while time.monotonic() - start < 2:
        w.put("R 5000:5000(0) win 0")
        times += [when - start for when, _ in w.all(0.05)]
    conn.close()
    return {"in-window RSTs every 50 ms: challenge ACKs at s": [round(when, 2) for when in times]}


@probe
def duplicate_ack_rate(w: Wire) -> dict[str, Any]:
    conn = w.accepted()
    times = []
    start = time.monotonic()
    while time.monotonic() - start < 2:
        w.ours(".", 900_000, 0, 1)
        times += [when - start for when, _ in w.all(0.05)]
    conn.close()
    return {"out-of-window ACKs every 50 ms: answers at s": [round(when, 2) for when in times]}
