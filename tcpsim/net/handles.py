"""What people hold: a host and a socket of a simulation.

Both are names, not things: a host by its name, a socket by (host, descriptor number, generation).  They are
looked up at every use, so they stay valid when the simulation goes back or forks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..tcp.errors import TcpsimError
from ..tcp.states import CLOSED, LISTEN, State
from ..tcp.tcb import BLANK, TIMERS, Tcb
from ..tcp.units import NEVER, format_time
from ..trace.raw import endpoint
from ..trace.shown import Shown
from .host import ANY, HostData

if TYPE_CHECKING:
    from .simulator import Simulator


#: Events that a blocking call lets happen before it gives up: a closed window is probed for ever.
PATIENCE: Final = 20_000


class Deadlock(TcpsimError):
    """A blocking call waits for what can no longer happen: the world is quiet."""


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

    def socket(self, fd: int) -> Socket:
        """The socket behind descriptor ``fd``.  Raises TcpsimError when it is not open."""
        return self._socket(fd)

    def _socket(self, fd: int) -> Socket:
        descriptor = self.data.fds.get(fd)
        if descriptor is None:
            raise TcpsimError(f"host {self.name}: descriptor {fd} is not open")
        return Socket(self.sim, self.name, fd, descriptor.generation, descriptor.conn)

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
                    "send_q": conn.backlog if listens else tcb.snd_buf.size,
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


class Socket:
    """A socket: a descriptor of a host.  Calls that must wait let virtual time pass until they can return."""

    __slots__ = ("fd", "generation", "host", "number", "sim")

    def __init__(self, sim: Simulator, host: str, fd: int, generation: int, number: int) -> None:
        self.sim = sim
        self.host = host
        self.fd = fd
        self.generation = generation
        self.number = number

    def on(self, sim: Simulator) -> Socket:
        """The same socket in another simulation, such as a fork."""
        return Socket(sim, self.host, self.fd, self.generation, self.number)

    def fileno(self) -> int:
        """The descriptor's number."""
        return self.fd

    @property
    def tcb(self) -> Tcb:
        """The connection's variables as they are now; a blank block when it is over."""
        conn = self.sim.world.conns.get(self.number)
        return BLANK if conn is None else conn.tcb

    @property
    def state(self) -> State:
        """The connection's state now; CLOSED when it is over."""
        return self.tcb.state

    def accept(self) -> tuple[Socket, tuple[str, int]]:
        """(socket, peer's address) of the next connection; waits until one is established."""
        fd = self._until("accept", f"accept() on {self}")
        host = self.sim.hosts[self.host]
        socket = host.socket(fd)
        flow = socket.tcb.flow
        return socket, (flow[2], flow[3])

    def send(self, data: bytes) -> int:
        """Hand over octets to send; how many were taken.  Raises CallError as RFC 9293 3.10.2 says."""
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TcpsimError(f"send({data!r}): octets are needed; write b'...' or text.encode()")
        taken: int = self._call("send", bytes(data))
        return taken

    def recv(self, n: int = 65536) -> bytes:
        """Up to ``n`` octets, as soon as there are any; ``b""`` at the end of the stream."""
        data: bytes = self._until("recv", f"recv() on {self}", n)
        return data

    def shutdown(self) -> None:
        """Close the sending half; the descriptor stays."""
        self._call("shutdown")

    def close(self) -> None:
        """Give the descriptor back and close the connection; its FIN follows what was sent."""
        self._call("close")

    def abort(self) -> None:
        """Give the descriptor back and end the connection at once, with a RST where the peer must be told."""
        self._call("abort")

    def getsockname(self) -> tuple[str, int]:
        """(address, port) of this end."""
        flow = self.tcb.flow
        return flow[0], flow[1]

    def getpeername(self) -> tuple[str, int]:
        """(address, port) of the other end."""
        flow = self.tcb.flow
        return flow[2], flow[3]

    def _check(self) -> None:
        descriptor = self.sim.world.host(self.host).fds.get(self.fd)
        if descriptor is None or descriptor.generation != self.generation:
            raise TcpsimError(
                f"{self}: the descriptor is not open at step {self.sim.position}; "
                "it was closed, or the simulation has gone back to before it was opened"
            )

    def _call(self, name: str, *args: Any) -> Any:
        self._check()
        return self.sim.call(self.host, name, self.fd, *args)

    def _until(self, name: str, what: str, *args: Any) -> Any:
        """Make the call; while it would wait, let the next event happen."""
        for _ in range(PATIENCE):
            result = self._call(name, *args)
            if result is not None:
                return result
            if not self.sim.step():
                raise Deadlock(f"{what} waits in {self.state}, but nothing more will happen: the network is quiet")
        others = [f"{row['local']} in {row['state']}" for host in self.sim.hosts.values() for row in host.sockets()]
        raise Deadlock(
            f"{what} waits in {self.state} after {PATIENCE} events: what it waits for does not come, though timers "
            f"keep the network busy; there are {', '.join(others)}"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Socket):
            return NotImplemented
        return (self.sim, self.host, self.fd, self.generation) == (
            other.sim,
            other.host,
            other.fd,
            other.generation,
        )

    def __hash__(self) -> int:
        return hash((self.host, self.fd, self.generation))

    def __repr__(self) -> str:
        address, port, remote, remote_port = self.tcb.flow
        ends = endpoint(address or "*", port) + (f" -> {endpoint(remote, remote_port)}" if remote_port else "")
        return f"<Socket fd={self.fd} of {self.host} {ends if port else ''} {self.state}>".replace("  ", " ")
