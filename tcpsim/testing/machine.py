"""``TcpStateMachine``: hypothesis plays the network and both users, move by move.

The rules are the moves of a world of two hosts: events in order or out of it, losses, duplicates, delays, damage,
early time-outs, forged segments, reboots, user calls.  Every invariant is checked after every move, and at the end
both users close and everything has to come to CLOSED.  A failure shows the ladder and a script that repeats it.

    TestTcp = TcpStateMachine.TestCase                     # as it is, or
    class Tiny(TcpStateMachine):
        profile = TcpStateMachine.profile.but(rcv_buf=8, mss=4)
    TestTiny = Tiny.TestCase
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import getmembers, isfunction
from typing import Any

from hypothesis import strategies as st
from hypothesis import target
from hypothesis.control import current_build_context
from hypothesis.errors import HypothesisException
from hypothesis.stateful import INVARIANT_MARKER, initialize, precondition, rule

from ..net.host import Conn
from ..net.moves import Call
from ..net.simulator import Simulator
from ..tcp.states import BY_ID, CLOSED
from ..tcp.units import NEVER
from .driving import ENDS, Driving
from .failures import explain
from .invariants import InvariantBroken, everything_closed
from .network_rules import NetworkRules
from .replay import replay_script
from .shorten import shorten
from .strategies import seqnums
from .user_rules import UserRules, may_receive, may_shut_down
from .watch import Watch, check_run

OPENINGS = ("nothing", "passive", "crossing")


class TcpStateMachine(NetworkRules, UserRules):
    """Two hosts on a link, ``client`` and ``server``, and everything that can happen to them.

    Class attributes say how much.

    - ``profile`` of both hosts; ``delay`` of the link, ns.
    - ``max_drops``, ``max_duplicates``, ``max_delays`` in one run, and, none unless asked for, ``max_corrupts``,
      ``max_forged`` segments, ``max_icmp`` errors, ``max_reboots`` and ``max_partitions``; ``delays``: by how much, ns.
    - ``early``: the timers that may run out ahead of time.
    - ``max_connects`` of each host; ``max_octets`` a user sends in one connection; ``aborts``: whether users abort.
    - ``settles``: whether the run must end in CLOSED.  ``steers``: whether hypothesis is to look for runs that reach
      many rows, verdicts and states (``hypothesis.target``).
    - ``must_hold``: predicates of one's own over the world.  ``save``: a folder for files about a run that fails.

    Hooks: ``prepare`` the world, ``moved`` after every move, ``finished`` at the end, ``forge`` what is forged.  Rules
    and invariants of one's own are hypothesis's, and make moves with ``move`` and ``event``.  ``sim`` is the simulation,
    ``watch`` what checks it, ``failed`` the simulation of the last run that failed.
    """

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
            self.open("server")
        self.open("client")
        for _ in range(events):
            self.event()
        if self.queued():
            self.accept()

    @precondition(lambda self: self._over())
    @rule()
    def rest(self) -> None:
        """Nothing is left to do."""

    def _over(self) -> bool:
        users: tuple[Callable[[Conn], object], ...] = (self._may_send, may_receive, may_shut_down, self._may_close)
        busy = any(due < NEVER for due in self.dues()) or self.queued() or any(map(self.sockets, users))
        return not busy and self.listener() is not None and not any(map(self._may_connect, ENDS))

    # -- the end

    def settle(self, *, limit: int = 2_000) -> None:
        """Both users read what there is and close, and no more faults: every connection comes to CLOSED."""
        for _ in range(limit):
            listener = self.listener()
            while self.queued():
                self.accept()
            for host, fd, _ in self.sockets(may_shut_down):
                self.move(Call(host, "shutdown", (fd,)))
            for host, fd, _ in self.sockets(may_receive):
                self.move(Call(host, "recv", (fd, 1 << 20)))
            for host, fd, _ in self.sockets(_is_done):
                self.move(Call(host, "close", (fd,)))
            if not self.event():
                if listener is None:
                    break
                self.move(Call("server", "close", (listener.fd,)))
        everything_closed(self.sim.world)

    def teardown(self) -> None:
        """Come to an end in order; if the run has failed, say how it can be repeated."""
        error = sys.exception()
        if error is None:
            try:
                if self.steers:
                    target(float(reached(self.sim)), label="rows, verdicts and states reached")
                if self.settles:
                    self.settle()
                self.finished()
            except Exception as failure:
                self._explain(failure, ended=True)
                raise
        elif isinstance(error, Exception) and not isinstance(error, HypothesisException):
            self._explain(error)

    def _explain(self, error: Exception, *, ended: bool = False) -> None:
        """Put the ladder and the script that repeats the run on the exception; in fewer moves where that can be."""
        if not current_build_context().is_final:
            return  # hypothesis is still looking for a shorter run
        shown, script = self.sim, ""
        if isinstance(error, InvariantBroken) and self._then is None and not ended:
            shown = shorten(self.sim, error, honest=self.watch.honest)
            if shown.position < self.sim.position:
                moves = f"{shown.position} moves already; the failing test case takes {self.sim.position}"
                error.add_note(f"\n{error.name} is broken in {moves}:")
                script = replay_script(shown, check=True, honest=self.watch.honest)
        type(self).failed = shown
        script = script or self._script(ended=ended)
        error.add_note(explain(shown, script, name=type(self).__name__, folder=self.save))

    def _script(self, *, ended: bool) -> str:
        """The run as a script that asks at its end what this machine asks."""
        cls, honest = type(self), self.watch.honest
        if self._then is not None:  # the move itself has failed
            return replay_script(self.sim, then=self._then)
        if _asks_more(cls) and "<locals>" not in cls.__qualname__:
            options = ("" if honest else ", honest=False") + (", ended=True" if ended else "")
            top = cls.__qualname__.partition(".")[0]
            ask = [(f"from {cls.__module__} import {top}", f"{cls.__qualname__}.judge(sim{options})")]
            return replay_script(self.sim, ask=ask)
        closed = ("from tcpsim.testing import everything_closed", "everything_closed(sim.world)")
        return replay_script(self.sim, check=True, honest=honest, ask=[closed] if ended and self.settles else [])

    @classmethod
    def judge(cls, sim: Simulator, *, honest: bool = True, ended: bool = False) -> None:
        """Ask of ``sim`` everything that a run of this machine is asked: after every move, and at the end.

        ``honest``: as for ``check_run``.  ``ended``: whether the run had come to its end.  What a subclass adds
        (``must_hold``, ``moved``, invariants, ``finished``) is asked of ``sim`` as it is now.
        """
        check_run(sim, honest=honest)
        machine = cls()
        machine.sim, machine.watch = sim, Watch(sim)
        machine.watch.honest = honest
        for holds in cls.must_hold:
            holds(sim.world)
        machine.moved()
        for asked in _invariants_of(cls):
            if all(applies(machine) for applies in asked.preconditions):
                asked.function(machine)
        if ended:
            if cls.settles:
                everything_closed(sim.world)
            machine.finished()


def _asks_more(cls: type[TcpStateMachine]) -> bool:
    """Whether a subclass has invariants or hooks of its own, or predicates."""
    hooks = ("moved", "finished")
    own = any(getattr(cls, hook) is not getattr(Driving, hook) for hook in hooks)
    return own or bool(cls.must_hold) or bool(_invariants_of(cls))


def _invariants_of(cls: type[TcpStateMachine]) -> list[Any]:
    """What hypothesis's ``invariant`` has marked in a class."""
    return [
        getattr(value, INVARIANT_MARKER)
        for _, value in getmembers(cls, isfunction)
        if hasattr(value, INVARIANT_MARKER)
    ]


def reached(sim: Simulator) -> int:
    """How many rows, verdicts and pairs of states a run has come to: what it is steered by."""
    found: set[object] = set()
    now: dict[str, object] = {}
    for raw in sim.trace.raw:
        if raw[0] == "fired":
            found.add(raw[5])
            now[raw[2]] = BY_ID[raw[5]].dst
            found.add(tuple(sorted(now.items())))
        elif raw[0] == "checked":
            found.add(raw[7])
    return len(found)


def _is_done(conn: Conn) -> bool:
    return conn.state is CLOSED or (conn.tcb.fin_received and conn.tcb.fin_queued and not conn.tcb.rcv_buf.size)
