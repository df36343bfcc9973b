"""The peer of one connection with the kernel: segments by hand, and what came and when."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = "10.9.0.1"  # the kernel
THERE = "10.9.0.2"  # this program
MSS = 1460

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
