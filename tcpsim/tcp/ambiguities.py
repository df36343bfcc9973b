"""The places where RFC 9293 is ambiguous or its text and figures clash, and how each is settled.

Data for the docs and for ``explain``: A-1 to A-40, what is ruled, and which switches of a profile settle it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .profiles import Profile


class Ambiguity(NamedTuple):
    """``title``: what clashes.  ``ruling``: what tcpsim does by default.  ``switches``: of Profile, none where
    every profile does the same.  ``note``: what the literal reading does, or why there is no switch."""

    id: str
    title: str
    ruling: str
    switches: tuple[str, ...] = ()
    note: str = ""

    def values(self, profile: Profile) -> tuple[object, ...]:
        """The values of ``switches`` in ``profile``."""
        return tuple(getattr(profile, switch) for switch in self.switches)


_A = Ambiguity

AMBIGUITIES: Final = (
    _A("A-1", "where the side that sends a reset goes: CLOSED or TIME_WAIT", "CLOSED, as 3.10.5 has it",
       ("abort_to_time_wait",), "an option in every profile; Figure 5's note 3 and 3.5.2 ask for TIME_WAIT"),
    _A("A-2", "where a received reset leads", "as 3.10.7 says, state by state",
       note="3.5's summary is wrong for SYN_SENT and for an active SYN_RECV, in every profile"),
    _A("A-3", "what counts as a passive open after LISTEN has turned to SYN_SENT", "it counts as an active one",
       note="3.10.1 and 3.10.2 say that the connection is changed; there is no other reading to keep"),
    _A("A-4", "a SYN in the window of a passive SYN_RECV", "back to LISTEN, the SYN is lost, queues are flushed",
       note="as printed, in every profile"),
    _A("A-5", "whether OPEN leads from LISTEN to SYN_SENT, or only SEND", "both do",
       note="the text has both, the figure one"),
    _A("A-6", "FIN_WAIT_1 to TIME_WAIT: one edge or two", "two rows fire, by way of FIN_WAIT_2",
       note="what the fifth and the eighth check do one after the other, in every profile"),
    _A("A-7", "CLOSE while data waits", "ESTABLISHED changes at once, CLOSE_WAIT when the FIN leaves",
       note="as printed; only an ACK beyond a FIN that was sent acknowledges it"),
    _A("A-8", "the SYN,ACK of a simultaneous open lies left of the window", "a SYN,ACK at IRS is used",
       ("synack_completes_simultaneous_open",), "literally it is refused, and bare ACKs complete the handshake"),
    _A("A-9", "a bad ACK in SYN_RECV: reset, or RFC 5961's ACK", "reset; the range test begins at ESTABLISHED",
       ("ack_range_in_syn_recv",), "literally the range test, printed first, takes most of them"),
    _A("A-10", "whether SYN_RECV goes on after answering a bad ACK", "it does not",
       note="the missing return is taken for granted in every profile; the other reading breaks the handshake"),
    _A("A-11", "whether the peer's repeated FIN restarts 2MSL", "it does, in the first check",
       ("fin_restarts_time_wait",), "literally the first check drops it and the timer is never restarted"),
    _A("A-12", "what TIME_WAIT acknowledges", "FINs only",
       ("time_wait_answers_acks",), "literally every ACK: two ends in TIME_WAIT answer each other for ever"),
    _A("A-13", "RECEIVE when both sides have closed", "what is buffered is served, then the end of the stream",
       ("read_after_close",), "literally an error at once: unread data is lost"),
    _A("A-14", "a second FIN", "answered, and otherwise without effect",
       ("every_fin_counts",), "literally RCV.NXT advances again and the user is told again"),
    _A("A-15", "what a closed window lets pass",
       "a RST at RCV.NXT, and the ACK field and urgent pointer of a segment at RCV.NXT",
       ("rst_at_zero_window", "ack_at_zero_window"), "a FIN does not pass, in any profile"),
    _A("A-16", "whether a window probe counts as sent", "it does not, and a peer one number behind may acknowledge it",
       ("probe_advances_snd_nxt",), "literally it does, and two probing ends answer each other for ever"),
    _A("A-17", "the optional ACK for a segment right of RCV.NXT", "only if it occupies sequence space",
       ("empty_segments_draw_acks",), "literally empty ones too: with both FINs lost the ends never stop"),
    _A("A-18", "the send window after an active open", "taken from the SYN,ACK",
       ("opener_learns_window",), "literally it is set only when the SYNs cross"),
    _A("A-19", "CLOSE in SYN_RECV", "the FIN leaves at once only if nothing waits; until our SYN is acknowledged, "
       "a bad ACK is reset as in SYN_RECV", ("unacknowledged_syn_resets",),
       "literally FIN_WAIT_1 answers with an ACK, and two ends that took old SYNs for new ones never part; in "
       "every profile the first ACK in FIN_WAIT_1 sets the send window"),
    _A("A-20", "the answer to a repeated SYN in SYN_RECV", "the SYN,ACK again",
       ("duplicate_syn_draws_synack",), "literally a bare ACK, which the peer drops"),
    _A("A-21", "which states the user time-out and R2 may end", "the timer runs while something is "
       "unacknowledged, and a passive SYN_RECV goes back to LISTEN",
       ("user_timer_everywhere", "passive_open_survives"), "literally a listener dies of it"),
    _A("A-22", "a silent ABORT strands a peer in FIN_WAIT_2", "kept: an expected dead end",
       ("fin_wait_2_timeout", "fin_wait_2_detached_only"),
       "the standard gives FIN_WAIT_2 no timer; a limit is an option in every profile"),
    _A("A-23", "whether the user hears of a RST in CLOSING and LAST_ACK", "yes",
       ("rst_told_while_closing",), "literally nobody is told"),
    _A("A-24", "the strings of errors disagree", "symbolic codes; strings are made at the edge",
       note="a matter of names, the same in every profile"),
    _A("A-25", "a passive OPEN of a record in LISTEN", "an error: the connection exists already",
       note="another listener is another record, in every profile"),
    _A("A-26", "SEND after a CLOSE that waits", "an error: closing",
       ("send_after_queued_close",), "literally 3.10.2 queues the octets in front of the FIN"),
    _A("A-27", "a SYN in TIME_WAIT", "challenged; reopening is an option and comes before the first check",
       ("reopen_time_wait",), "the values may2 and 6191 turn on RFC 1122's and RFC 6191's rules"),
    _A("A-28", "the form of some resets is not given", "the two forms of CLOSED",
       note="no other form is printed"),
    _A("A-29", "which RST is valid", "the one at RCV.NXT; others in the window are challenged",
       ("rst_exact",), "the same in the literal profile, since 3.10.7.4 prints it first"),
    _A("A-30", "LISTEN says that nothing else can arrive", "bare FINs and data do, and are dropped",
       note="as printed"),
    _A("A-31", "omissions in the fifth check of CLOSING and LAST_ACK", "2MSL starts, SND.UNA advances, and an "
       "ACK beyond SND.NXT is answered as in every other state",
       note="taken for slips in every profile: without 2MSL, TIME_WAIT would never end"),
    _A("A-32", "the urgent pointer is used as if it were absolute", "SEG.SEQ plus the field",
       note="kept as a sequence number in every profile, and compared with what the user has read"),
    _A("A-33", "a RST in SYN_SENT compared with RCV.NXT", "not compared: a verified erratum removes it",
       note="RCV.NXT does not exist there, so no profile does it"),
    _A("A-34", "what returning to LISTEN restores", "the remote socket is open again and queues are empty; "
       "for sockets the listener is an object of its own, and its child ends",
       note="the same in every profile"),
    _A("A-35", "the ACK of a segment right of RCV.NXT", "used at once; text and FIN are held",
       note="the text offers trimming and holding as one way to do it, so there is no literal reading to keep"),
    _A("A-36", "what is retransmitted after simultaneous open", "the SYN,ACK",
       ("crossed_syn_repeats_synack",), "literally the front of the queue, the bare SYN"),
    _A("A-37", "how many ACKs answer unacceptable segments and challenges", "ten in five seconds",
       ("challenge_limit", "challenge_period"), "literally as many as there are"),
    _A("A-38", "slips in the RFC's table of requirements", "the sentences count",
       note="editorial"),
    _A("A-39", "timers that the event processing does not list", "persist, delayed ACK, override, keep-alive, R1, R2: as in 3.8",
       note="the same in every profile"),
    _A("A-40", "the ACK field of a repeated FIN", "not used: the peer's answer says it again",
       ("ack_left_of_window",), "an option in every profile"),
)  # fmt: skip


def of_switch(switch: str) -> Ambiguity | None:
    """The ambiguity that a switch of Profile settles, None if it settles none."""
    return next((entry for entry in AMBIGUITIES if switch in entry.switches), None)
