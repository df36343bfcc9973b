"""The transmission control block: every variable of a connection, by the RFC's names (RFC 9293 3.3.1).

A ``Tcb`` is mutable, and its fields hold immutable values (ints, bytes, tuples, None) but for the buffers,
which have ``copy()`` and ``key()`` of their own.  ``copy`` and ``key`` are generated from the field list, so a
new field can never be forgotten in either.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from .buffers import ReceiveBuffer, SendBuffer
from .errors import Code
from .hystart import HyStart
from .rack import Rack
from .scoreboard import Scoreboard
from .segment import Flow
from .seq import MASK
from .states import CLOSED, State
from .units import NEVER

#: The timers, in the order in which those due at the same time expire.
TIMERS: Final = ("time_wait", "rack", "rtx", "persist", "delack", "override", "user", "keepalive", "fin_wait_2")

NO_FLOW: Final[Flow] = ("", 0, "", 0)

#: "": nothing is missing.  "disorder": there are duplicate ACKs or SACKed octets, too few to mean loss.  "fast": loss
#: is being repaired that these told of.  "rto": the same for a time-out.  "ecn": nothing was lost, and cwnd was cut.
Recovery = Literal["", "disorder", "fast", "rto", "ecn"]


class Undo(NamedTuple):
    """Before a time-out that may be spurious: ``ssthresh`` and cubic's memory.  ``waits``: new data was sent since, and
    the next ACK tells (RFC 5682 2.1)."""

    ssthresh: int
    cubic: Cubic | None
    waits: bool = False


class Prr(NamedTuple):
    """Octets since a recovery began (RFC 6937 3): ``delivered`` to the peer, sent (``out``), and RecoverFS."""

    delivered: int
    out: int
    flight: int


class Limits(NamedTuple):
    """What limits sending (``kind``: "", busy, rwnd or sndbuf) ``since`` when, and for how long each did before, ns."""

    kind: str
    since: int
    busy: int
    rwnd: int
    sndbuf: int


class Cubic(NamedTuple):
    """What cubic remembers (RFC 9438 4.1.2): octets and ns; ``epoch``: when the stage began, -1 if it has not."""

    w_max: int
    k: int = 0
    epoch: int = -1
    w_est: int = 0  #: in 1024ths of an octet
    prior: int = 0  #: cwnd when it was last cut


class SegmentCubic(NamedTuple):
    """What cubic remembers where it counts segments; times in ms (see ``cubic_segments``)."""

    w_max: int = 0  #: 0: no loss yet
    k: int = 0  #: in 1024ths of a second
    epoch: int = -1  #: when the stage began, -1 if it has not
    origin: int = 0  #: where the curve is flat
    acked: int = 0  #: acknowledged since w_est grew
    w_est: int = 0
    needed: int = 0  #: so many acknowledged segments make cwnd grow by one
    at: int = -1  #: when needed was made
    cwnd: int = 0  #: and for which cwnd


def _slotted(cls: type[Any]) -> type[Any]:
    """The class with a slot for each annotated field, and an ``__init__`` that takes them by name.

    (What ``dataclass`` would do, at a third of the package's start-up.)  A default with ``copy()`` is copied.
    """
    names = tuple(cls.__annotations__)
    defaults = {name: getattr(cls, name) for name in names}
    buffers = {name for name, value in defaults.items() if hasattr(value, "copy")}

    def fill(self: Any, **given: Any) -> None:
        for name, value in {**defaults, **given}.items():
            setattr(self, name, value.copy() if name in buffers else value)

    body = {name: value for name, value in vars(cls).items() if name not in (*names, "__dict__", "__weakref__")}
    return type(cls.__name__, (), {**body, "__slots__": names, "__init__": fill})


@_slotted
class Tcb:
    """The variables of one connection.

    Sequence numbers are absolute, modulo 2**32; times are ns of virtual time; a deadline that is not set is
    ``NEVER``.
    """

    state: State = CLOSED
    flow: Flow = NO_FLOW  #: (local address, local port, remote address, remote port)
    peer_flow: Flow = NO_FLOW  #: the same connection as the peer keys it
    passive: bool = False  #: opened by LISTEN (MUST-11)
    wild: bool = False  #: the remote socket was left open, and a SYN has filled it in
    mtu: int = 1500  #: the largest IP packet that the way to the peer takes, in octets

    iss: int = 0  #: initial send sequence number
    snd_una: int = 0  #: oldest unacknowledged number
    snd_nxt: int = 0  #: next number to send
    snd_wnd: int = 0  #: the peer's window, from snd_una
    snd_wl1: int = 0  #: SEG.SEQ of the last window update
    snd_wl2: int = 0  #: SEG.ACK of the last window update
    max_snd_wnd: int = 0  #: the largest window the peer ever offered
    snd_up: int | None = None  #: the number after the last urgent octet to send; None: nothing urgent
    snd_shift: int = 0  #: what the peer's window field is shifted by (RFC 7323: Snd.Wind.Shift)
    snd_mss: int = 536  #: Eff.snd.MSS: the largest segment to send, in octets of data
    mss_cap: int | None = None  #: no larger segment is sent or asked for; None: the MTU decides
    snd_limit: int = 65_536  #: how many octets snd_buf takes
    nagle: bool = True  #: small segments wait while something is unacknowledged (RFC 9293 3.7.4)
    corked: bool = False  #: TCP_CORK: a small segment waits for company
    more: int = 0  #: the user has said with what was handed over last that more follows: 2 in this event, 1 before
    snd_buf: SendBuffer = SendBuffer()
    snd_buf_seq: int = 0  #: the number of the oldest octet in snd_buf
    pushed: tuple[int, ...] = ()  #: the numbers where what the user handed over ended, of what has left
    chunks: tuple[tuple[int, bool], ...] = ()  #: where chunks of what has not left end, and whether PSH shows it
    push_seq: int = 0  #: where PSH was set last because half a window was written
    bursts: tuple[int, ...] = ()  #: the numbers after bursts, of what is outstanding
    records: tuple[int, ...] = ()  #: the numbers after records (MSG_EOR): no segment crosses one
    fin_queued: bool = False  #: CLOSE was called; the FIN follows the queued data
    fin_seq: int | None = None  #: the number of our FIN, once sent
    probe_seq: int | None = None  #: the number after a window probe's octet that snd_nxt does not count

    irs: int = 0  #: initial receive sequence number
    rcv_nxt: int = 0  #: next number expected
    rcv_wnd: int = 0  #: the window offered, from rcv_nxt
    rcv_up: int | None = None  #: the number after the last urgent octet; None: nothing urgent is left to read
    rcv_shift: int = 0  #: what our window field is shifted by (RFC 7323: Rcv.Wind.Shift)
    rcv_limit: int = 65_535  #: how many octets rcv_buf takes, and so the largest window offered
    rcv_buf: ReceiveBuffer = ReceiveBuffer()
    rcv_fin: int | None = None  #: the number of the peer's FIN, once seen
    fin_received: bool = False  #: the peer's FIN was taken in, in order
    detached: bool = False  #: the user has gone: nothing more will be read (RFC 9293 3.6.1)

    wscale_ok: bool = False  #: both SYNs offer window scaling; before ours is answered: we do
    ts_ok: bool = False  #: both SYNs carry timestamps; before ours is answered: ours does (RFC 7323: Snd.TS.OK)
    ts_recent: int = 0  #: the peer's timestamp to echo (RFC 7323: TS.Recent)
    ts_recent_at: int = 0  #: when it came
    last_ack_sent: int = 0  #: SEG.ACK of the last segment sent (RFC 7323: Last.ACK.sent)

    srtt: int = -1  #: smoothed round-trip time; -1 before the first sample
    rttvar: int = 0  #: its variation
    rto: int = 0  #: the retransmission time-out, backed off
    rtt_seq: int | None = None  #: the round trip being timed ends when this number is acknowledged
    rtt_sent: int = 0  #: when it began; -1: something was repeated since, so only a timestamp can tell (Karn)
    rtx_count: int = 0  #: retransmissions of the oldest segment
    rtx_since: int = 0  #: since when nothing was acknowledged
    rtx_total: int = 0  #: segments retransmitted so far
    probe_count: int = 0  #: window probes since the window closed
    keep_count: int = 0  #: keep-alive probes since the peer was last heard
    syn_lost: bool = False  #: a SYN of ours was retransmitted (RFC 6298 5.7)

    cwnd: int = 0  #: congestion window, octets (RFC 5681)
    ssthresh: int = 0  #: slow start goes up to here
    cwnd_credit: int = 0  #: acknowledged octets that have not made cwnd grow yet
    cwnd_limited: bool = False  #: cwnd keeps a segment from being sent
    max_flight: int = 0  #: octets outstanding at most since cwnd_used, while cwnd does not limit
    cwnd_used: int = 0  #: SND.NXT when max_flight was taken
    cubic: Cubic | None = None  #: what cubic remembers, from its first loss on
    cubic_segments: SegmentCubic | None = None  #: the same where cubic counts segments
    hystart: HyStart | None = None  #: what HyStart remembers, once data was sent in slow start
    recovery: Recovery = ""  #: what goes on that is not as usual
    recover: int = 0  #: it is over when everything below this number is acknowledged (RFC 6582)
    dup_acks: int = 0  #: duplicate ACKs in a row
    resend: bool = False  #: the segment at snd_una leaves again with the next output that finds the window open
    rtx_nxt: int = 0  #: after a time-out: what lies from here to recover was not repeated yet
    scoreboard: Scoreboard | None = None  #: what the peer has SACKed, while something is
    sack_ok: bool = False  #: both SYNs permit SACK; before ours is answered: ours does (RFC 2018)
    dsack: tuple[int, int] | None = None  #: octets that came twice, to be told with the next ACK (RFC 2883)
    ecn_ok: bool = False  #: both SYNs agree on ECN (RFC 3168 6.1.1); before ours is answered: ours offers it
    ece: bool = False  #: congestion was experienced on the way to us: every ACK says so until the peer has reacted
    cwr: bool = False  #: cwnd was cut, which the next new data tells
    rack: Rack | None = None  #: what is known of each segment in flight, where losses are told by time (RFC 8985)
    undo: Undo | None = None  #: what is restored if the time-out proves needless (RFC 5682, RFC 4015)
    prr: Prr | None = None  #: what proportional rate reduction counts (RFC 6937)
    sent_at: int = 0  #: when data was last sent
    starved: bool = False  #: the user has more to hand over than the send buffer takes
    limits: Limits | None = None  #: what limits sending, where the profile sends in chunks, which notes it
    longest: int = 0  #: the most text that a segment has brought
    received_at: int = 0  #: when text was last received, or the connection opened

    quick_acks: int = 0  #: so many segments with text are still acknowledged at once
    snd_sml: int | None = None  #: the number after the last small segment sent (Minshall); None: none is outstanding
    ack_now: bool = False  #: an ACK leaves at the end of this event
    challenges: int = 0  #: challenge ACKs in the current period
    challenges_since: int = 0  #: when that period began

    time_wait_due: int = NEVER
    rack_due: int = NEVER
    rtx_due: int = NEVER
    persist_due: int = NEVER
    delack_due: int = NEVER
    override_due: int = NEVER
    user_due: int = NEVER
    keepalive_due: int = NEVER
    fin_wait_2_due: int = NEVER

    r1: int = 3  #: so many retransmissions of one segment, and the user is told
    r2: int | None = None  #: retransmitting for so long ends the connection; None: never
    r2_syn: int | None = None  #: the same for a SYN
    user_timeout: int | None = None  #: data unacknowledged for so long ends the connection; None: never
    keepalive: tuple[int, int, int] | None = None  #: (idle, interval, probes): RFC 9293 3.8.4; None: off
    error: Code | None = None  #: why the connection ended, when it did not end in order
    soft_error: str | None = None  #: the last ICMP error that did not end it (SHLD-25), by its name
    previous: Tcb | None = None  #: the incarnation in TIME_WAIT that a SYN has reopened (MAY-2)

    wake: int = NEVER  #: no later than the earliest deadline; when the network looks again

    def copy(self) -> Tcb:
        """An independent equal block."""
        raise NotImplementedError  # generated below

    def key(self) -> tuple[Any, ...]:
        """A hashable value: equal for blocks that are equal in every variable (``wake`` is no variable)."""
        raise NotImplementedError  # generated below

    def earliest(self) -> int:
        """The earliest deadline, ``NEVER`` if none is set."""
        raise NotImplementedError  # generated below

    def stop_timers(self) -> None:
        """Let no deadline be set."""
        raise NotImplementedError  # generated below

    def unsent(self) -> int:
        """Octets of data that have not left yet; nothing is added once our FIN has."""
        return 0 if self.fin_seq is not None else self.snd_buf.size - ((self.snd_nxt - self.snd_buf_seq) & MASK)

    def pipe(self) -> int:
        """Octets believed to be on the way (RFC 6675 4): all that is outstanding, but for what is SACKed or lost."""
        board = self.scoreboard
        if self.rack is not None:
            return self.rack.pipe
        if self.recovery == "rto":  # what was outstanding at the time-out is lost, until it is repeated
            if self.rtx_nxt != self.recover:
                return board.repeated() if board is not None else (self.rtx_nxt - self.snd_una) & MASK
        elif board is not None:
            return board.pipe(self.snd_nxt, self.snd_mss)
        return ((self.snd_nxt - self.snd_una) & MASK) - (board.octets if board is not None else 0)

    def variables(self) -> dict[str, Any]:
        """Every variable by name, buffers by their sizes: what a trace compares before and after."""
        values: dict[str, Any] = {name: getattr(self, name) for name in PLAIN}
        values["snd_buf"] = self.snd_buf.size
        values["rcv_buf"] = self.rcv_buf.size
        values["pipe"] = self.pipe()
        values["sacked"] = 0 if self.scoreboard is None else self.scoreboard.octets
        values["early"] = sum((right - left) & MASK for left, right in self.rcv_buf.blocks(1 << 30))
        return values


#: Every field, in order.
NAMES: Final[tuple[str, ...]] = Tcb.__slots__  # type: ignore[attr-defined]
_BUFFERS: Final = ("snd_buf", "rcv_buf")
_OPTIONAL: Final = ("scoreboard", "rack", "hystart")  #: buffers that are None most of the time

#: The fields that hold plain immutable values and belong to the state of the connection.
PLAIN: Final = tuple(name for name in NAMES if name not in (*_BUFFERS, *_OPTIONAL, "previous", "wake"))


def _generate(name: str, lines: list[str]) -> Any:
    """The function ``name`` with that body, compiled."""
    namespace: dict[str, Any] = {"new": object.__new__, "Tcb": Tcb, "NEVER": NEVER}
    exec(f"def {name}(self):\n    " + "\n    ".join(lines), namespace)
    return namespace[name]


def _copy_lines() -> list[str]:
    lines = ["n = new(Tcb)"]
    ways = dict.fromkeys(_BUFFERS, "self.{0}.copy()") | dict.fromkeys(_OPTIONAL, "self.{0} and self.{0}.copy()")
    lines += [f"n.{name} = {ways.get(name, 'self.{0}').format(name)}" for name in NAMES]
    return [*lines, "return n"]


def _key_lines() -> list[str]:
    values = [f"self.{name}" for name in PLAIN] + [f"self.{name}.key()" for name in _BUFFERS]
    values += [f"self.{name} and self.{name}.key()" for name in _OPTIONAL]
    return [f"return ({', '.join(values)}, self.previous and self.previous.key())"]


def _earliest_lines() -> list[str]:
    lines = [f"due = self.{TIMERS[0]}_due"]
    lines += [f"if self.{name}_due < due: due = self.{name}_due" for name in TIMERS[1:]]
    return [*lines, "return due"]


Tcb.copy = _generate("copy", _copy_lines())  # type: ignore[method-assign]
Tcb.key = _generate("key", _key_lines())  # type: ignore[method-assign]
Tcb.stop_timers = _generate("stop_timers", [f"self.{name}_due = NEVER" for name in TIMERS])  # type: ignore[method-assign]
Tcb.earliest = _generate("earliest", _earliest_lines())  # type: ignore[method-assign]

#: A new connection's block is a copy of this one.
BLANK: Final = Tcb()
