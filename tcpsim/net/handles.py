"""What people hold: a host of a simulation.

It is a name, not a thing: looked up at every use, so it stays valid when the simulation goes back or forks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..tcp.states import CLOSED, LISTEN
from ..tcp.tcb import TIMERS, Tcb
from ..tcp.units import NEVER, format_time
from ..trace.raw import endpoint
from ..trace.shown import Shown
from .blocking import Deadlock
from .errnos import socket_error
from .host import ANY, HostData
from .sockets import Socket

if TYPE_CHECKING:
    from .api import SocketApi
    from .simulator import Simulator


class Host:
    """A host of a simulation: ``listen`` and ``connect`` begin here, ``ss`` shows what there is."""

    __slots__ = ("name", "sim")

    def __init__(self, sim: Simulator, name: str) -> None:
        self.sim = sim
        self.name = name

    @property
    def data(self) -> HostData:
        """The host as the world has it now."""
        return self.sim.world.host(self.name)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The host's addresses."""
        return self.data.addresses

    def listen(self, port: int, address: str = ANY, *, backlog: int = 128) -> Socket:
        """A listening socket: socket(), bind() and listen() in one.  Returns at once.

        ``address``: one of the host's, or all of them.  Raises TcpsimError for a bad port or address,
        CallError when somebody listens there already.
        """
        return self._socket(self.sim.call(self.name, "listen", port, address, backlog))

    def connect(self, host: str | Host, port: int, *, local_port: int = 0) -> Socket:
        """A socket in SYN_SENT whose SYN is on its way.  Returns at once.

        ``host``: a host, its name or an address.  ``local_port``: 0 takes the next ephemeral port.  Raises
        TcpsimError for an unknown host or a bad port, CallError when the connection exists already.
        """
        address = self.sim.address_of(host)
        return self._socket(self.sim.call(self.name, "connect", address, port, local_port))

    def socket(self, fd: int | None = None, *, version: int = 4) -> Socket:
        """A new socket, for bind(), listen() and connect(); ``version``: of IP.  With ``fd``: the one behind it.

        Raises OSError EBADF when ``fd`` is not open.
        """
        return self._socket(self.sim.call(self.name, "socket", version) if fd is None else fd)

    def _socket(self, fd: int) -> Socket:
        descriptor = self.data.fds.get(fd)
        if descriptor is None:
            raise socket_error("EBADF", f"host {self.name}: descriptor {fd} is not open")
        return Socket(self.sim, self.name, fd, descriptor.generation, descriptor.conn)

    @property
    def api(self) -> SocketApi:
        """The ``socket`` and ``select`` modules as a program on this host sees them."""
        from .api import SocketApi

        return SocketApi(self)

    def fds(self) -> dict[int, Socket]:
        """The open descriptors."""
        return {fd: self._socket(fd) for fd in sorted(self.data.fds)}

    def sockets(self) -> list[dict[str, Any]]:
        """What ``ss`` shows, as data: one dict a socket."""
        world = self.sim.world
        rows = []
        for conn in world.conns.values():
            if world.hosts[conn.host].name != self.name or conn.state is CLOSED:
                continue
            tcb = conn.tcb
            address, port, remote, remote_port = tcb.flow
            listens = tcb.state is LISTEN
            rows.append(
                {
                    "state": tcb.state,
                    "recv_q": len(conn.queue) if listens else tcb.rcv_buf.size,
                    "send_q": conn.backlog - conn.profile.queues_apart if listens else tcb.snd_buf.size,
                    "local": endpoint(address or "*", port),
                    "peer": endpoint(remote or "*", remote_port) if remote_port else "*:*",
                    "timer": _timer(tcb, world.now),
                    "conn": conn.number,
                }
            )
        return rows

    def ss(self) -> str:
        """A table of the sockets, as ``ss -tan`` prints it."""
        lines = [f"{'State':<12}{'Recv-Q':>7}{'Send-Q':>7}  {'Local Address:Port':<22}{'Peer Address:Port':<22}Timer"]
        lines += [
            f"{row['state']!s:<12}{row['recv_q']:>7}{row['send_q']:>7}  {row['local']:<22}{row['peer']:<22}"
            f"{row['timer']}".rstrip()
            for row in self.sockets()
        ]
        return Shown("\n".join(lines))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Host) and (self.sim, self.name) == (other.sim, other.name)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<Host {self.name} {' '.join(self.addresses)}>"


def _timer(tcb: Tcb, now: int) -> str:
    """The next timer to run out, and in how many seconds."""
    running = [(getattr(tcb, f"{name}_due"), name) for name in TIMERS if getattr(tcb, f"{name}_due") != NEVER]
    if not running:
        return ""
    due, name = min(running)
    return f"{name} in {format_time(due - now)}"


__all__ = ["Deadlock", "Host", "Socket"]
