"""The calls of a host's programs: what a socket floor and scripts are made of.

Each returns at once: a call that would wait returns None and has changed nothing.  A call that is not allowed
raises CallError or TcpsimError and has changed nothing either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..tcp import calls
from ..tcp.errors import CallError, Code, TcpsimError
from ..tcp.states import CLOSED, LISTEN, SYN_RECV
from .host import ANY, Conn, HostData

if TYPE_CHECKING:
    from .world import World


def call(world: World, host: HostData, name: str, args: tuple[Any, ...]) -> Any:
    """Make the call ``name`` on ``host``; a socket is its descriptor number, the first of ``args``.

    The event is finished by the caller.
    """
    opening = OPENING.get(name)
    if opening is not None:
        check_arguments(name, args)
        conn, result = opening(world, host, *args)
    else:
        function = CALLS.get(name)
        if function is None:
            raise TcpsimError(f"no call {name!r}; the calls are {', '.join((*OPENING, *CALLS))}")
        if not args:
            raise TcpsimError(f"{name}() on host {host.name}: name a descriptor first")
        conn = conn_of(world, host, args[0])
        check_arguments(name, args[1:])
        result = function(world, host, conn, *args[1:])
        if result is None and name in WAITING:
            return None
    if world.log is not None:
        tell(world, host, conn, name, args, result)
    return result


def check_arguments(name: str, args: tuple[Any, ...]) -> None:
    """Raise TcpsimError unless ``args`` are what the call ``name`` takes besides a descriptor."""
    usage, least, kinds = ARGUMENTS[name]
    right = least <= len(args) <= len(kinds) and not any(
        isinstance(arg, bool) or not isinstance(arg, kind) for arg, kind in zip(args, kinds, strict=False)
    )
    if not right or (name == "recv" and args and args[0] < 0):
        raise TcpsimError(f"{name}({', '.join(map(repr, args))}): write {usage}")


def tell(world: World, host: HostData, conn: Conn, name: str, args: tuple[Any, ...], result: Any) -> None:
    """Put a call into the trace: payload by its length, accept() with the connection it gave."""
    log = world.log
    assert log is not None
    if name == "accept":
        conn = conn_of(world, host, result)
    cause = world.cause
    if cause is None:
        world.cause = len(log)
    told = tuple(_brief(arg) for arg in args)
    log.append(("call", world.now, host.name, conn.number, cause, name, told, _brief(result)))


def _brief(value: Any) -> Any:
    return f"{len(value)} octets" if isinstance(value, bytes) else value


def conn_of(world: World, host: HostData, fd: int) -> Conn:
    """The connection behind a descriptor.  Raises TcpsimError when it is not open."""
    descriptor = host.fds.get(fd)
    if descriptor is None:
        opened = ", ".join(str(number) for number in sorted(host.fds)) or "none"
        raise TcpsimError(f"host {host.name}: descriptor {fd} is not open; open: {opened}")
    return world.conns[descriptor.conn]


def check_port(port: Any, what: str, least: int = 1) -> int:
    """``port`` if it is one.  Raises TcpsimError that says which are."""
    if not isinstance(port, int) or isinstance(port, bool) or not least <= port <= 65535:
        raise TcpsimError(f"{what}: port {port!r} is not in {least} .. 65535")
    return port


def listen(world: World, host: HostData, port: int, address: str = ANY, backlog: int = 128) -> tuple[Conn, int]:
    """A listener and its descriptor."""
    check_port(port, "listen()")
    if address != ANY and address not in host.addresses:
        has = ", ".join(host.addresses)
        raise TcpsimError(f"listen(): {address} is not an address of {host.name}, which has {has}")
    if (address, port) in host.listeners:
        raise CallError(
            Code.ALREADY_EXISTS, f"listen() on port {port} of {host.name}: somebody listens there already"
        )
    conn = world.new_conn(host, (address, port, "", 0), listens=True)
    conn.backlog = max(1, backlog)
    world.touch(conn)
    calls.open_passive(conn)
    host.listeners[address, port] = conn
    return conn, host.open_fd(conn)


def connect(world: World, host: HostData, address: str, port: int, local_port: int = 0) -> tuple[Conn, int]:
    """A connection in SYN_SENT and its descriptor."""
    check_port(port, "connect()")
    check_port(local_port, "connect() from", least=0)
    local = address in host.addresses or address.startswith("127.") or address == "::1"
    source = address if local else host.addresses[0]
    if local_port == 0:
        local_port = host.free_port(source, address, port)
    flow = (source, local_port, address, port)
    if flow in host.conns:
        where = f"connect() from port {local_port} of {host.name} to {address}:{port}"
        raise CallError(Code.ALREADY_EXISTS, where)
    conn = world.new_conn(host, flow)
    world.touch(conn)
    calls.open_active(conn)
    host.conns[flow] = conn
    return conn, host.open_fd(conn)


def accept(world: World, host: HostData, listener: Conn) -> int | None:
    """The descriptor of the next connection; None when none waits."""
    if listener.tcb.state is not LISTEN:
        raise CallError(Code.NOT_OPEN, f"accept() in {listener.state}: it does not listen; call listen() first")
    if not listener.queue:
        return None
    conn = world.conns[listener.queue[0]]
    listener.queue = listener.queue[1:]
    conn.waiting = False
    return host.open_fd(conn)


def send(world: World, host: HostData, conn: Conn, data: bytes) -> int:
    """How many octets were taken to be sent."""
    if conn.tcb.state is LISTEN:
        raise CallError(Code.NOT_OPEN, "send() on a listening descriptor: send on an accepted one")
    world.touch(conn)
    return calls.send(conn, data)


def recv(world: World, host: HostData, conn: Conn, n: int = 65536) -> bytes | None:
    """Up to ``n`` octets, None when there are none yet, ``b""`` at the end of the stream."""
    tcb = conn.tcb
    if tcb.state is LISTEN:
        raise CallError(Code.NOT_OPEN, "recv() on a listening descriptor: recv on an accepted one")
    if not tcb.rcv_buf.size and tcb.fin_received and tcb.error is None:
        return b""
    world.touch(conn)
    try:
        return calls.receive(conn, n)
    except CallError as error:
        if error.code is not Code.CLOSING:
            raise
        return b""


def shutdown(world: World, host: HostData, conn: Conn) -> None:
    """Close the sending half."""
    if conn.tcb.state is LISTEN:
        raise CallError(Code.NOT_OPEN, "shutdown() on a listening descriptor: close it")
    world.touch(conn)
    calls.shutdown(conn)


def close(world: World, host: HostData, conn: Conn) -> None:
    """Give the descriptor back; close the connection unless that was done before.  Nobody reads from it any more."""
    _release(world, host, conn)
    if conn.tcb.state is not CLOSED and not conn.tcb.fin_queued:
        calls.close(conn)
    if conn.tcb.state is not CLOSED:
        calls.detach(conn)


def abort(world: World, host: HostData, conn: Conn) -> None:
    """End the connection at once and give the descriptor back."""
    world.touch(conn)
    calls.abort(conn)
    _release(world, host, conn)


def _release(world: World, host: HostData, conn: Conn) -> None:
    """Give a descriptor back.  A listener's connections that nobody can accept any more are aborted."""
    world.touch(conn)
    if conn.fd is not None:
        del host.fds[conn.fd]
        conn.fd = None
    if not conn.backlog:
        return
    for child in world.conns.values():
        if child.listener == conn.number and (child.waiting or child.tcb.state is SYN_RECV):
            child.waiting = False
            world.touch(child)
            if child.tcb.state is not CLOSED:
                calls.abort(child)
    conn.queue = ()


#: What the calls take besides a descriptor: in words, how many at least, and their types.
ARGUMENTS: Final[dict[str, tuple[str, int, tuple[type, ...]]]] = {
    "listen": ("listen PORT [ADDRESS [BACKLOG]]", 1, (int, str, int)),
    "connect": ("connect HOST PORT [LOCAL_PORT]", 2, (str, int, int)),
    "accept": ("accept", 0, ()),
    "send": ("send OCTETS, such as b'...'", 1, (bytes,)),
    "recv": ("recv N, a number of octets from 0", 0, (int,)),
    "shutdown": ("shutdown", 0, ()),
    "close": ("close", 0, ()),
    "abort": ("abort", 0, ()),
}

#: The calls that make a socket.
OPENING: Final[dict[str, Callable[..., tuple[Conn, int]]]] = {"listen": listen, "connect": connect}

#: The calls on a socket.
CALLS: Final[dict[str, Callable[..., Any]]] = {
    "accept": accept,
    "send": send,
    "recv": recv,
    "shutdown": shutdown,
    "close": close,
    "abort": abort,
}

#: The calls whose None means that they would wait.
WAITING: Final = frozenset(("accept", "recv"))
