"""Why a segment was stopped: the named verdicts of the numbered checks (RFC 9293 3.10.7).

Every refusal in the engine returns one of these, so that "why?" always has a name, words and a section.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Verdict(NamedTuple):
    """``id``: stable name, which begins with the check's.  ``words``: what it means.  ``reply``: what is sent."""

    id: str
    words: str
    reply: str
    ref: str


_IN_CLOSED: Final = "3.10.7.1"
_IN_LISTEN: Final = "3.10.7.2"
_IN_SYN_SENT: Final = "3.10.7.3"
_FIRST: Final = "3.10.7.4 (first)"
_SECOND: Final = "3.10.7.4 (second)"
_FOURTH: Final = "3.10.7.4 (fourth)"
_FIFTH: Final = "3.10.7.4 (fifth)"

CLOSED_RST: Final = Verdict("closed.rst", "a RST for no connection is dropped", "nothing", _IN_CLOSED)
CLOSED_ACK: Final = Verdict("closed.ack", "there is no such connection", "RST at SEG.ACK", _IN_CLOSED)
CLOSED_NO_ACK: Final = Verdict("closed.no_ack", "there is no such connection", "RST,ACK", _IN_CLOSED)

LISTEN_RST: Final = Verdict("listen.rst", "nothing sent from LISTEN can have caused it", "nothing", _IN_LISTEN)
LISTEN_ACK: Final = Verdict("listen.ack", "it acknowledges what was never sent", "RST at SEG.ACK", _IN_LISTEN)
LISTEN_OTHER: Final = Verdict("listen.other", "neither SYN nor anything else of use", "nothing", _IN_LISTEN)
LISTEN_TAKEN: Final = Verdict(
    "listen.taken", "the SYN is taken: the rest waits for the handshake", "SYN,ACK", _IN_LISTEN
)

OPENER_BAD_ACK: Final = Verdict("syn_sent.bad_ack", "its ACK is not for our SYN", "RST at SEG.ACK", _IN_SYN_SENT)
OPENER_BAD_ACK_RST: Final = Verdict(
    "syn_sent.bad_ack_rst", "a RST whose ACK is not for our SYN", "nothing", _IN_SYN_SENT
)
OPENER_RST: Final = Verdict("syn_sent.rst", "the peer refuses the connection", "nothing", _IN_SYN_SENT)
OPENER_BLIND_RST: Final = Verdict("syn_sent.blind_rst", "a RST without ACK proves nothing", "nothing", _IN_SYN_SENT)
OPENER_CROSSED: Final = Verdict(
    "syn_sent.crossed", "the SYNs have crossed: simultaneous open", "SYN,ACK", _IN_SYN_SENT
)
OPENER_OTHER: Final = Verdict("syn_sent.other", "neither SYN nor RST", "nothing", _IN_SYN_SENT)

UNACCEPTABLE: Final = Verdict("seq.unacceptable", "outside the receive window", "ACK", _FIRST)
UNACCEPTABLE_RST: Final = Verdict("seq.unacceptable_rst", "a RST outside the receive window", "nothing", _FIRST)
DUPLICATE_SYN: Final = Verdict("seq.duplicate_syn", "the peer's SYN again", "SYN,ACK", _FIRST)
FIN_AGAIN_IN_TIME_WAIT: Final = Verdict("seq.fin_again", "the peer's FIN again: 2MSL starts anew", "ACK", _FIRST)
TIME_WAIT_IGNORES: Final = Verdict("seq.time_wait_ignores", "nothing but an ACK, at RCV.NXT", "nothing", _FIRST)
TIME_WAIT_ANSWERS: Final = Verdict("seq.time_wait_answers", "TIME_WAIT expects nothing of the kind", "ACK", _FIRST)
OLD_SYN: Final = Verdict("seq.old_syn", "no SYN of a new incarnation", "nothing", "RFC 6191 2")
REOPENED: Final = Verdict("seq.reopened", "a fresh SYN opens a new incarnation", "SYN,ACK", "3.6.1")

PAWS: Final = Verdict(
    "seq.paws", "its timestamp is older than one already seen: it comes from an earlier time", "ACK", "RFC 7323 5.3"
)
TIMESTAMP_MISSING: Final = Verdict(
    "seq.timestamp_missing", "the timestamp that both ends agreed on is missing", "nothing", "RFC 7323 3.2"
)

RST_OUTSIDE: Final = Verdict("rst.outside", "a RST that begins outside the receive window", "nothing", _SECOND)
RST_ACCEPTED: Final = Verdict("rst.accepted", "a valid RST", "nothing", _SECOND)
RST_CHALLENGED: Final = Verdict("rst.challenged", "in the window, but not at RCV.NXT", "challenge ACK", _SECOND)
RST_IGNORED: Final = Verdict("rst.ignored", "TIME_WAIT ignores RST (RFC 1337)", "nothing", _SECOND)

SYN_BACK_TO_LISTEN: Final = Verdict(
    "syn.back_to_listen", "a SYN in the window ends the embryonic connection", "nothing", _FOURTH
)
SYN_CHALLENGED: Final = Verdict("syn.challenged", "a SYN in a synchronised connection", "challenge ACK", _FOURTH)
SYN_RESETS: Final = Verdict("syn.resets", "a SYN in the window is an error", "RST", _FOURTH)

ACK_MISSING: Final = Verdict("ack.missing", "no ACK bit", "nothing", _FIFTH)
ACK_TOO_OLD: Final = Verdict(
    "ack.too_old", "acknowledges less than the peer can have left open", "challenge ACK", _FIFTH
)
ACK_TOO_NEW: Final = Verdict("ack.too_new", "acknowledges what was not sent yet", "challenge ACK", _FIFTH)
ACK_REFUSED: Final = Verdict("ack.refused", "its ACK is not for our SYN", "RST at SEG.ACK", _FIFTH)
ACK_ENDS: Final = Verdict("ack.ends", "our FIN is acknowledged: the connection is over", "nothing", _FIFTH)
ACK_ONLY: Final = Verdict("ack.only", "nothing but an ACK of our FIN is of use here", "nothing", _FIFTH)
ACK_IN_TIME_WAIT: Final = Verdict("ack.in_time_wait", "acknowledged, and 2MSL starts anew", "ACK", _FIFTH)

TEXT_UNWANTED: Final = Verdict("text.unwanted", "nobody is left to read what it brings", "RST", "3.6.1")

#: Every verdict, by id.
VERDICTS: Final = {value.id: value for value in list(globals().values()) if isinstance(value, Verdict)}
