"""The transmission control block: every variable of a connection, by the RFC's names (RFC 9293 3.3.1).

A ``Tcb`` is mutable, and its fields hold immutable values (ints, bytes, tuples, None) but for the buffers,
which have ``copy()`` and ``key()`` of their own.  ``copy`` and ``key`` are generated from the field list, so a
new field can never be forgotten in either.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Final

from .buffers import ReceiveBuffer, SendBuffer
from .errors import Code
from .segment import Flow
from .states import CLOSED, State
from .units import NEVER

#: The timers, in the order in which those due at the same time expire.
TIMERS: Final = ("time_wait", "rtx", "persist", "delack", "override", "user")

NO_FLOW: Final[Flow] = ("", 0, "", 0)


@dataclass(slots=True, eq=False)
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

    iss: int = 0  #: initial send sequence number
    snd_una: int = 0  #: oldest unacknowledged number
    snd_nxt: int = 0  #: next number to send
    snd_wnd: int = 0  #: the peer's window, from snd_una
    snd_wl1: int = 0  #: SEG.SEQ of the last window update
    snd_wl2: int = 0  #: SEG.ACK of the last window update
    max_snd_wnd: int = 0  #: the largest window the peer ever offered
    snd_mss: int = 536  #: Eff.snd.MSS: the largest segment to send, in octets of data
    snd_buf: SendBuffer = field(default_factory=SendBuffer)
    snd_buf_seq: int = 0  #: the number of the oldest octet in snd_buf
    fin_queued: bool = False  #: CLOSE was called; the FIN follows the queued data
    fin_seq: int | None = None  #: the number of our FIN, once sent
    probe_seq: int | None = None  #: the number after a window probe's octet that snd_nxt does not count

    irs: int = 0  #: initial receive sequence number
    rcv_nxt: int = 0  #: next number expected
    rcv_wnd: int = 0  #: the window offered, from rcv_nxt
    rcv_buf: ReceiveBuffer = field(default_factory=ReceiveBuffer)
    rcv_fin: int | None = None  #: the number of the peer's FIN, once seen
    fin_received: bool = False  #: the peer's FIN was taken in, in order

    srtt: int = -1  #: smoothed round-trip time; -1 before the first sample
    rttvar: int = 0  #: its variation
    rto: int = 0  #: the retransmission time-out, backed off
    rtt_seq: int | None = None  #: the round trip being timed ends when this number is acknowledged
    rtt_sent: int = 0  #: when it began
    rtx_count: int = 0  #: retransmissions of the oldest segment
    rtx_since: int = 0  #: since when nothing was acknowledged
    probe_count: int = 0  #: window probes since the window closed
    syn_lost: bool = False  #: a SYN of ours was retransmitted (RFC 6298 5.7)

    ack_now: bool = False  #: an ACK leaves at the end of this event
    challenges: int = 0  #: challenge ACKs in the current period
    challenges_since: int = 0  #: when that period began

    time_wait_due: int = NEVER
    rtx_due: int = NEVER
    persist_due: int = NEVER
    delack_due: int = NEVER
    override_due: int = NEVER
    user_due: int = NEVER

    r2: int | None = None  #: retransmitting for so long ends the connection; None: never
    r2_syn: int | None = None  #: the same for a SYN
    user_timeout: int | None = None  #: data unacknowledged for so long ends the connection; None: never
    error: Code | None = None  #: why the connection ended, when it did not end in order
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

    def variables(self) -> dict[str, Any]:
        """Every variable by name, buffers by their sizes: what a trace compares before and after."""
        values: dict[str, Any] = {name: getattr(self, name) for name in PLAIN}
        values["snd_buf"] = self.snd_buf.size
        values["rcv_buf"] = self.rcv_buf.size
        values["early"] = sum(len(piece) for _, piece in self.rcv_buf.early)
        return values


#: Every field, in order.
NAMES: Final = tuple(entry.name for entry in fields(Tcb))
_BUFFERS: Final = ("snd_buf", "rcv_buf")

#: The fields that hold plain immutable values and belong to the state of the connection.
PLAIN: Final = tuple(name for name in NAMES if name not in (*_BUFFERS, "previous", "wake"))


def _generate(name: str, lines: list[str]) -> Any:
    """The function ``name`` with that body, compiled."""
    namespace: dict[str, Any] = {"new": object.__new__, "Tcb": Tcb, "NEVER": NEVER}
    exec(f"def {name}(self):\n    " + "\n    ".join(lines), namespace)
    return namespace[name]


def _copy_lines() -> list[str]:
    lines = ["n = new(Tcb)"]
    lines += [f"n.{name} = self.{name}" + (".copy()" if name in _BUFFERS else "") for name in NAMES]
    return [*lines, "return n"]


def _key_lines() -> list[str]:
    values = [f"self.{name}" for name in PLAIN] + [f"self.{name}.key()" for name in _BUFFERS]
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
