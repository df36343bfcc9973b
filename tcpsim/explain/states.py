"""The eleven states, for those who meet them: what each means, and what a connection waits for in it."""

from __future__ import annotations

from typing import Final, NamedTuple

from ..tcp.states import State


class StateNote(NamedTuple):
    """``meaning``: in one line.  ``waits``: for what, and how it goes on.  ``requirements``: that show here."""

    meaning: str
    waits: str
    requirements: tuple[str, ...] = ()


_N = StateNote

STATES: Final[dict[State, StateNote]] = {
    State.CLOSED: _N(
        "there is no connection and no block of variables",
        "Only OPEN leads out of it.  Whatever arrives, unless it is a RST, is answered with a RST that the sender "
        "will believe.",
        ("LC-8", "LC-12"),
    ),
    State.LISTEN: _N(
        "a passive open: waiting for a SYN from anybody",
        "A SYN begins a connection of its own, which goes on in SYN_RECV while the listener listens.  An ACK is "
        "answered with a RST, a RST is ignored: nothing was sent that could have caused either.",
        ("LC-14", "MUST-42"),
    ),
    State.SYN_SENT: _N(
        "an active open: our SYN has left, and its answer is awaited",
        "SYN,ACK completes the handshake here.  A bare SYN means that both ends have opened at once.  The SYN is "
        "sent again each time the retransmission timer runs out.",
        ("MUST-22", "MUST-23", "LC-13"),
    ),
    State.SYN_RECV: _N(
        "both SYNs have been sent, and ours is not acknowledged yet",
        "The ACK of our SYN opens the connection.  A RST takes a passive open back to LISTEN and ends an active one, "
        "which is why the block remembers which of the two it was.",
        ("MUST-11", "LC-9"),
    ),
    State.ESTABLISHED: _N(
        "the connection is open, and data flows both ways",
        "It ends here by CLOSE (our FIN), by the peer's FIN, by a RST, or by giving up.",
        ("LC-5", "LC-10"),
    ),
    State.FIN_WAIT_1: _N(
        "we have closed, and our FIN is not acknowledged yet",
        "The ACK of our FIN leads to FIN_WAIT_2, the peer's FIN to CLOSING, both in one segment to TIME_WAIT.  "
        "Data still comes in.",
        ("LC-15", "LC-16"),
    ),
    State.FIN_WAIT_2: _N(
        "our FIN is acknowledged, and the peer has not closed yet",
        "The half-closed state: nothing more is sent but ACKs, and data still comes in, for as long as the peer "
        "likes.  The standard gives it no timer.",
        ("LC-15",),
    ),
    State.CLOSE_WAIT: _N(
        "the peer has closed, and our side has not",
        "It waits for our own program to call CLOSE.  A connection that stays here for ever belongs to a program "
        "that forgot to.",
        ("LC-17",),
    ),
    State.CLOSING: _N(
        "both have closed at once: the FINs have crossed",
        "The peer's FIN came before the ACK of ours.  That ACK leads to TIME_WAIT.",
    ),
    State.LAST_ACK: _N(
        "both have closed, the peer first: the last ACK is awaited",
        "The ACK of our FIN ends the connection.  If it is lost, the FIN is sent again, and the other end, in "
        "TIME_WAIT for just this, acknowledges it once more.",
    ),
    State.TIME_WAIT: _N(
        "both have closed, and this side acknowledged last",
        "For two maximum segment lifetimes the connection is remembered, so that a repeated FIN can be acknowledged "
        "and old duplicates die out before the same ports are used again.",
        ("MUST-13", "MAY-2"),
    ),
}
