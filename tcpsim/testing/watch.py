"""Watching a simulation: every invariant after every move, those about the move itself included."""

from __future__ import annotations

from typing import Any, Final

from ..net.moves import Move
from ..net.simulator import Simulator
from ..net.world import World
from ..tcp.errors import TcpsimError
from ..tcp.profiles import Profile
from ..tcp.segment import ACK, FIN, RST, SYN
from ..tcp.seq import MASK, diff, in_window, le
from ..tcp.states import (
    CLOSED,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LISTEN,
    SYN_RECV,
    SYN_SENT,
    SYNCHRONISED,
    TIME_WAIT,
)
from ..tcp.tcb import Tcb
from ..trace.records import Header
from ..trace.trace import Trace
from .invariants import InvariantBroken, check_world
from .streams import OF_A_TRACE, Ledger


def _surely_acceptable(before: Tcb, seg: Header) -> bool:
    """Whether a segment is the very next one: no check before the ACK's can find anything wrong with it."""
    if seg.flags & (ACK | SYN | RST) != ACK or seg.seq != before.rcv_nxt:
        return False
    if before.ts_ok and (seg.tsval is None or diff(seg.tsval, before.ts_recent) < 0):
        return False
    return seg.len + (seg.flags & FIN) <= before.rcv_wnd


def text_in_order_is_taken(before: Tcb, after: Tcb, seg: Header, profile: Profile, now: int) -> None:
    """A segment that begins at RCV.NXT, fits the window and has an acceptable ACK is taken whole, its FIN included.

    RFC 9293 3.10.7.4, seventh and eighth: RCV.NXT moves over all of it.
    """
    if before.state not in (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2) or before.fin_received:
        return
    if not _surely_acceptable(before, seg) or not (le(before.snd_una, seg.ack) and le(seg.ack, before.snd_nxt)):
        return
    fin = seg.flags & FIN
    end = (seg.seq + seg.len + fin) & MASK
    if fin and before.rcv_fin not in (None, (end - 1) & MASK):
        return  # another end of the stream was believed first
    if not le(end, after.rcv_nxt) or (fin and not after.fin_received):
        raise InvariantBroken(
            "text_in_order_is_taken",
            f"{before.state}: {seg.names} {seg.seq} .. {end} arrived at RCV.NXT {before.rcv_nxt} and the window was "
            f"{before.rcv_wnd}; RCV.NXT is {after.rcv_nxt} now, peer's FIN received: {after.fin_received}",
        )


def acceptable_ack_is_used(before: Tcb, after: Tcb, seg: Header, profile: Profile, now: int) -> None:
    """If SND.UNA < SEG.ACK =< SND.NXT, SND.UNA moves to SEG.ACK, and a connection in SYN_RECV opens.

    RFC 9293 3.10.7.4, fifth; asked of segments that begin at RCV.NXT.
    """
    if before.state not in (SYN_RECV, *SYNCHRONISED) or after.state in (CLOSED, LISTEN):
        return
    news = not le(seg.ack, before.snd_una) and le(seg.ack, before.snd_nxt)
    if not news or not _surely_acceptable(before, seg):
        return
    if not le(seg.ack, after.snd_una) or after.state is SYN_RECV:
        raise InvariantBroken(
            "acceptable_ack_is_used",
            f"{before.state} -> {after.state}: an ACK for {seg.ack} arrived, SND.UNA was {before.snd_una} and SND.NXT "
            f"{before.snd_nxt}; SND.UNA is {after.snd_una} now",
        )


def reset_only_at_rcv_nxt(before: Tcb, after: Tcb, seg: Header, profile: Profile, now: int) -> None:
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


def repeated_fin_restarts_2msl(before: Tcb, after: Tcb, seg: Header, profile: Profile, now: int) -> None:
    """The peer's FIN, come again in TIME_WAIT, lets 2MSL begin anew (RFC 9293 3.10.7.4, eighth)."""
    if before.state is not TIME_WAIT or after.state is not TIME_WAIT or not profile.fin_restarts_time_wait:
        return
    repeated = seg.flags & (ACK | FIN | SYN | RST) == ACK | FIN and (seg.seq + seg.len + 1) & MASK == before.rcv_nxt
    if repeated and not before.ts_ok and after.time_wait_due != now + 2 * profile.msl:
        raise InvariantBroken(
            "repeated_fin_restarts_2msl",
            f"the peer's FIN arrived again at {now} ns, and 2MSL ends at {after.time_wait_due} ns: "
            f"{after.time_wait_due - now} ns later, and 2MSL is {2 * profile.msl}",
        )


def segment_reaches_its_connection(before: Tcb, after: Tcb, seg: Header, profile: Profile, now: int) -> None:
    """A connection gets the segments of its own 4-tuple: both addresses and both ports (RFC 9293 3.3.1, 3.4.1)."""
    if before.flow[2] and before.flow != seg.flow:
        raise InvariantBroken(
            "segment_reaches_its_connection",
            f"a segment from {seg.src} to {seg.dst} arrived at the connection {before.flow[0]}:{before.flow[1]} "
            f"with {before.flow[2]}:{before.flow[3]}",
        )


#: The predicates over a block before and after one segment has arrived: (before, after, segment, profile, time in ns).
OF_AN_ARRIVAL: Final = (
    segment_reaches_its_connection,
    acceptable_ack_is_used,
    text_in_order_is_taken,
    reset_only_at_rcv_nxt,
    repeated_fin_restarts_2msl,
)


def r2_ends_it(before: Tcb, after: Tcb, timer: str, profile: Profile, now: int) -> None:
    """A retransmission time-out at or past R2 ends the connection, or sends its child back to LISTEN (MUST-20)."""
    if timer != "rtx" or before.state not in (SYN_SENT, SYN_RECV, *SYNCHRONISED):
        return
    opening = before.state in (SYN_SENT, SYN_RECV)
    r2 = before.r2_syn if opening else before.r2
    waited = now - before.rtx_since
    over = profile.r2_count is not None and before.rtx_count >= profile.r2_count
    if profile.r2_count is None or opening:
        over = over or (r2 is not None and waited >= r2)
    if over and after.state not in (CLOSED, LISTEN):
        raise InvariantBroken(
            "r2_ends_it",
            f"{before.state}: nothing was acknowledged for {waited} ns and {before.rtx_count} retransmissions, "
            f"R2 is {r2 if profile.r2_count is None else profile.r2_count}, and the state is {after.state}",
        )


#: The predicates over a block before and after a timer has run out: (before, after, timer, profile, time in ns).
OF_A_TIMER: Final = (r2_ends_it,)


class Watch:
    """Checks a simulation after every move: call ``check`` after each.

    The simulation keeps a trace.  ``honest``: set it to False once somebody has forged a segment, or a host has
    forgotten its connections.  ``ledger``: what users have written, where they do so by hand.
    """

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.honest = True
        self.ledger = Ledger()
        # What a script sends is nowhere to be seen, so what its peer reads cannot be judged.
        self._streams = not sim.world.scripts and not sim.world.starters
        self._before: World = sim.world.copy()
        self._seen = len(sim.trace.raw)

    def check(self, move: Move | None = None, result: Any = None) -> None:
        """Raise InvariantBroken if the last move broke an invariant.

        ``move``, ``result``: the last move if it was made by hand, and what ``apply`` returned; without them streams
        are not compared.
        """
        world, trace = self.sim.world, self.sim.trace
        if move is not None and self.honest and self._streams:
            self.ledger.enter(move, result, self._before)
        check_world(world, self._before, honest=self.honest)
        self._check_events(trace)
        for check in OF_A_TRACE:
            check(trace, self._seen)
        self._before = world.copy()
        self._seen = len(trace.raw)

    def _check_events(self, trace: Trace) -> None:
        """The predicates about single events, for the connections that had just one in this move."""
        found: dict[int, list[Any]] = {}
        for raw in trace.raw[self._seen :]:
            if raw[0] in ("arrived", "timer_fired", "call", "refused") and raw[3] is not None:
                found.setdefault(raw[3], []).append(raw)
        for number, raws in found.items():
            before, after = self._before.conns.get(number), self.sim.world.conns.get(number)
            if before is None or after is None or len(raws) > 1:
                continue
            kind, now, *_, what = raws[0]
            if kind == "arrived":
                sent = trace.introduced(what)
                assert sent is not None
                for of_arrival in OF_AN_ARRIVAL:
                    of_arrival(before.tcb, after.tcb, sent[1], before.profile, now)
            elif kind == "timer_fired":
                for of_timer in OF_A_TIMER:
                    of_timer(before.tcb, after.tcb, what, before.profile, now)


def check_run(sim: Simulator, *, honest: bool = True) -> None:
    """Go through all that has happened in ``sim`` and check every invariant after every move.

    ``sim`` itself stays where it is.  Raises InvariantBroken, whose note tells after how many moves.
    """
    by_hand = {position: (when, move) for position, when, move in sim.recorded()}
    run = sim.fork()
    end = run.position
    run.goto(0)
    watch = Watch(run)
    watch.honest = honest
    while run.position < end:
        move, result, before = None, None, run.position
        if before in by_hand:
            run.world.now, move = by_hand[before]
            result = run.apply(move)
        else:
            run.step()
        if run.position == before:
            raise TcpsimError(f"move {before} cannot be made again: the engine has changed since")
        try:
            watch.check(move, result)
        except TcpsimError as error:
            error.add_note(f"after move {run.position} of {end}, at {run.now} ns")
            raise
