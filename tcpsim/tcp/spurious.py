"""Time-outs that prove needless: F-RTO (RFC 5682) finds them out, and what they took away comes back (RFC 4015)."""

from __future__ import annotations

from . import congestion
from .congestion import BY_NAME
from .core import Core
from .seq import HALF, MASK


def needless(c: Core, news: int, fresh: int) -> bool:
    """An ACK after a time-out: whether it proves that the ACKs were late and no segment lost (RFC 5682 2.1).

    The first ACK that advances lets two new segments leave instead of what is outstanding.  If the next one advances
    too, nothing was lost; a duplicate tells that it was.
    """
    tcb = c.tcb
    undo = tcb.undo
    assert undo is not None
    over = (tcb.snd_una - tcb.recover) & MASK < HALF
    if not news or (over and (fresh or not undo.waits)):
        tcb.undo = None
        return False
    if not undo.waits:
        space = tcb.snd_wnd - ((tcb.snd_nxt - tcb.snd_una) & MASK)
        tcb.undo = undo._replace(waits=True) if tcb.unsent() > 0 and space > 0 else None
        return False
    # RFC 4015 3.2: what was taken away comes back, without a burst.
    tcb.undo = None
    tcb.recovery = "" if tcb.scoreboard is None else "disorder"
    tcb.rtx_nxt = tcb.recover
    tcb.ssthresh = undo.ssthresh
    tcb.cubic = undo.cubic
    if tcb.rack is not None:
        tcb.rack.found()
    if BY_NAME[c.profile.congestion].limits:
        flight = (tcb.snd_nxt - tcb.snd_una) & MASK
        tcb.cwnd = flight + min(news, congestion.initial_window(c.profile, tcb.snd_mss))
    return True
