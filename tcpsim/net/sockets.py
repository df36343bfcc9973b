"""A socket as people hold it: the standard library's, on a host of a simulation.

It is a name, not a thing: (simulator, host, descriptor, generation), looked up at every call, so it stays valid
when the simulation goes back or forks.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from ..tcp.errors import BadValue
from ..tcp.states import CLOSED, State
from ..tcp.tcb import BLANK, Tcb
from ..tcp.units import SECOND, parse_time
from ..trace.raw import endpoint
from . import constants
from .blocking import Patience
from .errnos import BadArgument, BadPort, Failed, socket_error
from .host import ANY_IPV4, ANY_IPV6, WRITING, Conn, Notice
from .readiness import readiness
from .sendspace import takes
from .sockopts import get_option, is_ipv6, option

if TYPE_CHECKING:
    from .simulator import Simulator

Address = tuple[Any, ...]


class Socket:
    """A socket: a descriptor of a host.  Calls that must wait let virtual time pass until they can return.

    The methods are those of ``socket.socket``, with its exceptions and errno.  ``connect`` waits as an operating
    system's does; ``Host.connect`` gives a socket whose SYN is on its way.
    """

    __slots__ = ("fd", "generation", "host", "number", "sim", "timeout")

    def __init__(self, sim: Simulator, host: str, fd: int, generation: int, number: int) -> None:
        self.sim = sim
        self.host = host
        self.fd = fd
        self.generation = generation
        self.number = number
        self.timeout: int | None = None  # ns; None: wait, 0: never wait

    def on(self, sim: Simulator) -> Socket:
        """The same socket in another simulation, such as a fork."""
        same = Socket(sim, self.host, self.fd, self.generation, self.number)
        same.timeout = self.timeout
        return same

    # -- what it is

    def fileno(self) -> int:
        """The descriptor's number; -1 when it is not open."""
        return self.fd if self._is_open() else -1

    @property
    def tcb(self) -> Tcb:
        """The connection's variables as they are now; a blank block when it is over."""
        conn = self.sim.world.conns.get(self.number)
        return BLANK if conn is None else conn.tcb

    @property
    def state(self) -> State:
        """The connection's state now; CLOSED when it is over."""
        return self.tcb.state

    @property
    def family(self) -> int:
        """AF_INET or AF_INET6."""
        return constants.value("AF_INET6" if is_ipv6(self._conn()) else "AF_INET")

    @property
    def type(self) -> int:
        """SOCK_STREAM."""
        return constants.value("SOCK_STREAM")

    @property
    def proto(self) -> int:
        """IPPROTO_TCP."""
        return constants.value("IPPROTO_TCP")

    def getsockname(self) -> Address:
        """(address, port) of this end; IPv6 adds flow info and scope."""
        conn = self._conn()
        address, port = conn.tcb.flow[:2]
        return _address(conn, address or (ANY_IPV6 if is_ipv6(conn) else ANY_IPV4), port)

    def getpeername(self) -> Address:
        """(address, port) of the other end.  Raises OSError ENOTCONN without a connection."""
        conn = self._conn()
        if conn.tcb.state in (CLOSED, State.SYN_SENT, State.TIME_WAIT) or not conn.tcb.flow[3]:
            raise socket_error("ENOTCONN", f"getpeername() in {conn.tcb.state}: the socket is not connected")
        return _address(conn, *conn.tcb.flow[2:])

    # -- opening

    def bind(self, address: Address) -> None:
        """Give the socket a local (address, port); port 0: an ephemeral one."""
        self._call("bind", *self._pair(address, "bind()"))

    def listen(self, backlog: int = 128) -> None:
        """Take connections; ``backlog``: how many may wait for accept()."""
        if isinstance(backlog, bool) or not isinstance(backlog, int):
            raise BadArgument(f"listen({backlog!r}): the backlog is a number")
        self._call("start_listening", min(max(backlog, 0), 4096))

    def accept(self) -> tuple[Socket, Address]:
        """(socket, peer's address) of the next connection; waits until one is established."""
        fd = self._until("accept")
        socket = self.sim.hosts[self.host].socket(fd)
        conn = socket._conn()
        return socket, _address(conn, *conn.tcb.flow[2:])

    def connect(self, address: Address) -> None:
        """Connect to (host, port); waits until the connection is open or has failed."""
        place = self._pair(address, "connect()")
        patience = self._patience("connect")
        if not self._is_connecting():
            started = self._call("start_connecting", *place, self.timeout is None)
            if started == 0:
                return
        elif self.timeout is not None:
            self._call("start_connecting", *place)  # raises EALREADY
        while self._is_connecting():
            if self.timeout == 0:
                raise socket_error(
                    "EINPROGRESS", "connect() in SYN_SENT: it goes on; poll until the socket is writable"
                )
            patience.wait()
        if self.state is CLOSED:
            self._call("start_connecting", *place)

    def connect_ex(self, address: Address) -> int:
        """The same, but gives the errno of a failed system call instead of raising, EAGAIN after a time-out; 0: done."""
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or errno.EAGAIN
        return 0

    def _is_connecting(self) -> bool:
        return self.state in (State.SYN_SENT, State.SYN_RECV)

    # -- data

    def send(self, data: Any, flags: int = 0) -> int:
        """Hand over octets to send; how many were taken.

        Without a time-out it waits until all are; with one until some are; as non-blocking it never waits.
        """
        octets = _octets(data, "send")
        names = constants.flag_names(flags)
        patience = self._patience("send", nowait="MSG_DONTWAIT" in names)
        return self._send(octets, names, patience, everything=patience.endless)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of ``data``; a time-out is for all of it."""
        names = constants.flag_names(flags)
        self._send(_octets(data, "sendall"), names, self._patience("sendall", nowait="MSG_DONTWAIT" in names))

    def _send(self, octets: bytes, flags: str, patience: Patience, *, everything: bool = True) -> int:
        taken = 0
        unended = "|".join(name for name in flags.split("|") if name != "MSG_EOR")
        while taken < len(octets) or not octets:
            room = takes(self._conn(), len(octets) - taken) or 1  # no more is handed over than can be taken
            part = octets[taken : taken + room]
            said = flags if taken + len(part) == len(octets) else unended  # a record ends with all of it
            found = self._call("send", part, *((said,) if said else ()))
            if found is None:
                patience.wait()  # and look again how much room there is
                continue
            taken += found
            if not everything or not octets:
                break
        return taken

    def recv(self, n: int = 65536, flags: int = 0) -> bytes:
        """Up to ``n`` octets, as soon as there are any; ``b""`` at the end of the stream."""
        names = constants.flag_names(flags)
        wanted = ("MSG_OOB", "MSG_PEEK")
        plain = "|".join(name for name in names.split("|") if name in wanted)
        args = (n, plain) if plain else (n,)
        nowait = "MSG_DONTWAIT" in names
        data: bytes = self._until("recv", *args, nowait=nowait or plain.startswith("MSG_OOB"))
        while "MSG_WAITALL" in names and 0 < len(data) < n and not plain and not nowait:
            more = self._until("recv", n - len(data))
            if not more:
                break
            data += more
        return data

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Read into a writable buffer; how many octets."""
        view = memoryview(buffer).cast("B")
        data = self.recv(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data)

    def shutdown(self, how: int = WRITING - 1) -> None:
        """Close one half or both, SHUT_RD, SHUT_WR (unless said otherwise) or SHUT_RDWR; the descriptor stays."""
        if isinstance(how, bool) or not isinstance(how, int):
            raise BadArgument(f"shutdown({how!r}): give SHUT_RD, SHUT_WR or SHUT_RDWR")
        self._call("shutdown", how + 1)

    def close(self) -> None:
        """Give the descriptor back and close the connection; its FIN follows what was sent.

        With SO_LINGER set to some seconds, a blocking socket waits so long for the peer to acknowledge it all.
        """
        if not self._is_open():
            return
        linger = option(self._conn(), "SO_LINGER")
        self._call("close")
        end = self.sim.now + linger * SECOND
        while linger > 0 and self.timeout != 0 and self._is_leaving() and self.sim.world.next_due() <= end:
            self.sim.step()

    def _is_leaving(self) -> bool:
        return self.state in (State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK)

    def abort(self) -> None:
        """Give the descriptor back and end the connection at once, with a RST where the peer must be told."""
        self._call("abort")

    # -- options and news

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        """Set an option, by the numbers of the ``socket`` module."""
        name = constants.option_name(level, option)
        self._call("setsockopt", name, constants.option_value(name, value))

    def getsockopt(self, level: int, option: int, size: int = 0) -> int | bytes:
        """What an option is set to; with ``size`` as octets.  SO_ERROR takes the pending error."""
        name = constants.option_name(level, option)
        if name == "SO_ERROR":
            taken = self._call("getsockopt", name)
            found = getattr(errno, taken) if taken else 0
        elif name == "TCP_INFO":
            from ..tcp.info import info

            return constants.pack_info(info(self._conn()))[:size]
        else:
            found = get_option(self._conn(), name)
        return constants.pack_option(name, found, size)

    def setblocking(self, flag: bool) -> None:
        """True: calls wait.  False: a call that would wait raises BlockingIOError."""
        self.timeout = None if flag else 0

    def getblocking(self) -> bool:
        """Whether calls may wait."""
        return self.timeout != 0

    def settimeout(self, value: float | str | None) -> None:
        """How long calls wait: seconds, a text as ``"10ms"``, or None for ever; then they raise TimeoutError."""
        if value is None:
            self.timeout = None
            return
        self.timeout = round(value * SECOND) if isinstance(value, int | float) else parse_time(value, "settimeout()")
        if self.timeout < 0:
            raise BadValue(f"settimeout({value}): a time-out is 0 s or more")

    def gettimeout(self) -> float | None:
        """The time-out, in seconds."""
        return None if self.timeout is None else self.timeout / SECOND

    def unread(self) -> int:
        """How many octets recv() would find: ``ioctl(SIOCINQ)``.  Raises OSError EINVAL for a listener."""
        conn = self._conn()
        if conn.tcb.state is State.LISTEN:
            raise socket_error("EINVAL", "unread() in LISTEN: a listener receives nothing")
        return conn.tcb.rcv_buf.size

    def unsent(self) -> int:
        """How many octets the peer has not acknowledged: ``ioctl(SIOCOUTQ)``."""
        return self._conn().tcb.snd_buf.size

    def at_mark(self) -> bool:
        """Whether the next octet is the urgent one: ``sockatmark()``."""
        from ..tcp.calls import urgent_left

        return urgent_left(self._conn()) == 1

    def notices(self) -> tuple[Notice, ...]:
        """What the owner is told without having asked, since it last looked: soft errors, urgent data (MUST-47)."""
        found: tuple[Notice, ...] = self._call("notices") if self._conn().notices else ()
        return found

    def poll(self) -> int:
        """The events of poll() that hold now."""
        return readiness(self._conn())

    # -- inside

    def _is_open(self) -> bool:
        descriptor = self.sim.world.host(self.host).fds.get(self.fd)
        return descriptor is not None and descriptor.generation == self.generation

    def _conn(self) -> Conn:
        """The connection behind the descriptor.  Raises OSError EBADF when it is not open."""
        if not self._is_open():
            raise socket_error(
                "EBADF",
                f"{self}: the descriptor is not open at step {self.sim.position}; "
                "it was closed, or the simulation has gone back to before it was opened",
            )
        return self.sim.world.conns[self.number]

    def _pair(self, address: Any, call: str) -> tuple[str, int]:
        """(address, port) from what people give: host names are known."""
        if not isinstance(address, tuple | list) or len(address) < 2:
            raise BadArgument(f"{call}: give (address, port), not {address!r}")
        host, port = address[:2]
        if isinstance(port, bool) or not isinstance(port, int):
            raise BadArgument(f"{call}: port {port!r} is not a number")
        if not 0 <= port <= 65535:
            raise BadPort(f"{call}: port {port} is not in 0 .. 65535")
        return ("" if host == "" else self.sim.address_of("127.0.0.1" if host == "localhost" else host)), port

    def _call(self, name: str, *args: Any) -> Any:
        self._conn()
        result = self.sim.call(self.host, name, self.fd, *args)
        if isinstance(result, Failed):
            known = name.removeprefix("start_").replace("connecting", "connect")
            raise socket_error(result.name, f"{known}() on {self}: {result.code.value}", result.code)
        return result

    def _patience(self, name: str, *, nowait: bool = False) -> Patience:
        return Patience(self.sim, f"{name}() on {self}", 0 if nowait else self.timeout, lambda: self.state)

    def _until(self, name: str, *args: Any, nowait: bool = False) -> Any:
        """Make the call; while it would wait, let the next event happen."""
        patience = self._patience(name, nowait=nowait)
        while True:
            result = self._call(name, *args)
            if result is not None:
                return result
            patience.wait()

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Socket):
            return NotImplemented
        return (self.sim, self.host, self.fd, self.generation) == (other.sim, other.host, other.fd, other.generation)

    def __hash__(self) -> int:
        return hash((self.host, self.fd, self.generation))

    def __repr__(self) -> str:
        address, port, remote, remote_port = self.tcb.flow
        ends = endpoint(address or "*", port) + (f" -> {endpoint(remote, remote_port)}" if remote_port else "")
        return f"<Socket fd={self.fd} of {self.host} {ends if port else ''} {self.state}>".replace("  ", " ")


def _address(conn: Conn, address: str, port: int) -> Address:
    """As the standard library writes it; on an IPv6 socket an IPv4 address is a mapped one."""
    if not is_ipv6(conn):
        return address, port
    return address if ":" in address else f"::ffff:{address}", port, 0, 0


def _octets(data: Any, call: str) -> bytes:
    if not isinstance(data, bytes | bytearray | memoryview):
        raise BadArgument(f"{call}({data!r}): octets are needed; write b'...' or text.encode()")
    return bytes(data)
