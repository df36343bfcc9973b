"""For how long a connection was busy, and what kept it from sending: what TCP_INFO of Linux tells (tcp_chrono)."""

from __future__ import annotations

from typing import NamedTuple

from .core import Core
from .seq import MASK
from .tcb import Limits


class LimitedFor(NamedTuple):
    """ns with data that was not acknowledged (``busy``); of these, those in which the peer's window was too small, and
    those in which the send buffer was."""

    busy: int
    rwnd: int
    sndbuf: int


def note_limits(c: Core, unsent: int) -> None:
    """The output pass is done, and ``unsent`` octets stay behind: note what limits from now on, if it is news."""
    tcb = c.tcb
    kind = ""
    if tcb.snd_buf.size:
        kind = "busy"
        flight = (tcb.snd_nxt - tcb.snd_una) & MASK
        if unsent > 0:
            wanted = min(unsent, tcb.snd_mss)
            if tcb.snd_wnd - flight < wanted <= tcb.cwnd - flight:
                kind = "rwnd"
        elif tcb.starved and not tcb.cwnd_limited:
            kind = "sndbuf"
    was = tcb.limits
    if kind != ("" if was is None else was.kind):
        spent = limited_for(c, c.now)
        tcb.limits = Limits(kind, c.now, *spent)


def limited_for(c: Core, now: int) -> LimitedFor:
    """The times until ``now``."""
    was = c.tcb.limits
    if was is None:
        return LimitedFor(0, 0, 0)
    ns = now - was.since
    return LimitedFor(
        was.busy + (ns if was.kind else 0),
        was.rwnd + (ns if was.kind == "rwnd" else 0),
        was.sndbuf + (ns if was.kind == "sndbuf" else 0),
    )
