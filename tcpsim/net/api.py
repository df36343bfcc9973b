"""The ``socket`` and ``select`` modules, as a program on a host of a simulation sees them.

``host.api`` stands in for the modules, so that a program that takes its sockets from an argument runs unchanged::

    def program(socket):
        with socket.create_connection(("server", 80)) as s: ...

    program(host.api)          # in a simulation
    program(socket)            # on this machine
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..tcp.errors import BadValue
from ..tcp.units import SECOND
from . import constants
from .blocking import Patience
from .errnos import BadArgument, socket_error
from .readiness import POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, readiness
from .sockets import Address, Socket

if TYPE_CHECKING:
    from .handles import Host


class SocketApi:
    """What ``import socket, select`` gives a program that runs on one host.

    Constants are attributes: ``api.AF_INET``, ``api.SO_LINGER``, ``api.POLLIN``.
    """

    POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL = POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL
    error = OSError
    timeout = TimeoutError
    has_ipv6 = True

    def __init__(self, host: Host) -> None:
        self.host = host

    def __getattr__(self, name: str) -> int:
        if name not in constants.names():
            raise AttributeError(f"{type(self).__name__} has no {name!r}; it knows TCP sockets, select and poll")
        return constants.value(name)

    def socket(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> Socket:
        """A new TCP socket, or the one behind ``fileno``.  Raises OSError for another family, type or protocol."""
        if fileno is not None:
            return self.host.socket(fileno)
        version = {-1: 4, self.AF_INET: 4, self.AF_INET6: 6}.get(family)
        if version is None:
            raise socket_error("EAFNOSUPPORT", f"socket() of family {family}: there are AF_INET and AF_INET6")
        if type not in (-1, self.SOCK_STREAM):
            raise socket_error("ESOCKTNOSUPPORT", f"socket() of type {type}: there is SOCK_STREAM")
        if proto not in (-1, 0, self.IPPROTO_TCP):
            raise socket_error("EPROTONOSUPPORT", f"socket() of protocol {proto}: there is IPPROTO_TCP")
        return self.host.socket(version=version)

    def create_connection(
        self, address: Address, timeout: float | str | None = None, source_address: Address | None = None
    ) -> Socket:
        """A socket connected to (host, port)."""
        name = self.host.sim.address_of("127.0.0.1" if address[0] == "localhost" else address[0])
        socket = self.host.socket(version=6 if ":" in name else 4)
        try:
            socket.settimeout(timeout)
            if source_address is not None:
                socket.bind(source_address)
            socket.connect((name, address[1]))
        except OSError:
            socket.close()
            raise
        return socket

    def create_server(
        self, address: Address, *, family: int = -1, backlog: int | None = None, reuse_port: bool = False
    ) -> Socket:
        """A listening socket bound to (address, port)."""
        socket = self.socket(family)
        try:
            socket.setsockopt(self.SOL_SOCKET, self.SO_REUSEADDR, 1)
            if reuse_port:
                socket.setsockopt(self.SOL_SOCKET, self.SO_REUSEPORT, 1)
            socket.bind(address)
            socket.listen(128 if backlog is None else backlog)
        except OSError:
            socket.close()
            raise
        return socket

    def select(
        self, rlist: Iterable[Socket], wlist: Iterable[Socket], xlist: Iterable[Socket], timeout: float | None = None
    ) -> tuple[list[Socket], list[Socket], list[Socket]]:
        """The sockets that are readable, writable, and that have urgent data, as soon as there is one.

        ``timeout``: seconds of virtual time; 0 looks once; None waits until something is ready.
        """
        lists = [list(sockets) for sockets in (rlist, wlist, xlist)]
        if any(socket.fileno() < 0 for sockets in lists for socket in sockets):
            raise BadValue("select(): one of the sockets is closed")
        wanted = (POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI)
        patience = self._patience("select()", lists[0] + lists[1] + lists[2], timeout)
        while True:
            found = tuple(
                [socket for socket in sockets if readiness(socket._conn()) & events]
                for sockets, events in zip(lists, wanted, strict=True)
            )
            if any(found) or not _go_on(patience):
                return found  # type: ignore[return-value]

    def poll(self) -> Poll:
        """A poll object, as ``select.poll()`` gives one."""
        return Poll(self)

    def _patience(self, what: str, sockets: list[Socket], timeout: float | None) -> Patience:
        if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int | float)):
            raise BadArgument(f"{what}: the time-out {timeout!r} is not a number of seconds")
        if timeout is not None and timeout < 0:
            raise BadValue(f"{what}: the time-out {timeout!r} is below 0")
        ns = None if timeout is None else round(timeout * SECOND)
        states = [f"{socket.fd}: {socket.state}" for socket in sockets]
        return Patience(self.host.sim, f"{what} on {self.host.name}", ns, lambda: ", ".join(states) or "nothing")

    def __repr__(self) -> str:
        return f"<sockets of {self.host.name}>"


class Poll:
    """``select.poll()`` for sockets of one host."""

    def __init__(self, api: SocketApi) -> None:
        self._api = api
        self._sockets: dict[int, tuple[Socket, int]] = {}

    def register(self, socket: Socket, eventmask: int = POLLIN | POLLPRI | POLLOUT) -> None:
        """Look at ``socket`` too; ``eventmask``: for what, besides errors and hang-ups."""
        self._sockets[socket.fd] = socket, eventmask

    modify = register

    def unregister(self, socket: Socket) -> None:
        """Look at it no more.  Raises KeyError for one that was not registered."""
        del self._sockets[socket.fd]

    def poll(self, timeout: float | None = None) -> list[tuple[int, int]]:
        """(descriptor, events) of the sockets that have any; ``timeout``: ms of virtual time, None for ever."""
        sockets = [socket for socket, _ in self._sockets.values()]
        seconds = None if timeout is None or timeout < 0 else timeout / 1000
        patience = self._api._patience("poll()", sockets, seconds)
        while True:
            found = [
                (fd, events) for fd, (socket, mask) in self._sockets.items() if (events := _events(socket, mask))
            ]
            if found or not _go_on(patience):
                return found


def _events(socket: Socket, mask: int) -> int:
    if socket.fileno() < 0:
        return POLLNVAL
    return readiness(socket._conn()) & (mask | POLLERR | POLLHUP)


def _go_on(patience: Patience) -> bool:
    """Wait for the next event; False when the time is over."""
    try:
        patience.wait()
    except (BlockingIOError, TimeoutError):
        return False
    return True
