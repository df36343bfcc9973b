"""A host as plain data: addresses, connections by 4-tuple, listeners, descriptors.

Listeners and connections are separate objects.  A SYN to a listener creates a child, which begins in LISTEN,
fires ``listen.rcv_syn`` and lives on by itself; a row that leads back to LISTEN is fired by the child, and the
host then removes it.  LISTEN -> SYN_SENT therefore exists for users of ``tcpsim.tcp`` alone: sockets refuse it,
as an operating system does.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..tcp.connection import Connection
from ..tcp.core import Core
from ..tcp.errors import TcpsimError
from ..tcp.profiles import Profile
from ..tcp.segment import Flow
from ..tcp.states import CLOSED, LISTEN
from ..tcp.tcb import Tcb
from ..tcp.units import NEVER

EPHEMERAL: Final = range(49152, 65536)  #: the ports for clients (RFC 6335)
FIRST_FD: Final = 3  #: 0, 1 and 2 are the standard streams
ANY: Final = ""  #: a listener's address when it takes SYNs for all of its host's


class Conn(Connection):
    """A connection or a listener of a host in a world.

    ``number``: its own, in the whole world.  ``armed``: when the world's heap looks at its timers.
    ``owner``: the script that uses it.  ``listener``: the number of the listener a child came from.
    ``queue``: a listener's connections that wait for accept(); ``waiting``: this is one of them.
    ``fd``: its descriptor, None while it has none.
    """

    __slots__ = (
        "armed",
        "backlog",
        "fd",
        "host",
        "listener",
        "number",
        "owner",
        "queue",
        "waiting",
    )

    def __init__(
        self,
        flow: Flow,
        *,
        profile: Profile,
        secret: bytes,
        iss: int | None,
        number: int,
        host: int,
        tcb: Tcb | None = None,
    ) -> None:
        Core.__init__(self, profile, flow, secret=secret, iss=iss, tcb=tcb)
        self.number = number
        self.host = host
        self.armed = NEVER
        self.owner: int | None = None
        self.listener: int | None = None
        self.queue: tuple[int, ...] = ()
        self.waiting = False
        self.backlog = 0
        self.fd: int | None = None

    def copy(self) -> Conn:
        """An independent equal connection (between events: nothing is in ``out`` or ``signals``)."""
        new = Conn.__new__(Conn)
        new.profile = self.profile
        new.secret = self.secret
        new.iss_given = self.iss_given
        new.now = self.now
        new.tcb = self.tcb.copy()
        new.out = []
        new.signals = []
        new.log = None
        new.verbose = False
        new.reopens = self.reopens
        new.number = self.number
        new.host = self.host
        new.armed = self.armed
        new.owner = self.owner
        new.listener = self.listener
        new.queue = self.queue
        new.waiting = self.waiting
        new.backlog = self.backlog
        new.fd = self.fd
        return new

    def key(self) -> tuple[Any, ...]:
        """A hashable value."""
        return (
            *self.tcb.key(),
            self.number,
            self.host,
            self.owner,
            self.listener,
            self.queue,
            self.backlog,
            self.iss_given,
            self.fd,
        )


class Descriptor(NamedTuple):
    """What a descriptor number stands for.  ``generation`` tells a reused number from its earlier life."""

    generation: int
    conn: int


class HostData:
    """One host of a world."""

    __slots__ = (
        "addresses", "conns", "fds", "generation", "index", "isses", "isses_used", "listeners", "name",
        "next_port", "profile", "secret",
    )  # fmt: skip

    def __init__(
        self,
        index: int,
        name: str,
        addresses: tuple[str, ...],
        profile: Profile,
        secret: bytes,
        isses: int | tuple[int, ...] | None,
    ) -> None:
        self.index = index
        self.name = name
        self.addresses = addresses
        self.profile = profile
        self.secret = secret
        self.isses = isses
        self.isses_used = 0
        self.conns: dict[Flow, Conn] = {}
        self.listeners: dict[tuple[str, int], Conn] = {}
        self.fds: dict[int, Descriptor] = {}
        self.generation = 0
        self.next_port = EPHEMERAL.start

    def next_iss(self) -> int | None:
        """The given initial sequence number of the next connection; None: derive one (RFC 6528)."""
        isses = self.isses
        if isses is None or isinstance(isses, int):
            return isses
        if self.isses_used == len(isses):
            return None
        self.isses_used += 1
        return isses[self.isses_used - 1]

    def listener_for(self, flow: Flow) -> Conn | None:
        """Who takes a SYN for this connection: the exact address before the wildcard."""
        return self.listeners.get((flow[0], flow[1])) or self.listeners.get((ANY, flow[1]))

    def free_port(self, address: str, remote: str, remote_port: int) -> int:
        """The next ephemeral port whose 4-tuple is free.  Raises TcpsimError when there is none."""
        for _ in EPHEMERAL:
            port = self.next_port
            self.next_port = port + 1 if port + 1 < EPHEMERAL.stop else EPHEMERAL.start
            if (address, port, remote, remote_port) not in self.conns:
                return port
        raise TcpsimError(f"host {self.name}: no ephemeral port is free for {remote}:{remote_port}")

    def open_fd(self, conn: Conn) -> int:
        """Give ``conn`` the lowest free descriptor."""
        fd = FIRST_FD
        while fd in self.fds:
            fd += 1
        self.generation += 1
        self.fds[fd] = Descriptor(self.generation, conn.number)
        conn.fd = fd
        return fd

    def forget(self, conn: Conn) -> None:
        """Take ``conn`` out of the demultiplexing; its descriptor, if any, stays."""
        flow = conn.tcb.flow
        if self.conns.get(flow) is conn:
            del self.conns[flow]
        elif self.listeners.get((flow[0], flow[1])) is conn:
            del self.listeners[flow[0], flow[1]]

    def copy(self, conns: dict[int, Conn]) -> HostData:
        """An independent equal host; ``conns``: the copied world's connections by number."""
        new = HostData.__new__(HostData)
        new.index = self.index
        new.name = self.name
        new.addresses = self.addresses
        new.profile = self.profile
        new.secret = self.secret
        new.isses = self.isses
        new.isses_used = self.isses_used
        new.conns = {flow: conns[conn.number] for flow, conn in self.conns.items()}
        new.listeners = {at: conns[conn.number] for at, conn in self.listeners.items()}
        new.fds = self.fds.copy()
        new.generation = self.generation
        new.next_port = self.next_port
        return new

    def key(self) -> tuple[Any, ...]:
        """A hashable value, without the connections' own."""
        return (
            self.index, self.isses_used, self.next_port, self.generation,
            tuple(sorted(self.fds.items())),
            frozenset((flow, conn.number) for flow, conn in self.conns.items()),
            frozenset((at, conn.number) for at, conn in self.listeners.items()),
        )  # fmt: skip


def has_ended(conn: Conn) -> bool:
    """Whether no segment is for the connection any more: it is closed, or a child that is back in LISTEN."""
    state = conn.tcb.state
    return state is CLOSED or (state is LISTEN and conn.listener is not None)


def is_over(conn: Conn) -> bool:
    """Whether nothing needs the connection any more: it is closed, and no descriptor shows or will show it."""
    return conn.tcb.state is CLOSED and conn.fd is None and not conn.waiting


def check_address(address: str) -> None:
    """Raise TcpsimError unless ``address`` is an IPv4 or IPv6 address."""
    from ipaddress import ip_address

    try:
        ip_address(address)
    except ValueError:
        raise TcpsimError(f"{address!r} is not an IPv4 or IPv6 address") from None
