"""The numbered checks and the verdicts, for those whose segment was stopped.

A new check gets a line in ``CHECKS``, a new verdict one in ``VERDICTS``.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class CheckNote(NamedTuple):
    """``asks``: what the check asks, and why.  ``ref``: where the standard has it."""

    asks: str
    ref: str
    requirements: tuple[str, ...] = ()


class VerdictNote(NamedTuple):
    """``lesson``: why a segment is stopped for this, and what would go wrong otherwise.

    ``taken``: the segment was of use, and only needs no further check.
    """

    lesson: str
    requirements: tuple[str, ...] = ()
    taken: bool = False


_C = CheckNote

CHECKS: Final[dict[str, CheckNote]] = {
    "check_closed": _C(
        "Nobody here knows this connection.  A RST says so to the sender, unless it is a RST itself: two ends that "
        "know nothing would otherwise reset each other for ever.", "3.10.7.1", ("LC-8", "LC-12")),
    "check_rst_in_listen": _C(
        "Is it a RST?  Nothing has been sent yet that a RST could answer.", "3.10.7.2", ("LC-14",)),
    "check_ack_in_listen": _C(
        "Does it acknowledge something?  Nothing has been sent yet, so the sender means another connection.",
        "3.10.7.2", ("LC-9",)),
    "check_syn_in_listen": _C("Is it a SYN?  Then somebody wants a connection.", "3.10.7.2", ("MUST-42",)),
    "check_other_in_listen": _C("What is neither RST nor ACK nor SYN has no business here.", "3.10.7.2"),
    "check_ack_in_syn_sent": _C(
        "If it acknowledges something: is that our SYN?  Otherwise it belongs to an earlier connection, whose other "
        "end is told with a RST.", "3.10.7.3", ("LC-9",)),
    "check_rst_in_syn_sent": _C(
        "Is it a RST?  It counts only if it acknowledges our SYN, since anybody could send one blindly.",
        "3.10.7.3", ("LC-13",)),
    "check_syn_in_syn_sent": _C(
        "Is it a SYN?  With an acceptable ACK it is the answer to ours; without, the SYNs have crossed.",
        "3.10.7.3", ("MUST-10",)),
    "check_other_in_syn_sent": _C("What is neither SYN nor RST has no business here.", "3.10.7.3"),
    "check_sequence": _C(
        "Does any of it lie in the receive window?  This keeps old duplicates out, and whoever guesses.",
        "3.10.7.4 (first)", ("LC-4", "LC-10", "LC-20", "MUST-66")),
    "check_rst": _C(
        "Is it a RST?  Exactly at RCV.NXT it ends the connection; elsewhere in the window it might be forged, and "
        "the peer is asked.", "3.10.7.4 (second)", ("UNL-4", "UNL-5", "UNL-6")),
    "check_security": _C("Security compartments, which this model does not have: everything passes.",
                         "3.10.7.4 (third)"),
    "check_syn": _C(
        "Is it a SYN?  A connection that is open needs none: the peer has restarted, or somebody guesses.",
        "3.10.7.4 (fourth)", ("UNL-7", "UNL-8")),
    "check_ack": _C(
        "Does it acknowledge what was sent and not acknowledged yet?  Then that is off our hands, the peer's window "
        "is learned, and an acknowledged SYN or FIN changes the state.",
        "3.10.7.4 (fifth)", ("LC-3", "UNL-9", "UNL-10", "MAY-12")),
    "check_urg": _C("Does it point to urgent data?", "3.10.7.4 (sixth)", ("MUST-30", "MUST-32")),
    "process_text": _C(
        "Take in the octets: what is next in order can be read at once, what came early is held.",
        "3.10.7.4 (seventh)", ("LC-22", "SHLD-31", "MUST-58")),
    "check_fin": _C(
        "Has the peer closed?  Its FIN counts once everything before it is here.",
        "3.10.7.4 (eighth)", ("LC-17", "LC-23", "LC-24")),
}  # fmt: skip

_V = VerdictNote

VERDICTS: Final[dict[str, VerdictNote]] = {
    "seq.paws": _V("Its number would fit, but only because the numbers have wrapped since it was sent.", ("EXT-7323-4",)),
    "seq.timestamp_missing": _V("Without it nobody can tell when the segment was sent.", ("EXT-7323-2",)),
    "text.unwanted": _V("The program has closed for good, and the peer has to know that the data is lost.",
                        ("SHLD-3", "MAY-1")),
    "closed.rst": _V("Answering a RST with a RST would never end.", ("LC-12",)),
    "closed.ack": _V("The RST takes its number from the ACK, so that the sender finds it acceptable.", ("LC-8",)),
    "closed.no_ack": _V("The RST acknowledges the segment, so that the sender sees what it is about.", ("LC-8",)),
    "listen.rst": _V("A listener has sent nothing that a RST could answer.", ("LC-14",)),
    "listen.ack": _V("An ACK before any handshake comes from an earlier connection: its end is told.", ("LC-9",)),
    "listen.other": _V("Without SYN nothing begins; the sender will try again or give up."),
    "listen.taken": _V(
        "The SYN has done its work: a connection in SYN_RECV goes on with it, and the listener listens on.", ("LC-6",),
        taken=True),
    "syn_sent.bad_ack": _V(
        "It acknowledges what this connection never sent, so the other end holds an old connection.  The RST clears "
        "it away, and our SYN is tried again.", ("LC-9",)),
    "syn_sent.bad_ack_rst": _V("A RST that is about another connection, and no reason to answer.", ("LC-12", "LC-13")),
    "syn_sent.rst": _V("The RST acknowledges our SYN, so it is the answer to it: nobody listens there.", ("LC-13",), taken=True),
    "syn_sent.blind_rst": _V("Whoever saw our SYN could have acknowledged it; this may be a guess.", ("LC-13",)),
    "syn_sent.crossed": _V("Both ends have opened at once: that makes one connection, not two.", ("MUST-10",), taken=True),
    "syn_sent.other": _V("Before the handshake there is nothing that data or a FIN could belong to.", ("LC-23",)),
    "seq.unacceptable": _V(
        "Nothing of it lies in the window: an old duplicate, or something that has arrived before.  The ACK tells "
        "the sender what is expected.", ("LC-4", "LC-10", "EXT-5961-1")),
    "seq.unacceptable_rst": _V("A RST that lies outside the window is an old one, or a guess.", ("LC-12", "UNL-4")),
    "seq.duplicate_syn": _V("Our SYN,ACK may have been lost: it is sent again instead of waiting for the timer.", taken=True),
    "seq.fin_again": _V(
        "The peer sends its FIN again because our last ACK was lost; this is what TIME_WAIT is for.", ("MUST-13",), taken=True),
    "seq.time_wait_ignores": _V("An answer would be a bare ACK too: two ends in TIME_WAIT could go on for ever.", ("LC-10",)),
    "seq.time_wait_answers": _V("Little is known of the connection any more; the ACK tells where it ended.", ("LC-10",)),
    "seq.old_syn": _V("Its number does not come after the last one seen, so it may be an old SYN.", ("EXT-6191-1",)),
    "seq.reopened": _V(
        "The ports may be used again before 2MSL are over, since the new numbers come after the old ones.",
        ("MAY-2", "EXT-6191-1"), taken=True),
    "rst.outside": _V("It reaches into the window, but does not begin there: not one to believe.", ("UNL-4",)),
    "rst.accepted": _V("It lies exactly where the next segment is expected: the peer means it.", ("UNL-4", "MUST-12"),
                       taken=True),
    "rst.challenged": _V(
        "A guesser hits the window far more easily than RCV.NXT.  The ACK asks: a peer that is really gone answers "
        "with a RST that fits exactly.", ("UNL-5", "UNL-6", "EXT-5961-1")),
    "rst.ignored": _V("A stray RST could end TIME_WAIT too early, and let old segments in.", ("EXT-1337-1",)),
    "syn.back_to_listen": _V("The handshake has got out of step; the listener is there for a new SYN.", taken=True),
    "syn.challenged": _V(
        "Either the peer has restarted, and the RST with which it answers this ACK ends the connection, or the SYN "
        "is forged, and the real peer ignores the ACK.", ("UNL-7", "UNL-8", "EXT-5961-1")),
    "syn.resets": _V("Without the challenge of RFC 5961 a SYN in the window ends the connection, forged or not.", taken=True),
    "ack.missing": _V("After the handshake every segment carries an ACK; this one is not worth more.", ("LC-5",)),
    "ack.too_old": _V(
        "No honest peer acknowledges so far back: somebody may be trying to smuggle data in.",
        ("MAY-12", "UNL-9", "UNL-10")),
    "ack.too_new": _V(
        "Nobody can acknowledge what was not sent.  The peer is told where we are; its data is not taken in.",
        ("UNL-9", "UNL-10")),
    "ack.refused": _V("The handshake's ACK has to be for our SYN; this one means another connection.", ("LC-9",)),
    "ack.ends": _V("The peer knows that we have closed, and it closed before: nothing is left to do.", ("LC-16",), taken=True),
    "ack.only": _V("Both sides have closed: all that is missing is the ACK of our FIN."),
    "ack.in_time_wait": _V("The literal reading: whatever carries an ACK is acknowledged, and 2MSL starts anew.", taken=True),
}  # fmt: skip


def is_taken(verdict: str) -> bool:
    """Whether a segment with this verdict was of use, and only needed no further check."""
    note = VERDICTS.get(verdict)
    return note is not None and note.taken
