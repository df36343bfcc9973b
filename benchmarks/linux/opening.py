"""How the kernel opens, and what it makes of strange openings."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from .wire import MSS, Wire, error_of, gaps, probe


@probe
def syn(w: Wire) -> dict[str, Any]:
    """The SYN, its repetitions, and when connect() gives up."""
    sock = w.connect()
    start, seg = w.get()
    found = {
        "SYN": w.show(seg).partition(" <")[0].partition(" win")[2].strip(),
        "SYN options": [option[0] for option in seg.options],
        "SYN window": seg.wnd,
        "SYN window scale": next(option[1] for option in seg.options if option[0] == "wscale"),
    }
    times = [start]
    with suppress(TimeoutError):
        while True:
            times.append(w.get(70)[0])
    found["SYN again after s"] = gaps(times)
    found["connect() gives up with"] = error_of(sock)
    sock.close()
    return found


@probe
def syn_ack(w: Wire) -> dict[str, Any]:
    """The SYN,ACK to a SYN with every option, and its repetitions."""
    listener = w.listener()
    w.put(f"S 0:0(0) win 65535 <mss {MSS},sackOK,TS val 1 ecr 0,nop,wscale 7>")
    start, seg = w.get()
    times = [start]
    with suppress(TimeoutError):
        while True:
            times.append(w.get(40)[0])
    listener.close()
    return {
        "SYN,ACK options": [option[0] for option in seg.options],
        "SYN,ACK window": seg.wnd,
        "SYN,ACK again after s": gaps(times),
    }


@probe
def duplicate_syn(w: Wire) -> dict[str, Any]:
    listener = w.listener()
    w.put(f"S 0:0(0) win 65535 <mss {MSS}>")
    _, first = w.get()
    w.iss, w.irs = first.seq, 0
    w.put(f"S 0:0(0) win 65535 <mss {MSS}>")
    answer = w.answer()
    listener.close()
    return {"a repeated SYN in SYN_RECV": answer}


@probe
def strange_openings(w: Wire) -> dict[str, Any]:
    """SYN+FIN, SYN,ACK, FIN and data to a listener."""
    found = {}
    listener = w.listener()
    for name, text in {
        "SYN,FIN to LISTEN": f"SF 0:0(0) win 65535 <mss {MSS}>",
        "SYN,ACK to LISTEN": f"S. 0:0(0) ack 5 win 65535 <mss {MSS}>",
        "FIN to LISTEN": "F 0:0(0) win 65535",
        "data to LISTEN": "P 0:5(5) win 65535",
    }.items():
        port = w.kernel_port
        w.fresh_port()
        w.kernel_port = port
        w.iss = w.irs = 0
        w.put(text)
        found[name] = w.answer()
    w.fresh_port()
    w.put(f"S 0:5(5) win 65535 <mss {MSS}>")
    _, synack = w.get()
    found["data on the SYN is acknowledged"] = synack.ack == 6
    listener.close()
    return found


@probe
def bad_ack_in_syn_sent(w: Wire) -> dict[str, Any]:
    sock = w.connect()
    start, seg = w.get()
    w.iss, w.irs = seg.seq, 0
    w.put(f". 0:0(0) ack {w.iss + 1000 & 0xFFFFFFFF} win 65535")
    found = {}
    (_, answer), *more = w.all(0.4)
    found["bad ACK in SYN_SENT"] = w.show(answer)
    found["and then"] = "; ".join(f"{seg!r}" for _, seg in more) or "nothing within 0.4 s"
    times = [came - start for came, _ in more]
    with suppress(TimeoutError):
        times.append(w.get(1.5)[0] - start)
    found["the SYN again after s"] = [round(when, 3) for when in times]
    sock.close()
    return found


@probe
def data_on_syn_ack(w: Wire) -> dict[str, Any]:
    sock = w.connect()
    _, seg = w.get()
    w.iss, w.irs = seg.seq, 0
    w.put(f"S. 0:5(5) ack {w.iss + 1 & 0xFFFFFFFF} win 65535 <mss {MSS}>")
    answer = w.answer()
    sock.setblocking(False)
    try:
        held = len(sock.recv(10))
    except BlockingIOError:
        held = 0
    sock.close()
    return {"data on the SYN,ACK": answer, "octets of it readable": held}


@probe
def simultaneous_open_reset(w: Wire) -> dict[str, Any]:
    sock = w.connect()
    _, seg = w.get()
    w.iss, w.irs = seg.seq, 0
    w.put(f"S 0:0(0) win 65535 <mss {MSS}>")
    answer = w.answer(0.2)
    w.ours("R", 1, 0, 0, 0)
    time.sleep(0.2)
    error = error_of(sock)
    sock.close()
    return {"SYN in SYN_SENT": answer, "RST in SYN_RECV after simultaneous open": error}


@probe
def reset_in_syn_sent(w: Wire) -> dict[str, Any]:
    sock = w.connect()
    _, seg = w.get()
    w.put(f"R. 0:0(0) ack {seg.seq + 1 & 0xFFFFFFFF} win 0")
    time.sleep(0.2)
    error = error_of(sock)
    sock.close()
    return {"RST in SYN_SENT": error}
