"""What must hold of a connection whatever arrives: named predicates over the moments before and after.

Each takes an ``Event`` and returns None, or the words for what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from tcpsim.tcp import TRANSITIONS, Connection, Do, Flags, Segment, State, Tcb
from tcpsim.tcp.tcb import TIMERS

MASK: Final = 2**32 - 1
HALF: Final = 2**31
NEVER: Final = 1 << 62
ROWS: Final = {row.id: row for row in TRANSITIONS}

#: Octet at sequence number s is STREAM[s % 65536]; the table is long enough for any slice.
STREAM: Final = bytes((s * 131 + (s >> 8)) & 0xFF for s in range(65_536)) * 2


def stream(seq: int, n: int) -> bytes:
    """The octets that both sides of a fuzzed conversation send from ``seq`` on."""
    start = seq % 65_536
    return STREAM[start : start + n]


class Event(NamedTuple):
    """One event: the block before it, the connection after it, and what it produced."""

    before: Tcb
    conn: Connection
    arrived: Segment | None
    out: list[Segment]
    signals: list[Do]
    log: list[tuple[Any, ...]] | None

    @property
    def after(self) -> Tcb:
        return self.conn.tcb

    def same_incarnation(self) -> bool:
        """Whether both moments belong to one connection that knows its peer's numbers."""
        before, after = self.before, self.after
        open_states = (before.state > State.SYN_SENT, after.state > State.SYN_SENT)
        return all(open_states) and (before.irs, before.iss) == (after.irs, after.iss)


Invariant = Callable[[Event], str | None]


def send_variables_are_in_order(event: Event) -> str | None:
    """ISS =< SND.UNA =< SND.NXT, SND.UNA never goes back, and a FIN is the last number sent."""
    tcb, before = event.after, event.before
    if tcb.state in (State.CLOSED, State.LISTEN):
        return None
    if (tcb.snd_nxt - tcb.snd_una) & MASK >= HALF:
        return f"SND.UNA {tcb.snd_una} > SND.NXT {tcb.snd_nxt}"
    if tcb.fin_seq is not None and tcb.snd_nxt != (tcb.fin_seq + 1) & MASK:
        return f"something was sent after the FIN {tcb.fin_seq}: SND.NXT {tcb.snd_nxt}"
    if event.same_incarnation() and (tcb.snd_una - before.snd_una) & MASK >= HALF:
        return f"SND.UNA went back from {before.snd_una} to {tcb.snd_una}"
    return None


def right_edge_never_retreats(event: Event) -> str | None:
    """RCV.NXT and RCV.NXT + RCV.WND never go back (RFC 9293 3.8.6)."""
    tcb, before = event.after, event.before
    if not event.same_incarnation():
        return None
    if (tcb.rcv_nxt - before.rcv_nxt) & MASK >= HALF:
        return f"RCV.NXT went back from {before.rcv_nxt} to {tcb.rcv_nxt}"
    edge, old = tcb.rcv_nxt + tcb.rcv_wnd, before.rcv_nxt + before.rcv_wnd
    if (edge - old) & MASK >= HALF:
        return f"the window's right edge went back from {old} to {edge}"
    return None


def timers_fit_the_state(event: Event) -> str | None:
    """Each state has the timers it needs, and none that means nothing there."""
    tcb = event.after
    running = {name for name in TIMERS if getattr(tcb, f"{name}_due") != NEVER}
    everywhere = event.conn.profile.user_timer_everywhere
    wrong: set[str] = set()
    needs: set[str] = set()
    match tcb.state:
        case State.CLOSED:
            wrong = running
        case State.LISTEN:
            wrong = running - ({"user"} if everywhere else set())
        case State.TIME_WAIT:
            needs = {"time_wait"}
            wrong = running - needs - {"delack"} - ({"user"} if everywhere else set())
        case State.SYN_SENT | State.SYN_RECV:
            needs = {"rtx"}
            wrong = running & {"time_wait", "persist", "override"}
        case State.FIN_WAIT_2:
            wrong = running & {"time_wait", "rtx", "persist", "override"}
        case _:
            wrong = running & {"time_wait"}
            if tcb.snd_una != tcb.snd_nxt and not running & {"rtx", "persist"}:
                return f"{tcb.state}: something is outstanding, and neither rtx nor persist runs"
    if wrong:
        return f"{tcb.state}: {sorted(wrong)} should not run"
    if needs - running:
        return f"{tcb.state}: {sorted(needs - running)} should run"
    if tcb.earliest() < event.conn.now:
        return f"a timer is overdue: {tcb.earliest()} at {event.conn.now}"
    if tcb.wake > tcb.earliest():
        return f"the network would look at {tcb.wake}, the earliest timer is due at {tcb.earliest()}"
    return None


def buffers_are_bounded(event: Event) -> str | None:
    """What is stored fits the buffers, or what was promised before; early pieces lie in the window, in order and apart.

    Where send() fills chunks, the sockets say how many (``tcpsim.net.sendspace``), and a connection alone takes all.
    """
    tcb, profile = event.after, event.conn.profile
    before = event.before
    if not profile.send_in_chunks and tcb.snd_buf.size > max(tcb.snd_limit, before.snd_buf.size):
        return f"{tcb.snd_buf.size} octets to send in a buffer of {tcb.snd_limit}"
    promised = before.rcv_buf.size + before.rcv_wnd
    if not tcb.rcv_wnd >= 0 or tcb.rcv_buf.size + tcb.rcv_wnd > max(tcb.rcv_limit, promised):
        return f"{tcb.rcv_buf.size} octets unread and {tcb.rcv_wnd} offered of {tcb.rcv_limit}"
    at = 0
    if len(tcb.rcv_buf.early) > profile.max_held + 1:
        return f"{len(tcb.rcv_buf.early)} early pieces"
    if tcb.state in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2):
        for seq, piece in tcb.rcv_buf.early:
            offset = (seq - tcb.rcv_nxt) & MASK
            if offset < at or not piece or offset + len(piece) > tcb.rcv_wnd:
                return f"an early piece {seq}+{len(piece)}; RCV.NXT {tcb.rcv_nxt}, RCV.WND {tcb.rcv_wnd}"
            at = offset + len(piece)
    return None


def no_reset_answers_a_reset(event: Event) -> str | None:
    """A RST is never answered with a RST (RFC 9293 3.5.2)."""
    if event.arrived is not None and event.arrived.flags & Flags.RST:
        if any(seg.flags & Flags.RST for seg in event.out):
            return "a RST drew a RST"
    return None


def closed_is_over(event: Event) -> str | None:
    """After CLOSED nothing is left that could make anything happen."""
    tcb = event.after
    if tcb.state is not State.CLOSED:
        return None
    if tcb.snd_buf.size or tcb.ack_now or tcb.previous is not None:
        return "something is left of a closed connection"
    return None


def what_is_sent_is_ours_to_send(event: Event) -> str | None:
    """Numbers lie between SND.UNA - 1 and SND.NXT, ACKs name RCV.NXT, sizes respect the peer's MSS."""
    tcb = event.after
    if tcb.state < State.SYN_SENT or event.before.state < State.SYN_SENT:
        return None
    for seg in event.out:
        if seg.flags & Flags.RST:
            continue
        end = tcb.snd_nxt
        if tcb.probe_seq is not None and (tcb.probe_seq - end) & MASK < HALF:
            end = tcb.probe_seq
        if (end - seg.end) & MASK >= HALF:
            return f"{seg!r} goes beyond SND.NXT {tcb.snd_nxt}"
        if (seg.seq - tcb.iss) & MASK >= HALF:
            return f"{seg!r} lies before ISS {tcb.iss}"
        if len(seg.data) > tcb.snd_mss:
            return f"{seg!r} is longer than Eff.snd.MSS {tcb.snd_mss}"
        if seg.flags & Flags.ACK and (tcb.rcv_nxt - seg.ack) & MASK > 65_535:
            return f"{seg!r} acknowledges what was not received: RCV.NXT {tcb.rcv_nxt}"
        if not 0 <= seg.wnd <= 65_535:
            return f"{seg!r} has a window beyond 16 bits"
    return None


def data_is_the_peers(event: Event) -> str | None:
    """Unread octets are the ones the peer sent there: none lost, doubled or out of place."""
    tcb = event.after
    size = tcb.rcv_buf.size
    if not size or event.conn.profile.every_fin_counts:
        return None
    if tcb.rcv_buf.peek() != stream(tcb.rcv_nxt - tcb.fin_received - size, size):
        return f"the {size} octets before RCV.NXT {tcb.rcv_nxt} are not what was sent"
    return None


def state_moves_by_rows(event: Event) -> str | None:
    """The rows that fired lead from the state before to the state after."""
    if event.log is None:
        return None
    state = event.before.state
    for entry in event.log:
        if entry[0] == "fired":
            row = ROWS[entry[1]]
            if row.src is not state:
                return f"{row.id} fired in {state}"
            state = row.dst
    return None if state is event.after.state else f"{state} by its rows, {event.after.state} in fact"


INVARIANTS: Final[tuple[Invariant, ...]] = (
    send_variables_are_in_order,
    right_edge_never_retreats,
    timers_fit_the_state,
    buffers_are_bounded,
    no_reset_answers_a_reset,
    closed_is_over,
    what_is_sent_is_ours_to_send,
    data_is_the_peers,
    state_moves_by_rows,
)
