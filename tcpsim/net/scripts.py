"""Applications as data: a script is a tuple of calls, each made when the one before has completed.

A script goes on inside the event that completes its call, before the output pass, so that its answer carries
the acknowledgment.  Being plain data, it steps, goes back and forks like everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..tcp.errors import TcpsimError
from ..tcp.states import CLOSED, SYN_RECV, SYN_SENT
from ..tcp.units import NEVER, format_time
from . import opening, userland
from .errnos import Failed
from .host import Conn

if TYPE_CHECKING:
    from .world import World

Program = tuple[tuple[Any, ...], ...]


class Script:
    """A running script.  ``at``: the index of the call it is at; ``due``: when it wakes up by itself.

    ``conn``: the number of the connection it works on, ``listener`` of the one it accepts from; ``done``:
    octets handled of a call that takes several events.  ``patience``: how long it waits for the peer, ns; 0: for
    ever; ``alert``: it waits so, and an event may wake it before it is due.
    """

    __slots__ = (
        "alert", "at", "conn", "done", "due", "host", "listener", "number", "patience", "program", "seen",
    )  # fmt: skip

    def __init__(self, number: int, host: int, program: Program) -> None:
        self.number = number
        self.host = host
        self.program = program
        self.at = 0
        self.due = NEVER
        self.conn: int | None = None
        self.listener: int | None = None
        self.done = 0
        self.seen = b""
        self.patience = 0
        self.alert = False

    def copy(self) -> Script:
        """An independent equal script."""
        new = Script.__new__(Script)
        new.number = self.number
        new.host = self.host
        new.program = self.program
        new.at = self.at
        new.due = self.due
        new.conn = self.conn
        new.listener = self.listener
        new.done = self.done
        new.seen = self.seen
        new.patience = self.patience
        new.alert = self.alert
        return new

    def key(self) -> tuple[Any, ...]:
        """A hashable value."""
        return (
            self.number, self.host, self.program, self.at, self.due, self.conn, self.listener, self.done, self.seen,
            self.patience, self.alert,
        )  # fmt: skip


def advance(world: World, script: Script) -> None:
    """Make the script's calls until one has to wait, fails, or none is left."""
    if script.due != NEVER and not script.alert:
        return  # it sleeps, and wakes by a move of its own
    late = script.alert and script.due == NEVER
    program = script.program
    try:
        while script.at < len(program):
            step = program[script.at]
            if not STEPS[step[0]](world, script, *step[1:]):
                if not late:
                    _be_patient(world, script, step[0])
                    return
                _out_of_patience(script, step)
            script.at += 1
            script.done = 0
            if script.alert:
                script.due = NEVER
                script.alert = late = False
    except TcpsimError as error:
        if world.log is not None:
            where = world.hosts[script.host].name
            world.log.append(("note", world.now, where, script.conn, world.cause, f"the script stops: {error}"))
    world.scripts.pop(script.number, None)


def _be_patient(world: World, script: Script, name: str) -> None:
    """The step waits for the peer: not longer than the script's patience, if that is limited."""
    if script.patience and not script.alert and name in PATIENT:
        script.alert = True
        world.sleep(script, script.patience)


def _out_of_patience(script: Script, step: tuple[Any, ...]) -> None:
    """The peer was waited for in vain: a loop ends, any other step fails."""
    if step[0] != "loop":
        raise TcpsimError(f"{step[0]}: nothing came within {format_time(script.patience)} s")
    script.at += step[1]


def _conn(world: World, script: Script) -> Conn:
    conn = None if script.conn is None else world.conns.get(script.conn)
    if conn is None:
        raise TcpsimError("it has no connection; begin with connect or accept, and end with close")
    return conn


def _use(world: World, script: Script, conn: Conn, name: str, *args: Any) -> Any:
    """Make a call on ``conn`` and put it into the trace."""
    host = world.hosts[script.host]
    fd = conn.fd
    result = userland.CALLS[name](world, host, conn, *args)
    if world.log is not None and not (result is None and name in userland.WAITING):
        userland.tell(world, host, conn, name, (fd, *args), result)
    if isinstance(result, Failed):
        raise TcpsimError(f"{name}() in {conn.state}: {result.code.value} ({result.name})")
    return result


def _connect(world: World, script: Script, *args: Any) -> bool:
    if script.conn is None:
        host = world.hosts[script.host]
        conn, fd = opening.connect(world, host, *args)
        if world.log is not None:
            userland.tell(world, host, conn, "connect", args, fd)
        conn.owner = script.number
        script.conn = conn.number
        return False
    conn = _conn(world, script)
    state = conn.tcb.state
    if state is CLOSED:
        reason = conn.tcb.error.value if conn.tcb.error else "closed"
        raise TcpsimError(f"connect to {args[0]}:{args[1]}: {reason}")
    return state is not SYN_SENT and state is not SYN_RECV


def _listen(world: World, script: Script, *args: Any) -> bool:
    host = world.hosts[script.host]
    conn, fd = opening.listen(world, host, *args)
    if world.log is not None:
        userland.tell(world, host, conn, "listen", args, fd)
    conn.owner = script.number
    script.listener = conn.number
    return True


def _accepted(world: World, script: Script) -> Conn | None:
    """The next connection of the script's listener; None when it has to wait."""
    listener = None if script.listener is None else world.conns.get(script.listener)
    if listener is None:
        raise TcpsimError("it does not listen; put a listen before accept and serve")
    if not listener.queue:
        return None
    conn = world.conns[listener.queue[0]]
    _use(world, script, listener, "accept")
    return conn


def _accept(world: World, script: Script) -> bool:
    conn = _accepted(world, script)
    if conn is None:
        return False
    conn.owner = script.number
    script.conn = conn.number
    return True


def _serve(world: World, script: Script, program: Program) -> bool:
    """Start ``program`` for every connection that comes; never done."""
    while (conn := _accepted(world, script)) is not None:
        world.next_script += 1
        child = Script(world.next_script, script.host, program)
        child.conn = conn.number
        conn.owner = child.number
        world.scripts[child.number] = child
        advance(world, child)
    return False


def _send(world: World, script: Script, data: bytes, *flags: str) -> bool:
    conn = _conn(world, script)
    while script.done < len(data):
        room = conn.tcb.snd_limit - conn.tcb.snd_buf.size
        if room <= 0 and conn.tcb.state is not CLOSED:
            return False
        # Only what fits is cut out: a long text costs its length once, not once an event.
        part = data[script.done : script.done + room] if script.done or room < len(data) else data
        script.done += _use(world, script, conn, "send", part, *flags)
    return True


def _waits(conn: Conn) -> bool:
    """Whether a recv would have to wait."""
    tcb = conn.tcb
    return not tcb.rcv_buf.size and not tcb.fin_received and tcb.state is not CLOSED


def _recv(world: World, script: Script, n: int) -> bool:
    conn = _conn(world, script)
    while script.done < n:
        if _waits(conn):
            return False
        data = _use(world, script, conn, "recv", n - script.done)
        if not data:
            raise TcpsimError(f"recv {n}: the stream ended after {script.done} octets")
        script.done += len(data)
    return True


def _recv_until(world: World, script: Script, mark: bytes) -> bool:
    """Look before reading, so that nothing behind the mark is taken.  ``seen``: how it may have begun already."""
    conn = _conn(world, script)
    while not _waits(conn):
        ahead = script.seen + conn.tcb.rcv_buf.peek()
        found = ahead.find(mark)
        n = (len(ahead) if found < 0 else found + len(mark)) - len(script.seen)
        if not _use(world, script, conn, "recv", max(n, 1)):
            raise TcpsimError(f"recv_until {mark!r}: the stream ended before it came")
        if found >= 0:
            script.seen = b""
            return True
        script.seen = ahead[len(ahead) - len(mark) + 1 :] if len(ahead) >= len(mark) else ahead
    return False


def _recv_to_end(world: World, script: Script) -> bool:
    conn = _conn(world, script)
    while not _waits(conn):
        if not _use(world, script, conn, "recv", 1 << 30):
            return True
    return False


def _sleep(world: World, script: Script, ns: int) -> bool:
    if script.done:
        return True
    script.done = 1
    world.sleep(script, ns)
    return False


def _shutdown(world: World, script: Script, *how: int) -> bool:
    _use(world, script, _conn(world, script), "shutdown", *how)
    return True


def _timeout(world: World, script: Script, ns: int) -> bool:
    script.patience = ns
    return True


def _setsockopt(world: World, script: Script, name: str, value: int) -> bool:
    """On the connection, or before there is one on the listener."""
    number = script.listener if script.conn is None else script.conn
    conn = None if number is None else world.conns.get(number)
    if conn is None:
        raise TcpsimError("setsockopt: it has no socket; put a connect, listen or accept before")
    _use(world, script, conn, "setsockopt", name, value)
    return True


def _loop(world: World, script: Script, length: int) -> bool:
    """Begin a round if the peer has something to say; behind the loop if its stream has ended."""
    conn = _conn(world, script)
    if _waits(conn):
        return False
    if not conn.tcb.rcv_buf.size:
        script.at += length
    return True


def _again(world: World, script: Script, length: int) -> bool:
    script.at -= length + 1
    return True


def _close(world: World, script: Script) -> bool:
    return _end(world, script, "close")


def _abort(world: World, script: Script) -> bool:
    return _end(world, script, "abort")


def _end(world: World, script: Script, name: str) -> bool:
    conn = _conn(world, script)
    _use(world, script, conn, name)
    conn.owner = None
    script.conn = None
    return True


#: What a script can do.
STEPS: Final[dict[str, Callable[..., bool]]] = {
    "connect": _connect,
    "listen": _listen,
    "accept": _accept,
    "serve": _serve,
    "send": _send,
    "recv": _recv,
    "recv_until": _recv_until,
    "recv_to_end": _recv_to_end,
    "sleep": _sleep,
    "timeout": _timeout,
    "setsockopt": _setsockopt,
    "loop": _loop,
    "again": _again,
    "shutdown": _shutdown,
    "close": _close,
    "abort": _abort,
}

#: The steps that wait for the peer, as long as the script's patience lasts.
PATIENT: Final = frozenset(("connect", "accept", "recv", "recv_until", "recv_to_end", "loop"))
