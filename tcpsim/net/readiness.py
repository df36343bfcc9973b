"""What select() and poll() say of a socket: which calls would not have to wait.

The numbers are poll()'s, the same on every system that the standard library knows.
"""

from __future__ import annotations

from typing import Final

from ..tcp.states import CLOSED, LISTEN, SYN_RECV, SYN_SENT
from .host import READING, WRITING, Conn
from .sendspace import writable
from .sockopts import pending_error
from .transfer import urgent_at

POLLIN: Final = 1  #: recv() or accept() would not wait
POLLPRI: Final = 2  #: urgent data is there
POLLOUT: Final = 4  #: send() would take something
POLLERR: Final = 8  #: an error waits to be told
POLLHUP: Final = 16  #: neither half is open
POLLNVAL: Final = 32  #: the descriptor is not open


def readiness(conn: Conn) -> int:
    """The events that hold for a socket now."""
    tcb = conn.tcb
    state = tcb.state
    if state is LISTEN:
        return POLLIN if conn.queue else 0
    over = state is CLOSED
    fresh = over and not tcb.flow[3]
    no_more_in = not fresh and (over or tcb.fin_received or bool(conn.shut & READING))
    no_more_out = not fresh and (over or tcb.fin_queued or bool(conn.shut & WRITING))
    events = 0
    if over or (no_more_in and no_more_out):
        events |= POLLHUP
    if no_more_in:
        events |= POLLIN
    if pending_error(conn):
        events |= POLLERR
    if state in (SYN_SENT, SYN_RECV):
        return events
    if tcb.rcv_buf.size > (urgent_at(conn) == 0):
        events |= POLLIN
    if urgent_at(conn) is not None and conn.urgent_read != tcb.rcv_up:
        events |= POLLPRI
    if no_more_out or writable(conn):
        events |= POLLOUT
    return events
