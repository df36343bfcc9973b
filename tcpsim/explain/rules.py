"""What moves a connection, in words: cues of the table, timers, calls.

A new cue gets a line in ``CUES``, a new timer one in ``TIMERS``, a new call one in ``CALLS``.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Note(NamedTuple):
    """``words``: a sentence.  ``ref``: where the standard has it ("" where each row says so itself)."""

    words: str
    ref: str = ""
    requirements: tuple[str, ...] = ()


_N = Note

#: By ``Cue.id``: why a connection moves.
CUES: Final[dict[str, Note]] = {
    "data_unread": _N("Data comes and nobody is left to read it: a RST tells the peer.", "", ("SHLD-3",)),
    "keepalive": _N("No keep-alive probe was answered: the peer is gone.", "", ("MUST-29",)),
    "fin_wait_2_timeout": _N("The peer's FIN does not come; stacks give up waiting, though the standard does not."),
    "open_passive": _N("The program waits for others to connect."),
    "open_active": _N("The program wants a connection: a SYN leaves."),
    "send": _N("SEND on a listening connection opens it actively."),
    "close": _N("The program has no more to send.  A FIN says so, after all the data.", "", ("LC-16",)),
    "close_unread": _N("The program closes and leaves data unread: the peer has to know that it is lost.", "",
                       ("MAY-1", "SHLD-3")),
    "abort": _N("The program gives up at once: what is queued is lost, and where the peer must know, a RST tells it.",
                "", ("MUST-12",)),
    "abort_lingers": _N("As ABORT, but this side waits 2MSL, so that old segments die out.", "", ("LC-11",)),
    "rcv_syn": _N("The peer wants a connection, and its SYN gives the number to count from.", "", ("LC-2",)),
    "rcv_synack": _N("The peer has our SYN and sends its own: this end knows both numbers now.", "", ("LC-3",)),
    "ack_of_syn": _N("The peer has our SYN: both ends know both numbers, and data may flow.", "", ("LC-3",)),
    "ack_of_fin": _N("The peer has everything that was sent, our FIN included.", "", ("LC-16",)),
    "fin": _N("The peer has no more to send, and everything before its FIN is here.", "", ("MUST-12", "LC-17")),
    "rst": _N("The peer says that this connection does not exist, and it is to be believed.", "", ("MUST-12",)),
    "rst_untold": _N("The same, but the program is not told: the literal reading."),
    "rst_of_active_open": _N("The peer answers our opening with a RST: refused.", "", ("MUST-11",)),
    "rst_of_passive_open": _N("The SYN was not meant: an old duplicate, perhaps.  The listener is as before.", "",
                              ("MUST-11",)),
    "rst_of_reopened": _N("The SYN that reopened TIME_WAIT was an old one: TIME_WAIT goes on.", "", ("MAY-2",)),
    "syn_of_passive_open": _N("Another SYN in the window: the handshake is out of step and begins anew."),
    "syn_in_window": _N("A SYN in the window of an open connection is an error."),
    "syn_reopens": _N("A SYN beyond all old numbers: the ports are used again before 2MSL are over.", "", ("MAY-2",)),
    "r2": _N("The same segment was sent again for too long without an answer.", "", ("MUST-20", "MUST-22")),
    "r2_of_passive_open": _N("The SYN,ACK was sent again for too long; the listener goes on.", "", ("MUST-22",)),
    "user_timeout": _N("Data was not acknowledged for as long as the user wanted to wait.", "", ("LC-25",)),
    "user_timeout_of_passive_open": _N("The handshake took longer than the user wanted to wait; the listener goes on.",
                                       "", ("LC-25",)),
    "icmp_hard": _N("An ICMP message says that the peer cannot be reached this way, now or later.", "",
                    ("MUST-54", "SHLD-26")),
    "timeout_2msl": _N("Two maximum segment lifetimes have passed: nothing old can still be on its way.", "",
                       ("MUST-13", "LC-27")),
}  # fmt: skip

#: By the name of ``tcb.TIMERS``.
TIMERS: Final[dict[str, Note]] = {
    "keepalive": _N("Keep-alive: the peer has been silent for long, so it is asked whether it is there.", "3.8.4",
                    ("MUST-26", "MUST-28", "MUST-29")),
    "fin_wait_2": _N("FIN_WAIT_2: how long an implementation waits for a FIN that the peer may never send.", "3.6"),
    "time_wait": _N("2MSL: TIME_WAIT ends when it runs out.", "3.10.8", ("MUST-13", "LC-27")),
    "rack": _N("RACK: a segment that was sent before one that has arrived is lost if it has not come by now; or a probe "
               "leaves, since no ACK has come for two round trips.", "RFC 8985 6.3, 7"),
    "rtx": _N("Retransmission: nothing was acknowledged for a whole RTO, so the oldest segment is taken for lost and "
              "sent again, and the next wait is twice as long.", "3.10.8", ("LC-26", "EXT-6298-5", "MUST-19")),
    "persist": _N("Zero-window probe: the peer's window is closed, and the segment that opens it may get lost; so it "
                  "is asked from time to time.", "3.8.6.1", ("MUST-36", "SHLD-29", "SHLD-30", "MUST-37")),
    "delack": _N("Delayed ACK: no data and no second segment came that the ACK could ride along with.", "3.8.6.3",
                 ("MUST-40", "SHLD-18")),
    "override": _N("Silly-window override: small data has waited long enough for a larger window.", "3.8.6.2.1",
                   ("MUST-38",)),
    "user": _N("User timeout: data was not acknowledged for as long as the user wanted to wait.", "3.10.8",
               ("LC-25", "LC-28")),
}  # fmt: skip

#: By the name of a call, as the trace has it.
CALLS: Final[dict[str, Note]] = {
    "listen": _N("A passive OPEN: connections to this port are welcome.", "3.10.1", ("MUST-41", "MUST-42")),
    "connect": _N("An active OPEN: the handshake begins with our SYN.", "3.10.1", ("MUST-44", "MUST-45")),
    "accept": _N("The program takes the next connection that a listener has opened.  The standard has no such call: "
                 "there, a passive OPEN is one connection.", "3.9.1.1"),
    "send": _N("SEND: octets are taken in; the windows and Nagle's algorithm decide when they leave.", "3.10.2",
               ("MUST-60", "MUST-61")),
    "recv": _N("RECEIVE: octets that have arrived in order; none at all mean that the peer has closed.", "3.10.3",
               ("MUST-12",)),
    "shutdown": _N("CLOSE, keeping the descriptor: no more to send, but still reading.", "3.10.4", ("LC-15", "LC-16")),
    "close": _N("CLOSE: no more to send, and the descriptor is given back.", "3.10.4", ("LC-15", "LC-16")),
    "socket": _N("A socket is made: a descriptor, and as yet neither addresses nor a connection.", "3.9.1"),
    "bind": _N("The program chooses the local address and port of a socket.", "3.9.1.1", ("MUST-43",)),
    "start_listening": _N("A passive OPEN of a socket that is there: connections to its port are welcome.", "3.10.1",
                          ("MUST-41", "MUST-42")),
    "start_connecting": _N("An active OPEN of a socket that is there: the handshake begins with our SYN.", "3.10.1",
                           ("MUST-44", "MUST-45")),
    "setsockopt": _N("The program sets what is left to it: buffers, keep-alive, Nagle's algorithm, time-outs.", "3.9.1",
                     ("MUST-17", "MUST-21", "MUST-24", "MUST-27")),
    "getsockopt": _N("The program asks for a setting, or with SO_ERROR for an error that waits to be told.", "3.9.1.8"),
    "notices": _N("The program reads what it was told without having asked.", "3.9.1.8", ("MUST-47", "MUST-32")),
    "abort": _N("ABORT: the connection ends at once; a RST tells the peer where it must be told.", "3.10.5", ("MUST-12",)),
}  # fmt: skip
