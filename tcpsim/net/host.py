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
from .ports import first_port, free_port

FIRST_FD: Final = 3  #: 0, 1 and 2 are the standard streams
ANY: Final = ""  #: a listener's address when it takes SYNs for all of its host's
ANY_IPV4: Final = "0.0.0.0"  #: the same for IPv4 alone
ANY_IPV6: Final = "::"  #: the same for IPv6, and unless IPV6_V6ONLY is set for IPv4 too

UNCONNECTED: Final = 0  #: no connect() yet, or one that has failed
CONNECTING: Final = 1  #: connect() has returned early; the next one tells how it went
CONNECTED: Final = 2

READING: Final = 1  #: shutdown(SHUT_RD)
WRITING: Final = 2  #: shutdown(SHUT_WR)

PORT: Final = 1  #: bind() has chosen the port
ADDRESS: Final = 2  #: bind() has chosen the address


class Notice(NamedTuple):
    """Something the owner of a socket is told without having asked (RFC 9293 3.9.1.8, MUST-47).  ``t``: ns."""

    t: int
    text: str


class Conn(Connection):
    """A connection or a listener of a host in a world.

    ``number``: its own, in the whole world.  ``armed``: when the world's heap looks at its timers.
    ``owner``: the script that uses it.  ``listener``: the number of the listener a child came from.
    ``queue``: a listener's connections that wait for accept(); ``waiting``: this is one of them.
    ``embryos``: how many of a listener's children are in SYN_RECV; ``embryo``: this is one of them.
    ``fd``: its descriptor, None while it has none.

    What makes it a socket: ``options``, those that setsockopt() has set; ``stage``, how far connect() is; ``shut``, the
    halves that shutdown() has closed, READING | WRITING; ``locked``, what bind() has fixed, PORT | ADDRESS;
    ``told``: the error with which the connection ended was taken; ``urgent_read``: the end of the urgent data whose
    last octet was read apart; ``notices``: what its owner has not read yet; ``tail``: octets in the last chunk to leave.
    """

    __slots__ = (
        "armed", "backlog", "embryo", "embryos", "fd", "host", "listener", "locked", "notices", "number", "options",
        "owner", "queue", "shut", "stage", "tail", "told", "urgent_read", "waiting",
    )  # fmt: skip

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
        self.embryo = False
        self.embryos = 0
        self.fd: int | None = None
        self.options: tuple[tuple[str, int], ...] = ()
        self.stage = UNCONNECTED
        self.shut = self.locked = self.tail = 0
        self.told = False
        self.urgent_read: int | None = None
        self.notices: tuple[Notice, ...] = ()

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
        new.embryo = self.embryo
        new.embryos = self.embryos
        new.fd = self.fd
        new.options = self.options
        new.stage = self.stage
        new.shut = self.shut
        new.tail = self.tail
        new.locked = self.locked
        new.told = self.told
        new.urgent_read = self.urgent_read
        new.notices = self.notices
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
            self.options,
            self.stage,
            self.shut,
            self.tail,
            self.locked,
            self.told,
            self.urgent_read,
            self.notices,
        )


class Descriptor(NamedTuple):
    """What a descriptor number stands for.  ``generation`` tells a reused number from its earlier life."""

    generation: int
    conn: int


class HostData:
    """One host of a world."""

    __slots__ = (
        "addresses", "conns", "fds", "generation", "index", "isses", "isses_used", "listeners", "name",
        "next_port", "profile", "secret", "sharing",
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
        self.sharing: dict[tuple[str, int], tuple[Conn, ...]] = {}
        self.fds: dict[int, Descriptor] = {}
        self.generation = 0
        self.next_port = first_port(profile)

    def next_iss(self) -> int | None:
        """The given initial sequence number of the next connection; None: derive one (RFC 6528)."""
        isses = self.isses
        if isses is None or isinstance(isses, int):
            return isses
        if self.isses_used == len(isses):
            return None
        self.isses_used += 1
        return isses[self.isses_used - 1]

    def given_iss(self) -> int | None:
        """What ``next_iss`` would give, left where it is."""
        used = self.isses_used
        iss = self.next_iss()
        self.isses_used = used
        return iss

    def listener_for(self, flow: Flow) -> Conn | None:
        """Who takes a SYN for this connection: the exact address before the wildcards.

        Of those that share a port by SO_REUSEPORT, the connection's 4-tuple decides which one.
        """
        address, port = flow[0], flow[1]
        for where in (address, ANY_IPV6 if ":" in address else ANY_IPV4, ANY, ANY_IPV6):
            found = self.listeners.get((where, port))
            if found is not None and (where != ANY_IPV6 or ":" in address or not _only_ipv6(found)):
                sharing = self.sharing.get((where, port))
                return found if sharing is None else _one_of((found, *sharing), flow)
        return None

    def add_listener(self, conn: Conn) -> None:
        """``conn`` takes SYNs from now on."""
        at = conn.tcb.flow[0], conn.tcb.flow[1]
        if at in self.listeners:
            self.sharing[at] = (*self.sharing.get(at, ()), conn)
        else:
            self.listeners[at] = conn

    def all_listeners(self) -> tuple[Conn, ...]:
        """Every listener, those that share a port included."""
        return (*self.listeners.values(), *(conn for sharing in self.sharing.values() for conn in sharing))

    def free_port(self, address: str, remote: str, remote_port: int) -> int:
        """An ephemeral port whose 4-tuple is free.  Raises SocketError EADDRNOTAVAIL when there is none."""
        return free_port(self, address, remote, remote_port)

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
            return
        at = flow[0], flow[1]
        sharing = tuple(one for one in self.sharing.pop(at, ()) if one is not conn) if self.sharing else ()
        if self.listeners.get(at) is conn:
            del self.listeners[at]
            if sharing:
                self.listeners[at], *rest = sharing
                sharing = tuple(rest)
        if sharing:
            self.sharing[at] = sharing

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
        new.sharing = {at: tuple(conns[one.number] for one in sharing) for at, sharing in self.sharing.items()}
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
            tuple((at, *(conn.number for conn in sharing)) for at, sharing in sorted(self.sharing.items())),
        )  # fmt: skip


def _one_of(sharing: tuple[Conn, ...], flow: Flow) -> Conn:
    """Which of the listeners that share a port takes the connection: the same one every time."""
    from zlib import crc32

    return sharing[crc32(repr(flow).encode()) % len(sharing)]


def _only_ipv6(conn: Conn) -> bool:
    return ("IPV6_V6ONLY", 1) in conn.options


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
