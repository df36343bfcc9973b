"""The stage of the state machine: two hosts on a link, moves that are checked, and what there is to move.

``TcpStateMachine`` (``tcpsim.testing.machine``) is this, the rules of the network and those of the users.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from ..net.handles import Socket
from ..net.host import Conn
from ..net.moves import Corrupt, Delay, Drop, Duplicate, Inject, InjectIcmp, Move, Reboot, SetLink
from ..net.simulator import Simulator
from ..net.world import World
from ..tcp.profiles import RFC9293, Profile
from ..tcp.seq import MASK
from ..tcp.states import CLOSED, LISTEN
from ..tcp.tcb import Tcb
from ..tcp.units import MS, SECOND
from .watch import Watch

ENDS = ("client", "server")
#: Where connections begin and end.  From its second port the client can open another while the first is open.
PORTS = {"client": (40000, 40001), "server": (80,)}

#: Which of the things that a rule can be about: counted round, so that every number will do.
ANY: Final = st.integers(0, 3)


class Driving(RuleBasedStateMachine):
    """Two hosts on a link, ``client`` and ``server``; see ``TcpStateMachine`` for the attributes."""

    profile: ClassVar[Profile] = RFC9293
    delay: ClassVar[int] = 10 * MS
    max_drops: ClassVar[int] = 3
    max_duplicates: ClassVar[int] = 3
    max_delays: ClassVar[int] = 3
    max_corrupts: ClassVar[int] = 0
    max_forged: ClassVar[int] = 0
    max_icmp: ClassVar[int] = 0
    max_reboots: ClassVar[int] = 0
    max_partitions: ClassVar[int] = 0
    delays: ClassVar[tuple[int, ...]] = (1 * MS, 15 * MS, 4 * SECOND)
    early: ClassVar[tuple[str, ...]] = ("rtx", "persist", "delack", "override")
    max_connects: ClassVar[int] = 2
    max_octets: ClassVar[int] = 64
    aborts: ClassVar[bool] = False
    settles: ClassVar[bool] = True
    steers: ClassVar[bool] = True
    #: Predicates of one's own over the world, asked after every move; each raises or returns None.
    must_hold: ClassVar[tuple[Callable[[World], None], ...]] = ()
    #: A folder for trace, capture and player of a run that fails; None: the one that ``--tcpsim-trace`` names, if any.
    save: ClassVar[str | None] = None
    #: The simulation of the last run that failed.
    failed: ClassVar[Simulator | None] = None

    def __init__(self) -> None:
        super().__init__()
        self._left: dict[type, int] = {
            Drop: self.max_drops,
            Duplicate: self.max_duplicates,
            Delay: self.max_delays,
            Corrupt: self.max_corrupts,
            Inject: self.max_forged,
            InjectIcmp: self.max_icmp,
            Reboot: self.max_reboots,
            SetLink: self.max_partitions,
        }
        self._connects = dict.fromkeys(ENDS, 0)
        self._then: Move | str | None = None
        self._begin(0, 0)

    def _begin(self, client_iss: int, server_iss: int) -> None:
        self.sim = Simulator(profile=self.profile)
        for name, iss in zip(ENDS, (client_iss, server_iss), strict=True):
            # Later ones are given too: what is opened twice within a tick of the ISN's clock would get one number.
            self.sim.host(name, iss=[(iss + (n << 28)) & MASK for n in range(8)])
        self.sim.link(*ENDS, delay=self.delay)
        self.prepare()
        self.watch = Watch(self.sim)

    # -- hooks: each does nothing, or the usual, unless a subclass says more

    def prepare(self) -> None:
        """Called before the first move: add hosts, links, scripts or a firewall to ``self.sim``."""

    def moved(self) -> None:
        """Called after every move, when the invariants hold: raise if something of one's own does not."""

    def finished(self) -> None:
        """Called when a run has come to its end, and everything is closed if it ``settles``."""

    def forge(self, tcb: Tcb) -> st.SearchStrategy[Any]:
        """What an attacker sends to a connection: segments (by default resets near the edges of its window)."""
        from .strategies import resets

        return resets(tcb)

    # -- making moves

    def move(self, move: Move) -> Any:
        """Make a move and check every invariant; what the move returned."""
        self._then = move
        result = self.sim.apply(move)
        self._then = None
        self._check(move, result)
        return result

    def event(self) -> bool:
        """Let the earliest event happen and check every invariant; False when nothing was left."""
        self._then = "step"
        happened = bool(self.sim.step())
        self._then = None
        self._check()
        return happened

    def _check(self, move: Move | None = None, result: Any = None) -> None:
        self.watch.check(move, result)
        for holds in self.must_hold:
            holds(self.sim.world)
        self.moved()

    def spend(self, kind: type) -> None:
        """One move of this kind less is left in this run."""
        self._left[kind] -= 1

    def left(self, kind: type) -> int:
        """How many moves of this kind are left in this run."""
        return self._left[kind]

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

    def dues(self) -> list[int]:
        """When the packets in flight and the running timers are due, ns."""
        world = self.sim.world
        return [
            *(due for due, _, _ in world.flight.values()),
            *(due for due, _, _ in world.icmp.values()),
            *(conn.tcb.earliest() for conn in world.conns.values()),
        ]


def pick(things: Any, which: int) -> Any:
    """One of ``things``, counted round."""
    return things[which % len(things)]


def is_open(conn: Conn) -> bool:
    """Whether a connection is not CLOSED."""
    return conn.state is not CLOSED
