"""Watching a simulation: every invariant after every move, those about the move itself included."""

from __future__ import annotations

from typing import Any, Final

from ..net.simulator import Simulator
from ..net.world import World
from ..tcp.errors import TcpsimError
from ..tcp.profiles import Profile
from ..tcp.segment import ACK, FIN, RST, SYN
from ..tcp.seq import MASK, diff, in_window, le
from ..tcp.states import ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, SYN_RECV, SYNCHRONISED
from ..tcp.tcb import Tcb
from ..trace.records import Header
from ..trace.trace import Trace
from .invariants import InvariantBroken, check_world
from .streams import OF_A_TRACE


def text_in_order_is_taken(before: Tcb, after: Tcb, seg: Header, profile: Profile) -> None:
    """A segment that begins at RCV.NXT, fits the window and has an acceptable ACK is taken whole, its FIN included.

    RFC 9293 3.10.7.4, seventh and eighth: RCV.NXT moves over all of it.
    """
    if before.state not in (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2) or before.fin_received:
        return
    fin = seg.flags & FIN
    if seg.flags & (ACK | SYN | RST) != ACK or seg.seq != before.rcv_nxt or seg.len + fin > before.rcv_wnd:
        return
    if not (le(before.snd_una, seg.ack) and le(seg.ack, before.snd_nxt)):
        return
    end = (seg.seq + seg.len + fin) & MASK
    if not le(end, after.rcv_nxt) or (fin and not after.fin_received):
        raise InvariantBroken(
            "text_in_order_is_taken",
            f"{before.state}: {seg.names} {seg.seq} .. {end} arrived at RCV.NXT {before.rcv_nxt} and the window was "
            f"{before.rcv_wnd}; RCV.NXT is {after.rcv_nxt} now, peer's FIN received: {after.fin_received}",
        )


def reset_only_at_rcv_nxt(before: Tcb, after: Tcb, seg: Header, profile: Profile) -> None:
    """A RST ends a synchronised connection only at exactly RCV.NXT, or in the window where RFC 5961 is off (A-29)."""
    if not seg.flags & RST or before.state not in (SYN_RECV, *SYNCHRONISED) or after.state is before.state:
        return
    wnd = max(before.rcv_wnd, 1)
    exact = seg.seq == before.rcv_nxt
    if not (exact if profile.rst_exact else in_window(seg.seq, before.rcv_nxt, wnd)):
        raise InvariantBroken(
            "reset_only_at_rcv_nxt",
            f"{before.state} -> {after.state}: RST {seg.seq} arrived at RCV.NXT {before.rcv_nxt}, "
            f"{diff(seg.seq, before.rcv_nxt)} away; the window was {before.rcv_wnd}",
        )


#: The predicates over a block before and after one segment has arrived: (before, after, segment, profile).
OF_AN_ARRIVAL: Final = (text_in_order_is_taken, reset_only_at_rcv_nxt)


class Watch:
    """Checks a simulation after every move: call ``check`` after each.

    The simulation keeps a trace.  ``honest``: set it to False once somebody has forged a segment.
    """

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.honest = True
        self._before: World = sim.world.copy()
        self._seen = len(sim.trace.raw)

    def check(self) -> None:
        """Raise InvariantBroken if the last move broke an invariant."""
        world, trace = self.sim.world, self.sim.trace
        check_world(world, self._before, honest=self.honest)
        self._check_arrivals(trace)
        for check in OF_A_TRACE:
            check(trace, self._seen)
        self._before = world.copy()
        self._seen = len(trace.raw)

    def _check_arrivals(self, trace: Trace) -> None:
        """The predicates about single segments, for the moves in which a connection got just one."""
        arrived: dict[int, list[int]] = {}
        others: set[Any] = set()
        for raw in trace.raw[self._seen :]:
            if raw[0] == "arrived":
                arrived.setdefault(raw[3], []).append(raw[5])
            elif raw[0] in ("call", "timer_fired"):
                others.add(raw[3])
        for number, packets in arrived.items():
            before, after = self._before.conns.get(number), self.sim.world.conns.get(number)
            found = trace.introduced(packets[0])
            if before is None or after is None or found is None or len(packets) > 1 or number in others:
                continue
            for check in OF_AN_ARRIVAL:
                check(before.tcb, after.tcb, found[1], before.profile)


def check_run(sim: Simulator, *, honest: bool = True) -> None:
    """Go through all that has happened in ``sim`` and check every invariant after every move.

    ``sim`` itself stays where it is.  Raises InvariantBroken, whose note tells after how many moves.
    """
    run = sim.fork()
    end = run.position
    run.goto(0)
    watch = Watch(run)
    watch.honest = honest
    while run.position < end:
        run.goto(run.position + 1)
        try:
            watch.check()
        except TcpsimError as error:
            error.add_note(f"after move {run.position} of {end}, at {run.now} ns")
            raise
