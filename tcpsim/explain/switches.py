"""The switches of a profile, in words.  A new switch of ``Profile`` gets a line in ``SWITCHES``."""

from __future__ import annotations

from typing import Final, NamedTuple


class Switch(NamedTuple):
    """``words``: what it decides.  ``ref``: where the standard says what it is about, "" if nowhere."""

    words: str
    ref: str
    requirements: tuple[str, ...] = ()


_S = Switch

SWITCHES: Final[dict[str, Switch]] = {
    "quiet_time": _S("how long, ns, a host that has started opens no connection; 0: ISNs are enough", "3.4.3"),
    "keepalive_idle": _S("silence, ns, before the first keep-alive probe", "3.8.4", ("MUST-27", "MUST-28")),
    "keepalive_interval": _S("ns between keep-alive probes", "3.8.4", ("MUST-27",)),
    "keepalive_probes": _S("unanswered keep-alive probes that end the connection", "3.8.4", ("MUST-29",)),
    "keepalive_octet": _S("a keep-alive probe carries one octet, for old peers", "3.8.4", ("MAY-6",)),
    "fin_wait_2_timeout": _S("how long, ns, FIN_WAIT_2 waits for a FIN; None: for ever", "3.6"),
    "fin_wait_2_detached_only": _S("the FIN_WAIT_2 timer runs only when the program has gone", "3.6"),
    "mss_default_ipv6": _S("assumed over IPv6 when the peer's SYN carries no MSS option, octets", "3.7.1", ("MUST-15",)),
    "window_scale": _S("the shift that our SYNs offer; None: no such option", "RFC 7323 2.2", ("EXT-7323-1",)),
    "timestamps": _S("whether our SYNs offer timestamps", "RFC 7323 3.2", ("EXT-7323-2",)),
    "timestamp_tick": _S("one tick of the timestamp clock, ns", "RFC 7323 5.4"),
    "timestamp_start": _S("what the timestamp clock shows at time 0", "RFC 7323 5.4"),
    "timestamp_required": _S("a segment without the timestamp agreed on is dropped", "RFC 7323 3.2", ("EXT-7323-2",)),
    "timestamp_lifetime": _S("how long, ns, the peer's last timestamp is believed", "RFC 7323 5.5"),
    "name": _S("what the profile is called; changed ones end in +", ""),
    "msl": _S("maximum segment lifetime, ns; TIME_WAIT lasts two of them", "3.4.2", ("MUST-13",)),
    "rto_initial": _S("the first RTO, ns, before any round trip was measured", "RFC 6298 2.1", ("EXT-6298-1",)),
    "rto_min": _S("no computed RTO is below, ns", "RFC 6298 2.4", ("EXT-6298-3",)),
    "rto_max": _S("backing off stops here, ns", "RFC 6298 2.5", ("EXT-6298-3",)),
    "rto_after_syn_loss": _S("the first RTO for data, ns, when a SYN was sent again", "RFC 6298 5.7", ("EXT-6298-6",)),
    "granularity": _S("how coarse the clock behind the RTO is, ns", "RFC 6298 4", ("EXT-6298-2",)),
    "r1": _S("after so many retransmissions of a segment the program is told", "3.8.3", ("SHLD-9", "SHLD-10")),
    "r2": _S("sending again for so long, ns, ends the connection; None: never", "3.8.3", ("SHLD-11", "MUST-21")),
    "r2_syn": _S("the same for a SYN", "3.8.3", ("MUST-23",)),
    "r2_count": _S("R2 as a number of retransmissions instead of a time", "3.8.3", ("MUST-20",)),
    "user_timeout": _S("data unacknowledged for so long, ns, ends the connection; None: never", "3.9.1.1", ("LC-28",)),
    "ack_delay": _S("how long an ACK may wait for company, ns; 0: it never does", "3.8.6.3", ("MUST-40", "SHLD-18")),
    "sws_override": _S("how long silly-window avoidance may hold data back, ns", "3.8.6.2.1", ("MUST-38",)),
    "icmp_hard_aborts": _S("a hard ICMP error ends an open connection too, and not only one being opened", "3.9.2.2",
                           ("SHLD-26",)),
    "rcv_buf": _S("receive buffer in octets, and so the largest window offered", "3.8.6"),
    "snd_buf": _S("send buffer in octets", "3.9.1.2"),
    "mss": _S("the largest segment this host takes in, octets of data", "3.7.1", ("MUST-14", "MUST-67")),
    "mss_option": _S("whether SYNs carry the MSS option", "3.7.1", ("SHLD-5", "MAY-3")),
    "mss_default": _S("what is assumed when the peer's SYN carries no MSS option", "3.7.1", ("MUST-15",)),
    "nagle": _S("hold small segments while something is unacknowledged", "3.7.4", ("SHLD-7", "MUST-17")),
    "max_held": _S("out-of-order pieces kept; more are dropped as if lost", "3.10.7.4 (seventh)", ("SHLD-31",)),
    "rst_exact": _S("a RST counts only at RCV.NXT; elsewhere in the window it is challenged", "3.10.7.4 (second)",
                    ("UNL-4", "UNL-5")),
    "syn_challenged": _S("a SYN in an open connection is challenged, and resets nothing", "3.10.7.4 (fourth)", ("UNL-7",)),
    "ack_range_checked": _S("an ACK too far back is refused", "3.10.7.4 (fifth)", ("MAY-12", "UNL-9")),
    "challenge_limit": _S("so many challenge ACKs in one period; None: no limit", "RFC 5961 7", ("EXT-5961-1",)),
    "challenge_period": _S("how long that period is, ns", "RFC 5961 7", ("EXT-5961-1",)),
    "time_wait_ignores_rst": _S("a RST does not end TIME_WAIT", "RFC 1337 3", ("EXT-1337-1",)),
    "abort_to_time_wait": _S("the side that sends a RST waits out 2MSL", "3.5.2", ("LC-11",)),
    "synack_completes_simultaneous_open": _S("a SYN,ACK at IRS is used in SYN_RECV", "3.10.7.4 (first)", ("MUST-10",)),
    "ack_range_in_syn_recv": _S("RFC 5961's range of ACKs is tested before SYN_RECV's own", "3.10.7.4 (fifth)", ("UNL-9",)),
    "fin_restarts_time_wait": _S("the peer's repeated FIN sets 2MSL anew", "3.10.7.4 (eighth)", ("MUST-13",)),
    "time_wait_answers_acks": _S("TIME_WAIT acknowledges whatever has an ACK", "3.10.7.4 (fifth)"),
    "read_after_close": _S("RECEIVE serves what is buffered when both sides have closed", "3.10.3", ("LC-15",)),
    "every_fin_counts": _S("a second FIN advances RCV.NXT again", "3.10.7.4 (eighth)"),
    "rst_at_zero_window": _S("a closed window lets a RST at RCV.NXT pass", "3.10.7.4 (first)", ("MUST-66",)),
    "ack_at_zero_window": _S("the ACK of a segment at RCV.NXT is used while the window is closed", "3.10.7.4 (first)",
                             ("LC-20",)),
    "probe_advances_snd_nxt": _S("a window probe's octet counts as sent", "3.8.6.1"),
    "empty_segments_draw_acks": _S("a segment right of RCV.NXT is answered even if it is empty", "3.10.7.4 (first)",
                                   ("MAY-13",)),
    "opener_learns_window": _S("SND.WND is taken from the SYN,ACK", "3.10.7.3"),
    "unacknowledged_syn_resets": _S("until our SYN is acknowledged, a bad ACK is reset", "3.10.7.4 (fifth)", ("LC-9",)),
    "duplicate_syn_draws_synack": _S("SYN_RECV answers a repeated SYN with SYN,ACK", "3.10.7.4 (first)"),
    "user_timer_everywhere": _S("the user timer runs in every state", "3.10.8", ("LC-25",)),
    "passive_open_survives": _S("giving up in SYN_RECV leads back to LISTEN", "3.10.8", ("MUST-22",)),
    "rst_told_while_closing": _S("the program hears of a RST in CLOSING and LAST_ACK", "3.10.7.4 (second)", ("MUST-12",)),
    "send_after_queued_close": _S("SEND is served until the queued FIN has left", "3.10.2", ("LC-15",)),
    "reopen_time_wait": _S("what a SYN may do in TIME_WAIT: no, may2 (reopen), 6191 (reopen if its number is higher)",
                           "3.6.1", ("MAY-2", "SHLD-4", "EXT-6191-1")),
    "crossed_syn_repeats_synack": _S("after a simultaneous open the SYN,ACK is repeated, not the SYN", "3.10.8", ("LC-26",)),
    "ack_left_of_window": _S("the ACK of a segment that ends at RCV.NXT is used", "3.10.7.4 (first)"),
    "data_on_syn": _S("SEND in LISTEN puts its octets on the SYN", "3.10.2", ("LC-6",)),
    "half_duplex_close": _S("CLOSE with unread data resets the connection", "3.6.1", ("MAY-1", "SHLD-3")),
    "ephemeral_ports": _S("the first and the last of the ports that a host chooses from", "3.4.1"),
    "port_choice": _S("how a host chooses one: in_order, or rfc6056 (by a keyed hash of where it leads)", "3.4.1"),
    "send_before_established": _S("SEND is served while the connection is opening", "3.10.2", ("LC-15",)),
    "queues_apart": _S("a backlog bounds unfinished handshakes and, plus one, connections to be accepted, each apart",
                       "3.9.1.1"),
    "read_after_reset": _S("what came before a reset or a time-out can still be read", "3.10.3"),
    "urgent_inline": _S("urgent octets stay in the stream; else the last one is read apart", "3.8.5", ("MUST-33",)),
    "reset_after_fin_is_epipe": _S("a RST in CLOSE_WAIT is told as a broken pipe, not as a reset", "3.9.1.8", ("MUST-12",)),
}  # fmt: skip
