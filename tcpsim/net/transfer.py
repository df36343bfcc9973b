"""The calls on a connection: send, recv, shutdown, close, abort.  Each returns at once; None: it would wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp import calls
from ..tcp.errors import Code
from ..tcp.seq import MASK
from ..tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECV,
    SYN_SENT,
    TIME_WAIT,
)
from .errnos import Failed, socket_error
from .host import READING, UNCONNECTED, WRITING, Conn, HostData
from .opening import disconnect
from .sendspace import Filled, fill, note_chunks
from .sockopts import option, pending_error

if TYPE_CHECKING:
    from .world import World


#: The states in which reading is nothing special.
_PLAIN: Final = (ESTABLISHED, CLOSE_WAIT, FIN_WAIT_1, FIN_WAIT_2)


def send(world: World, host: HostData, conn: Conn, data: bytes, flags: str = "") -> int | Failed | None:
    """How many octets were taken to be sent.  ``flags``: as strace writes them, ``MSG_OOB|MSG_DONTWAIT``."""
    tcb = conn.tcb
    if tcb.state is LISTEN:
        raise socket_error("EPIPE", "send() on a listening descriptor: send on an accepted one", Code.NOT_OPEN)
    if conn.profile.unconnected_is_enotconn and (
        tcb.state in (SYN_SENT, SYN_RECV) or (tcb.state is CLOSED and conn.stage == UNCONNECTED)
    ):
        raise socket_error("ENOTCONN", f"send() in {tcb.state}: the socket is not connected")
    if tcb.state is CLOSED:
        return (None if conn.profile.send_after_end_is_epipe else _take_error(conn)) or _broken_pipe(conn)
    if conn.shut & WRITING or (tcb.fin_queued and not conn.profile.send_after_queued_close):
        return _broken_pipe(conn)
    if tcb.state in (SYN_SENT, SYN_RECV) and not conn.profile.send_before_established:
        return None
    filled = fill(conn, len(data)) if data else Filled(0, conn.tail)
    room = filled.octets
    if not room and data:
        return None
    world.touch(conn)
    conn.tail = filled.tail
    if filled.ends:
        note_chunks(conn, filled.ends)
    tcb.starved = room < len(data)
    whole = data if room == len(data) else data[:room]
    taken = calls.send(
        conn, whole, urgent="MSG_OOB" in flags and bool(data), record="MSG_EOR" in flags and whole is data
    )
    tcb.more = 2 if "MSG_MORE" in flags else 0
    if not tcb.more:
        tcb.push_seq = (tcb.snd_buf_seq + tcb.snd_buf.size) & MASK
    return taken


def _broken_pipe(conn: Conn) -> int:
    state = conn.tcb.state
    if state is CLOSED:
        why = "it is not connected" if conn.stage == UNCONNECTED else "the connection is over; make a new one"
        raise socket_error("EPIPE", f"send() in CLOSED: {why}", Code.NOT_OPEN)
    raise socket_error("EPIPE", f"send() in {state}: this side has already closed; send before close()")


def _take_error(conn: Conn) -> Failed | None:
    """The error that is waiting to be told; it is told once."""
    name = pending_error(conn)
    if name is None:
        return None
    conn.told = True
    code = conn.tcb.error
    assert code is not None
    return Failed(name, code)


def take_error(conn: Conn) -> str:
    """SO_ERROR: the name of the pending error, ``""`` for none; it is told once."""
    failed = _take_error(conn)
    return failed.name if failed else ""


def recv(world: World, host: HostData, conn: Conn, n: int = 65536, flags: str = "") -> bytes | Failed | None:
    """Up to ``n`` octets, None when there are none yet, ``b""`` at the end of the stream."""
    tcb = conn.tcb
    if tcb.state is LISTEN:
        raise socket_error("ENOTCONN", "recv() on a listening descriptor: recv on an accepted one")
    if "MSG_OOB" in flags:
        return recv_urgent(world, conn, peek="MSG_PEEK" in flags)
    if n == 0:
        return b""
    if tcb.rcv_buf.size:
        if not flags and tcb.rcv_up is None and tcb.state in _PLAIN:
            world.touch(conn)
            return calls.receive(conn, n)
        data = _read(world, conn, n, peek="MSG_PEEK" in flags)
        if data or tcb.rcv_buf.size:
            return data
    if tcb.fin_received and (tcb.error is None or conn.profile.reset_after_fin_is_epipe):
        return b""
    failed = _take_error(conn)
    if failed is not None:
        return failed
    if conn.shut & READING:
        return b""
    if tcb.state is CLOSED:
        if conn.stage == UNCONNECTED and not conn.shut:
            raise socket_error("ENOTCONN", "recv() in CLOSED: the socket is not connected; connect first")
        return b""
    return None


def _read(world: World, conn: Conn, n: int, *, peek: bool) -> bytes:
    """Octets that are there; ``b""`` when the urgent one was all, or when the state no longer gives any out."""
    tcb = conn.tcb
    if tcb.state in (CLOSED, CLOSING, LAST_ACK, TIME_WAIT) and not conn.profile.read_after_close:
        return b""
    ahead = mark_at(conn)
    if ahead == 0 and option(conn, "SO_OOBINLINE"):  # the urgent octet is the first of what follows the mark
        if not peek:
            tcb.rcv_up = None
    elif ahead == 0:  # the stream goes on behind the urgent octet, which is read apart
        if peek:
            return tcb.rcv_buf.peek()[1 : n + 1]
        world.touch(conn)
        tcb.rcv_buf.take(1)
        tcb.rcv_up = None
        if not tcb.rcv_buf.size:
            return b""
    elif ahead is not None and ahead < n:
        n = ahead
    if peek:
        return tcb.rcv_buf.peek()[:n]
    world.touch(conn)
    if tcb.state is CLOSED:
        return tcb.rcv_buf.take(n)
    return calls.receive(conn, n) or b""


def mark_at(conn: Conn) -> int | None:
    """How many octets come before the urgent one, at which reading stops; None: there is none."""
    left = 0 if conn.profile.urgent_inline else calls.urgent_left(conn)
    return left - 1 if left else None


def urgent_at(conn: Conn) -> int | None:
    """The same, if the urgent octet is kept out of the stream."""
    return None if option(conn, "SO_OOBINLINE") else mark_at(conn)


def recv_urgent(world: World, conn: Conn, *, peek: bool) -> bytes | None:
    """recv(MSG_OOB): the last urgent octet, once; None while it is announced and has not come."""
    ahead = urgent_at(conn)
    tcb = conn.tcb
    if ahead is None or conn.urgent_read == tcb.rcv_up:
        raise socket_error(
            "EINVAL", f"recv(MSG_OOB) in {tcb.state}: no urgent octet is kept apart; it was read, or is in the stream"
        )
    if ahead >= tcb.rcv_buf.size:
        return None
    octet = tcb.rcv_buf.peek()[ahead : ahead + 1]
    if not peek:
        conn.urgent_read = tcb.rcv_up
    return octet


def shutdown(world: World, host: HostData, conn: Conn, how: int = WRITING) -> None:
    """Close one half or both: ``how`` of READING (1), WRITING (2), 3."""
    if how not in (READING, WRITING, READING | WRITING):
        raise socket_error("EINVAL", f"shutdown({how}): give SHUT_RD, SHUT_WR or SHUT_RDWR")
    tcb = conn.tcb
    state = tcb.state
    if state in (CLOSED, TIME_WAIT):
        raise socket_error("ENOTCONN", f"shutdown() in {state}: there is no connection to shut down")
    if state is LISTEN:
        if how & READING:
            world.touch(conn)
            _stop_listening(world, host, conn)
        return
    conn.shut |= how
    if state is SYN_SENT:
        world.touch(conn)
        calls.abort(conn)
        host.forget(conn)
        disconnect(conn)
        tcb.error = Code.RESET  # as Linux tells it
        return
    world.touch(conn)
    if how & WRITING and not tcb.fin_queued:
        calls.shutdown(conn)
    if conn.shut == READING | WRITING and conn.profile.half_duplex_close and not tcb.rcv_buf.size:
        tcb.detached = True  # what still comes is answered with a reset


def close(world: World, host: HostData, conn: Conn) -> None:
    """Give the descriptor back; close the connection unless that was done before.  Nobody reads from it any more."""
    world.touch(conn)
    release(host, conn)
    tcb = conn.tcb
    if tcb.state is LISTEN:
        _stop_listening(world, host, conn)
    elif tcb.state is not CLOSED and conn.options and option(conn, "SO_LINGER") == 0:
        calls.abort(conn)
    elif tcb.state is not CLOSED:
        _leave(conn)


def _leave(conn: Conn) -> None:
    """Close both halves of a connection."""
    if not conn.tcb.fin_queued:
        calls.close(conn)
    if conn.tcb.state is not CLOSED:
        calls.detach(conn)


def abort(world: World, host: HostData, conn: Conn) -> None:
    """End the connection at once and give the descriptor back."""
    world.touch(conn)
    if conn.tcb.state is LISTEN:
        _stop_listening(world, host, conn)
    else:
        calls.abort(conn)
    release(host, conn)


def release(host: HostData, conn: Conn) -> None:
    """Give a descriptor back."""
    if conn.fd is not None:
        del host.fds[conn.fd]
        conn.fd = None


def _stop_listening(world: World, host: HostData, conn: Conn) -> None:
    """Connections that nobody can accept any more are aborted; those accepted live on."""
    calls.close(conn)
    host.forget(conn)
    for child in world.conns.values():
        if child.listener == conn.number and (child.waiting or child.tcb.state is SYN_RECV):
            child.waiting = False
            world.touch(child)
            if child.tcb.state is not CLOSED:
                calls.abort(child)
    conn.queue = ()
    conn.backlog = 0
