"""What holds whatever the network does: named predicates over a block, a pair of ends, a world, a trace, a stream.

Each predicate returns None, or raises ``InvariantBroken`` with the numbers that do not fit.  All of them can be
used alone; ``check_world`` asks those that hold for every world, and ``Watch`` (``tcpsim.testing.watch``) those
about single moves as well.  Nothing here needs hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..net.host import Conn
from ..net.outbound import PACKET
from ..net.world import TIMER, World
from ..tcp.errors import TcpsimError
from ..tcp.profiles import RFC9293, Profile
from ..tcp.seq import MASK, diff, le
from ..tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECV,
    SYN_SENT,
    SYNCHRONISED,
    TIME_WAIT,
    State,
)
from ..tcp.tcb import TIMERS, Tcb
from ..tcp.units import NEVER, SECOND


class InvariantBroken(TcpsimError):
    """Something that must always hold does not.  ``name``: which invariant."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


def _who(tcb: Tcb) -> str:
    return f"{tcb.flow[0] or '*'}:{tcb.flow[1]} in {tcb.state}"


def running(tcb: Tcb) -> tuple[str, ...]:
    """The timers that run, in the order of ``TIMERS``."""
    return tuple(name for name in TIMERS if getattr(tcb, f"{name}_due") != NEVER)


def unsent(tcb: Tcb) -> int:
    """Octets the user has handed over that have not left yet."""
    return 0 if tcb.fin_seq is not None else diff((tcb.snd_buf_seq + tcb.snd_buf.size) & MASK, tcb.snd_nxt)


# -- one block

#: The states with a send sequence space of their own.
_OPENED: Final = (SYN_SENT, SYN_RECV, *SYNCHRONISED)
_FIN_ACKNOWLEDGED: Final = (FIN_WAIT_2, TIME_WAIT)
_FIN_PENDING: Final = (FIN_WAIT_1, CLOSING, LAST_ACK)
_PEER_CLOSED: Final = (CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT)


def snd_una_not_beyond_snd_nxt(tcb: Tcb, profile: Profile = RFC9293) -> None:
    """SND.UNA =< SND.NXT, and no more lies between them than a SYN, a buffer and a FIN (RFC 9293 3.4)."""
    if tcb.state in _OPENED:
        outstanding = (tcb.snd_nxt - tcb.snd_una) & MASK
        if outstanding > max(tcb.snd_limit, profile.snd_buf) + 2:
            raise InvariantBroken(
                "snd_una_not_beyond_snd_nxt",
                f"{_who(tcb)}: SND.UNA {tcb.snd_una} .. SND.NXT {tcb.snd_nxt} is {outstanding} numbers, "
                f"the send buffer takes {tcb.snd_limit}",
            )


def send_buffer_fits_numbers(tcb: Tcb, profile: Profile = RFC9293) -> None:
    """What is outstanding is SYN, held octets and FIN, in this order: nothing is unaccounted for."""
    if tcb.state not in _OPENED:
        return
    name = "send_buffer_fits_numbers"
    acknowledged = tcb.fin_seq is not None and tcb.snd_una == (tcb.fin_seq + 1) & MASK
    first = (tcb.iss + 1) & MASK if tcb.snd_una == tcb.iss else tcb.fin_seq if acknowledged else tcb.snd_una
    if tcb.snd_buf_seq != first:
        raise InvariantBroken(
            name, f"{_who(tcb)}: the send buffer begins at {tcb.snd_buf_seq}, the oldest number needed is {first}"
        )
    end = (tcb.snd_buf_seq + tcb.snd_buf.size) & MASK
    if tcb.fin_seq is not None:
        if tcb.fin_seq != end or tcb.snd_nxt != (end + 1) & MASK:
            raise InvariantBroken(
                name, f"{_who(tcb)}: FIN at {tcb.fin_seq} and SND.NXT {tcb.snd_nxt}, but the data ends at {end}"
            )
    elif tcb.snd_una != tcb.iss and not le(tcb.snd_nxt, end):
        raise InvariantBroken(name, f"{_who(tcb)}: SND.NXT {tcb.snd_nxt} lies behind the data, which ends at {end}")


def buffers_bounded(tcb: Tcb, profile: Profile = RFC9293) -> None:
    """Buffers keep their size, and the window never promises more than there is room for (RFC 9293 3.8.6)."""
    early = sum(len(piece) for _, piece in tcb.rcv_buf.early)
    to_send, to_read = max(tcb.snd_limit, profile.snd_buf), max(tcb.rcv_limit, profile.rcv_buf)
    for held, most, what in (
        (tcb.snd_buf.size, to_send, "octets to send"),
        (tcb.rcv_buf.size + early, to_read, "octets received"),
        (tcb.rcv_buf.size + tcb.rcv_wnd, to_read, "octets received and promised"),
        (len(tcb.rcv_buf.early), profile.max_held, "pieces held"),
    ):
        if held > most:
            raise InvariantBroken("buffers_bounded", f"{_who(tcb)}: {held} {what}, the most is {most}")
    if tcb.rcv_wnd < 0:
        raise InvariantBroken("buffers_bounded", f"{_who(tcb)}: RCV.WND is {tcb.rcv_wnd}")


def early_pieces_in_window(tcb: Tcb, profile: Profile = RFC9293) -> None:
    """What came too early lies inside the receive window, in order and disjoint."""
    if tcb.state not in (SYN_RECV, *SYNCHRONISED):
        return
    at = 0
    for start, piece in tcb.rcv_buf.early:
        offset = diff(start, tcb.rcv_nxt)
        if offset < at or not piece or offset + len(piece) > tcb.rcv_wnd:
            raise InvariantBroken(
                "early_pieces_in_window",
                f"{_who(tcb)}: {len(piece)} octets held at {start}, RCV.NXT is {tcb.rcv_nxt}, RCV.WND {tcb.rcv_wnd}",
            )
        at = offset + len(piece)


def timers_fit_state(tcb: Tcb, profile: Profile = RFC9293) -> None:
    """Every timer that runs has a reason, and everything that waits has a timer.

    2MSL runs in TIME_WAIT and nowhere else; in CLOSED and LISTEN nothing runs; the retransmission timer runs if
    and only if something is outstanding and the window is not being probed; data that may not leave yet has
    a timer that looks again.  (A profile may let the user timer run in every state, A-21.)
    """
    timers = set(running(tcb))
    state = tcb.state
    if profile.user_timer_everywhere:
        timers.discard("user")
    told = f"{_who(tcb)}: timers {', '.join(running(tcb)) or 'none'}"

    def broken(why: str) -> InvariantBroken:
        return InvariantBroken(
            "timers_fit_state", f"{told}; {why} (SND.UNA {tcb.snd_una}, SND.NXT {tcb.snd_nxt}, SND.WND {tcb.snd_wnd})"
        )

    if state in (CLOSED, LISTEN) and timers:
        raise broken("none is wanted")
    if ("time_wait" in timers) != (state is TIME_WAIT):
        raise broken("2MSL belongs to TIME_WAIT")
    if state is TIME_WAIT and timers != {"time_wait"}:
        raise broken("nothing but 2MSL is wanted")
    outstanding = state in _OPENED and tcb.snd_una != tcb.snd_nxt
    if outstanding != bool(timers & {"rtx", "persist"}) and not ("persist" in timers and unsent(tcb) > 0):
        raise broken("something is outstanding" if outstanding else "nothing is outstanding or waits")
    if {"rtx", "persist"} <= timers:
        raise broken("a window is probed or data retransmitted, not both")
    if "persist" in timers and tcb.snd_wnd:
        raise broken("the window is open")
    waits = state in SYNCHRONISED and unsent(tcb) > 0
    if waits and not outstanding and not timers & {"persist", "override"}:
        raise broken(f"{unsent(tcb)} octets wait, and nothing will wake them")
    if "override" in timers and not waits:
        raise broken("nothing waits to be sent")
    if "delack" in timers and state not in SYNCHRONISED:
        raise broken("there is nothing to acknowledge")


def fin_fits_state(tcb: Tcb, profile: Profile = RFC9293) -> None:
    """The state says what has become of both FINs (RFC 9293 3.3.2).

    FIN_WAIT_2 and TIME_WAIT: ours is acknowledged.  FIN_WAIT_1, CLOSING, LAST_ACK: it is sent or queued, and not
    acknowledged.  CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT: the peer's has come; before, it has not.
    """
    state = tcb.state
    if state not in _OPENED:
        return

    def broken(why: str) -> InvariantBroken:
        return InvariantBroken(
            "fin_fits_state",
            f"{_who(tcb)}: {why} (our FIN: {tcb.fin_seq}, SND.UNA {tcb.snd_una}; peer's FIN received: "
            f"{tcb.fin_received}, RCV.NXT {tcb.rcv_nxt})",
        )

    acknowledged = tcb.fin_seq is not None and tcb.snd_una == (tcb.fin_seq + 1) & MASK
    if acknowledged != (state in _FIN_ACKNOWLEDGED):
        raise broken("our FIN is acknowledged" if acknowledged else "our FIN is not acknowledged")
    closed = state in _FIN_PENDING or state in _FIN_ACKNOWLEDGED
    if closed and not tcb.fin_queued:
        raise broken("the user has not closed")
    if tcb.fin_queued and state in (SYN_SENT, ESTABLISHED):
        raise broken("the user has closed")
    if tcb.fin_seq is not None and not closed:
        raise broken("our FIN has left already")
    if state is LAST_ACK and tcb.fin_seq is None:
        raise broken("our FIN has not left")
    if tcb.fin_received != (state in _PEER_CLOSED):
        raise broken("the peer has closed" if tcb.fin_received else "the peer has not closed")


def no_ack_is_owed(tcb: Tcb, profile: Profile = RFC9293) -> None:
    """Between events no acknowledgment is owed: it has left, or waits under the delayed-ACK timer (MUST-40)."""
    if tcb.ack_now:
        raise InvariantBroken("no_ack_is_owed", f"{_who(tcb)}: the event is over, and the ACK it owes has not left")
    if tcb.state in SYNCHRONISED and tcb.last_ack_sent != tcb.rcv_nxt and tcb.delack_due == NEVER:
        raise InvariantBroken(
            "no_ack_is_owed",
            f"{_who(tcb)}: RCV.NXT is {tcb.rcv_nxt}, the last ACK sent was {tcb.last_ack_sent}, and no timer will "
            "send another",
        )


def syn_counts(tcb: Tcb, profile: Profile = RFC9293) -> None:
    """A SYN takes one sequence number: the octets begin after it, on both sides (RFC 9293 3.4)."""
    if tcb.state in (SYN_SENT, SYN_RECV) and tcb.snd_nxt == tcb.iss:
        raise InvariantBroken("syn_counts", f"{_who(tcb)}: our SYN has left, and SND.NXT is still ISS, {tcb.iss}")
    if tcb.state is SYN_RECV and tcb.rcv_nxt != (tcb.irs + 1) & MASK:
        raise InvariantBroken("syn_counts", f"{_who(tcb)}: the peer's SYN is {tcb.irs}, and RCV.NXT {tcb.rcv_nxt}")


#: The predicates over one block; each takes the block and its profile.
OF_A_BLOCK: Final[tuple[Callable[[Tcb, Profile], None], ...]] = (
    snd_una_not_beyond_snd_nxt,
    send_buffer_fits_numbers,
    buffers_bounded,
    early_pieces_in_window,
    fin_fits_state,
    timers_fit_state,
    no_ack_is_owed,
    syn_counts,
)


# -- two ends of a connection

#: With which states of the other end a state can coexist, if nobody reboots, aborts, forges or gives up.
#: An end that has not begun counts as CLOSED.  What is behind it: an ACK of our FIN means that the peer has it;
#: the peer's FIN here means that it was sent; and a FIN sent after the peer's was received acknowledges it, so
#: LAST_ACK never meets CLOSING.  FIN_WAIT_1 can be entered from SYN_RECV, so it meets SYN_SENT and SYN_RECV.
#: CLOSED meets SYN_RECV and FIN_WAIT_1 when CLOSE was called in SYN_SENT, CLOSING and LAST_ACK after 2MSL.
JOINT_STATES: Final[dict[State, frozenset[State]]] = {
    CLOSED: frozenset((CLOSED, SYN_SENT, SYN_RECV, FIN_WAIT_1, CLOSING, LAST_ACK, TIME_WAIT)),
    SYN_SENT: frozenset((CLOSED, SYN_SENT, SYN_RECV, FIN_WAIT_1)),
    SYN_RECV: frozenset((CLOSED, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT_1)),
    ESTABLISHED: frozenset((SYN_RECV, ESTABLISHED, FIN_WAIT_1)),
    FIN_WAIT_1: frozenset(
        (CLOSED, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT, CLOSING, LAST_ACK)
    ),
    FIN_WAIT_2: frozenset((CLOSE_WAIT, CLOSING, LAST_ACK)),
    CLOSE_WAIT: frozenset((FIN_WAIT_1, FIN_WAIT_2)),
    CLOSING: frozenset((CLOSED, FIN_WAIT_1, FIN_WAIT_2, CLOSING, TIME_WAIT)),
    LAST_ACK: frozenset((CLOSED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT)),
    TIME_WAIT: frozenset((CLOSED, CLOSING, LAST_ACK, TIME_WAIT)),
}  # fmt: skip


def are_ends(a: Tcb, b: Tcb) -> bool:
    """Whether two blocks are the ends of one connection: mirrored addresses, and the same incarnation."""
    if a.flow != b.peer_flow or LISTEN in (a.state, b.state):
        return False
    return _expects(a, b) and _expects(b, a)


def _expects(one: Tcb, other: Tcb) -> bool:
    """Whether ``one`` knows the other's initial sequence number, or knows none."""
    unknown = one.state is SYN_SENT or (one.state is CLOSED and one.irs == one.rcv_nxt == 0)
    return unknown or one.irs == other.iss


def legal_joint_states(a: Tcb, b: Tcb) -> None:
    """The states of two ends of a connection can coexist (see ``JOINT_STATES``).

    Asked of ends that were not reset, aborted or timed out: those have an ``error``.
    """
    if a.error is None and b.error is None and b.state not in JOINT_STATES.get(a.state, frozenset()):
        raise InvariantBroken("legal_joint_states", f"{_who(a)} while {_who(b)}: these states never meet")


def acknowledged_was_received(a: Tcb, b: Tcb) -> None:
    """What ``a`` holds for acknowledged, ``b`` has received; what ``b`` has received, ``a`` has sent."""
    if a.state in (CLOSED, SYN_SENT) or b.state in (CLOSED, SYN_SENT):
        return
    newest = a.probe_seq if a.probe_seq is not None and le(a.snd_nxt, a.probe_seq) else a.snd_nxt
    if not le(a.snd_una, b.rcv_nxt) or not le(b.rcv_nxt, newest):
        raise InvariantBroken(
            "acknowledged_was_received",
            f"{_who(a)}: SND.UNA {a.snd_una}, SND.NXT {newest}; {_who(b)}: RCV.NXT {b.rcv_nxt} lies not between them",
        )


#: The predicates over two ends, asked both ways round.  They hold while nobody forges segments.
OF_A_PAIR: Final[tuple[Callable[[Tcb, Tcb], None], ...]] = (legal_joint_states, acknowledged_was_received)


# -- a world


def pairs(world: World) -> Iterator[tuple[Conn, Conn]]:
    """The connections of a world of which it has both ends, each pair once."""
    by_flow: dict[object, list[Conn]] = {}
    for conn in world.conns.values():
        # What has ended is history once another has its addresses: within one tick of the clock both get one ISS.
        if conn.state is CLOSED and world.hosts[conn.host].conns.get(conn.tcb.flow, conn) is not conn:
            continue
        for other in by_flow.get(conn.tcb.peer_flow, ()):
            if are_ends(conn.tcb, other.tcb):
                yield other, conn
        by_flow.setdefault(conn.tcb.flow, []).append(conn)


def blocks_hold(world: World) -> None:
    """Every connection and listener keeps the invariants of a block (``OF_A_BLOCK``)."""
    for conn in world.conns.values():
        for check in OF_A_BLOCK:
            check(conn.tcb, conn.profile)


def one_connection_per_flow(world: World) -> None:
    """A segment belongs to one connection at most, and every connection that is not CLOSED can be reached."""
    name = "one_connection_per_flow"
    for host in world.hosts:
        known = {id(conn) for conn in (*host.conns.values(), *host.listeners.values())}
        for flow, found in host.conns.items():
            if found.tcb.flow != flow or world.conns.get(found.number) is not found:
                raise InvariantBroken(name, f"{host.name}: {flow} leads to {found.number}, {_who(found.tcb)}")
        for conn in world.conns.values():
            if conn.host == host.index and conn.state is not CLOSED and id(conn) not in known:
                raise InvariantBroken(
                    name, f"{host.name}: connection {conn.number}, {_who(conn.tcb)}, is out of reach"
                )


def deadlines_are_scheduled(world: World) -> None:
    """Whatever is due at some time has an entry in the event heap: no timer and no packet is forgotten."""
    entries = {(due, kind, number) for due, _, kind, number in world.heap}
    for conn in world.conns.values():
        due = conn.tcb.earliest()
        if due != NEVER and (conn.armed > due or (conn.armed, TIMER, conn.number) not in entries):
            raise InvariantBroken(
                "deadlines_are_scheduled",
                f"connection {conn.number}, {_who(conn.tcb)}: a timer is due at {due} ns, "
                f"the next look is at {'no time' if conn.armed == NEVER else conn.armed}",
            )
    for number, (due, _, _) in world.flight.items():
        if (due, PACKET, number) not in entries:
            raise InvariantBroken("deadlines_are_scheduled", f"packet {number}, due at {due} ns, will never arrive")


def quiet(world: World) -> bool:
    """Whether nothing is in flight and no timer runs but 2MSL and user time-outs."""
    return not world.flight and all(
        name in ("time_wait", "user") for conn in world.conns.values() for name in running(conn.tcb)
    )


def quiescence(world: World) -> None:
    """A quiet world waits for its users only: nothing is unacknowledged, nothing unsent, nobody half open."""
    if not quiet(world):
        return
    for conn in world.conns.values():
        tcb = conn.tcb
        if tcb.state in (SYN_SENT, SYN_RECV, FIN_WAIT_1, CLOSING, LAST_ACK):
            raise InvariantBroken("quiescence", f"the network is quiet, and {_who(tcb)} waits for an answer")
        if tcb.state in SYNCHRONISED and (tcb.snd_una != tcb.snd_nxt or unsent(tcb) > 0):
            raise InvariantBroken(
                "quiescence",
                f"the network is quiet, and {_who(tcb)} has {diff(tcb.snd_nxt, tcb.snd_una)} numbers unacknowledged "
                f"and {unsent(tcb)} octets unsent",
            )


def everything_closed(world: World) -> None:
    """Every connection and listener has come to CLOSED: asked when both users have closed and the network is well."""
    for conn in world.conns.values():
        if conn.state is not CLOSED:
            raise InvariantBroken(
                "everything_closed",
                f"both users have closed and nothing is lost any more, and after {world.now / SECOND:.3f} s "
                f"connection {conn.number} of {world.hosts[conn.host].name} is still in {conn.state}",
            )


def pairs_hold(world: World) -> None:
    """Every two ends of a connection keep the invariants of a pair (``OF_A_PAIR``), both ways round."""
    for one, other in pairs(world):
        for check in OF_A_PAIR:
            check(one.tcb, other.tcb)
            check(other.tcb, one.tcb)


#: What holds always for a world, whatever is injected into it.
INVARIANTS: Final[tuple[Callable[[World], None], ...]] = (
    blocks_hold,
    one_connection_per_flow,
    deadlines_are_scheduled,
    quiescence,
)

#: What holds besides as long as nobody forges segments.
HONEST_INVARIANTS: Final[tuple[Callable[[World], None], ...]] = (pairs_hold,)


# -- before and after a move


def _same_incarnation(before: Tcb, after: Tcb) -> bool:
    known = (SYN_RECV, *SYNCHRONISED)
    return before.state in known and after.state in known and (before.iss, before.irs) == (after.iss, after.irs)


def receive_window_never_retreats(before: Tcb, after: Tcb) -> None:
    """RCV.NXT and the right edge RCV.NXT+RCV.WND never move left: what was offered stays offered (SHLD-14)."""
    if not _same_incarnation(before, after):
        return
    edges = [(tcb.rcv_nxt + tcb.rcv_wnd) & MASK for tcb in (before, after)]
    if not le(before.rcv_nxt, after.rcv_nxt) or not le(edges[0], edges[1]):
        raise InvariantBroken(
            "receive_window_never_retreats",
            f"{_who(after)}: the window was {before.rcv_nxt} .. {edges[0]} and is {after.rcv_nxt} .. {edges[1]}",
        )


def send_numbers_never_retreat(before: Tcb, after: Tcb) -> None:
    """SND.UNA and SND.NXT never move left."""
    if not _same_incarnation(before, after):
        return
    for name in ("snd_una", "snd_nxt"):
        was, now = getattr(before, name), getattr(after, name)
        if not le(was, now):
            raise InvariantBroken("send_numbers_never_retreat", f"{_who(after)}: {name} was {was} and is {now}")


#: The predicates over the same block before and after a move.
OF_A_MOVE: Final[tuple[Callable[[Tcb, Tcb], None], ...]] = (
    receive_window_never_retreats,
    send_numbers_never_retreat,
)


def check_world(world: World, before: World | None = None, *, honest: bool = True) -> None:
    """Raise InvariantBroken for the first invariant that ``world`` breaks.

    ``before``: the world one move earlier (``World.copy()``), to compare with.  ``honest``: whether every segment
    was sent by one of the ends; forged ones void what two ends know about each other.
    """
    for check in INVARIANTS:
        check(world)
    if honest:
        for check in HONEST_INVARIANTS:
            check(world)
    if before is not None:
        for number, old in before.conns.items():
            new = world.conns.get(number)
            if new is not None:
                for compare in OF_A_MOVE:
                    compare(old.tcb, new.tcb)
