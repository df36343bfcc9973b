"""TIME_WAIT: what a new SYN may do there, and what a stack does that keeps little of such a connection."""

from __future__ import annotations

from . import verdicts as v
from .acks import learn_syn, learn_window
from .core import Core
from .output import send_syn
from .segment import FIN, RST, Segment
from .seq import HALF, MASK, le
from .states import Cue
from .text import answer, queue_behind_syn
from .verdicts import Verdict


def plain_time_wait(c: Core, seg: Segment) -> Verdict | None:
    """TIME_WAIT that knows little more than RCV.NXT, as Linux has it.

    A RST there ends it, and any other RST is dropped; a bare ACK there is ignored, whatever it acknowledges; all
    else is answered.
    """
    tcb = c.tcb
    exact = seg.seq == tcb.rcv_nxt
    if seg.flags & RST:
        return None if exact else v.UNACCEPTABLE_RST
    if exact and not seg.len:
        return v.TIME_WAIT_IGNORES
    if seg.flags & FIN and seg.end == tcb.rcv_nxt and c.profile.fin_restarts_time_wait:
        c.start_time_wait()
        tcb.ack_now = True
        return v.FIN_AGAIN_IN_TIME_WAIT
    answer(c, seg)
    return v.TIME_WAIT_ANSWERS


def is_newer(c: Core, seg: Segment) -> bool:
    """Whether a SYN in TIME_WAIT begins after all that the old incarnation sent (RFC 6191 2)."""
    tcb = c.tcb
    if seg.tsval is not None:
        if not tcb.ts_ok and c.profile.timestamps:
            return True  # a stamp tells the new segments from the old, which had none
        ahead = (seg.tsval - tcb.ts_recent) & MASK
        if tcb.ts_ok and ahead:
            return ahead < HALF
    return le(tcb.rcv_nxt, seg.seq)


def reopen(c: Core, seg: Segment) -> None:
    """Leave TIME_WAIT for a new incarnation; the old one is kept until the SYN has proved genuine (MAY-2)."""
    old = c.tcb.copy()
    c.fire(Cue.SYN_REOPENS)
    c.renew()
    tcb = c.tcb
    tcb.previous = old
    tcb.passive = True
    learn_syn(c, seg)
    learn_window(c, seg)
    c.pick_iss(above=old.snd_nxt)
    send_syn(c)
    queue_behind_syn(c, seg)
