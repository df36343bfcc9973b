"""``TcpStateMachine``: hypothesis plays the network and both users, move by move.

The rules are the moves of a world of two hosts: events in order or out of it, losses, duplicates, delays, early
time-outs, forged segments, user calls.  Every invariant is checked after every move, and at the end both users
close and everything has to come to CLOSED.  A failure shows the ladder and a script that repeats it.

    class TestMine(TcpStateMachine.TestCase): ...          # as it is, or
    class Tiny(TcpStateMachine):
        profile = TcpStateMachine.profile.but(rcv_buf=8, mss=4)
    TestTiny = Tiny.TestCase
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.control import current_build_context
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ..net.handles import Socket
from ..net.host import Conn
from ..net.moves import Call, Delay, Deliver, Drop, Duplicate, Expire, Inject, Move
from ..net.simulator import Simulator
from ..tcp.profiles import RFC9293, Profile
from ..tcp.segment import RST, Segment
from ..tcp.seq import MASK
from ..tcp.states import CLOSE_WAIT, CLOSED, ESTABLISHED, LISTEN, SYN_RECV, SYN_SENT
from ..tcp.tcb import TIMERS, Tcb
from ..tcp.units import MS, NEVER, SECOND
from .invariants import InvariantBroken
from .replay import replay_script
from .strategies import resets, seqnums
from .streams import stream_prefix
from .watch import Watch

ENDS = ("client", "server")
#: Where connections begin and end.  From its second port the client can open another while the first is open.
PORTS = {"client": (40000, 40001), "server": (80,)}
OPENINGS = ("nothing", "passive", "crossing")


def _which() -> st.SearchStrategy[int]:
    """Which of the things that a rule can be about: counted round, so that every number will do."""
    return st.integers(0, 3)


class TcpStateMachine(RuleBasedStateMachine):
    """Two hosts on a link, ``client`` and ``server``, and everything that can happen to them.

    Class attributes say how much: ``profile`` of both hosts; ``delay`` of the link, ns; ``max_drops``,
    ``max_duplicates``, ``max_delays``, ``max_forged`` in one run; ``delays``, ns; ``early``: the timers that may run
    out ahead of time; ``max_connects``: of each host; ``max_octets`` a user sends in one connection; ``aborts``:
    whether users abort; ``settles``: whether the run must end in CLOSED.  ``forge`` may be overridden.  ``sim`` is
    the simulation; subclasses add rules and invariants of their own and make moves with ``move``.
    """

    profile: ClassVar[Profile] = RFC9293
    delay: ClassVar[int] = 10 * MS
    max_drops: ClassVar[int] = 3
    max_duplicates: ClassVar[int] = 3
    max_delays: ClassVar[int] = 3
    max_forged: ClassVar[int] = 0
    delays: ClassVar[tuple[int, ...]] = (1 * MS, 15 * MS, 4 * SECOND)
    early: ClassVar[tuple[str, ...]] = ("rtx", "persist", "delack", "override")
    max_connects: ClassVar[int] = 2
    max_octets: ClassVar[int] = 64
    aborts: ClassVar[bool] = False
    settles: ClassVar[bool] = True
    #: The simulation of the last run that failed.
    failed: ClassVar[Simulator | None] = None

    def __init__(self) -> None:
        super().__init__()
        self._left = {
            Drop: self.max_drops,
            Duplicate: self.max_duplicates,
            Delay: self.max_delays,
            Inject: self.max_forged,
        }
        self._connects = dict.fromkeys(ENDS, 0)
        self._written: dict[Any, bytes] = {}
        self._read: dict[Any, bytes] = {}
        self._then: Move | str | None = None
        self._begin(0, 0)

    def _begin(self, client_iss: int, server_iss: int) -> None:
        self.sim = Simulator(profile=self.profile)
        for name, iss in zip(ENDS, (client_iss, server_iss), strict=True):
            # Later ones are given too: what is opened twice within a tick of the ISN's clock would get one number.
            self.sim.host(name, iss=[(iss + (n << 28)) & MASK for n in range(8)])
        self.sim.link(*ENDS, delay=self.delay)
        self.watch = Watch(self.sim)

    @initialize(
        client_iss=seqnums(), server_iss=seqnums(), opening=st.sampled_from(OPENINGS), events=st.integers(0, 6)
    )
    def begin(self, client_iss: int, server_iss: int, opening: str, events: int) -> None:
        """The first connection of each host begins at these numbers; most runs begin with an opening under way."""
        self._begin(client_iss, server_iss)
        if opening == "nothing":
            return
        if opening == "passive":
            self.listen()
        else:
            self._connect("server")
        self._connect("client")
        for _ in range(events):
            self.event()
        if self._queued():
            self.accept()

    # -- making moves

    def move(self, move: Move) -> Any:
        """Make a move and check every invariant; what the move returned."""
        self._then = move
        result = self.sim.apply(move)
        self._then = None
        self.watch.check()
        return result

    def event(self) -> bool:
        """Let the earliest event happen and check every invariant; False when nothing was left."""
        self._then = "step"
        happened = bool(self.sim.step())
        self._then = None
        self.watch.check()
        return happened

    # -- what there is

    def packets(self) -> list[int]:
        """The packets in flight."""
        return list(self.sim.world.flight)

    def sockets(self, able: Callable[[Conn], object] = bool) -> list[tuple[str, int, Conn]]:
        """(host, descriptor, connection) of the open sockets that are no listeners and for which ``able`` holds."""
        world = self.sim.world
        return [
            (host.name, fd, conn)
            for host in world.hosts
            for fd, descriptor in sorted(host.fds.items())
            if (conn := world.conns[descriptor.conn]).backlog == 0 and able(conn)
        ]

    def listener(self) -> Socket | None:
        """The server's listening socket."""
        for socket in self.sim.hosts["server"].fds().values():
            if socket.state is LISTEN:
                return socket
        return None

    # -- the network

    @precondition(lambda self: any(due < NEVER for due in self._dues()))
    @rule(n=st.integers(1, 3))
    def step(self, n: int) -> None:
        """The next events happen."""
        for _ in range(n):
            self.event()

    def _dues(self) -> list[int]:
        world = self.sim.world
        return [due for due, _, _ in world.flight.values()] + [conn.tcb.earliest() for conn in world.conns.values()]

    @precondition(lambda self: len(self.sim.world.flight) > 1)
    @rule(which=_which())
    def deliver(self, which: int) -> None:
        """A packet arrives now, before the others."""
        self.move(Deliver((_pick(self.packets(), which),)))

    @precondition(lambda self: self._left[Drop] and self.sim.world.flight)
    @rule(which=_which())
    def drop(self, which: int) -> None:
        """A packet is lost."""
        self._left[Drop] -= 1
        self.move(Drop(_pick(self.packets(), which)))

    @precondition(lambda self: self._left[Duplicate] and self.sim.world.flight)
    @rule(which=_which())
    def duplicate(self, which: int) -> None:
        """A packet is doubled."""
        self._left[Duplicate] -= 1
        self.move(Duplicate(_pick(self.packets(), which)))

    @precondition(lambda self: self._left[Delay] and self.sim.world.flight)
    @rule(which=_which(), by=_which())
    def delay_packet(self, which: int, by: int) -> None:
        """A packet takes longer."""
        self._left[Delay] -= 1
        self.move(Delay(_pick(self.packets(), which), _pick(self.delays, by)))

    def timers(self) -> list[tuple[int, str]]:
        """(connection, timer) of the timers that may run out early."""
        return [
            (conn.number, name)
            for conn in self.sim.world.conns.values()
            for name in TIMERS
            if name in self.early and getattr(conn.tcb, f"{name}_due") != NEVER
        ]

    @precondition(lambda self: self.timers())
    @rule(which=_which())
    def expire(self, which: int) -> None:
        """A timer runs out now, ahead of time."""
        self.move(Expire(*_pick(self.timers(), which)))

    def forge(self, tcb: Tcb) -> st.SearchStrategy[Segment]:
        """What an attacker sends to a connection: resets near the edges of its window."""
        return resets(tcb)

    @precondition(lambda self: self._left[Inject] and self.sockets(_is_open))
    @rule(which=_which(), data=st.data())
    def forged(self, which: int, data: st.DataObject) -> None:
        """A forged segment is on its way."""
        self._left[Inject] -= 1
        segment = data.draw(self.forge(_pick(self.sockets(_is_open), which)[2].tcb))
        if not segment.flags & RST:
            self.watch.honest = False
        self.move(Inject(segment.key(), 0))

    # -- the users

    @precondition(lambda self: self.listener() is None)
    @rule()
    def listen(self) -> None:
        """The server listens."""
        self.move(Call("server", "listen", (PORTS["server"][0],)))

    def _free_port(self, end: str) -> int | None:
        taken = {flow[1] for flow in self.sim.world.host(end).conns}
        return next((port for port in PORTS[end] if port not in taken), None)

    def _may_connect(self, end: str) -> bool:
        return self._connects[end] < self.max_connects and self._free_port(end) is not None

    @precondition(lambda self: any(self._may_connect(end) for end in ENDS))
    @rule(which=_which())
    def connect(self, which: int) -> None:
        """A user connects: the client to the server's port, or the server, from that port, to the client's."""
        self._connect(_pick([end for end in ENDS if self._may_connect(end)], which))

    def _connect(self, end: str) -> None:
        self._connects[end] += 1
        other = ENDS[end == "client"]
        address = self.sim.hosts[other].addresses[0]
        self.move(Call(end, "connect", (address, PORTS[other][0], self._free_port(end))))

    def _queued(self) -> bool:
        listener = self.listener()
        return listener is not None and bool(self.sim.world.conns[listener.number].queue)

    @precondition(lambda self: self._queued())
    @rule()
    def accept(self) -> None:
        """The server accepts a connection."""
        listener = self.listener()
        assert listener is not None
        self.move(Call("server", "accept", (listener.fd,)))

    def _may_send(self, conn: Conn) -> bool:
        tcb = conn.tcb
        return (
            tcb.state in (SYN_SENT, SYN_RECV, ESTABLISHED, CLOSE_WAIT)
            and not tcb.fin_queued
            and tcb.snd_buf.size < conn.profile.snd_buf
            and len(self._written.get(_sends(tcb), b"")) < self.max_octets
        )

    @precondition(lambda self: self.sockets(self._may_send))
    @rule(which=_which(), n=st.integers(1, 20))
    def send(self, which: int, n: int) -> None:
        """A user sends."""
        host, fd, conn = _pick(self.sockets(self._may_send), which)
        stream = _sends(conn.tcb)
        so_far = self._written.get(stream, b"")
        data = bytes((len(so_far) + i) & 0xFF for i in range(min(n, self.max_octets - len(so_far))))
        taken = self.move(Call(host, "send", (fd, data)))
        self._written[stream] = so_far + data[:taken]

    @precondition(lambda self: self.sockets(_may_receive))
    @rule(which=_which(), n=st.integers(1, 64))
    def recv(self, which: int, n: int) -> None:
        """A user receives."""
        host, fd, conn = _pick(self.sockets(_may_receive), which)
        self._recv(host, fd, conn, n)

    def _recv(self, host: str, fd: int, conn: Conn, n: int) -> bytes | None:
        stream = _receives(conn.tcb)
        data: bytes | None = self.move(Call(host, "recv", (fd, n)))
        if data is not None:
            self._read[stream] = read = self._read.get(stream, b"") + data
            if self.watch.honest:
                stream_prefix(self._written.get(stream, b""), read, ended=not data)
        return data

    @precondition(lambda self: self.sockets(_may_shut_down))
    @rule(which=_which())
    def shutdown(self, which: int) -> None:
        """A user closes the sending half."""
        host, fd, _ = _pick(self.sockets(_may_shut_down), which)
        self.move(Call(host, "shutdown", (fd,)))

    @precondition(lambda self: self.sockets(self._may_close))
    @rule(which=_which())
    def close(self, which: int) -> None:
        """A user closes, and will not read what still comes."""
        host, fd, _ = _pick(self.sockets(self._may_close), which)
        self.move(Call(host, "close", (fd,)))

    def _may_close(self, conn: Conn) -> bool:
        # Nobody would empty the buffer any more: the peer would probe a closed window for ever (MUST-37).
        return conn.state is CLOSED or conn.tcb.fin_received or conn.profile.rcv_buf > self.max_octets

    @precondition(lambda self: self.aborts and self.sockets(_is_open))
    @rule(which=_which())
    def abort(self, which: int) -> None:
        """A user aborts."""
        host, fd, _ = _pick(self.sockets(_is_open), which)
        self.move(Call(host, "abort", (fd,)))

    @precondition(lambda self: self._over())
    @rule()
    def rest(self) -> None:
        """Nothing is left to do."""

    def _over(self) -> bool:
        users = (self._may_send, _may_receive, _may_shut_down, self._may_close)
        busy = any(due < NEVER for due in self._dues()) or self._queued() or any(map(self.sockets, users))
        return not busy and self.listener() is not None and not any(map(self._may_connect, ENDS))

    # -- the end

    def settle(self, *, limit: int = 2_000) -> None:
        """Both users read what there is and close, and no more faults: every connection comes to CLOSED."""
        for _ in range(limit):
            listener = self.listener()
            while self._queued():
                self.accept()
            for host, fd, _ in self.sockets(_may_shut_down):
                self.move(Call(host, "shutdown", (fd,)))
            for host, fd, conn in self.sockets(_may_receive):
                self._recv(host, fd, conn, 1 << 20)
            for host, fd, _ in self.sockets(_is_done):
                self.move(Call(host, "close", (fd,)))
            if not self.event():
                if listener is None:
                    break
                self.move(Call("server", "close", (listener.fd,)))
        for conn in self.sim.world.conns.values():
            if conn.state is not CLOSED:
                raise InvariantBroken(
                    "everything_closes",
                    f"both users have closed and nothing is lost any more, and after {self.sim.now / SECOND:.3f} s "
                    f"connection {conn.number} of {self.sim.world.hosts[conn.host].name} is still in {conn.state}",
                )

    def teardown(self) -> None:
        """Come to an end in order; if the run has failed, say how it can be repeated."""
        error = sys.exception()
        if error is None:
            if not self.settles:
                return
            try:
                self.settle()
            except Exception as failure:
                self._explain(failure)
                raise
        elif isinstance(error, Exception) and not isinstance(error, HypothesisException):
            self._explain(error)

    def _explain(self, error: Exception) -> None:
        """Put the ladder and the script that repeats the run on the exception."""
        if not current_build_context().is_final:
            return  # hypothesis is still looking for a shorter run
        type(self).failed = self.sim
        script = replay_script(self.sim, then=self._then, check=self._then is None, honest=self.watch.honest)
        error.add_note(f"\n{ladder_of(self.sim)}\n\nTo run it again:\n\n{script}")


def ladder_of(sim: Simulator) -> str:
    """The ladder; where it cannot be drawn, the records one by one."""
    try:
        return sim.ladder()
    except ImportError:
        return "\n".join(map(str, sim.trace))


def _pick(things: Any, which: int) -> Any:
    return things[which % len(things)]


def _sends(tcb: Tcb) -> Any:
    """The name of the stream that this end writes."""
    return tcb.flow, tcb.iss


def _receives(tcb: Tcb) -> Any:
    """The name of the stream that this end reads, as its writer calls it."""
    return tcb.peer_flow, tcb.irs


def _is_open(conn: Conn) -> bool:
    return conn.state is not CLOSED


def _is_done(conn: Conn) -> bool:
    return conn.state is CLOSED or (conn.tcb.fin_received and conn.tcb.fin_queued and not conn.tcb.rcv_buf.size)


def _may_receive(conn: Conn) -> bool:
    tcb = conn.tcb
    return bool(tcb.rcv_buf.size) or (tcb.fin_received and tcb.error is None)


def _may_shut_down(conn: Conn) -> bool:
    return conn.state is not CLOSED and not conn.tcb.fin_queued
