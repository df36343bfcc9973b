"""One connection while an event is processed: what the checks, the calls and the output pass work on."""

from __future__ import annotations

from typing import Any, Final

from .errors import Code, MissingRow
from .isn import initial_sequence_number
from .profiles import Profile
from .segment import ACK, ECE, RST, SYN, URG, Flow, Option, Segment
from .seq import HALF, MASK
from .states import BY_CUE, CLOSED, Cue, Do, Transition
from .tcb import BLANK, NAMES, Tcb
from .units import NEVER

#: Octets that the timestamps option takes in a header, with the NOPs that align it (RFC 7323 appendix A).
TIMESTAMPS_SIZE: Final = 12

#: The fields that the user or the network sets, and that outlive an incarnation.
SETTINGS: Final = (
    "mtu",
    "mss_cap",
    "snd_limit",
    "rcv_limit",
    "nagle",
    "r1",
    "r2",
    "r2_syn",
    "user_timeout",
    "keepalive",
)


def fresh_block(profile: Profile, flow: Flow) -> Tcb:
    """A block in CLOSED with the profile's defaults."""
    tcb = BLANK.copy()
    tcb.flow = flow
    tcb.peer_flow = (flow[2], flow[3], flow[0], flow[1])
    tcb.rcv_wnd = tcb.rcv_limit = profile.rcv_buf
    tcb.snd_limit = profile.snd_buf
    tcb.nagle = profile.nagle
    tcb.mss_cap = cap = profile.mss
    tcb.snd_mss = profile.mss_default if cap is None or cap > profile.mss_default else cap
    tcb.rto = profile.rto_initial
    tcb.r1 = profile.r1
    tcb.r2 = profile.r2
    tcb.r2_syn = profile.r2_syn
    tcb.user_timeout = profile.user_timeout
    return tcb


def child_block(listener: Tcb, flow: Flow) -> Tcb:
    """A block in LISTEN, with a listener's settings, for the connection that a SYN to it begins."""
    tcb = listener.copy()
    tcb.flow = flow
    tcb.peer_flow = (flow[2], flow[3], flow[0], flow[1])
    return tcb


class Core:
    """A connection's block, the profile it follows, and what the current event has produced so far.

    ``out``: segments to put on the wire, in order.  ``signals``: what the user is told.  ``log``: None, or the
    list that takes a plain tuple for every row fired and every check that stops a segment; with ``verbose``,
    for every check that lets one pass too.  ``reopens``: whether somebody listens for a new incarnation.
    """

    __slots__ = (
        "iss_given",
        "log",
        "now",
        "out",
        "profile",
        "reopens",
        "secret",
        "signals",
        "tcb",
        "verbose",
    )

    def __init__(
        self,
        profile: Profile,
        flow: Flow,
        *,
        secret: bytes = b"",
        iss: int | None = None,
        tcb: Tcb | None = None,
    ) -> None:
        self.tcb = fresh_block(profile, flow) if tcb is None else tcb
        self.profile = profile
        self.secret = secret
        self.iss_given = iss
        self.now = 0
        self.out: list[Segment] = []
        self.signals: list[Do] = []
        self.log: list[tuple[Any, ...]] | None = None
        self.verbose = False
        self.reopens = True

    def renew(self, like: Tcb | None = None) -> None:
        """Give every variable but the state the value of a new block, or of ``like``."""
        tcb = self.tcb
        flow = (*tcb.flow[:2], "", 0) if tcb.wild else tcb.flow  # back to what OPEN left open
        if like is None:
            like = fresh_block(self.profile, flow)
            for name in SETTINGS:
                setattr(like, name, getattr(tcb, name))
            like.rcv_wnd = like.rcv_limit
        else:
            like = like.copy()
        for name in NAMES:
            if name != "state":
                setattr(tcb, name, getattr(like, name))

    # -- the state

    def fire(self, cue: Cue) -> Transition:
        """Follow the table's row for ``cue``: the only place where a state is assigned."""
        tcb = self.tcb
        row = BY_CUE.get((tcb.state, cue))
        if row is None:
            raise MissingRow(f"{cue.id} in {tcb.state}: the transition table has no such row")
        tcb.state = row.dst
        if self.log is not None:
            self.log.append(("fired", row.id))
        return row

    def end(self, error: Code | None = None, signal: Do | None = None) -> None:
        """Delete the TCB after a row has led to CLOSED: no timer, nothing to send; why it ended is kept.

        What was received and not read yet stays readable after an orderly end.
        """
        tcb = self.tcb
        assert tcb.state is CLOSED, "a connection ends by a row that leads to CLOSED"
        self.stop_timers()
        self.flush(error)
        if signal is not None:
            self.signals.append(signal)

    def flush(self, error: Code | None = None) -> None:
        """Nothing more is sent; with ``error``, which later calls are told, nothing is read either."""
        tcb = self.tcb
        tcb.ack_now = False
        tcb.snd_buf.clear()
        tcb.previous = None
        if error is not None:
            tcb.error = error
            if not self.profile.read_after_reset:
                tcb.rcv_buf.clear()

    # -- numbers and timers

    def pick_iss(self, above: int | None = None) -> None:
        """Choose the initial send sequence number; ``above``: it must come after every number used before."""
        tcb = self.tcb
        iss = self.iss_given
        if iss is None:
            iss = initial_sequence_number(self.secret, tcb.flow, self.now)
        if above is not None and (iss - above) & MASK >= 1 << 31:
            iss = (above + 128_000) & MASK
        tcb.iss = tcb.snd_una = tcb.snd_nxt = iss
        tcb.snd_buf_seq = (iss + 1) & MASK

    def stop_timers(self) -> None:
        """Stop every timer of the connection."""
        self.tcb.stop_timers()

    def start_time_wait(self) -> None:
        """Stop the other timers and let 2MSL run from now (RFC 9293 3.10.7.4)."""
        self.stop_timers()
        tcb = self.tcb
        tcb.time_wait_due = due = self.now + 2 * self.profile.msl
        if due < tcb.wake:
            tcb.wake = due
        if self.profile.user_timer_everywhere:
            self.start_user_timer()

    def start_rtx(self) -> None:
        """Let the retransmission timer run from now (RFC 6298 5.1, 5.3)."""
        tcb = self.tcb
        tcb.rtx_due = due = self.now + tcb.rto
        if due < tcb.wake:
            tcb.wake = due

    def start_user_timer(self) -> None:
        """Let the user timer run from now, if the connection has one (RFC 9293 3.9.1.1, 3.10.8)."""
        tcb = self.tcb
        if tcb.user_timeout is not None:
            tcb.user_due = due = self.now + tcb.user_timeout
            if due < tcb.wake:
                tcb.wake = due

    def start_keepalive(self, wait: int) -> None:
        """Let the keep-alive timer run for ``wait`` ns (RFC 9293 3.8.4)."""
        tcb = self.tcb
        tcb.keepalive_due = due = self.now + wait
        if due < tcb.wake:
            tcb.wake = due

    def heard(self) -> None:
        """The peer has been heard: it is left alone for a whole idle time (MUST-26)."""
        keepalive = self.tcb.keepalive
        if keepalive is not None:
            self.tcb.keep_count = 0
            self.start_keepalive(keepalive[0])

    def start_fin_wait_2(self) -> None:
        """Wait for the peer's FIN no longer than the profile says (A-22)."""
        tcb = self.tcb
        wait = self.profile.fin_wait_2_timeout
        if wait is not None and (tcb.detached or not self.profile.fin_wait_2_detached_only):
            tcb.fin_wait_2_due = due = self.now + wait
            if due < tcb.wake:
                tcb.wake = due

    # -- segments

    def emit(self, seq: int, flags: int, data: bytes = b"", options: tuple[Option, ...] = ()) -> None:
        """Put a segment of this connection on the wire; whatever carries an ACK settles the ACK owed.

        The right edge of the window advances in worthwhile steps only (RFC 9293 3.8.6.2.2).
        """
        tcb = self.tcb
        ack = 0
        wnd = tcb.rcv_wnd
        if flags & ACK:
            gain = tcb.rcv_limit - tcb.rcv_buf.size - wnd
            if self.profile.window_exact:
                if gain > 0:
                    tcb.rcv_wnd = wnd = _all_the_room(tcb, wnd, wnd + gain, 0 if flags & SYN else tcb.rcv_shift)
            elif gain > 0 and not flags & SYN and (gain >= tcb.snd_mss or 2 * gain >= tcb.rcv_limit):
                tcb.rcv_wnd = wnd = wnd + gain
            tcb.last_ack_sent = ack = tcb.rcv_nxt
            tcb.ack_now = False
            tcb.delack_due = NEVER
            if not flags & SYN:  # whose window is never scaled (RFC 7323 2.2)
                wnd >>= tcb.rcv_shift
            if tcb.ece and not flags & (SYN | RST):
                flags |= ECE
            if tcb.sack_ok and (tcb.rcv_buf.runs or tcb.dsack is not None) and not flags & (SYN | RST):
                options = _sack(tcb, len(data))
        if wnd > 65535:
            wnd = 65535
        if tcb.ts_ok and (not flags & RST or self.profile.reset_carries_stamp):
            profile = self.profile
            stamp = (self.now // profile.timestamp_tick + profile.timestamp_start) & MASK  # as in timestamp()
            echo = tcb.ts_recent if flags & ACK else 0
            segment = Segment(tcb.peer_flow, seq, ack, flags, wnd, data, 0, stamp, echo, options)
        else:
            segment = Segment(tcb.peer_flow, seq, ack, flags, wnd, data, 0, None, None, options)
        if tcb.snd_up is not None and flags & (ACK | SYN | RST) == ACK:
            _point_at_urgent(segment, tcb.snd_up)
        self.out.append(segment)

    def timestamp(self) -> int:
        """TSval now: the timestamp clock's ticks (RFC 7323 5.4)."""
        profile = self.profile
        return (self.now // profile.timestamp_tick + profile.timestamp_start) & MASK

    def mss(self) -> int:
        """The largest segment that the link lets in: its MTU less the fixed headers (RFC 9293 3.7.1, MUST-67)."""
        tcb = self.tcb
        most = tcb.mtu - (60 if ":" in tcb.flow[0] else 40)
        cap = tcb.mss_cap
        return most if cap is None or most < cap else cap

    def send_ack(self) -> None:
        """<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>, at once."""
        self.emit(self.ack_seq(), ACK)

    def ack_seq(self) -> int:
        """SEQ of a segment without text: SND.NXT, but never beyond a right edge that has moved left (A-16)."""
        tcb = self.tcb
        seq = tcb.snd_nxt
        if (seq - tcb.snd_una) & MASK > tcb.snd_wnd and tcb.max_snd_wnd and not self.profile.probe_advances_snd_nxt:
            # Our SYN and FIN are sent without asking the window, so they do not count against it.
            edge = tcb.snd_una + tcb.snd_wnd + (tcb.snd_una == tcb.iss) + (tcb.fin_seq is not None)
            if (seq - edge) & MASK < HALF:
                return edge & MASK
        return seq

    def challenge(self) -> None:
        """The same, as often as the profile allows (RFC 5961 7, A-37)."""
        limit = self.profile.challenge_limit
        if limit is not None:
            tcb = self.tcb
            if self.now - tcb.challenges_since >= self.profile.challenge_period:
                tcb.challenges_since, tcb.challenges = self.now, 0
            if tcb.challenges >= limit:
                return
            tcb.challenges += 1
        self.send_ack()


def _all_the_room(tcb: Tcb, wnd: int, room: int, shift: int) -> int:
    """The window that tells of ``room``, as far as its field reaches; too little room to be worth it is none."""
    largest = 65_535 << shift
    if room > largest:
        room = largest
    if room < tcb.rcv_limit // 4 and room < tcb.snd_mss:
        room = 0
    return room if room > wnd else wnd


def sack_size(tcb: Tcb) -> int:
    """Octets of options that the SACK blocks take which the next ACK should carry; 0: there are none to tell."""
    if not tcb.sack_ok:
        return 0
    blocks = len(tcb.rcv_buf.runs) + (tcb.dsack is not None)
    return 4 + 8 * min(blocks, 3 if tcb.ts_ok else 4) if blocks else 0


def _sack(tcb: Tcb, octets: int) -> tuple[Option, ...]:
    """SACK blocks, as many as fit beside so many octets of data: octets that came twice first (RFC 2018 4, RFC 2883).

    Timestamps stand before them, as real stacks have it.
    """
    most = min(3 if tcb.ts_ok else 4, (tcb.snd_mss - octets - 4) // 8 if octets else 4)
    if most < 1:
        return ()
    blocks = []
    if tcb.dsack is not None:
        blocks.append(tcb.dsack)
        tcb.dsack = None
    blocks += tcb.rcv_buf.blocks(most - len(blocks))
    sack: tuple[Option, ...] = (("nop",), ("nop",), ("sack", *blocks))
    return (("nop",), ("nop",), ("TS",), *sack) if tcb.ts_ok else sack


def _point_at_urgent(segment: Segment, up: int) -> None:
    """Set URG and the pointer, as far as its 16 bits reach, if urgent octets end after the segment's begin."""
    ahead = (up - segment.seq) & MASK
    if 0 < ahead < HALF:
        segment.flags |= URG
        segment.up = ahead if ahead < 65535 else 65535
