"""What the Linux kernel of this machine does: ``python -m benchmarks.linux [-o FILE] [--only TEXT]``.

The kernel talks to this program through a TUN device in a network namespace of its own, so nothing outside is
touched.  Each probe plays the peer of one connection, segment by segment, and notes what the kernel answered and
when.  It takes about two and a half minutes, most of it waiting for TIME_WAIT and for SYNs to be repeated; the
probes run side by side.  It needs Linux, root, ``ip``, ``unshare`` and /dev/net/tun, and says what is missing (exit 2).
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import platform
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = "10.9.0.1"  # the kernel
THERE = "10.9.0.2"  # this program
MSS = 1460
INSIDE = "TCPSIM_MEASURES_INSIDE"

#: The kernel's own defaults, for what a machine may have tuned and a new namespace inherits.
SETTINGS = {
    "tcp_rmem": "4096 131072 6291456",
    "tcp_wmem": "4096 16384 4194304",
    "tcp_congestion_control": "cubic",
    "tcp_no_metrics_save": "1",
    "tcp_fin_timeout": "60",
}

PROBES: list[Callable[[Wire], dict[str, Any]]] = []


def probe(function: Callable[[Wire], dict[str, Any]]) -> Callable[[Wire], dict[str, Any]]:
    """Register a probe: it returns figures by name."""
    PROBES.append(function)
    return function


class Wire:
    """The TUN device, seen from the port of one probe's peer."""

    ports = iter(range(20_000, 30_000))

    def __init__(self, device: Device) -> None:
        self.device = device
        self.seen: list[tuple[float, Any]] = []
        self.read = 0
        self.kernel_port = 0
        self.fresh_port()

    def fresh_port(self) -> int:
        """Another port for the peer; what the kernel sends to the one before is no longer looked at."""
        with self.device.changed:
            self.device.wires.pop(getattr(self, "port", 0), None)
            self.port = next(self.ports)
            self.device.wires[self.port] = self
        return self.port

    def put(self, text: str, ecn: int = 0) -> None:
        """A segment from the peer, in notation with absolute numbers."""
        from tcpsim.tcp.notation import parse_segment
        from tcpsim.tcp.wire import encode

        seg = parse_segment(text, (HERE, self.kernel_port, THERE, self.port))
        os.write(self.device.fd, encode(seg, ecn=ecn))

    def get(self, timeout: float = 3.0) -> tuple[float, Any]:
        """The next segment from the kernel, and when it came.  Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        with self.device.changed:
            while self.read >= len(self.seen):
                left = deadline - time.monotonic()
                if left <= 0 or not self.device.changed.wait(left):
                    if self.read < len(self.seen):
                        break
                    raise TimeoutError(f"port {self.port}: no segment within {timeout} s")
        self.read += 1
        when, seg = self.seen[self.read - 1]
        if not self.kernel_port:
            self.kernel_port = seg.flow[3]
        return when, seg

    def all(self, seconds: float) -> list[tuple[float, Any]]:
        """What comes within so many seconds."""
        time.sleep(seconds)
        with self.device.changed:
            found = self.seen[self.read :]
            self.read = len(self.seen)
        if found and not self.kernel_port:
            self.kernel_port = found[0][1].flow[3]
        return found

    def answer(self, seconds: float = 0.3) -> str:
        """What comes within so many seconds, in notation relative to both ISNs, or ``nothing``."""
        return "; ".join(self.show(seg) for _, seg in self.all(seconds)) or "nothing"

    def show(self, seg: Any) -> str:
        from tcpsim.tcp.notation import format_segment

        text = format_segment(seg, iss=getattr(self, "iss", None), irs=getattr(self, "irs", None))
        return text.partition(" <TS")[0].partition(" <nop,nop,TS")[0]

    # -- the usual beginnings

    def listener(self, **options: int) -> socket.socket:
        """A listening socket of the kernel."""
        sock = socket.socket()
        for name, value in options.items():
            sock.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        sock.bind((HERE, 0))
        sock.listen(16)
        self.kernel_port = sock.getsockname()[1]
        return sock

    def connect(self) -> socket.socket:
        """A socket of the kernel in SYN_SENT."""
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex((THERE, self.port))
        return sock

    def accepted(self, options: str = f"<mss {MSS}>", win: int = 65535, sock: Any = None) -> socket.socket:
        """A connection the kernel has accepted; the peer's ISN is 0."""
        listener = sock or self.listener()
        self.irs = 0
        self.put(f"S 0:0(0) win {win} {options}")
        _, synack = self.get()
        self.synack = synack
        self.iss = synack.seq
        self.put(f". 1:1(0) ack {self.iss + 1 & 0xFFFFFFFF} win {win}")
        time.sleep(0.05)
        conn, _ = listener.accept()
        listener.close()
        return conn

    def ours(self, flags: str, left: int, n: int, ack: int, win: int = 65535, more: str = "") -> None:
        """A segment of the peer; ``ack`` counts from the kernel's ISN."""
        tail = f" {more}" if more else ""
        number = "" if "." not in flags else f" ack {self.iss + ack & 0xFFFFFFFF}"
        self.put(f"{flags} {left}:{left + n}({n}){number} win {win}{tail}")


class Device:
    """A TUN device with the kernel's end configured, and a thread that sorts what the kernel sends by port."""

    def __init__(self) -> None:
        import tcpsim.tcp.notation
        import tcpsim.tcp.wire  # noqa: F401  (before the clock counts)

        self.fd = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.fd, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x0001 | 0x1000))  # IFF_TUN | IFF_NO_PI
        for command in (f"addr add {HERE}/24 dev tun0", "link set tun0 up", "link set lo up"):
            subprocess.run(["ip", *command.split()], check=True)
        for name, value in SETTINGS.items():
            with suppress(OSError):
                Path(f"/proc/sys/net/ipv4/{name}").write_text(value, encoding="ascii")
        self.changed = threading.Condition()
        self.wires: dict[int, Wire] = {}
        threading.Thread(target=self._sort, daemon=True).start()

    def _sort(self) -> None:
        from tcpsim.tcp.wire import decode

        while True:
            packet = os.read(self.fd, 65_536)
            now = time.monotonic()
            try:
                seg = decode(packet)
            except Exception:  # IPv6 neighbour discovery and the like
                continue
            with self.changed:
                wire = self.wires.get(seg.flow[1])
                if wire is not None:
                    wire.seen.append((now, seg))
                    self.changed.notify_all()


def gaps(times: list[float]) -> list[float]:
    """Seconds after the first."""
    return [round(t - times[0], 2) for t in times[1:]]


def in_proc(state: str, port: int) -> bool:
    """Whether a socket to the peer's ``port`` is in that state (two hex digits) in /proc/net/tcp."""
    remote = f":{port:04X}"
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return any(line.split()[2].endswith(remote) and line.split()[3] == state for line in lines)


def until_gone(state: str, port: int, limit: float = 150) -> float:
    """Seconds until no such socket is left."""
    start = time.monotonic()
    while in_proc(state, port) and time.monotonic() - start < limit:
        time.sleep(0.25)
    return round(time.monotonic() - start, 1)


def error_of(sock: socket.socket) -> str:
    """The name of the pending error, or ``none``."""
    import errno

    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return errno.errorcode.get(code, "none")


# -- opening


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


# -- sending


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


# -- acknowledging


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


# -- resets


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


# -- closing


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


# -- running


def missing() -> str | None:
    """Why it cannot run here, in one line; None if it can."""
    if platform.system() != "Linux":
        return f"this is {platform.system()}: only Linux can be measured"
    if os.geteuid() != 0:
        return "it needs root: sudo python -m benchmarks.linux"
    for tool in ("ip", "unshare"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed: apt-get install iproute2 util-linux"
    if not Path("/dev/net/tun").exists():
        return "/dev/net/tun does not exist: modprobe tun, or mknod /dev/net/tun c 10 200"
    tried = subprocess.run(["unshare", "-n", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"network namespaces are not permitted: {tried.stderr.strip()}"
    return None


def measure(only: str) -> dict[str, Any]:
    """Every probe's figures; a probe that fails is named with its error."""
    device = Device()
    found: dict[str, Any] = {}

    def run(one: Callable[[Wire], dict[str, Any]]) -> None:
        try:
            found[one.__name__] = one(Wire(device))
        except Exception as error:
            traceback.print_exc()
            found[one.__name__] = {"failed": f"{type(error).__name__}: {error}"}

    threads = [threading.Thread(target=run, args=(one,)) for one in PROBES if only in one.__name__]
    for thread in threads:
        thread.start()
        time.sleep(0.03)
    for thread in threads:
        thread.join()
    return {
        "kernel": platform.release().partition("-")[0],
        **{p.__name__: found[p.__name__] for p in PROBES if p.__name__ in found},
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.linux", description=__doc__)
    parser.add_argument("-o", metavar="FILE", help="write JSON there")
    parser.add_argument("--only", default="", metavar="TEXT", help="probes whose name contains TEXT")
    options = parser.parse_args()
    if INSIDE not in os.environ:
        why = missing()
        if why is not None:
            print(f"cannot measure Linux here: {why}", file=sys.stderr)
            raise SystemExit(2)
        command = ["unshare", "-n", sys.executable, "-m", "benchmarks.linux", *sys.argv[1:]]
        raise SystemExit(subprocess.run(command, env={**os.environ, INSIDE: "1"}, check=False).returncode)
    text = json.dumps(measure(options.only), indent=1)
    if options.o:
        Path(options.o).write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
