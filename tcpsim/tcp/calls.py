"""The user's calls: OPEN, SEND, RECEIVE, CLOSE, ABORT, STATUS (RFC 9293 3.10.1 to 3.10.6).

A call that the state does not allow raises CallError and changes nothing.
"""

from __future__ import annotations

from typing import Any

from .core import Core
from .errors import BadValue, CallError, Code
from .output import send_syn
from .segment import ACK, RST
from .seq import MASK
from .states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    KEPT_ALIVE,
    LAST_ACK,
    LISTEN,
    SYN_RECV,
    SYN_SENT,
    TIME_WAIT,
    Cue,
)
from .text import read_from
from .units import NEVER


def open_passive(c: Core) -> None:
    """OPEN passive: CLOSED -> LISTEN (RFC 9293 3.10.1).

    Raises CallError ALREADY_EXISTS in every other state: one record, one OPEN (MUST-41).
    """
    if c.tcb.state is not CLOSED:
        raise _exists(c, "open_passive()")
    _begin(c)
    c.tcb.passive = True
    c.fire(Cue.OPEN_PASSIVE)
    if c.profile.user_timer_everywhere:
        c.start_user_timer()


def open_active(c: Core) -> None:
    """OPEN active: CLOSED or LISTEN -> SYN_SENT, and a SYN leaves (RFC 9293 3.10.1).

    Raises CallError REMOTE_UNSPECIFIED without a remote socket, ALREADY_EXISTS in the other states.
    """
    tcb = c.tcb
    if tcb.state not in (CLOSED, LISTEN):
        raise _exists(c, "open_active()")
    _need_remote(c, "open_active()")
    if tcb.state is CLOSED:
        _begin(c)
    _open_actively(c, Cue.OPEN_ACTIVE)


def _begin(c: Core) -> None:
    """Begin with a new block, if this one was used before (a used one has chosen an ISS, or tells why it ended)."""
    tcb = c.tcb
    if tcb.snd_buf_seq != tcb.iss or tcb.error is not None:
        c.renew()


def _open_actively(c: Core, cue: Cue) -> None:
    c.tcb.passive = False
    c.tcb.ts_ok = c.profile.timestamps
    c.pick_iss()
    c.fire(cue)
    if c.profile.r2_syn_exact and c.tcb.r2_syn is not None:
        c.tcb.user_due = due = c.now + c.tcb.r2_syn
        if due < c.tcb.wake:
            c.tcb.wake = due
    send_syn(c)


def _need_remote(c: Core, call: str) -> None:
    flow = c.tcb.flow
    if c.tcb.wild or not flow[2] or not flow[3]:
        raise CallError(
            Code.REMOTE_UNSPECIFIED,
            f"{call} in {c.tcb.state}: nobody to send the SYN to; name the remote socket",
        )


def _exists(c: Core, call: str) -> CallError:
    return CallError(
        Code.ALREADY_EXISTS,
        f"{call} in {c.tcb.state}: this connection is open already; use another connection",
    )


def _not_open(c: Core, call: str) -> CallError:
    """The answer of CLOSED: why the connection ended, if it did not end in order."""
    error = c.tcb.error
    if error is None:
        return CallError(Code.NOT_OPEN, f"{call} in CLOSED: open the connection first")
    return CallError(error, f"{call} in CLOSED: the connection has ended; make a new one")


def send(c: Core, data: bytes, *, urgent: bool = False, record: bool = False) -> int:
    """SEND: take octets in to be sent; how many were taken, at least one (RFC 9293 3.10.2).

    In LISTEN with a remote socket this opens actively first.  Before ESTABLISHED the octets wait.  ``urgent``:
    urgent data ends with the last octet taken; the peer is told at once, even if its window is closed (3.8.5).
    ``record``: a record ends with it, if the profile keeps them.
    Raises CallError NOT_OPEN, REMOTE_UNSPECIFIED, INSUFFICIENT_RESOURCES (the send buffer is full) or CLOSING
    (this side has closed), and BadValue for urgent data of no octet (LC-19).
    """
    tcb = c.tcb
    if urgent and not data:
        raise BadValue("send() of urgent data needs at least one octet: the urgent pointer names the one after it")
    state = tcb.state
    if state is CLOSED:
        raise _not_open(c, "send()")
    if state is LISTEN:
        _need_remote(c, "send()")
    elif (tcb.fin_queued and not _still_sends(c)) or state in (FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK, TIME_WAIT):
        raise CallError(Code.CLOSING, f"send() in {state}: this side has already closed; send before close()")
    room = len(data) if c.profile.send_in_chunks else tcb.snd_limit - tcb.snd_buf.size
    if room <= 0 and data:
        raise CallError(
            Code.INSUFFICIENT_RESOURCES,
            f"send() in {state}: the send buffer holds {tcb.snd_buf.size} octets; wait until some are acknowledged",
        )
    taken = data if len(data) <= room else data[:room]
    tcb.snd_buf.append(bytes(taken))
    if record and c.profile.records_kept and len(taken) == len(data) and data:
        tcb.records = (*tcb.records, (tcb.snd_buf_seq + tcb.snd_buf.size) & MASK)
    if state is LISTEN:
        _open_actively(c, Cue.SEND)
    if urgent:
        tcb.snd_up = (tcb.snd_buf_seq + tcb.snd_buf.size) & MASK
        tcb.ack_now = state in (ESTABLISHED, CLOSE_WAIT)
    return len(taken)


def _still_sends(c: Core) -> bool:
    """Whether SEND goes on after CLOSE until the FIN has left (A-26: 3.10.2 does not forbid it)."""
    return c.profile.send_after_queued_close and c.tcb.fin_seq is None


def receive(c: Core, n: int) -> bytes | None:
    """RECEIVE: up to ``n`` octets in order; None when none are here yet (RFC 9293 3.10.3).

    It stops where urgent data ends, so that ``urgent_left`` turns 0 exactly there (MUST-33).
    Raises CallError NOT_OPEN, or CLOSING at the end of the peer's stream.
    """
    tcb = c.tcb
    state = tcb.state
    size = tcb.rcv_buf.size
    if state is CLOSED:
        if size and tcb.error is None and c.profile.read_after_close:
            return tcb.rcv_buf.take(n)
        if tcb.error is None and tcb.fin_received:
            raise _end_of_stream(c)
        raise _not_open(c, "receive()")
    if tcb.detached or (state in (CLOSING, LAST_ACK, TIME_WAIT) and not c.profile.read_after_close):
        raise _end_of_stream(c)
    if not size:
        if tcb.fin_received:
            raise _end_of_stream(c)
        return None
    urgent = urgent_left(c)
    data = tcb.rcv_buf.take(n if not urgent or n < urgent else urgent)
    if urgent and len(data) == urgent:
        tcb.rcv_up = None
    _offer_window(c)
    return data


def urgent_left(c: Core) -> int:
    """How many octets are still to be read until urgent data ends, come or not; 0: none (RFC 9293 3.8.5)."""
    tcb = c.tcb
    return 0 if tcb.rcv_up is None else (tcb.rcv_up - read_from(tcb)) & MASK


def _end_of_stream(c: Core) -> CallError:
    return CallError(Code.CLOSING, f"receive() in {c.tcb.state}: the peer has closed; nothing more will come")


def _offer_window(c: Core) -> None:
    """Tell the peer of room gained, when it is worth a segment of its own (RFC 9293 3.8.6.2.2).

    That is two segments' worth or half the buffer; after a window too small for one segment, one suffices.
    """
    tcb = c.tcb
    if tcb.fin_received:
        return
    room = tcb.rcv_limit - tcb.rcv_buf.size
    gain = room - tcb.rcv_wnd
    if _worth_telling(c, room, gain):
        tcb.ack_now = True


def _worth_telling(c: Core, room: int, gain: int) -> bool:
    """Whether a window of ``room`` octets, ``gain`` more than was told last, is worth a segment of its own."""
    tcb = c.tcb
    limit = tcb.rcv_limit
    mss = tcb.snd_mss
    match c.profile.window_updates:
        case "doubled":
            told = min(room, max(limit // 2, 65_535))  # what the stack offers grows with use, not by reading
            return 0 < told >= 2 * tcb.rcv_wnd and 2 * tcb.rcv_wnd <= limit
        case "quarter":
            shift = tcb.rcv_shift
            largest = 65_535 << shift
            room = min(room, largest)
            gain = min(room - tcb.rcv_wnd, gain)
            if gain <= 0 or tcb.delack_due != NEVER or tcb.rcv_wnd >> shift >= (tcb.rcv_wnd + gain) >> shift:
                return False
            much = gain >= limit // 4 or 8 * room <= limit or limit <= 8 * mss or gain >= largest
            return (gain >= 2 * mss and much) or 2 * gain >= limit
        case _:
            return gain >= min(limit // 2, mss if tcb.rcv_wnd < mss else 2 * mss)


def close(c: Core) -> None:
    """CLOSE: this side has no more to send (RFC 9293 3.10.4).  The FIN follows the queued data.

    With ``half_duplex_close`` it will not read either (``detach``).  Raises CallError NOT_OPEN, or CLOSING when
    this side has closed before.
    """
    _stop_sending(c, leaves=c.profile.half_duplex_close)


def shutdown(c: Core) -> None:
    """The same, but this side goes on reading under every profile.  Raises what ``close`` raises."""
    _stop_sending(c, leaves=False)


def _stop_sending(c: Core, *, leaves: bool) -> None:
    tcb = c.tcb
    state = tcb.state
    if state is CLOSED:
        raise _not_open(c, "close()")
    if tcb.fin_queued:
        raise CallError(Code.CLOSING, f"close() in {state}: this side has already closed; nothing is left to do")
    if state in (LISTEN, SYN_SENT):
        c.fire(Cue.CLOSE)
        c.end()
        return
    if leaves:
        detach(c)
        if tcb.state is CLOSED:
            return
    tcb.fin_queued = True
    if state is ESTABLISHED or (state is SYN_RECV and not tcb.snd_buf.size):
        c.fire(Cue.CLOSE)  # in CLOSE_WAIT the state changes when the FIN leaves


def detach(c: Core) -> None:
    """The user has gone and will not read: what still comes is thrown away.

    With ``half_duplex_close`` the connection is reset instead, at once if data is unread (RFC 9293 3.6.1, MAY-1,
    SHLD-3).  A FIN_WAIT_2 timer that waits for this begins to run.
    """
    tcb = c.tcb
    tcb.detached = True
    unread = tcb.rcv_buf.size
    tcb.rcv_buf.clear()
    tcb.rcv_up = None
    if unread and c.profile.half_duplex_close and c.profile.unread_resets and tcb.state in KEPT_ALIVE:
        c.emit(tcb.snd_nxt, RST | ACK if c.profile.reset_carries_ack else RST)
        c.fire(Cue.CLOSE_UNREAD)
        c.end()
        return
    _offer_window(c)
    if tcb.state is FIN_WAIT_2 and tcb.fin_wait_2_due == NEVER:
        c.start_fin_wait_2()


def abort(c: Core) -> None:
    """ABORT: end the connection at once; the peer is told with a RST where it must be (RFC 9293 3.10.5).

    Raises CallError NOT_OPEN.
    """
    tcb = c.tcb
    state = tcb.state
    if state is CLOSED:
        raise _not_open(c, "abort()")
    loud = state in (SYN_RECV, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT)
    if loud:
        c.emit(tcb.snd_nxt, RST | ACK if c.profile.reset_carries_ack else RST)
    if loud and c.profile.abort_to_time_wait:
        c.fire(Cue.ABORT_LINGERS)
        c.flush(Code.ABORTED)
        tcb.snd_una = tcb.snd_nxt  # nothing is outstanding any more
        c.start_time_wait()
    else:
        c.fire(Cue.ABORT)
        c.end(Code.ABORTED)


def status(c: Core) -> dict[str, Any]:
    """STATUS: the state and the variables that describe the connection (RFC 9293 3.10.6).

    Raises CallError NOT_OPEN in CLOSED.
    """
    tcb = c.tcb
    if tcb.state is CLOSED:
        raise _not_open(c, "status()")
    local, local_port, remote, remote_port = tcb.flow
    return {
        "state": tcb.state,
        "local": (local, local_port),
        "remote": (remote, remote_port),
        "rcv_wnd": tcb.rcv_wnd,
        "snd_wnd": tcb.snd_wnd,
        "awaiting_ack": tcb.snd_buf.size,
        "pending_receipt": tcb.rcv_buf.size,
        "urgent": urgent_left(c),
        "user_timeout": tcb.user_timeout,
    }
