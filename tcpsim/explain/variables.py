"""The variables of a connection: what each is called in the RFC, what it counts, and what it is for.

A new field of ``Tcb`` gets a line in ``VARIABLES``.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..tcp.states import State
from ..tcp.units import NEVER, format_time


class Variable(NamedTuple):
    """``rfc``: how the RFCs write it, "" where they have no name.  ``unit``: seq (a sequence number), octets, ns
    (how long), at (a moment), count, yes (a flag), or "" for anything else.  ``words``: what it is."""

    rfc: str
    unit: str
    words: str
    ref: str = "3.3.1"
    requirements: tuple[str, ...] = ()


_V = Variable

VARIABLES: Final[dict[str, Variable]] = {
    "state": _V("", "", "where the connection is in its life", "3.3.2", ("LC-30",)),
    "flow": _V("", "", "local address and port, remote address and port: what names a connection", "3.4.1"),
    "peer_flow": _V("", "", "the same four from the other end", "3.4.1"),
    "passive": _V("", "yes", "whether LISTEN opened it, which decides what a RST in SYN_RECV does", "3.5", ("MUST-11",)),
    "wild": _V("", "yes", "whether OPEN left the remote socket open, and a SYN filled it in", "3.9.1.1"),
    "mtu": _V("", "octets", "the largest IP packet that the way to the peer takes", "3.7.1", ("MUST-16", "MUST-67")),
    "mss_cap": _V("", "octets", "no larger segment is sent or asked for; none: the MTU decides", "3.7.1"),
    "nagle": _V("", "yes", "small segments wait while something is unacknowledged", "3.7.4", ("MUST-17", "SHLD-7")),
    "iss": _V("ISS", "seq", "initial send sequence number: our SYN has it", "3.4.1", ("MUST-8", "MUST-9", "SHLD-1")),
    "snd_una": _V("SND.UNA", "seq", "send unacknowledged: the oldest number that the peer has not acknowledged"),
    "snd_nxt": _V("SND.NXT", "seq", "send next: the number that the next new octet will have"),
    "snd_wnd": _V("SND.WND", "octets", "send window: how far beyond SND.UNA the peer lets us send", "3.3.1", ("MUST-1",)),
    "snd_wl1": _V("SND.WL1", "seq", "SEG.SEQ of the segment that last set SND.WND: older ones may not"),
    "snd_wl2": _V("SND.WL2", "seq", "SEG.ACK of the segment that last set SND.WND: older ones may not"),
    "max_snd_wnd": _V(
        "MAX.SND.WND", "octets", "the largest window the peer ever offered: ACKs further back are not believed",
        "3.10.7.4 (fifth)", ("MAY-12", "UNL-9"),
    ),
    "snd_mss": _V("Eff.snd.MSS", "octets", "the most data that a segment of ours may carry", "3.7.1", ("MUST-16",)),
    "snd_up": _V("SND.UP", "seq", "send urgent pointer: the number after the last urgent octet to send", "3.8.5",
                 ("MUST-30", "MUST-62")),
    "snd_shift": _V("Snd.Wind.Shift", "count", "what the peer's window field is shifted left by", "RFC 7323 2.3",
                    ("EXT-7323-1",)),
    "snd_limit": _V("", "octets", "how much the send buffer takes", "3.9.1.2"),
    "snd_buf": _V("", "octets", "send buffer: what SEND took in and the peer has not acknowledged", "3.9.1.2"),
    "snd_buf_seq": _V("", "seq", "the number of the oldest octet in the send buffer", "3.9.1.2"),
    "fin_queued": _V("", "yes", "CLOSE was called: a FIN follows the queued data", "3.10.4", ("LC-16",)),
    "fin_seq": _V("", "seq", "the number of our FIN, once it is sent", "3.10.4", ("LC-2",)),
    "probe_seq": _V("", "seq", "the number after a window probe's octet, which SND.NXT does not count", "3.8.6.1"),
    "irs": _V("IRS", "seq", "initial receive sequence number: the peer's SYN had it", "3.3.1"),
    "rcv_nxt": _V("RCV.NXT", "seq", "receive next: the number expected; everything before it has arrived"),
    "rcv_wnd": _V("RCV.WND", "octets", "receive window: how far beyond RCV.NXT we take numbers in", "3.8.6", ("SHLD-14",)),
    "rcv_up": _V("RCV.UP", "seq", "receive urgent pointer: the number after the last urgent octet", "3.8.5",
                 ("MUST-32", "MUST-33")),
    "rcv_shift": _V("Rcv.Wind.Shift", "count", "what our window field is shifted right by", "RFC 7323 2.3",
                    ("EXT-7323-1", "REC-1")),
    "rcv_limit": _V("", "octets", "how much the receive buffer takes, and so the largest window offered", "3.8.6"),
    "detached": _V("", "yes", "the program has gone: nothing more will be read", "3.6.1", ("MAY-1", "SHLD-3")),
    "wscale_ok": _V("", "yes", "both SYNs offer window scaling", "RFC 7323 2.2", ("EXT-7323-1",)),
    "ts_ok": _V("Snd.TS.OK", "yes", "both SYNs carry timestamps, so every segment does", "RFC 7323 3.2", ("EXT-7323-2",)),
    "ts_recent": _V("TS.Recent", "count", "the peer's timestamp that our segments echo", "RFC 7323 4.3", ("EXT-7323-3",)),
    "ts_recent_at": _V("", "at", "when that timestamp came: after 24 days it is not believed", "RFC 7323 5.5"),
    "last_ack_sent": _V("Last.ACK.sent", "seq", "SEG.ACK of the last segment sent", "RFC 7323 4.3", ("EXT-7323-3",)),
    "rcv_buf": _V("", "octets", "receive buffer: octets in order that the program has not read", "3.9.1.3"),
    "early": _V("", "octets", "octets held that arrived before those in front of them", "3.10.7.4 (seventh)", ("SHLD-31",)),
    "rcv_fin": _V("", "seq", "the number of the peer's FIN, once seen", "3.10.7.4 (eighth)"),
    "fin_received": _V("", "yes", "the peer's FIN has been taken in, in order", "3.10.7.4 (eighth)"),
    "srtt": _V("SRTT", "ns", "smoothed round-trip time", "RFC 6298 2", ("EXT-6298-2",)),
    "rttvar": _V("RTTVAR", "ns", "how much the round-trip time varies", "RFC 6298 2", ("EXT-6298-2",)),
    "rto": _V("RTO", "ns", "retransmission time-out: how long an ACK may take; doubled by each one that runs out",
              "3.8.1", ("MUST-18", "EXT-6298-3")),
    "rtx_total": _V("", "count", "segments sent again so far", "3.8.3"),
    "r1": _V("R1", "count", "after so many retransmissions of a segment the program is told", "3.8.3",
             ("MUST-20", "SHLD-10")),
    "keepalive": _V("", "", "silence before the first keep-alive probe, ns between probes, and how many; none: off", "3.8.4",
                    ("MUST-24", "MUST-25", "MUST-27")),
    "keep_count": _V("", "count", "keep-alive probes since the peer was last heard", "3.8.4", ("MUST-29",)),
    "keepalive_due": _V("", "at", "when the silent peer is probed", "3.8.4", ("MUST-26",)),
    "fin_wait_2_due": _V("", "at", "when the peer's FIN is waited for no longer", "3.6"),
    "corked": _V("", "yes", "the user has said that more follows, so a small segment waits", "3.9.1.2", ("MUST-60",)),
    "rtt_seq": _V("", "seq", "the round trip being timed ends when this number is acknowledged", "RFC 6298 3",
                  ("EXT-6298-4",)),
    "rtt_sent": _V("", "at", "when the round trip being timed began", "RFC 6298 3"),
    "rtx_count": _V("", "count", "how often the oldest segment was sent again", "3.8.3", ("MUST-20",)),
    "rtx_since": _V("", "at", "since when nothing has been acknowledged: R2 counts from here", "3.8.3", ("MUST-20",)),
    "probe_count": _V("", "count", "window probes since the peer closed its window", "3.8.6.1", ("SHLD-30",)),
    "syn_lost": _V("", "yes", "a SYN of ours had to be sent again, so the first RTO for data is longer",
                   "RFC 6298 5.7", ("EXT-6298-6",)),
    "ack_now": _V("", "yes", "an ACK leaves at the end of this event", "3.8.6.3"),
    "challenges": _V("", "count", "challenge ACKs in the current period", "RFC 5961 7", ("EXT-5961-1",)),
    "challenges_since": _V("", "at", "when the current period of challenge ACKs began", "RFC 5961 7", ("EXT-5961-1",)),
    "time_wait_due": _V("", "at", "when TIME_WAIT ends", "3.10.8", ("MUST-13",)),
    "rtx_due": _V("", "at", "when the oldest unacknowledged segment is sent again", "3.8.1"),
    "persist_due": _V("", "at", "when a closed window is probed", "3.8.6.1"),
    "delack_due": _V("", "at", "when the ACK that waits for company leaves alone", "3.8.6.3"),
    "override_due": _V("", "at", "when small data stops waiting for a larger window", "3.8.6.2.1"),
    "user_due": _V("", "at", "when the user's patience ends", "3.10.8"),
    "r2": _V("R2", "ns", "sending again for so long ends the connection", "3.8.3", ("MUST-20", "MUST-21", "SHLD-11")),
    "r2_syn": _V("R2", "ns", "the same for a SYN", "3.8.3", ("MUST-23",)),
    "user_timeout": _V("", "ns", "data unacknowledged for so long ends the connection", "3.9.1.1", ("LC-28",)),
    "error": _V("", "", "why the connection ended, when it did not end in order", "3.9.1.8"),
    "soft_error": _V("", "", "what an ICMP message said last that may pass by itself", "3.9.2.2", ("MUST-56", "SHLD-25")),
    "previous": _V("", "", "the connection in TIME_WAIT that a new SYN has reopened", "3.6.1", ("MAY-2",)),
    "wake": _V("", "at", "no later than the earliest deadline: when the network looks again", "3.10.8"),
    "cwnd": _V("cwnd", "octets", "congestion window: so much may be on the way", "RFC 5681 2", ("MUST-19",)),
    "ssthresh": _V("ssthresh", "octets", "up to here cwnd grows by slow start", "RFC 5681 2", ("MUST-19",)),
    "cwnd_credit": _V("", "octets", "acknowledged octets that have not made cwnd grow yet", "RFC 5681 3.1"),
    "max_flight": _V("", "octets", "octets outstanding at most while cwnd did not limit", "RFC 7661 4"),
    "cwnd_used": _V("", "seq", "SND.NXT when that was taken", "RFC 7661 4"),
    "pushed": _V("", "", "where what the user handed over ends, of what has left", "3.9.1.2", ("MUST-60",)),
    "bursts": _V("", "", "the numbers after bursts of segments that left at once", "3.9.1.2"),
    "chunks": _V("", "", "where chunks of what has not left end, and whether PSH shows it", "3.9.1.2", ("MUST-60",)),
    "push_seq": _V("", "seq", "where PSH was set last because half a window was written", "3.9.1.2", ("MUST-60",)),
    "records": _V("", "", "the numbers after records, which no segment crosses", "3.9.1.2"),
    "more": _V("", "", "the user has said that more follows: 2 in this event, 1 before", "3.9.1.2", ("MUST-60",)),
    "starved": _V("", "yes", "the user has more to hand over than the send buffer takes", "3.9.1.2"),
    "limits": _V("", "", "what limits sending, since when, and for how long each did before", "3.8.6"),
    "longest": _V("", "octets", "the most text that a segment has brought", "3.7.1"),
    "received_at": _V("", "at", "when text was last received, or the connection opened", "3.10.7.4"),
    "cwnd_limited": _V("", "yes", "whether cwnd keeps a segment from being sent", "RFC 7661 4"),
    "cubic": _V("", "", "what cubic remembers: W_max, K, epoch_start, W_est, cwnd_prior", "RFC 9438 4.1.2"),
    "cubic_segments": _V("", "", "the same where cubic counts segments: W_max, K, epoch_start, W_est, ACKs for one more",
                         "RFC 9438 4.1.2"),
    "hystart": _V("", "", "what HyStart remembers of slow start: rounds and their round trips", "RFC 9438 4.10"),
    "recovery": _V("", "", "what goes on: disorder, fast (recovery), rto, ecn, or nothing", "RFC 5681 3.2"),
    "recover": _V("recover", "seq", "recovery is over when everything below is acknowledged", "RFC 6582 3.2"),
    "dup_acks": _V("", "count", "duplicate ACKs in a row", "RFC 5681 2", ("EXT-5681-4",)),
    "resend": _V("", "yes", "the segment at SND.UNA leaves again at the end of this event", "RFC 5681 3.2"),
    "rtx_nxt": _V("", "seq", "after a time-out: what lies from here to recover was not repeated yet", "RFC 5681 3.1"),
    "rack": _V("", "", "when each segment in flight was sent, and which are lost", "RFC 8985 5"),
    "rack_due": _V("", "at", "when RACK looks again for what is lost, or sends a probe", "RFC 8985 6.3"),
    "undo": _V("", "", "what is restored if the time-out proves needless", "RFC 5682 2.1"),
    "scoreboard": _V("", "", "which octets the peer has SACKed", "RFC 6675 3", ("EXT-6675-1",)),
    "sacked": _V("", "octets", "how many octets the peer has SACKed", "RFC 6675 3", ("EXT-6675-1",)),
    "pipe": _V("pipe", "octets", "what is believed to be on the way", "RFC 6675 4", ("EXT-6675-1",)),
    "sack_ok": _V("", "yes", "both SYNs permit SACK", "RFC 2018 2", ("EXT-2018-1",)),
    "dsack": _V("", "", "octets that came twice, to be told with the next ACK", "RFC 2883 4"),
    "ecn_ok": _V("", "yes", "both SYNs agree on ECN", "RFC 3168 6.1.1", ("SHLD-8",)),
    "ece": _V("", "yes", "congestion was experienced on the way here: every ACK says so", "RFC 3168 6.1.3", ("SHLD-8",)),
    "cwr": _V("", "yes", "cwnd was cut, which the next new data tells", "RFC 3168 6.1.2", ("SHLD-8",)),
    "prr": _V("", "", "prr_delivered, prr_out and RecoverFS", "RFC 6937 3"),
    "sent_at": _V("", "at", "when data was last sent", "RFC 5681 4.1", ("EXT-5681-5",)),
    "quick_acks": _V("", "count", "segments with text that are still acknowledged at once", "3.8.6.3"),
    "snd_sml": _V("", "seq", "the number after the last small segment sent", "3.7.4", ("SHLD-7",)),
}  # fmt: skip

#: What a segment's fields are called when numbers are compared.
SEGMENT_FIELDS: Final[dict[str, Variable]] = {
    "seg.seq": _V("SEG.SEQ", "seq", "the segment's first number: of its SYN, or of its first octet"),
    "seg.ack": _V("SEG.ACK", "seq", "the number its sender expects next; everything before it is acknowledged"),
    "seg.len": _V("SEG.LEN", "count", "the numbers it takes: octets of data, and one each for SYN and FIN", "3.4", ("LC-2",)),
    "seg.wnd": _V("SEG.WND", "octets", "the window its sender offers, counted from SEG.ACK", "3.1", ("MUST-1",)),
    "seg.up": _V("SEG.UP", "count", "the urgent pointer, counted from SEG.SEQ", "3.8.5", ("MUST-62",)),
}  # fmt: skip


def rfc_name(name: str) -> str:
    """``SND.UNA`` for ``snd_una``; a variable without a name in the RFCs keeps its own."""
    known = VARIABLES.get(name)
    return known.rfc if known is not None and known.rfc else name


def shown(name: str, value: Any) -> str:
    """A variable's value as a person reads it: times in seconds, flags as yes and no."""
    known = VARIABLES.get(name)
    unit = "" if known is None else known.unit
    if value is None:
        return "never" if unit == "ns" else "none"
    if name == "state":
        return str(State(value))
    if unit == "yes":
        return "yes" if value else "no"
    if unit == "at" and value == NEVER:
        return "not set"
    if unit in ("ns", "at"):
        return "none yet" if value < 0 else f"{format_time(value)} s"
    return str(getattr(value, "value", value))
