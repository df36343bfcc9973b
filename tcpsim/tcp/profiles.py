"""How a stack behaves where the standard leaves a choice: one frozen value with named switches.

The engine asks ``profile.rst_exact``, never "am I Linux?".  ``RFC9293`` follows the rulings of
docs/ambiguities.md; ``RFC9293_LITERAL`` is the text as printed, so that its defects can be seen.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from .errors import TcpsimError
from .units import MINUTE, MS, SECOND

#: "no": a SYN is challenged.  "may2": every SYN opens a new incarnation, which falls back to TIME_WAIT
#: if a RST proves the SYN old.  "6191": only a SYN above the last number seen; others are dropped.
Reopening = Literal["no", "may2", "6191"]

#: "in_order": one after the other.  "rfc6056": by a keyed hash of where it leads, RFC 6056's algorithm 3.
PortChoice = Literal["in_order", "rfc6056"]

#: "accept": when the peer's SYN offers it.  "offer": our SYN does, too.
EcnUse = Literal["no", "accept", "offer"]

#: "worthwhile": two segments, or half the buffer (RFC 9293 3.8.6.2.2).  "doubled": when the window has doubled.
#: "quarter": two segments that are also a quarter of the buffer, or half the buffer; not while an ACK is delayed.
WindowUpdates = Literal["worthwhile", "doubled", "quarter"]

#: See tcpsim.tcp.congestion.
CongestionName = Literal["none", "newreno", "cubic", "cubic_segments"]

#: Which signs end slow start: trains of ACKs as long as the path, round trips that grow; see tcpsim.tcp.hystart.
HyStartSigns = Literal["no", "train", "delay", "both"]


class Profile(NamedTuple):
    """The named switches.  Times in ns, sizes in octets; A-nn is the ambiguity that a switch settles."""

    name: str = "rfc9293"

    # Time (RFC 9293 3.4.2, 3.8.3; RFC 6298)
    msl: int = 2 * MINUTE  #: maximum segment lifetime; TIME_WAIT lasts two of them
    quiet_time: int = 0  #: after a start, no connection is opened for so long (3.4.3: one MSL); 0: ISNs are enough
    rto_initial: int = 1 * SECOND  #: the first RTO, before any round trip was measured
    rto_min: int = 1 * SECOND  #: no computed RTO is below
    rttvar_min: int = 0  #: four times RTTVAR counts as no less in an RTO
    rto_max: int = 60 * SECOND  #: backing off stops here
    rto_after_syn_loss: int = 3 * SECOND  #: the first RTO for data when a SYN was retransmitted
    granularity: int = 1 * MS  #: G, the clock's, in RTO = SRTT + max(G, 4 * RTTVAR)
    r1: int = 3  #: retransmissions of one segment before the user is told (SHLD-10)
    r2: int | None = 100 * SECOND  #: retransmitting for so long ends the connection (SHLD-11); None: never
    r2_syn: int | None = 4 * MINUTE  #: the same for a SYN: the one due at 183 s still leaves (MUST-23)
    r2_count: int | None = None  #: R2 as a number of retransmissions instead of a time
    r2_syn_exact: bool = False  #: R2 of a SYN has a timer of its own; else it ends with a retransmission
    user_timeout: int | None = 5 * MINUTE  #: data unacknowledged for so long ends the connection
    ack_delay: int = 200 * MS  #: how long an ACK may wait for company (MUST-40: < 500 ms); 0: never
    sws_override: int | None = 200 * MS  #: how long silly-window avoidance may hold data back; None: an RTO
    keepalive_idle: int = 120 * MINUTE  #: silence before the first keep-alive probe (MUST-28)
    keepalive_interval: int = 75 * SECOND  #: between probes
    keepalive_probes: int = 9  #: unanswered ones that end the connection (MUST-29)
    fin_wait_2_timeout: int | None = None  #: how long FIN_WAIT_2 waits for a FIN (A-22); None: for ever

    # Sizes (RFC 9293 3.7, 3.8.6)
    rcv_buf: int = 65_535  #: receive buffer, and so the largest window offered
    snd_buf: int = 65_536  #: send buffer
    mss: int | None = None  #: a cap on the segments sent and asked for; None: what the link's MTU allows
    mss_option: bool = True  #: whether SYNs carry the MSS option
    mss_default: int = 536  #: assumed when the peer's SYN carries none (MUST-15)
    mss_default_ipv6: int = 1_220  #: the same over IPv6
    nagle: bool = True  #: hold small segments while something is unacknowledged (SHLD-7)
    max_held: int = 256  #: out-of-order pieces kept; more are dropped, as if lost

    # RFC 7323
    window_scale: int | None = None  #: the shift to offer, 0 to 14; None: the option is not used
    timestamps: bool = False  #: whether to offer the timestamps option
    timestamp_tick: int = 1 * MS  #: one tick of the timestamp clock
    timestamp_start: int = 0  #: what that clock showed at time 0
    timestamp_required: bool = True  #: a segment without the option that was agreed on is dropped
    timestamp_lifetime: int = 24 * 24 * 60 * MINUTE  #: TS.Recent is not believed longer (RFC 7323 5.5)

    # Loss recovery and congestion control (RFC 9293 3.8.2, MUST-19)
    congestion: CongestionName = "newreno"  #: how cwnd grows and shrinks; none: only the peer's window counts
    initial_window: int | None = None  #: segments sent at once at first (RFC 6928: 10); None: 2 to 4 (RFC 5681)
    hystart: HyStartSigns = "no"  #: slow start ends before it floods the path
    idle_restart: bool = True  #: after an RTO without sending, cwnd is the initial window again (RFC 5681 4.1)
    cwnd_validation: bool = True  #: cwnd grows only while it is what limits (RFC 7661's aim)
    slow_start_segments: int | None = 1  #: for each ACK cwnd grows by so many at most (RFC 3465's L); None: by all
    growth_by_delivery: bool = False  #: what duplicate ACKs or SACK told of before does not let cwnd grow again
    slow_start_doubles: bool = False  #: in slow start cwnd may grow to twice of what was in flight, unused or not
    fast_retransmit: bool = True  #: the third duplicate ACK means a loss (RFC 5681 3.2); else only time-outs do
    limited_transmit: bool = True  #: the first two duplicate ACKs let one new segment each leave (RFC 3042)
    sack: bool = False  #: offer and use selective acknowledgments (RFC 2018, RFC 6675)
    dsack: bool = True  #: the first SACK block tells of octets that came twice (RFC 2883)
    prr: bool = False  #: fast recovery sends in proportion to what is delivered (RFC 6937); needs SACK
    prr_safe_acks: bool = False  #: and a segment more only for ACKs that advance and tell of no further loss
    frto: bool = False  #: new data after a time-out tells whether it was needless (RFC 5682)
    rtt_every_ack: bool = False  #: every ACK of what was sent once measures a round trip; needs rack
    rack: bool = False  #: losses are told by time (RFC 8985 6); needs SACK
    tlp: bool = False  #: a probe leaves when no ACK comes for two round trips (RFC 8985 7); needs rack
    tlp_ack_delay: int = 200 * MS  #: how much later it leaves while one segment is in flight, whose ACK may wait
    timer_slack: int = 2 * MS  #: added to the timers of rack and tlp
    cut_from_cwnd: bool = False  #: loss makes ssthresh a part of cwnd, not of what is in flight (RFC 9438 4.6)
    ecn: EcnUse = "no"  #: explicit congestion notification (RFC 3168)

    # RFC 5961 and RFC 1337
    rst_exact: bool = True  #: a RST counts only at RCV.NXT; elsewhere in the window it is challenged (A-29)
    syn_challenged: bool = True  #: a SYN in a synchronised state is challenged, and resets nothing
    ack_range_checked: bool = True  #: SEG.ACK below SND.UNA - MAX.SND.WND is refused (MAY-12)
    challenge_limit: int | None = 10  #: challenge ACKs ...
    challenge_period: int = 5 * SECOND  #: ... in so long (A-37); None: no limit
    time_wait_ignores_rst: bool = False  #: RFC 1337's first fix

    # The rulings on the ambiguities
    abort_to_time_wait: bool = False  #: A-1: the side that sends a RST waits out 2MSL
    synack_completes_simultaneous_open: bool = True  #: A-8: a SYN,ACK at IRS is used in SYN_RECV
    ack_range_in_syn_recv: bool = False  #: A-9: the RFC 5961 range test before SYN_RECV's own
    fin_restarts_time_wait: bool = True  #: A-11: the peer's repeated FIN sets 2MSL anew
    time_wait_answers_acks: bool = False  #: A-12: TIME_WAIT acknowledges whatever has an ACK
    read_after_close: bool = True  #: A-13: RECEIVE serves what is buffered in the closing states too
    every_fin_counts: bool = False  #: A-14: a second FIN advances RCV.NXT again
    rst_at_zero_window: bool = True  #: A-15: a RST counts as empty, so a closed window lets it pass
    ack_at_zero_window: bool = True  #: A-15: the ACK of a segment at RCV.NXT is used at window 0
    probe_advances_snd_nxt: bool = False  #: A-16: a window probe's octet counts as sent
    empty_segments_draw_acks: bool = False  #: A-17: MAY-13 for segments without sequence space too
    opener_learns_window: bool = True  #: A-18: SND.WND is set when SYN_SENT becomes ESTABLISHED
    unacknowledged_syn_resets: bool = True  #: A-19: until our SYN is acknowledged, a bad ACK is reset
    duplicate_syn_draws_synack: bool = True  #: A-20: SYN_RECV answers a repeated SYN with SYN,ACK
    user_timer_everywhere: bool = False  #: A-21: the user timer runs in every state
    passive_open_survives: bool = True  #: A-21: R2 and user time-out in SYN_RECV go back to LISTEN
    rst_told_while_closing: bool = True  #: A-23: the user hears of a RST in CLOSING and LAST_ACK
    send_after_queued_close: bool = False  #: A-26: SEND is served until the queued FIN has left
    reopen_time_wait: Reopening = "no"  #: A-27: what a SYN may do in TIME_WAIT (MAY-2, RFC 6191)
    crossed_syn_repeats_synack: bool = True  #: A-36: after simultaneous open the SYN,ACK is repeated
    ack_left_of_window: bool = False  #: A-40: the ACK of a segment that ends at RCV.NXT is used
    data_on_syn: bool = False  #: SEND in LISTEN puts its octets on the SYN (3.10.2), else they wait
    icmp_hard_aborts: bool = True  #: SHLD-26 in synchronised states too; False: only while opening (RFC 5461 4)
    icmp_soft_ends_open: bool = False  #: a soft ICMP error ends an open that is under way (against MUST-56)
    half_duplex_close: bool = False  #: MAY-1: CLOSE ends reading too; data unread, or still to come, is reset
    window_exact: bool = False  #: every segment tells of all the room there is, not of worthwhile steps alone
    buffers_rounded: bool = False  #: opening rounds the buffers up to whole segments
    persist_min: int = 0  #: the first window probe leaves no earlier, after so long
    window_updates: WindowUpdates = "worthwhile"  #: when reading alone is reason to tell of a larger window
    keepalive_octet: bool = False  #: MAY-6: a keep-alive probe carries one octet
    fin_wait_2_detached_only: bool = False  #: the FIN_WAIT_2 timer runs only when the user has gone

    blackhole: int = 0  #: where nobody listens: 0 a RST answers, 1 not to a SYN, 2 nothing is answered

    # Sockets: what their users see
    ephemeral_ports: tuple[int, int] = (49_152, 65_535)  #: the first and the last (RFC 6335)
    port_choice: PortChoice = "in_order"  #: how one of them is chosen
    send_before_established: bool = True  #: SEND is served before ESTABLISHED (3.10.2), else it waits
    queues_apart: bool = False  #: backlog bounds unfinished handshakes and, plus one, those to be accepted, apart
    read_after_reset: bool = False  #: what came before a reset or a time-out can still be read
    urgent_inline: bool = True  #: urgent octets stay in the stream (RFC 6093), else the last is read apart
    send_in_chunks: bool = False  #: send() fills chunks of half a window, and takes the last one whole
    notsent_lowat: int | None = None  #: send() waits, and select() and poll() too, while so much has not left
    buffers_doubled: bool = True  #: SO_SNDBUF and SO_RCVBUF count twice what they are set to, as on Linux
    send_after_end_is_epipe: bool = False  #: send() on an ended connection is told EPIPE, and not why it ended
    unconnected_is_enotconn: bool = False  #: send() before the connection is open is told ENOTCONN
    accept_inherits_nonblocking: bool = False  #: accept() gives a socket that never waits if the listener does not
    reset_after_fin_is_epipe: bool = False  #: a RST in CLOSE_WAIT is told as EPIPE, not as ECONNRESET

    # Habits of real stacks: docs/profiles.md tells which has which, and how that is known
    syn_options: tuple[str, ...] | None = None  #: their order on a SYN: mss, wscale, sackOK, TS; each on its boundary
    syn_linear: int = 0  #: SYNs repeated at the same interval before it doubles
    rto_slop: int = 0  #: added to every RTO but the very first
    quick_acks: int = 0  #: segments with text that are acknowledged at once before ACKs are delayed
    tso_segments: int = 0  #: segments leave in bursts of at least so many, the last of them with PSH; 0: no bursts
    records_kept: bool = False  #: MSG_EOR ends a segment, and what follows is not put into it
    minshall: bool = False  #: only an unacknowledged small segment holds a small segment back, not any
    probe_octet: bool = True  #: a window probe carries an octet (3.8.6.1), else none, at SND.UNA - 1
    window_rounded: bool = False  #: the first window is a whole number of segments
    rst_at_right_edge: bool = False  #: a RST one past the window is challenged, not ignored
    sack_permitted_aligned: bool = True  #: SACK-permitted ends on a boundary of four octets; else padding ends a SYN
    unread_resets: bool = True  #: with half_duplex_close: CLOSE with unread data resets, else it sends a FIN
    unwanted_text_is_stray: bool = False  #: text after CLOSE is reset at SEG.ACK, as if there were no connection
    crossed_synack_acked: bool = False  #: the SYN,ACK that ends a simultaneous open is acknowledged at once
    long_segment_acked: bool = False  #: a segment with more than an MSS is acknowledged at once
    reset_carries_stamp: bool = False  #: the same RST has timestamps, if they are in use
    empty_at_right_edge: bool = False  #: a segment without octets, SYN and FIN may stand one past the window
    rst_at_fin: bool = False  #: after the peer's FIN a RST at its number, one before RCV.NXT, counts
    ack_bit_first: bool = False  #: what has no ACK bit is dropped before its number is looked at
    reset_carries_ack: bool = False  #: the RST of ABORT and of CLOSE with unread data has the ACK bit
    timeout_resets: bool = False  #: giving up at R2 sends a RST
    bad_ack_hastens_syn: int | None = None  #: a bad ACK in SYN_SENT has the SYN repeated so soon; None: not sooner
    half_open_apart: bool = False  #: a passive SYN_RECV resets other SYNs, and takes no SYN,ACK for its ACK
    crossed_rst_refuses: bool = True  #: a RST after simultaneous open means refused, not reset
    listen_resets_synacks: bool = True  #: LISTEN answers a SYN,ACK with a RST
    syn_fin_opens: bool = True  #: LISTEN takes a SYN with FIN, else it is dropped
    syn_text_taken: bool = True  #: text and FIN on a SYN or SYN,ACK are kept, else they have to come again
    fin_at_zero_window: bool = False  #: a bare FIN at RCV.NXT passes a closed window (A-15)
    second_fin_answered: bool = True  #: a second FIN in the window is acknowledged, else dropped without a word
    fin_answers_fin: bool = False  #: a FIN in FIN_WAIT_1 is answered with our FIN once more, not with an ACK
    time_wait_needs_ack: bool = False  #: TIME_WAIT ignores what has no ACK bit
    time_wait_plain: bool = (
        False  #: TIME_WAIT knows RCV.NXT alone: what is no bare ACK there, and no RST, is answered
    )

    def but(self, **changes: Any) -> Profile:
        """This profile with some switches changed; unless ``name`` is given, the name gets a ``+``.

        Raises TcpsimError that names an unknown switch.
        """
        for name in changes:
            if name not in self._fields:
                known = ", ".join(sorted(self._fields))
                raise TcpsimError(f"profile {self.name} has no switch {name!r}; it has {known}")
        changes.setdefault("name", self.name if self.name.endswith("+") else f"{self.name}+")
        return self._replace(**changes)


RFC9293: Final = Profile()

RFC9293_LITERAL: Final = RFC9293.but(
    name="rfc9293_literal",
    challenge_limit=None,
    synack_completes_simultaneous_open=False,
    ack_range_in_syn_recv=True,
    fin_restarts_time_wait=False,
    time_wait_answers_acks=True,
    read_after_close=False,
    every_fin_counts=True,
    rst_at_zero_window=False,
    ack_at_zero_window=False,
    probe_advances_snd_nxt=True,
    empty_segments_draw_acks=True,
    opener_learns_window=False,
    unacknowledged_syn_resets=False,
    duplicate_syn_draws_synack=False,
    user_timer_everywhere=True,
    passive_open_survives=False,
    rst_told_while_closing=False,
    send_after_queued_close=True,
    crossed_syn_repeats_synack=False,
)

#: What both of the large stacks do.
_REAL: Final[dict[str, Any]] = {
    "msl": 30 * SECOND,
    "ack_delay": 40 * MS,
    "user_timeout": None,
    "fin_wait_2_timeout": 60 * SECOND,
    "fin_wait_2_detached_only": True,
    "half_duplex_close": True,
    "reset_carries_ack": True,
    "reset_carries_stamp": True,
    "unwanted_text_is_stray": True,
    "icmp_hard_aborts": False,
    "read_after_reset": True,
    "long_segment_acked": True,
    "reopen_time_wait": "6191",
    "rcv_buf": 65_536,
    "window_scale": 7,
    "timestamps": True,
    "congestion": "cubic",
    "initial_window": 10,
    "sack": True,
    "prr": True,
    "ecn": "accept",
}

#: Linux 6; docs/profiles.md tells how each habit is known.
LINUX: Final = RFC9293.but(
    **{**_REAL, "congestion": "cubic_segments"},
    name="linux",
    rto_min=200 * MS,
    rttvar_min=200 * MS,
    rto_max=120 * SECOND,
    rto_after_syn_loss=1 * SECOND,
    r2=924 * SECOND,
    r2_syn=127 * SECOND,
    snd_buf=87_040,
    challenge_limit=1,
    challenge_period=500 * MS,
    syn_options=("mss", "sackOK", "TS", "wscale"),
    frto=True,
    rack=True,
    rtt_every_ack=True,
    tlp=True,
    prr_safe_acks=True,
    cut_from_cwnd=True,
    slow_start_segments=None,
    slow_start_doubles=True,
    growth_by_delivery=True,
    window_updates="doubled",
    sws_override=None,
    syn_linear=4,
    hystart="both",
    quick_acks=16,
    tso_segments=2,
    send_in_chunks=True,
    records_kept=True,
    minshall=True,
    probe_octet=False,
    window_rounded=True,
    rst_at_right_edge=True,
    half_open_apart=True,
    empty_at_right_edge=True,
    rst_at_fin=True,
    ack_bit_first=True,
    second_fin_answered=False,
    time_wait_plain=True,
    icmp_soft_ends_open=True,
    bad_ack_hastens_syn=10 * MS,
    crossed_rst_refuses=False,
    syn_fin_opens=False,
    syn_text_taken=False,
    fin_at_zero_window=True,
    ephemeral_ports=(32_768, 60_999),
    port_choice="rfc6056",
    send_before_established=False,
    queues_apart=True,
    urgent_inline=False,
    reset_after_fin_is_epipe=True,
)

#: FreeBSD 14; nothing of it was measured here.
FREEBSD: Final = RFC9293.but(
    **{**_REAL, "window_scale": 6},
    name="freebsd",
    rto_min=30 * MS,
    slow_start_segments=2,
    rto_max=64 * SECOND,
    rto_slop=200 * MS,
    rto_after_syn_loss=1 * SECOND,
    r2=None,
    r2_syn=75 * SECOND,
    r2_count=12,
    keepalive_probes=8,
    time_wait_ignores_rst=True,
    syn_options=("mss", "wscale", "sackOK", "TS"),
    timeout_resets=True,
    window_updates="quarter",
    window_exact=True,
    r2_syn_exact=True,
    buffers_rounded=True,
    buffers_doubled=False,
    persist_min=5 * SECOND,
    snd_buf=32_768,
    challenge_limit=5,
    challenge_period=1 * SECOND,
    sack_permitted_aligned=False,
    unread_resets=False,
    crossed_synack_acked=True,
    send_after_end_is_epipe=True,
    unconnected_is_enotconn=True,
    listen_resets_synacks=False,
    fin_answers_fin=True,
    time_wait_needs_ack=True,
    accept_inherits_nonblocking=True,
)

PROFILES: Final = {profile.name: profile for profile in (RFC9293, RFC9293_LITERAL, LINUX, FREEBSD)}


def get_profile(name: str) -> Profile:
    """The profile of that name.  Raises TcpsimError that lists the names there are."""
    profile = PROFILES.get(name.lower().replace("-", "_"))
    if profile is None:
        raise TcpsimError(f"no profile {name!r}; there are {', '.join(PROFILES)}")
    return profile


def described(profile: Profile) -> tuple[str, dict[str, Any]]:
    """The named profile that ``profile`` was made from, and the switches in which it differs."""
    base = PROFILES.get(profile.name.rstrip("+"), RFC9293)
    differing = {
        name: value
        for name, value, usual in zip(Profile._fields, profile, base, strict=True)
        if name != "name" and value != usual
    }
    return base.name, differing
