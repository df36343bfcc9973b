"""The calls that open: socket, bind, listen, connect, accept.  Each returns at once; None means that it would wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..tcp import calls
from ..tcp.errors import Code, TcpsimError
from ..tcp.segment import Flow
from ..tcp.states import CLOSED, LISTEN, SYN_RECV, SYN_SENT
from .errnos import Failed, socket_error
from .host import (
    ADDRESS,
    ANY,
    ANY_IPV4,
    ANY_IPV6,
    CONNECTED,
    CONNECTING,
    PORT,
    UNCONNECTED,
    Conn,
    HostData,
)
from .ports import WILDCARDS, port_to_bind, rival
from .rebooting import check_quiet
from .route import NOWHERE, is_group, lookup, owns, source_for
from .sockopts import is_ipv6, pending_error, with_option

if TYPE_CHECKING:
    from .world import World

NOBODY: Flow = ("", 0, "", 0)


def check_port(port: Any, what: str, least: int = 1) -> int:
    """``port`` if it is one.  Raises TcpsimError that says which are."""
    if not isinstance(port, int) or isinstance(port, bool) or not least <= port <= 65535:
        raise TcpsimError(f"{what}: port {port!r} is not in {least} .. 65535")
    return port


def socket(world: World, host: HostData, version: int = 4) -> tuple[Conn, int]:
    """A new socket and its descriptor.  ``version``: of IP, 4 or 6."""
    if version not in (4, 6):
        raise socket_error("EAFNOSUPPORT", f"socket() of IP version {version}: there are 4 and 6")
    conn = world.new_conn(host, NOBODY, listens=True)
    conn.options = with_option((), "family", version)
    return conn, host.open_fd(conn)


def bind(world: World, host: HostData, conn: Conn, address: str, port: int) -> None:
    """Give the socket an address and a port of its own; port 0 takes an ephemeral one."""
    check_port(port, "bind()", least=0)
    if conn.locked or conn.tcb.state is not CLOSED or conn.tcb.flow[1]:
        raise socket_error(
            "EINVAL", "bind(): the socket has an address already; bind once, before listen and connect"
        )
    _check_family(conn, address, "bind()")
    address = address or (ANY_IPV6 if is_ipv6(conn) else ANY_IPV4)
    if address not in WILDCARDS and not owns(host, address):
        has = ", ".join(host.addresses)
        raise socket_error("EADDRNOTAVAIL", f"bind(): {address} is not an address of {host.name}, which has {has}")
    if not port:
        port = port_to_bind(world, host, conn, address)
    else:
        _check_free(world, host, conn, address, port, "bind()")
        conn.locked = PORT
    if address not in WILDCARDS:
        conn.locked |= ADDRESS
    conn.locked |= PORT
    _name(conn, (address, port, "", 0))


def _check_free(world: World, host: HostData, conn: Conn, address: str, port: int, call: str) -> None:
    """Raise SocketError EADDRINUSE when somebody keeps ``conn`` from (address, port)."""
    other = rival(world, host, conn, address, port)
    if other is not None:
        raise socket_error(
            "EADDRINUSE",
            f"{call}: port {port} of {host.name} belongs to a socket in {other.state}; take another port, or set "
            "SO_REUSEADDR on both before bind()",
        )


def _check_family(conn: Conn, address: str, call: str) -> None:
    if address and (":" in address) != is_ipv6(conn):
        raise socket_error("EAFNOSUPPORT", f"{call}: the socket is for IPv{6 if is_ipv6(conn) else 4}, not {address}")


def _name(conn: Conn, flow: Flow) -> None:
    """Give the socket its addresses and ports."""
    tcb = conn.tcb
    tcb.flow = flow
    tcb.peer_flow = (flow[2], flow[3], flow[0], flow[1])


def listen(world: World, host: HostData, port: int, address: str = ANY, backlog: int = 128) -> tuple[Conn, int]:
    """A listener and its descriptor: socket, bind with SO_REUSEADDR, and listen in one."""
    check_port(port, "listen()")
    if address != ANY and address not in host.addresses:
        has = ", ".join(host.addresses)
        raise TcpsimError(f"listen(): {address} is not an address of {host.name}, which has {has}")
    if (address, port) in host.listeners:
        raise socket_error("EADDRINUSE", f"listen() on port {port} of {host.name}: somebody listens there already")
    conn = world.new_conn(host, (address, port, "", 0), listens=True)
    conn.options = with_option((), "SO_REUSEADDR", 1)
    conn.locked = PORT | (address != ANY and ADDRESS)
    _begin_listening(world, host, conn, backlog)
    return conn, host.open_fd(conn)


def start_listening(world: World, host: HostData, conn: Conn, backlog: int) -> None:
    """Let a socket take connections: listen() on a descriptor.  Without bind() it gets an ephemeral port."""
    tcb = conn.tcb
    if tcb.state is LISTEN:
        conn.backlog = _backlog(conn, backlog)
        return
    if tcb.state is not CLOSED or conn.stage != UNCONNECTED:
        raise socket_error("EINVAL", f"listen() in {tcb.state}: the socket is connected; listen on another one")
    if tcb.flow[1]:
        _check_listeners(world, host, conn)
    else:
        wildcard = ANY_IPV6 if is_ipv6(conn) else ANY_IPV4
        _name(conn, (wildcard, port_to_bind(world, host, conn, wildcard), "", 0))
    _begin_listening(world, host, conn, backlog)


def _check_listeners(world: World, host: HostData, conn: Conn) -> None:
    """With SO_REUSEADDR several may be bound to a port, but one may listen."""
    address, port = conn.tcb.flow[:2]
    other = rival(world, host, conn, address, port)
    if other is not None and other.tcb.state is LISTEN:
        raise socket_error("EADDRINUSE", f"listen() on port {port} of {host.name}: somebody listens there already")


def _begin_listening(world: World, host: HostData, conn: Conn, backlog: int) -> None:
    conn.backlog = _backlog(conn, backlog)
    conn.shut = 0
    world.touch(conn)
    calls.open_passive(conn)
    host.add_listener(conn)


def _backlog(conn: Conn, backlog: int) -> int:
    """How many connections may wait to be accepted."""
    return backlog + 1 if conn.profile.queues_apart and backlog >= 0 else max(1, backlog)


def connect(world: World, host: HostData, address: str, port: int, local_port: int = 0) -> tuple[Conn, int]:
    """A connection in SYN_SENT and its descriptor: socket and connect in one."""
    check_port(port, "connect()")
    check_port(local_port, "connect() from", least=0)
    _check_peer(address)
    source = _source(world, host, address)
    if local_port == 0:
        local_port = host.free_port(source, address, port)
    flow = (source, local_port, address, port)
    if flow in host.conns:
        where = f"connect() from port {local_port} of {host.name} to {address}:{port}: the connection already exists"
        raise socket_error("EADDRINUSE", where)
    conn = world.new_conn(host, flow)
    _open(world, host, conn)
    conn.stage = CONNECTED
    return conn, host.open_fd(conn)


def _source(world: World, host: HostData, address: str) -> str:
    """The address that packets to ``address`` leave from (MUST-44).

    Raises SocketError ENETUNREACH when there is none, or no way there.
    """
    check_quiet(world, host)
    try:
        source = source_for(host, address)
    except TcpsimError as error:
        raise socket_error("ENETUNREACH", f"connect() to {address}: {error}") from None
    _check_way(world, host, address)
    return source


def _check_way(world: World, host: HostData, address: str) -> None:
    if lookup(world, host.index, address) == NOWHERE:
        raise socket_error(
            "ENETUNREACH",
            f"connect() to {address}: {host.name} has no route there; link them, put a router between, or give a route",
        )


def _open(world: World, host: HostData, conn: Conn) -> None:
    """Send the SYN."""
    world.fit_mtu(conn)
    world.touch(conn)
    conn.told = False
    conn.shut = 0
    calls.open_active(conn)
    host.conns[conn.tcb.flow] = conn


def start_connecting(
    world: World, host: HostData, conn: Conn, address: str, port: int, waits: bool = False
) -> int | Failed | None:
    """connect() on a descriptor: None when it has begun, 0 when it is done, or why it has failed.

    ``waits``: the caller will wait for the end, so that the call need not be repeated.
    """
    state = conn.tcb.state
    if state is LISTEN or conn.stage == CONNECTED:
        tcb = conn.tcb
        if state is CLOSED and tcb.snd_una == tcb.iss and pending_error(conn):
            return _has_failed(conn)  # the connect() that has waited
        what = "it listens" if state is LISTEN else "it is connected"
        raise socket_error("EISCONN", f"connect() in {state}: {what}; use another socket")
    if conn.stage == CONNECTING:
        if state in (SYN_SENT, SYN_RECV):
            raise socket_error("EALREADY", f"connect() in {state}: an earlier connect() is not done yet")
        if state is CLOSED:
            return _has_failed(conn)
        conn.stage = CONNECTED
        return 0
    check_port(port, "connect()", least=0)
    address = _target(conn, address)
    _open_from(world, host, conn, address, port)
    conn.stage = CONNECTED if waits else CONNECTING
    return None


def _target(conn: Conn, address: str) -> str:
    """Where a connect() really leads.  Raises SocketError for an address that no connection can have (MUST-46)."""
    _check_family(conn, address, "connect()")
    if address in WILDCARDS:
        return "::1" if is_ipv6(conn) else "127.0.0.1"
    _check_peer(address)
    return address


def _check_peer(address: str) -> None:
    """Raise SocketError unless one host can have the address (MUST-46)."""
    if is_group(address):
        raise socket_error("ENETUNREACH", f"connect() to {address}: a connection has one peer, not a group of them")


def _open_from(world: World, host: HostData, conn: Conn, address: str, port: int) -> None:
    source, local_port = conn.tcb.flow[:2]
    if conn.locked & ADDRESS:
        check_quiet(world, host)
        _check_way(world, host, address)
    else:
        source = _source(world, host, address)
    if not conn.locked & PORT:
        local_port = host.free_port(source, address, port)
    flow = (source, local_port, address, port)
    if flow in host.conns:
        raise socket_error(
            "EADDRNOTAVAIL",
            f"connect() from port {local_port} of {host.name} to {address}:{port}: the connection already exists",
        )
    _name(conn, flow)
    world.fit_mtu(conn)
    conn.iss_given = host.next_iss()
    _open(world, host, conn)


def _has_failed(conn: Conn) -> Failed:
    """Tell why the connection did not come about; the socket may try again."""
    name = pending_error(conn) or "ECONNABORTED"
    code = conn.tcb.error or Code.ABORTED
    conn.told = True
    disconnect(conn)
    return Failed(name, code)


def disconnect(conn: Conn) -> None:
    """A closed connection's socket is as good as new, but for what bind() has fixed."""
    address, port = conn.tcb.flow[:2]
    wildcard = ANY_IPV6 if is_ipv6(conn) else ANY_IPV4
    _name(conn, (address if conn.locked & ADDRESS else wildcard, port if conn.locked & PORT else 0, "", 0))
    conn.renew()
    conn.told = False
    conn.stage = UNCONNECTED
    conn.shut = 0


def accept(world: World, host: HostData, listener: Conn) -> int | None:
    """The descriptor of the next connection; None when none waits."""
    if listener.tcb.state is not LISTEN:
        raise socket_error("EINVAL", f"accept() in {listener.state}: it does not listen; call listen() first")
    if not listener.queue:
        return None
    conn = world.conns[listener.queue[0]]
    listener.queue = listener.queue[1:]
    conn.waiting = False
    conn.stage = CONNECTED
    return host.open_fd(conn)
