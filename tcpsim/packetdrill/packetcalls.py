"""The calls of a trace as system calls of a script, made again on an endpoint."""

from __future__ import annotations

import re
from typing import Any, Final

from ..trace.records import Call as CallRecord
from ..trace.trace import Trace
from .endpoint import Endpoint, NotOffered
from .prepared import World
from .settings import PORT
from .syscalls import prepare
from .tree import AnyOf, Array, Call, Event, Field, Number, Struct, Symbol, Whatever, When
from .values import Platform

_DOTS: Final = Whatever()
_LEVELS: Final = {"SO": "SOL_SOCKET", "TCP": "SOL_TCP", "IP": "SOL_IP", "IPV6": "SOL_IPV6"}
#: Calls that leave nothing to be seen.
_QUIET: Final = frozenset(("notices", "getsockopt"))


class Caller:
    """Makes the calls of one host again.  ``local_port``, ``remote_port``: those of the connection in the script."""

    def __init__(
        self, endpoint: Endpoint, local: str, remote: str, version: int, flow: tuple[str, int, str, int], trace: Trace
    ) -> None:
        self.endpoint = endpoint
        self.world = World(
            Platform("linux"), local=local, remote=remote, bind_port=PORT, connect_port=PORT, version=version
        )
        self.fds: dict[int, int] = {}  # connection of the trace -> descriptor of the script
        self.next_fd = 3
        self.flow = flow
        self.local_port = PORT
        self.remote_port = 49_152
        self.now = 0
        self.events: list[Event] = []

    def made(self, record: CallRecord, now: int) -> list[Event]:
        """The events that stand for a call of the trace, which are acted out.  Raises NotOffered."""
        self.now = now
        self.events = []
        if record.name not in _QUIET and record.conn is not None:
            self._make(record, record.conn)
        return self.events

    def _make(self, record: CallRecord, conn: int) -> None:
        name, args = record.name, record.args
        match name:
            case "socket":
                self._socket(conn)
            case "bind":
                self._call("bind", conn, _DOTS, _DOTS)
            case "listen":
                if conn not in self.fds:
                    self._socket(conn)
                    self._option(conn, "SO_REUSEADDR", 1)
                    self._call("bind", conn, _DOTS, _DOTS)
                self._call("listen", conn, Number(128))
            case "connect":
                if conn not in self.fds:
                    self._socket(conn)
                self._call("connect", conn, _DOTS, _DOTS)
            case "accept":
                self._accept(record, conn)
            case "send":
                flags = self._flags(args[2]) if len(args) > 2 else Number(0)
                self._call("send", conn, _DOTS, Number(_octets(args[1])), flags)
            case "recv":
                flags = self._flags(args[2]) if len(args) > 2 else Number(0)
                self._call("recv", conn, _DOTS, Number(args[1] if len(args) > 1 else 65_536), flags)
            case "shutdown":
                self._call("shutdown", conn, Symbol(args[1] if len(args) > 1 else "SHUT_WR"))
            case "close":
                self._call("close", conn)
            case "abort":
                self._option(conn, "SO_LINGER", 0)
                self._call("close", conn)
            case "setsockopt":
                self._option(conn, args[1], args[2])
            case _:
                raise NotOffered(f"the call {name}()")

    def _socket(self, conn: int) -> None:
        fd = self.next_fd
        self.next_fd += 1
        self.fds[conn] = fd
        self._made(Call("socket", (_DOTS, Symbol("SOCK_STREAM"), Symbol("IPPROTO_TCP"))), fd)
        self._never_waits(conn)

    def _never_waits(self, conn: int) -> None:
        self._call("fcntl", conn, Symbol("F_SETFL"), AnyOf((Symbol("O_RDWR"), Symbol("O_NONBLOCK"))))

    def _accept(self, record: CallRecord, conn: int) -> None:
        listener = next((self.fds[other] for other in self.fds if self.fds[other] == min(self.fds.values())), 3)
        fd = self.next_fd
        self.next_fd += 1
        self.fds[conn] = fd
        self._made(Call("accept", (Number(listener), _DOTS, _DOTS)), fd)
        self._never_waits(conn)

    def _option(self, conn: int, name: str, value: int) -> None:
        level = Symbol(_LEVELS[name.split("_")[0]])
        if name == "SO_LINGER":
            linger = Struct(
                (Field("onoff", None, Number(int(value >= 0))), Field("linger", None, Number(max(value, 0))))
            )
            self._call("setsockopt", conn, level, Symbol(name), linger, Number(8))
        else:
            self._call("setsockopt", conn, level, Symbol(name), Array((Number(value),)), Number(4))

    def _flags(self, text: str) -> Any:
        names = tuple(Symbol(name) for name in text.split("|") if name)
        return Number(0) if not names else names[0] if len(names) == 1 else AnyOf(names)

    def _call(self, name: str, conn: int, *args: Any) -> None:
        if conn not in self.fds:
            raise NotOffered(f"{name}() on a socket that nobody has opened")
        self._made(Call(name, (Number(self.fds[conn]), *args)))

    def _made(self, call: Call, fd: int | None = None) -> None:
        """Make the call, and write it down with what it returns."""
        prepared = prepare(self.world, call)
        answer = prepared.answer or self.endpoint.call(prepared.name, *prepared.args)
        if answer is None:
            raise NotOffered(f"{call.name}(), which would wait")
        result = answer.result
        if fd is not None and answer.errno is None:
            self.world.fds[fd] = answer.result
            result = fd
        self.events.append(Event(When("at", self.now), call._replace(result=Number(result), errno=answer.errno)))


def _octets(told: str) -> int:
    """How many octets ``"10 octets"`` tells of."""
    found = re.match(r"\d+", str(told))
    return int(found[0]) if found else 0
