"""How the kernel closes, and how long TIME_WAIT and FIN_WAIT_2 last."""

from __future__ import annotations

import socket
import time
from typing import Any

from .wire import HERE, MSS, Wire, in_proc, probe, until_gone


@probe
def fin_in_fin_wait_1(w: Wire) -> dict[str, Any]:
    conn = w.accepted()
    conn.close()
    w.get()
    w.ours("F.", 1, 0, 1)
    return {"FIN in FIN_WAIT_1": w.answer(0.15)}


@probe
def time_wait(w: Wire) -> dict[str, Any]:
    """How long TIME_WAIT lasts, and what it answers."""
    conn = w.accepted()
    conn.close()
    w.get()
    w.ours("F.", 1, 0, 2)
    found = {"the last ACK": w.answer(0.1)}
    w.put("F 1:1(0) win 65535")
    found["FIN without ACK in TIME_WAIT"] = w.answer(0.7)
    w.ours("F.", 1, 0, 2)
    found["FIN in TIME_WAIT"] = w.answer(0.7)
    w.ours(".", 2, 0, 2)
    found["ACK in TIME_WAIT"] = w.answer(0.7)
    w.ours("P.", 2, 5, 2)
    found["data in TIME_WAIT"] = w.answer(0.7)
    found["TIME_WAIT after all that lasts s"] = until_gone("06", w.port)
    return found


@probe
def plain_time_wait(w: Wire) -> dict[str, Any]:
    conn = w.accepted()
    conn.close()
    w.get()
    w.ours("F.", 1, 0, 2)
    return {"TIME_WAIT lasts s": until_gone("06", w.port)}


@probe
def restarted_time_wait(w: Wire) -> dict[str, Any]:
    """Whether the peer's repeated FIN sets TIME_WAIT anew."""
    conn = w.accepted()
    conn.close()
    w.get()
    w.ours("F.", 1, 0, 2)
    start = time.monotonic()
    time.sleep(20)
    w.ours("F.", 1, 0, 2)
    until_gone("06", w.port)
    return {"TIME_WAIT with the FIN again after 20 s lasts s": round(time.monotonic() - start, 1)}


@probe
def reset_in_time_wait(w: Wire) -> dict[str, Any]:
    conn = w.accepted()
    conn.close()
    w.get()
    w.ours("F.", 1, 0, 2)
    w.answer(0.1)
    w.put("R 2:2(0) win 0")
    time.sleep(0.3)
    return {"RST in TIME_WAIT ends it": not in_proc("06", w.port)}


@probe
def reopen_time_wait(w: Wire) -> dict[str, Any]:
    listener = w.listener(SO_REUSEADDR=1)
    conn = w.accepted(sock=listener)
    port = w.kernel_port
    again = socket.socket()
    again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    conn.close()
    w.get()
    w.ours("F.", 1, 0, 2)
    w.answer(0.1)
    again.bind((HERE, port))
    again.listen()
    w.put(f"S 1:1(0) win 65535 <mss {MSS}>")
    found = {"SYN at an old number in TIME_WAIT": w.answer()}
    w.put(f"S 5000:5000(0) win 65535 <mss {MSS}>")
    segs = w.all(0.3)
    found["SYN at a new number in TIME_WAIT"] = "; ".join("SYN,ACK" if s.flags & 2 else w.show(s) for _, s in segs)
    again.close()
    return found


@probe
def fin_wait_2(w: Wire) -> dict[str, Any]:
    """How long a connection that nobody holds any more waits for the peer's FIN."""
    conn = w.accepted()
    conn.close()
    w.get()
    w.ours(".", 1, 0, 2)
    time.sleep(0.2)
    shown = {code: in_proc(code, w.port) for code in ("05", "06")}
    start = time.monotonic()
    gone = max(until_gone("05", w.port), until_gone("06", w.port))
    return {
        "orphaned FIN_WAIT_2 is shown as": "FIN_WAIT_2" if shown["05"] else "TIME_WAIT" if shown["06"] else "nothing",
        "and lasts s": round(max(gone, time.monotonic() - start), 1),
    }


@probe
def fin_at_zero_window(w: Wire) -> dict[str, Any]:
    listener = w.listener(SO_RCVBUF=2048)
    conn = w.accepted(sock=listener)
    at, wnd = 1, w.synack.wnd
    while wnd:
        n = min(wnd, 536)
        w.ours("P.", at, n, 1)
        at += n
        answers = w.all(0.3)
        if not answers or at > 60_000:
            break
        wnd = answers[-1][1].wnd
    w.ours("F.", at, 0, 1)
    time.sleep(0.3)
    state = "CLOSE_WAIT" if in_proc("08", w.port) else "ESTABLISHED"
    conn.close()
    return {"window before the FIN": wnd, "FIN at a closed window leads to": state}
