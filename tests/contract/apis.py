"""The two worlds that a contract program runs in: this machine's sockets, and a simulated host's."""

from __future__ import annotations

import errno
import fcntl
import select
import signal
import socket
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import tcpsim
from tcpsim import profiles
from tcpsim.net.sockets import Socket

#: How long real segments may take over loopback, in seconds; and how long a program may take in all.
SETTLING = 0.004
PATIENCE = 10.0


class RealApi:
    """The ``socket`` and ``select`` modules of this machine; remembers the sockets, to close them all."""

    def __init__(self) -> None:
        self._made: list[socket.socket] = []

    def socket(self, *args: Any, **options: Any) -> socket.socket:
        return self._keep(socket.socket(*args, **options))

    def create_connection(self, *args: Any, **options: Any) -> socket.socket:
        return self._keep(socket.create_connection(*args, **options))

    def create_server(self, *args: Any, **options: Any) -> socket.socket:
        return self._keep(socket.create_server(*args, **options))

    def accept(self, listener: socket.socket) -> tuple[socket.socket, Any]:
        sock, address = listener.accept()
        return self._keep(sock), address

    def _keep(self, sock: socket.socket) -> socket.socket:
        self._made.append(sock)
        return sock

    def settle(self) -> None:
        """Let everything under way arrive: over loopback that takes no time, but for the kernel's own."""
        time.sleep(SETTLING)

    def unread(self, sock: socket.socket) -> int:
        """ioctl(SIOCINQ)."""
        octets = fcntl.ioctl(sock, termios.FIONREAD, struct.pack("i", 0))
        return int(struct.unpack("i", octets)[0])

    def close_all(self) -> None:
        for sock in self._made:
            sock.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(socket if hasattr(socket, name) else select, name)


class SimulatedApi:
    """The same for a host of a simulation, with the profile ``linux``."""

    def __init__(self) -> None:
        self.sim = tcpsim.Simulator(profile=profiles.LINUX, trace="full")
        self._api = self.sim.host("host", "10.0.0.1").api

    def accept(self, listener: Socket) -> tuple[Socket, Any]:
        return listener.accept()

    def settle(self) -> None:
        """Let everything under way arrive, delayed ACKs included; no timer of a greater length runs out."""
        self.sim.run(for_="100ms")

    def unread(self, sock: Socket) -> int:
        return sock.unread()

    def close_all(self) -> None:
        for sock in self._api.host.fds().values():
            sock.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)


Api = RealApi | SimulatedApi
Program = Callable[[Any], Any]


def attempt(call: Callable[..., Any], *args: Any) -> Any:
    """What a call gives, or ``ConnectionResetError ECONNRESET``: the standard exception and the errno's name."""
    try:
        return call(*args)
    except (OSError, ValueError, TypeError, OverflowError) as error:
        kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
        number = getattr(error, "errno", None)
        return f"{kind} {errno.errorcode.get(number, number)}" if number else kind


def run(program: Program, api: Api) -> Any:
    """What a program gives in one of the worlds."""
    with watchdog():
        try:
            return program(api)
        finally:
            api.close_all()


@contextmanager
def watchdog() -> Iterator[None]:
    """A real program that waits for ever fails instead."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def bark(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"the program still waits after {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, bark)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# -- what the programs begin with

LOOPBACK = "127.0.0.1"


def listening(api: Any, backlog: int = 8, **options: int) -> tuple[Any, tuple[str, int]]:
    """(listener, its address) on a port of its own."""
    sock = api.socket()
    for name, value in options.items():
        sock.setsockopt(api.SOL_SOCKET, getattr(api, name), value)
    sock.bind((LOOPBACK, 0))
    sock.listen(backlog)
    return sock, sock.getsockname()


def connected(api: Any) -> tuple[Any, Any]:
    """(client, server): the two ends of a connection; the listener is closed."""
    listener, address = listening(api)
    client = api.create_connection(address)
    server, _ = api.accept(listener)
    listener.close()
    return client, server


def events(api: Any, sock: Any, mask: int | None = None) -> list[str]:
    """What poll() says of a socket now, by name."""
    poll = api.poll()
    poll.register(sock, api.POLLIN | api.POLLPRI | api.POLLOUT if mask is None else mask)
    found = dict(poll.poll(0)).get(sock.fileno(), 0)
    names = ("POLLIN", "POLLPRI", "POLLOUT", "POLLERR", "POLLHUP", "POLLNVAL")
    return [name for name in names if found & getattr(api, name)]


def error_of(api: Any, sock: Any) -> str:
    """SO_ERROR by name."""
    number = sock.getsockopt(api.SOL_SOCKET, api.SO_ERROR)
    return errno.errorcode.get(number, str(number)) if number else "none"


def reset_by_peer(api: Any, *, unread: bytes = b"") -> Any:
    """The end of a connection that the peer has reset, after ``unread`` was sent."""
    client, server = connected(api)
    if unread:
        server.sendall(unread)
        api.settle()
    server.setsockopt(api.SOL_SOCKET, api.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    api.settle()
    return client
