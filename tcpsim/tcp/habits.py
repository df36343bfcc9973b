"""The habits of real stacks: which switch of ``linux`` and ``freebsd`` stands for which, and how that is known.

Data for docs/profiles.md and ``explain``.  Every switch in which those profiles differ from ``rfc9293`` is here.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

#: "measured": seen on a kernel, by benchmarks/linux.  "played": a packetdrill script of this project, which a
#: kernel passes.  "read": in the stack's documents, tests or source.  "known": what is generally told of the stack.
Certainty = Literal["measured", "played", "read", "known"]


class Habit(NamedTuple):
    """``stacks``: the profiles that have it.  ``source``: where it is from; a probe of benchmarks/linux if
    measured, a script in tests/packetdrill/scripts if played."""

    switch: str
    stacks: tuple[str, ...]
    certainty: Certainty
    source: str
    words: str


def _both(
    switch: str, linux: Certainty, source: str, words: str, freebsd: Certainty, other: str
) -> tuple[Habit, ...]:
    return Habit(switch, ("linux",), linux, source, words), Habit(switch, ("freebsd",), freebsd, other, words)


_L = ("linux",)
_F = ("freebsd",)
_KERNEL = "Linux's ip-sysctl document"
_SCRIPTS = "packetdrill scripts of both stacks"
_GOOGLE = "google's packetdrill scripts"
_MANUAL = "FreeBSD's tcp(4)"

HABITS: Final[tuple[Habit, ...]] = (
    # time
    *_both("msl", "measured", "plain_time_wait", "TIME_WAIT lasts 60 s", "known", "net.inet.tcp.msl is 30 s"),
    Habit("rto_min", _L, "measured", "one_segment_unanswered", "no RTO below 200 ms"),
    Habit("rto_min", _F, "known", "net.inet.tcp.rexmit_min", "no RTO below 30 ms, and 200 ms more"),
    Habit("rto_slop", _F, "read", _SCRIPTS, "200 ms are added to every RTO: SYNs again after 1.0 s, then 2.2 s"),
    Habit("rto_max", _L, "read", f"{_KERNEL}: tcp_rto_max_ms", "backing off stops at 120 s"),
    Habit("rto_max", _F, "known", "TCPTV_REXMTMAX", "backing off stops at 64 s"),
    *_both("rto_after_syn_loss", "known", "the kernel's fallback RTO", "a lost SYN leaves the RTO at 1 s",
           "known", "no fallback of RFC 6298 5.7"),
    Habit("syn_linear", _L, "measured", "syn", "the first five SYNs again are 1 s apart"),
    Habit("rttvar_min", _L, "known", "tcp_rto_min() in tcp_rtt_estimator()", "an RTO is SRTT and 200 ms at least"),
    Habit("r2_syn_exact", _F, "known", "TP_KEEPINIT: a timer of its own", "to the moment"),
    Habit("rtt_every_ack", _L, "known", "tcp_clean_rtx_queue()", "by the time at which each segment was sent"),
    Habit("persist_min", _F, "known", "net.inet.tcp.persmin", "5 s"),
    Habit("r2_syn", _L, "measured", "syn", "connect() gives up about 131 s after the first SYN"),
    Habit("r2_syn", _F, "known", f"{_MANUAL}: keepinit", "connect() gives up after 75 s"),
    Habit("r2", _L, "read", f"{_KERNEL}: tcp_retries2", "data is given up after about 924 s"),
    Habit("r2", _F, "known", "TCP_MAXRXTSHIFT", "there is no time, but a count"),
    Habit("r2_count", _F, "known", "TCP_MAXRXTSHIFT", "twelve retransmissions"),
    *_both("user_timeout", "read", f"{_KERNEL}: TCP_USER_TIMEOUT", "there is none unless it is asked for",
           "known", "sockets have no user timeout"),
    *_both("fin_wait_2_timeout", "measured", "fin_wait_2", "60 s", "known", "net.inet.tcp.finwait2_timeout"),
    *_both("fin_wait_2_detached_only", "read", f"{_KERNEL}: tcp_fin_timeout", "only when the program has gone",
           "known", "net.inet.tcp.fast_finwait2_recycle"),
    Habit("keepalive_probes", _F, "known", f"{_MANUAL}: keepcnt", "eight probes"),
    # acknowledging and windows
    *_both("ack_delay", "measured", "delayed_acks", "an ACK waits 40 ms at least", "read", f"{_SCRIPTS}: delacktime"),
    Habit("quick_acks", _L, "measured", "delayed_acks", "the first 16 segments are acknowledged at once"),
    *_both("rcv_buf", "measured", "windows", "the first window is at most 65535 octets", "read", _SCRIPTS),
    Habit("window_exact", _F, "known", "tcp_output(): recwin is sbspace()", "every segment tells of all the room"),
    Habit("window_updates", _L, "known", "tcp_cleanup_rbuf()", "reading tells when the window has doubled"),
    Habit("window_updates", _F, "known", "tcp_output()", "reading tells of two segments that are a quarter of the buffer"),
    Habit("buffers_rounded", _F, "read", f"{_SCRIPTS}: 65536 reads back 65700", "to whole segments, when opening"),
    Habit("buffers_doubled", _F, "known", "sbreserve()", "octets count once"),
    Habit("long_segment_acked", _L, "known", "__tcp_ack_snd_check()", "as after GRO"),
    Habit("long_segment_acked", _F, "known", "DELAY_ACK()", "as after LRO"),
    Habit("snd_buf", _F, "known", "net.inet.tcp.sendspace", "32 KiB"),
    Habit("tso_segments", _L, "known", "tcp_tso_segs(), __tcp_transmit_skb()", "two segments or a millisecond's worth"),
    Habit("send_in_chunks", _L, "known", "tcp_sendmsg(), tcp_xmit_size_goal()", "skb by skb"),
    Habit("records_kept", _L, "known", "tcp_skb_can_collapse_to()", "records are kept apart"),
    Habit("sws_override", _L, "known", "tcp_check_probe_timer()", "what is held back leaves after an RTO"),
    Habit("snd_buf", _L, "known", "tcp_wmem", "what a socket takes before it grows"),
    *_both("window_scale", "measured", "syn", "the shift that the largest buffer needs", "read", _SCRIPTS),
    Habit("window_rounded", _L, "measured", "syn_ack", "64240 octets, or 65160 with timestamps"),
    Habit("probe_octet", _L, "measured", "window_probes", "a window probe is an ACK one number too low"),
    Habit("minshall", _L, "measured", "nagle", "full segments do not hold a short one back"),
    # options
    *_both("syn_options", "measured", "syn", "mss, sackOK, TS, nop, wscale; FreeBSD: mss, nop, wscale, sackOK, TS",
           "read", _SCRIPTS),
    *_both("timestamps", "measured", "syn", "offered", "read", _SCRIPTS),
    *_both("sack", "measured", "syn", "offered", "read", _SCRIPTS),
    *_both("ecn", "read", f"{_KERNEL}: tcp_ecn", "used when the peer offers it", "known", "net.inet.tcp.ecn.enable"),
    # congestion
    Habit("congestion", _L, "read", f"{_KERNEL}: tcp_congestion_control; tcp_cubic.c; {_GOOGLE}",
          "cubic, which counts segments"),
    Habit("congestion", _F, "known", "the default since FreeBSD 14", "cubic"),
    Habit("hystart", _L, "read", f"tcp_cubic.c: hystart_detect; {_GOOGLE}", "slow start ends when ACKs or round trips tell"),
    *_both("initial_window", "measured", "first_flight", "ten segments", "known", "net.inet.tcp.initcwnd_segments"),
    Habit("prr_safe_acks", _L, "known", "tcp_cwnd_reduction()", "else no more than was delivered"),
    Habit("frto", _L, "read", f"{_KERNEL}: tcp_frto", "a needless time-out is found out and undone"),
    Habit("rack", _L, "read", f"{_KERNEL}: tcp_recovery", "losses are told by time"),
    Habit("tlp", _L, "measured", "first_flight", "a probe after two round trips and 2 ms"),
    Habit("cut_from_cwnd", _L, "read", f"{_SCRIPTS}: ssthresh 7 after a loss at cwnd 10", "ssthresh is 0.7 cwnd"),
    Habit("slow_start_segments", _L, "known", "tcp_slow_start()", "an ACK counts as a whole"),
    Habit("slow_start_segments", _F, "known", "net.inet.tcp.abc_l_var", "two segments an ACK"),
    Habit("slow_start_doubles", _L, "known", "tcp_is_cwnd_limited()", "up to twice of what was in flight"),
    Habit("growth_by_delivery", _L, "known", "tcp_cong_avoid() takes what was delivered", "news alone"),
    *_both("prr", "known", "tcp_cwnd_reduction()", "recovery is proportional", "known", "net.inet.tcp.do_prr"),
    # opening
    Habit("bad_ack_hastens_syn", _L, "measured", "bad_ack_in_syn_sent", "the SYN leaves again within 10 to 20 ms"),
    Habit("half_open_apart", _L, "played", "linux/syn_recv/syn_ack_at_irs", "handshakes not finished are no connections yet"),
    Habit("crossed_rst_refuses", _L, "measured", "simultaneous_open_reset", "ECONNRESET; FreeBSD says ECONNREFUSED"),
    Habit("syn_fin_opens", _L, "measured", "strange_openings", "a SYN with FIN draws no answer"),
    Habit("syn_text_taken", _L, "measured", "data_on_syn_ack", "data on a SYN or SYN,ACK is thrown away"),
    Habit("listen_resets_synacks", _F, "read", _SCRIPTS, "LISTEN is silent about a SYN,ACK"),
    # what programs see
    Habit("ephemeral_ports", _L, "read", f"{_KERNEL}: ip_local_port_range", "32768 to 60999"),
    Habit("port_choice", _L, "known", "inet_csk_get_port()", "by a keyed hash of where it leads"),
    Habit("send_before_established", _L, "read", _SCRIPTS, "send() waits until the connection is open"),
    Habit("queues_apart", _L, "known", "tcp_max_syn_backlog and somaxconn", "unfinished handshakes have a queue of their own"),
    Habit("send_after_end_is_epipe", _F, "known", "sosend() looks at SBS_CANTSENDMORE first", "send() is told EPIPE"),
    Habit("unconnected_is_enotconn", _F, "known", "sosend()", "send() is told ENOTCONN"),
    Habit("accept_inherits_nonblocking", _F, "known", "accept(2) of FreeBSD", "so does accept()'s socket"),
    *_both("read_after_reset", "known", "the socket keeps its receive queue", "what came before a reset can be read",
           "known", "soreceive_stream()"),
    Habit("urgent_inline", _L, "read", "tcp(7): SO_OOBINLINE", "the urgent octet is read apart"),
    Habit("reset_after_fin_is_epipe", _L, "measured", "reset_in_close_wait", "a RST in CLOSE_WAIT is told as EPIPE"),
    # resets and closing
    Habit("challenge_limit", _L, "measured", "challenge_rate", "one challenge ACK ..."),
    Habit("challenge_period", _L, "measured", "challenge_rate", "... in 500 ms"),
    Habit("challenge_limit", _F, "known", "net.inet.tcp.ack_war_cnt", "five challenge ACKs ..."),
    Habit("challenge_period", _F, "known", "net.inet.tcp.ack_war_timewindow", "... in a second"),
    Habit("icmp_hard_aborts", _L, "played", "linux/icmp/hard_in_established", "ICMP ends no connection that stands"),
    Habit("icmp_hard_aborts", _F, "known", "tcp_drop_syn_sent()", "only while opening"),
    Habit("rst_at_right_edge", _L, "measured", "resets", "a RST one past the window is challenged"),
    Habit("empty_at_right_edge", _L, "played", "linux/established/ack_places", "an ACK one past the window is let in"),
    Habit("rst_at_fin", _L, "played", "linux/last_ack/rst_at_fin", "a RST at the number of the peer's FIN counts"),
    Habit("ack_bit_first", _L, "played", "linux/established/fin_without_ack", "what has no ACK is dropped, wherever it is"),
    Habit("icmp_soft_ends_open", _L, "played", "linux/icmp/soft_in_syn_sent", "a soft ICMP error ends connect()"),
    *_both("reset_carries_ack", "measured", "close_with_unread_data", "RST,ACK", "known", "tcp_output() in CLOSED"),
    *_both("reset_carries_stamp", "read", _SCRIPTS, "timestamps too", "known", "tcp_output() in CLOSED"),
    *_both("unwanted_text_is_stray", "known", "tcp_rcv_state_process(), then tcp_v4_send_reset()", "at SEG.ACK",
           "known", "dropwithreset"),
    Habit("unread_resets", _F, "known", "tcp_disconnect()", "close() with unread data sends a FIN"),
    Habit("crossed_synack_acked", _F, "known", "tcp_do_segment(): the SYN is trimmed", "acknowledged"),
    Habit("sack_permitted_aligned", _F, "known", "tcp_addoptions()", "EOL ends the options"),
    *_both("half_duplex_close", "measured", "close_with_unread_data", "close() with unread data resets", "read", _SCRIPTS),
    *_both("reopen_time_wait", "measured", "reopen_time_wait", "a SYN with a higher number opens a new incarnation",
           "read", "FreeBSD's notes on TIME_WAIT"),
    Habit("fin_at_zero_window", _L, "measured", "fin_at_zero_window", "a FIN passes a closed window"),
    Habit("second_fin_answered", _L, "played", "linux/close_wait/fin_again", "a second FIN in the window draws no answer"),
    Habit("time_wait_plain", _L, "played", "linux/time_wait/data", "all but RSTs and a bare ACK at RCV.NXT is answered"),
    Habit("fin_answers_fin", _F, "read", _SCRIPTS, "a FIN in FIN_WAIT_1 draws the FIN again"),
    Habit("time_wait_needs_ack", _F, "read", _SCRIPTS, "a FIN without ACK in TIME_WAIT is ignored"),
    Habit("time_wait_ignores_rst", _F, "read", "FreeBSD's notes on TIME_WAIT", "RFC 1337's first fix"),
    Habit("timeout_resets", _F, "known", "tcp_drop()", "giving up sends a RST"),
)  # fmt: skip

#: What was measured and no switch stands for.
NOT_MODELLED: Final = (
    ("stretch_acks", "ACKs of whole trains of segments, once the receiver has seen that they come in trains"),
    ("delayed_acks", "quick ACKs again after a silence, and none in a dialogue (pingpong)"),
)
