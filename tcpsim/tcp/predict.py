"""Header prediction: the one segment that every check would pass and from which nothing special follows.

Van Jacobson's idea, as real stacks have it: most segments of a transfer are the next data, or an ACK for some, in
ESTABLISHED with no gap anywhere.  What is done here is what the checks would have done; a test runs traces with and
without it.
"""

from __future__ import annotations

from typing import Final

from .acks import acknowledged
from .core import Core
from .recovery import grow
from .segment import ACK, CE, CWR, ECE, FIN, RST, SYN, URG, Segment
from .seq import HALF, MASK
from .states import ESTABLISHED
from .text import accept_text
from .units import NEVER

_TELLING: Final = ACK | FIN | RST | SYN | URG | ECE | CWR


def predicted(c: Core, seg: Segment) -> bool:
    """Whether ``seg`` was as expected, and has been processed.  False: nothing has changed."""
    tcb = c.tcb
    rcv_nxt = tcb.rcv_nxt
    if (
        tcb.state is not ESTABLISHED
        or seg.seq != rcv_nxt
        or seg.flags & _TELLING != ACK
        or tcb.rcv_fin is not None
        or tcb.persist_due != NEVER
        or tcb.rcv_buf.runs
        or tcb.recovery
        or seg.options
        or seg.ecn == CE
        or (tcb.rack is not None and tcb.rack.probe is not None)
    ):
        return False
    ack = seg.ack
    una = tcb.snd_una
    length = seg.len
    wnd = seg.wnd << tcb.snd_shift
    if ack != una:
        if (ack - una) & MASK > (tcb.snd_nxt - una) & MASK:
            return False
    elif not length and una != tcb.snd_nxt:  # perhaps a duplicate ACK, which tells of loss
        return False
    if not wnd or length > tcb.rcv_wnd or not tcb.rcv_wnd:
        return False
    if tcb.ts_ok:
        tsval = seg.tsval
        if tsval is None or (tsval - tcb.ts_recent) & MASK >= HALF:
            return False
        if (tcb.last_ack_sent - rcv_nxt) & MASK < HALF:
            tcb.ts_recent = tsval
            tcb.ts_recent_at = c.now
    if tcb.keepalive is not None:
        c.heard()
    if ack != una:
        acknowledged(c, ack, seg.tsecr)
        if tcb.cwnd_limited or tcb.max_flight or not c.profile.cwnd_validation:
            grow(c, (ack - una) & MASK)
    newer = (rcv_nxt - tcb.snd_wl1) & MASK
    if newer < HALF and (newer or (ack - tcb.snd_wl2) & MASK < HALF):
        tcb.snd_wl1 = rcv_nxt
        tcb.snd_wl2 = ack
        tcb.snd_wnd = wnd
        if wnd > tcb.max_snd_wnd:
            tcb.max_snd_wnd = wnd
    if length:
        accept_text(c, seg.data)
    return True
