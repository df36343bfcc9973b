"""The eleven states and the one transition table (RFC 9293 3.3.2, 3.10).

The engine changes a connection's state only by firing a row of ``TRANSITIONS``; the pictures, the docs and
the rule coverage are drawn from the same rows.  A row is found by its source state and its *cue*: the
conclusion that a numbered check, a user call or a timer has reached, guard included.
"""

from __future__ import annotations

import enum
from typing import Final, NamedTuple

from .errors import BadValue


class State(enum.IntEnum):
    """A connection's state (RFC 9293 3.3.2).  ``str()`` gives the name, ``rfc_name`` the RFC's spelling."""

    CLOSED = 0
    LISTEN = 1
    SYN_SENT = 2
    SYN_RECV = 3
    ESTABLISHED = 4
    FIN_WAIT_1 = 5
    FIN_WAIT_2 = 6
    CLOSE_WAIT = 7
    CLOSING = 8
    LAST_ACK = 9
    TIME_WAIT = 10

    __hash__ = int.__hash__  # enum's own is a Python-level call on every look-up

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"State.{self.name}"

    @property
    def rfc_name(self) -> str:
        """The RFC's spelling: ``SYN-RECEIVED``, ``FIN-WAIT-1``."""
        return "SYN-RECEIVED" if self is State.SYN_RECV else self.name.replace("_", "-")

    @classmethod
    def parse(cls, text: str) -> State:
        """The state for any usual spelling (``SYN-RECEIVED``, ``syn_rcvd``, ``FIN_WAIT1`` ...).

        Raises BadValue that lists the eleven names.
        """
        squeezed = "".join(char for char in text.upper() if char.isalnum())
        state = _SPELLINGS.get(squeezed)
        if state is None:
            raise BadValue(f"no state {text!r}; the states are {', '.join(cls.__members__)}")
        return state


_SPELLINGS: Final = {state.name.replace("_", ""): state for state in State} | {
    "SYNRECEIVED": State.SYN_RECV,
    "SYNRCVD": State.SYN_RECV,
    "ESTAB": State.ESTABLISHED,
}

CLOSED: Final = State.CLOSED
LISTEN: Final = State.LISTEN
SYN_SENT: Final = State.SYN_SENT
SYN_RECV: Final = State.SYN_RECV
ESTABLISHED: Final = State.ESTABLISHED
FIN_WAIT_1: Final = State.FIN_WAIT_1
FIN_WAIT_2: Final = State.FIN_WAIT_2
CLOSE_WAIT: Final = State.CLOSE_WAIT
CLOSING: Final = State.CLOSING
LAST_ACK: Final = State.LAST_ACK
TIME_WAIT: Final = State.TIME_WAIT

#: The states in which both ends know each other's sequence numbers (RFC 9293 3.5.2, group 3).
SYNCHRONISED: Final = (
    ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT,
)  # fmt: skip

#: The states in which a silent peer may be probed (RFC 9293 3.8.4).
KEPT_ALIVE: Final = (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT)


class Kind(enum.Enum):
    """Where a cue comes from."""

    CALL = "call"
    SEGMENT = "segment"
    TIMER = "timer"


class Cue(enum.Enum):
    """What moves a connection: ``(id, kind, event)``.  ``event`` is the words on a diagram's edge."""

    OPEN_PASSIVE = ("open_passive", Kind.CALL, "passive open")
    OPEN_ACTIVE = ("open_active", Kind.CALL, "active open")
    SEND = ("send", Kind.CALL, "send")
    CLOSE = ("close", Kind.CALL, "close")
    CLOSE_UNREAD = ("close_unread", Kind.CALL, "close, data unread")
    ABORT = ("abort", Kind.CALL, "abort")
    DATA_UNREAD = ("data_unread", Kind.SEGMENT, "data, nobody reads")
    ABORT_LINGERS = ("abort_lingers", Kind.CALL, "abort")
    RCV_SYN = ("rcv_syn", Kind.SEGMENT, "SYN")
    RCV_SYNACK = ("rcv_synack", Kind.SEGMENT, "SYN,ACK")
    ACK_OF_SYN = ("ack_of_syn", Kind.SEGMENT, "ACK of SYN")
    ACK_OF_FIN = ("ack_of_fin", Kind.SEGMENT, "ACK of FIN")
    FIN = ("fin", Kind.SEGMENT, "FIN")
    RST = ("rst", Kind.SEGMENT, "RST")
    RST_UNTOLD = ("rst_untold", Kind.SEGMENT, "RST")
    RST_OF_ACTIVE_OPEN = ("rst_of_active_open", Kind.SEGMENT, "RST")
    RST_OF_PASSIVE_OPEN = ("rst_of_passive_open", Kind.SEGMENT, "RST")
    RST_OF_REOPENED = ("rst_of_reopened", Kind.SEGMENT, "RST")
    SYN_OF_PASSIVE_OPEN = ("syn_of_passive_open", Kind.SEGMENT, "SYN in window")
    SYN_IN_WINDOW = ("syn_in_window", Kind.SEGMENT, "SYN in window")
    SYN_REOPENS = ("syn_reopens", Kind.SEGMENT, "new SYN")
    ICMP_HARD = ("icmp_hard", Kind.SEGMENT, "ICMP hard error")
    R2 = ("r2", Kind.TIMER, "R2 reached")
    R2_OF_PASSIVE_OPEN = ("r2_of_passive_open", Kind.TIMER, "R2 reached")
    USER_TIMEOUT = ("user_timeout", Kind.TIMER, "user timeout")
    USER_TIMEOUT_OF_PASSIVE_OPEN = ("user_timeout_of_passive_open", Kind.TIMER, "user timeout")
    KEEPALIVE = ("keepalive", Kind.TIMER, "keep-alive unanswered")
    FIN_WAIT_2_TIMEOUT = ("fin_wait_2_timeout", Kind.TIMER, "no FIN came")
    TIMEOUT_2MSL = ("timeout_2msl", Kind.TIMER, "2MSL timeout")

    def __init__(self, id: str, kind: Kind, event: str) -> None:
        self.id = id
        self.kind = kind
        self.event = event

    __hash__ = object.__hash__  # as for State: a member is equal to itself alone


class Do(enum.Enum):
    """What a row promises: a closed vocabulary.  A test compares the promise with what really happened.

    ``SIGNAL_R1``, ``SIGNAL_URGENT`` and ``SIGNAL_SOFT_ERROR`` are told without any change of state, so no row
    promises them.
    """

    CREATE_TCB = "create TCB"
    DELETE_TCB = "delete TCB"
    SND_SYN = "snd SYN"
    SND_SYNACK = "snd SYN,ACK"
    SND_ACK = "snd ACK"
    SND_FIN = "snd FIN"
    SND_RST = "snd RST"
    START_2MSL = "start 2MSL"
    SIGNAL_OPEN = "signal open"
    SIGNAL_CLOSING = "signal closing"
    SIGNAL_RESET = "signal reset"
    SIGNAL_REFUSED = "signal refused"
    SIGNAL_TIMED_OUT = "signal timed out"
    SIGNAL_USER_TIMEOUT = "signal user timeout"
    SIGNAL_R1 = "signal delivery trouble"
    SIGNAL_URGENT = "signal urgent data"
    SIGNAL_SOFT_ERROR = "signal soft error"
    SIGNAL_UNREACHABLE = "signal unreachable"


class Transition(NamedTuple):
    """One row: in ``src``, on ``cue``, go to ``dst`` and do ``do``.

    ``deferred``: those of ``do`` that may happen in a later event (the FIN waits for queued data).
    ``when``: the guard in words.  ``ref``: the RFC's section.  ``figure5``: whether the RFC's Figure 5 draws
    this (state, event, state).
    """

    src: State
    cue: Cue
    dst: State
    do: tuple[Do, ...]
    when: str
    ref: str
    figure5: bool = False
    deferred: tuple[Do, ...] = ()

    @property
    def id(self) -> str:
        """Stable name: ``syn_sent.rcv_synack``."""
        return f"{self.src.name.lower()}.{self.cue.id}"


def _ends_of_many_states() -> list[Transition]:
    """Resets, aborts, time-outs and errors, which are alike in several states."""
    T = Transition
    delete, rst, start_2msl = Do.DELETE_TCB, Do.SND_RST, Do.START_2MSL
    reset, timed_out, user_timeout = Do.SIGNAL_RESET, Do.SIGNAL_TIMED_OUT, Do.SIGNAL_USER_TIMEOUT
    rows: list[Transition] = []
    for src in SYNCHRONISED:
        told = () if src is TIME_WAIT else (reset,)
        aborts_loudly = src in (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT)
        rows += [
            T(src, Cue.ABORT, CLOSED, (rst, delete) if aborts_loudly else (delete,), "", "3.10.5"),
            T(src, Cue.RST, CLOSED, (*told, delete), "", "3.10.7.4 (second)"),
        ]
        if src in (CLOSING, LAST_ACK):
            rows.append(T(src, Cue.RST_UNTOLD, CLOSED, (delete,), "literal reading: no signal (A-23)",
                          "3.10.7.4 (second)"))  # fmt: skip
    for src in (SYN_RECV, *SYNCHRONISED):
        rows.append(T(src, Cue.SYN_IN_WINDOW, CLOSED, (rst, reset, delete),
                      "without RFC 5961's challenge ACK", "3.10.7.4 (fourth)"))  # fmt: skip
    for src in (SYN_RECV, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT):
        rows.append(T(src, Cue.ABORT_LINGERS, TIME_WAIT, (rst, start_2msl),
                      "the side that resets waits (A-1)", "3.5.2, Figure 5 note 3"))  # fmt: skip
    for src in (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT):
        rows.append(T(src, Cue.CLOSE_UNREAD, CLOSED, (rst, delete),
                      "half-duplex close with data unread (MAY-1)", "3.6.1"))  # fmt: skip
    for src in (FIN_WAIT_1, FIN_WAIT_2):
        rows.append(T(src, Cue.DATA_UNREAD, CLOSED, (rst, delete),
                      "half-duplex close, and data still comes (SHLD-3)", "3.6.1"))  # fmt: skip
    for src in (ESTABLISHED, FIN_WAIT_2, CLOSE_WAIT):
        rows.append(T(src, Cue.KEEPALIVE, CLOSED, (timed_out, delete), "no probe was answered", "3.8.4"))
    rows.append(T(FIN_WAIT_2, Cue.FIN_WAIT_2_TIMEOUT, CLOSED, (delete,),
                  "an implementation's own timer (A-22)", "3.6"))  # fmt: skip
    for src in (SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT, CLOSING, LAST_ACK):
        rows.append(T(src, Cue.R2, CLOSED, (timed_out, delete), "retransmitted for too long", "3.8.3"))
    for src in (SYN_SENT, SYN_RECV, *SYNCHRONISED):
        told = () if src is TIME_WAIT else (Do.SIGNAL_UNREACHABLE,)
        when = "the profile lets hard errors end it (SHLD-26, RFC 5461)" if src in SYNCHRONISED else "SHLD-26"
        rows.append(T(src, Cue.ICMP_HARD, CLOSED, (*told, delete), when, "3.9.2.2"))
    for src in (SYN_SENT, SYN_RECV, *SYNCHRONISED):
        idle = src in (FIN_WAIT_2, TIME_WAIT)
        when = "literal reading: the timer runs in any state (A-21)" if idle else "data unacknowledged too long"
        rows.append(T(src, Cue.USER_TIMEOUT, CLOSED, (user_timeout, delete), when, "3.10.8"))
    return rows


def _rows() -> tuple[Transition, ...]:
    """The table, in the order of the RFC's states."""
    T = Transition
    create, delete = Do.CREATE_TCB, Do.DELETE_TCB
    syn, synack, ack, fin, rst = Do.SND_SYN, Do.SND_SYNACK, Do.SND_ACK, Do.SND_FIN, Do.SND_RST
    start_2msl = Do.START_2MSL
    opened, closing, reset = Do.SIGNAL_OPEN, Do.SIGNAL_CLOSING, Do.SIGNAL_RESET
    refused, user_timeout = Do.SIGNAL_REFUSED, Do.SIGNAL_USER_TIMEOUT
    fig = True
    rows = [
        T(CLOSED, Cue.OPEN_PASSIVE, LISTEN, (create,), "", "3.10.1", fig),
        T(CLOSED, Cue.OPEN_ACTIVE, SYN_SENT, (create, syn), "remote socket given", "3.10.1", fig),
        #
        T(LISTEN, Cue.CLOSE, CLOSED, (delete,), "", "3.10.4", fig),
        T(LISTEN, Cue.ABORT, CLOSED, (delete,), "", "3.10.5"),
        T(LISTEN, Cue.SEND, SYN_SENT, (syn,), "remote socket given", "3.10.2", fig),
        T(LISTEN, Cue.OPEN_ACTIVE, SYN_SENT, (syn,), "remote socket given (A-5)", "3.10.1"),
        T(LISTEN, Cue.RCV_SYN, SYN_RECV, (synack,), "no RST, no ACK", "3.10.7.2", fig),
        T(LISTEN, Cue.USER_TIMEOUT, CLOSED, (user_timeout, delete),
          "literal reading: the timer runs in any state (A-21)", "3.10.8"),
        #
        T(SYN_SENT, Cue.CLOSE, CLOSED, (delete,), "", "3.10.4", fig),
        T(SYN_SENT, Cue.ABORT, CLOSED, (delete,), "", "3.10.5"),
        T(SYN_SENT, Cue.RCV_SYNACK, ESTABLISHED, (ack, opened), "the ACK covers our SYN", "3.10.7.3", fig),
        T(SYN_SENT, Cue.RCV_SYN, SYN_RECV, (synack,), "no ACK: simultaneous open", "3.10.7.3", fig),
        T(SYN_SENT, Cue.RST, CLOSED, (reset, delete), "the ACK covers our SYN", "3.10.7.3"),
        #
        T(SYN_RECV, Cue.ACK_OF_SYN, ESTABLISHED, (opened,), "SND.UNA < SEG.ACK =< SND.NXT",
          "3.10.7.4 (fifth)", fig),
        T(SYN_RECV, Cue.CLOSE, FIN_WAIT_1, (fin,), "nothing waits to be sent", "3.10.4", fig),
        T(SYN_RECV, Cue.ABORT, CLOSED, (rst, delete), "", "3.10.5"),
        T(SYN_RECV, Cue.RST_OF_PASSIVE_OPEN, LISTEN, (), "opened by LISTEN", "3.10.7.4 (second)", fig),
        T(SYN_RECV, Cue.RST_OF_ACTIVE_OPEN, CLOSED, (refused, delete), "opened by SYN_SENT",
          "3.10.7.4 (second)"),
        T(SYN_RECV, Cue.RST_OF_REOPENED, TIME_WAIT, (start_2msl,),
          "opened by a SYN in TIME_WAIT that proves to be old (MAY-2)", "3.6.1"),
        T(SYN_RECV, Cue.SYN_OF_PASSIVE_OPEN, LISTEN, (), "opened by LISTEN (A-4)", "3.10.7.4 (fourth)"),
        T(SYN_RECV, Cue.R2_OF_PASSIVE_OPEN, LISTEN, (), "opened by LISTEN (A-21)", "3.8.3"),
        T(SYN_RECV, Cue.USER_TIMEOUT_OF_PASSIVE_OPEN, LISTEN, (), "opened by LISTEN (A-21)", "3.10.8"),
        #
        T(ESTABLISHED, Cue.CLOSE, FIN_WAIT_1, (fin,), "", "3.10.4", fig, deferred=(fin,)),
        T(ESTABLISHED, Cue.FIN, CLOSE_WAIT, (ack, closing), "", "3.10.7.4 (eighth)", fig),
        #
        T(FIN_WAIT_1, Cue.ACK_OF_FIN, FIN_WAIT_2, (), "", "3.10.7.4 (fifth)", fig),
        T(FIN_WAIT_1, Cue.FIN, CLOSING, (ack, closing), "our FIN is not acknowledged",
          "3.10.7.4 (eighth)", fig),
        T(FIN_WAIT_2, Cue.FIN, TIME_WAIT, (ack, closing, start_2msl), "", "3.10.7.4 (eighth)", fig),
        T(CLOSE_WAIT, Cue.CLOSE, LAST_ACK, (fin,), "once all data is sent", "3.10.4", fig),
        T(CLOSING, Cue.ACK_OF_FIN, TIME_WAIT, (start_2msl,), "", "3.10.7.4 (fifth)", fig),
        T(LAST_ACK, Cue.ACK_OF_FIN, CLOSED, (delete,), "", "3.10.7.4 (fifth)", fig),
        T(TIME_WAIT, Cue.TIMEOUT_2MSL, CLOSED, (delete,), "", "3.10.8", fig),
        T(TIME_WAIT, Cue.SYN_REOPENS, SYN_RECV, (synack,), "a new incarnation (MAY-2, RFC 6191)", "3.6.1"),
    ]  # fmt: skip
    rows += _ends_of_many_states()
    return tuple(sorted(rows, key=lambda row: (row.src, list(Cue).index(row.cue))))


#: The one table.
TRANSITIONS: Final = _rows()

#: How a row is found.
BY_CUE: Final = {(row.src, row.cue): row for row in TRANSITIONS}

#: How a row is found by its id.
BY_ID: Final = {row.id: row for row in TRANSITIONS}
