"""When RACK looks again, and tail loss probes (RFC 8985 6.3, 7): one timer serves both, as no two wait at once."""

from __future__ import annotations

from .congestion import BY_NAME, cut
from .core import Core
from .segment import Segment
from .seq import HALF, MASK
from .tcb import Tcb
from .units import NEVER


def detect(c: Core) -> int:
    """Which segments are lost by now, in octets; the reordering timer tells when to ask again (RFC 8985 6.2, 6.3)."""
    tcb = c.tcb
    rack = tcb.rack
    assert rack is not None
    lost, wait = rack.detect(c.now, tcb.srtt, recovering=tcb.recovery in ("fast", "rto"))
    if wait:
        rack.probing = False
        _set_timer(tcb, c.now + wait + c.profile.timer_slack)
    elif not rack.probing:
        tcb.rack_due = NEVER
    return lost


def await_probe(c: Core) -> None:
    """Set the timer of a tail loss probe, which is due some time before the retransmission timer (RFC 8985 7.2)."""
    tcb = c.tcb
    rack = tcb.rack
    assert rack is not None
    rack.touched = False
    if not rack.probing and tcb.rack_due != NEVER:
        return  # the reordering timer runs
    rack.probing = False
    tcb.rack_due = NEVER
    if not c.profile.tlp or tcb.recovery not in ("", "ecn") or tcb.rtx_due == NEVER or tcb.snd_una == tcb.snd_nxt:
        return
    wait = c.profile.rto_initial
    if tcb.srtt >= 0:
        wait = 2 * tcb.srtt + (c.profile.tlp_ack_delay if rack.few() else c.profile.timer_slack)
    rack.probing = True
    _set_timer(tcb, min(c.now + wait, tcb.rtx_due))


def _set_timer(tcb: Tcb, due: int) -> None:
    tcb.rack_due = due
    if due < tcb.wake:
        tcb.wake = due


def probe_answered(c: Core, seg: Segment, news: int, fresh: int) -> None:
    """An ACK while a probe is outstanding: whether the probe has repaired a loss (RFC 8985 7.4)."""
    tcb = c.tcb
    rack = tcb.rack
    assert rack is not None
    assert rack.probe is not None
    told = next((option[1:] for option in seg.options if option[0] == "sack"), ())
    duplicate = bool(told) and tells_of_duplicate(tcb, told)  # type: ignore[arg-type]
    if (seg.ack - rack.probe) & MASK >= HALF:
        return
    if not rack.repeats or duplicate or (not news and not fresh and not seg.len):
        rack.probe = None  # new data has arrived, or the segment itself as well as its copy
    elif seg.ack != rack.probe:
        rack.probe = None
        cut(tcb, c.profile, c.now)
        if BY_NAME[c.profile.congestion].limits:
            tcb.cwnd = tcb.ssthresh


def tells_of_duplicate(tcb: Tcb, blocks: tuple[tuple[int, int], ...]) -> bool:
    """Whether the first block is a D-SACK: below SND.UNA, or inside the second (RFC 2883 4)."""
    left, right = blocks[0]
    if 0 < (tcb.snd_una - left) & MASK < HALF:
        return True
    return len(blocks) > 1 and (left - blocks[1][0]) & MASK < HALF and (blocks[1][1] - right) & MASK < HALF
