"""When the kernel acknowledges, and with which windows and blocks."""

from __future__ import annotations

import socket
import time
from typing import Any

from .wire import MSS, Wire, probe


@probe
def delayed_acks(w: Wire) -> dict[str, Any]:
    """Single small segments, 100 ms after each answer: how long each ACK waits."""
    conn = w.accepted()
    waits = []
    for n in range(24):
        start = time.monotonic()
        w.ours("P.", 1 + 100 * n, 100, 1)
        when, _ = w.get()
        waits.append(round((when - start) * 1000))
        time.sleep(0.02)
    conn.close()
    return {"ms until an ACK, 24 segments one by one": waits}


@probe
def stretch_acks(w: Wire) -> dict[str, Any]:
    """Full segments in a row: after how many an ACK comes, once quick ACKs are over."""
    conn = w.accepted()
    at = 1
    for _ in range(20):
        w.ours("P.", at, 100, 1)
        at += 100
        w.get()
    for n in range(24):
        w.ours(".", at + n * MSS, MSS, 1)
        time.sleep(0.001)
    acks = [(seg.ack - at) / MSS for _, seg in w.all(0.5)]
    conn.close()
    return {"full segments acknowledged after": [round(ack, 2) for ack in acks]}


@probe
def pingpong(w: Wire) -> dict[str, Any]:
    """A dialogue: the kernel answers each request, and then a request goes unanswered."""
    conn = w.accepted()
    asked = answered = 1
    for _ in range(5):
        w.ours("P.", asked, 10, answered)
        asked += 10
        conn.recv(100)
        conn.send(b"y" * 10)
        answered += 10
        w.all(0.1)
    start = time.monotonic()
    w.ours("P.", asked, 10, answered)
    when, _ = w.get()
    conn.close()
    return {"ms until the ACK in a dialogue": round((when - start) * 1000)}


@probe
def windows(w: Wire) -> dict[str, Any]:
    """Default and set buffers: what is announced and what reads back."""
    listener = w.listener(SO_RCVBUF=65536)
    size = listener.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    w.put(f"S 0:0(0) win 65535 <mss {MSS},nop,wscale 7>")
    _, seg = w.get()
    plain = socket.socket()
    default = (
        plain.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
        plain.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF),
    )
    plain.close()
    listener.close()
    return {
        "SO_RCVBUF 65536 reads back": size,
        "and the SYN,ACK's window is": seg.wnd,
        "and its scale": next((option[1] for option in seg.options if option[0] == "wscale"), None),
        "SO_RCVBUF and SO_SNDBUF by default": default,
    }


@probe
def sack_blocks(w: Wire) -> dict[str, Any]:
    conn = w.accepted("<mss 1460,sackOK,nop,nop>")
    for left in (101, 301, 501, 701, 901):
        w.ours(".", left, 100, 1)
        _, seg = w.get()
    found = {"five runs held": [option for option in seg.options if option[0] == "sack"]}
    w.ours(".", 301, 100, 1)
    found["one of them again"] = [option for option in w.get()[1].options if option[0] == "sack"]
    w.ours(".", 1, 100, 1)
    w.get()
    w.ours(".", 1, 100, 1)
    found["octets below RCV.NXT again"] = [option for option in w.get()[1].options if option[0] == "sack"]
    conn.close()
    return {name: w_numbers(blocks) for name, blocks in found.items()}


def w_numbers(options: list[tuple[Any, ...]]) -> list[Any]:
    """The blocks of a SACK option."""
    return [list(block) for option in options for block in option[1:]]
