"""How much send() takes: octets up to a limit, or as Linux has it, chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..tcp.seq import MASK
from .sockopts import option

if TYPE_CHECKING:
    from .host import Conn


def limit_of(conn: Conn) -> int:
    """Octets that the send buffer holds before it is full."""
    return option(conn, "SO_SNDBUF") or conn.tcb.snd_limit if conn.profile.send_in_chunks else conn.tcb.snd_limit


def unsent(conn: Conn) -> int:
    """Octets that have not left yet."""
    tcb = conn.tcb
    if tcb.snd_una == tcb.iss or tcb.fin_seq is not None:
        return tcb.snd_buf.size if tcb.snd_una == tcb.iss else 0
    return tcb.snd_buf.size - ((tcb.snd_nxt - tcb.snd_buf_seq) & MASK)


def lowat(conn: Conn) -> int | None:
    """How much may wait to leave before send() waits; None: it does not matter."""
    return option(conn, "TCP_NOTSENT_LOWAT") or conn.profile.notsent_lowat


def takes(conn: Conn, octets: int) -> int:
    """How many of so many octets send() takes now."""
    return fill(conn, octets).octets


class Filled(NamedTuple):
    """``octets``: how many send() takes; ``tail``: how many are in the last chunk then; ``ends``: where chunks end."""

    octets: int
    tail: int
    ends: tuple[int, ...] = ()


def fill(conn: Conn, octets: int) -> Filled:
    """What send() makes of so many octets now."""
    tcb = conn.tcb
    if not conn.profile.send_in_chunks:
        return Filled(min(octets, max(tcb.snd_limit - tcb.snd_buf.size, 0)), 0)
    limit, low = limit_of(conn), lowat(conn)
    mss = tcb.snd_mss
    goal = max(min(tcb.max_snd_wnd // 2, 65_535) // mss, 1) * mss
    queued, waiting = tcb.snd_buf.size, unsent(conn)
    leaves = max(min(tcb.snd_wnd, tcb.cwnd) - (queued - waiting), 0)
    taken, tail = 0, min(conn.tail, waiting)
    ends = []
    while taken < octets:
        if tail in (0, goal):
            if queued >= limit or (low is not None and waiting >= low):
                break
            tail = 0
        piece = min(goal - tail, octets - taken) if tail < goal else 0
        taken += piece
        queued += piece
        if tail + piece == goal:
            ends.append(taken)
        gone = min(leaves, waiting + piece)
        leaves -= gone
        waiting += piece - gone
        tail = min(tail + piece, waiting)
        if not piece:
            break
    return Filled(taken, tail, tuple(ends))


def note_chunks(conn: Conn, ends: tuple[int, ...]) -> None:
    """Chunks of what is about to be sent end there; one that ends half a window after the last push is pushed."""
    tcb = conn.tcb
    first = tcb.snd_buf_seq + tcb.snd_buf.size
    for end in ends:
        at = (first + end) & MASK
        pushed = (at - tcb.push_seq) & MASK > tcb.max_snd_wnd // 2
        if pushed:
            tcb.push_seq = at
        tcb.chunks = (*tcb.chunks, (at, pushed))


def writable(conn: Conn) -> bool:
    """Whether select() and poll() say that send() would take something worthwhile."""
    queued = conn.tcb.snd_buf.size
    low = lowat(conn)
    return limit_of(conn) - queued >= queued / 2 and (low is None or 2 * unsent(conn) < low)
