"""The calls of a host's programs by name: what sockets and scripts are made of.

Each returns at once: a call that would wait returns None and has changed nothing.  A call that is not allowed
raises SocketError or TcpsimError and has changed nothing either.  One that takes a pending error returns ``Failed``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..tcp.errors import TcpsimError
from .errnos import Failed, socket_error
from .host import READING, WRITING, Conn, HostData, Notice
from .opening import accept, bind, connect, listen, socket, start_connecting, start_listening
from .sockopts import MARKING, get_option, mark_packets, set_option
from .transfer import abort, close, recv, send, shutdown, take_error

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
        (isinstance(arg, bool) and kind is not bool) or not isinstance(arg, kind)
        for arg, kind in zip(args, kinds, strict=False)
    )
    if not right or (name == "recv" and args and args[0] < 0):
        raise TcpsimError(f"{name}({', '.join(map(repr, args))}): write {usage}")


def tell(world: World, host: HostData, conn: Conn, name: str, args: tuple[Any, ...], result: Any) -> None:
    """Put a call into the trace: payload by its length, accept() with the connection it gave."""
    log = world.log
    assert log is not None
    if name == "accept":
        conn = conn_of(world, host, result)
    elif name in AS_WRITTEN:
        name, args = AS_WRITTEN[name](conn, args)
    cause = world.cause
    if cause is None:
        world.cause = len(log)
    told = tuple(_brief(arg) for arg in args)
    log.append(("call", world.now, host.name, conn.number, cause, name, told, _brief(result)))


def _brief(value: Any) -> Any:
    if isinstance(value, Failed):
        return value.name
    return f"{len(value)} octets" if isinstance(value, bytes) else value


def conn_of(world: World, host: HostData, fd: int) -> Conn:
    """The connection behind a descriptor.  Raises SocketError EBADF when it is not open."""
    descriptor = host.fds.get(fd)
    if descriptor is None:
        opened = ", ".join(str(number) for number in sorted(host.fds)) or "none"
        raise socket_error("EBADF", f"host {host.name}: descriptor {fd} is not open; open: {opened}")
    return world.conns[descriptor.conn]


def setsockopt(world: World, host: HostData, conn: Conn, name: str, value: int) -> None:
    """Set an option of the socket, by name."""
    world.touch(conn)
    set_option(conn, name, value)
    if name in MARKING:
        mark_packets(world, conn)


def getsockopt(world: World, host: HostData, conn: Conn, name: str) -> int | str:
    """What an option is set to.  SO_ERROR gives the name of the pending error, "" for none, and takes it."""
    return take_error(conn) if name == "SO_ERROR" else get_option(conn, name)


def notices(world: World, host: HostData, conn: Conn) -> tuple[Notice, ...]:
    """What the owner has not read yet; it is read once (RFC 9293 3.9.1.8)."""
    found, conn.notices = conn.notices, ()
    return found


#: What the calls take besides a descriptor: in words, how many at least, and their types.
ARGUMENTS: Final[dict[str, tuple[str, int, tuple[type, ...]]]] = {
    "socket": ("socket [IP VERSION]", 0, (int,)),
    "listen": ("listen PORT [ADDRESS [BACKLOG]]", 1, (int, str, int)),
    "connect": ("connect HOST PORT [LOCAL_PORT]", 2, (str, int, int)),
    "bind": ("bind ADDRESS PORT", 2, (str, int)),
    "start_listening": ("start_listening BACKLOG", 1, (int,)),
    "start_connecting": ("start_connecting ADDRESS PORT [WAITS]", 2, (str, int, bool)),
    "accept": ("accept", 0, ()),
    "send": ("send OCTETS, such as b'...'", 1, (bytes, str)),
    "recv": ("recv N, a number of octets from 0", 0, (int, str)),
    "shutdown": ("shutdown [HOW]: 1 for reading, 2 for writing, 3 for both", 0, (int,)),
    "close": ("close", 0, ()),
    "abort": ("abort", 0, ()),
    "setsockopt": ("setsockopt NAME VALUE, such as TCP_NODELAY 1", 2, (str, int)),
    "getsockopt": ("getsockopt NAME, such as SO_ERROR", 1, (str,)),
    "notices": ("notices", 0, ()),
}

#: The calls that make a socket.
OPENING: Final[dict[str, Callable[..., tuple[Conn, int]]]] = {"socket": socket, "listen": listen, "connect": connect}

#: The calls on a socket.
CALLS: Final[dict[str, Callable[..., Any]]] = {
    "bind": bind,
    "start_listening": start_listening,
    "start_connecting": start_connecting,
    "accept": accept,
    "send": send,
    "recv": recv,
    "shutdown": shutdown,
    "close": close,
    "abort": abort,
    "setsockopt": setsockopt,
    "getsockopt": getsockopt,
    "notices": notices,
}

#: The calls whose None means that they would wait.
WAITING: Final = frozenset(("accept", "send", "recv"))

#: shutdown()'s argument, as programs write it.
HOW: Final = {READING: "SHUT_RD", WRITING: "SHUT_WR", READING | WRITING: "SHUT_RDWR"}

#: Calls that programs write in another way -> (name, arguments) as a reader knows them.
AS_WRITTEN: Final[dict[str, Callable[[Conn, tuple[Any, ...]], tuple[str, tuple[Any, ...]]]]] = {
    "start_listening": lambda conn, args: ("listen", (conn.tcb.flow[1],)),
    "start_connecting": lambda conn, args: ("connect", args[1:3]),
    "shutdown": lambda conn, args: ("shutdown", (args[0], *(HOW[how] for how in args[1:]))),
}
