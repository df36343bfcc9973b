"""Bursts: several segments that a stack hands to the network at once, as it cuts them out of one large buffer (TSO).

What shows of it on the wire is PSH: the last segment of a burst of several carries it.  Sent again alone it does not,
unless it ends what the user has handed over; but what was one burst can be one again.

Records (MSG_EOR) are here too: no segment holds octets of two of them.
"""

from __future__ import annotations

from typing import Final

from .core import Core
from .segment import PSH
from .seq import HALF, MASK
from .tcb import Tcb
from .units import SECOND

#: The most octets that are handed over at once.
_LARGEST: Final = 65_535
#: A burst is what is sent in about so many seconds, as a power of two: 1/1024 s.
_PACING_SHIFT: Final = 10
#: For every 2**9 us of the round trip, the allowance for short paths is halved.
_RTT_SHIFT: Final = 9


def burst_size(c: Core) -> int:
    """How many segments leave as one burst; 0: the stack knows none.

    About a millisecond's worth at twice the rate of cwnd in a round trip, more on short paths, at least the
    profile's ``tso_segments``, and never more than half of cwnd.
    """
    least = c.profile.tso_segments
    if not least:
        return 0
    tcb = c.tcb
    mss = tcb.snd_mss
    octets = _LARGEST
    if tcb.srtt > 0:
        percent = 200 if tcb.cwnd < tcb.ssthresh // 2 else 120
        octets = (tcb.cwnd * percent // 100 * SECOND // tcb.srtt) >> _PACING_SHIFT
        halvings = tcb.srtt // 1000 >> _RTT_SHIFT
        if halvings < 32:
            octets += _LARGEST >> halvings
        octets = min(octets, _LARGEST)
    return max(1, min(max(octets // mss, least), tcb.cwnd // mss >> 1))


def end_burst(c: Core, count: int) -> None:
    """The segment sent last ends a burst of so many."""
    tcb = c.tcb
    if count > 1:
        c.out[-1].flags |= PSH
    if not tcb.bursts or tcb.bursts[-1] != tcb.snd_nxt:
        tcb.bursts = (*tcb.bursts, tcb.snd_nxt)


def end_record(c: Core) -> None:
    """The segment sent last ends what the user has handed over."""
    tcb = c.tcb
    c.out[-1].flags |= PSH
    if c.profile.tso_segments and (not tcb.pushed or tcb.pushed[-1] != tcb.snd_nxt):
        tcb.pushed = (*tcb.pushed, tcb.snd_nxt)


def end_chunk(c: Core, count: int) -> bool:
    """Whether the segment sent last, the one of so many in its burst, ends a chunk: the burst ends there too."""
    tcb = c.tcb
    while tcb.chunks and (tcb.snd_nxt - tcb.chunks[0][0]) & MASK < HALF:
        at, pushed = tcb.chunks[0]
        tcb.chunks = tcb.chunks[1:]
        if at == tcb.snd_nxt:
            if pushed:
                end_record(c)
            end_burst(c, count)
            return True
    return False


def push_again(c: Core) -> None:
    """The segment sent last is one that was sent before: PSH, if it and the one before it are part of one burst."""
    tcb = c.tcb
    last = c.out[-1]
    if not last.data:
        return
    if (last.seq + len(last.data)) & MASK in tcb.pushed:
        last.flags |= PSH
    if len(c.out) > 1 and last.seq not in tcb.bursts:
        before = c.out[-2]
        if before.data and (before.seq + len(before.data)) & MASK == last.seq:
            last.flags |= PSH
            if last.seq not in tcb.pushed:
                before.flags &= ~PSH


def forget_acknowledged(tcb: Tcb) -> None:
    """SND.UNA has advanced: marks at or below it tell nothing any more."""
    una = tcb.snd_una
    tcb.pushed = _above(tcb.pushed, una)
    tcb.bursts = _above(tcb.bursts, una)
    tcb.records = _above(tcb.records, una)


def _above(marks: tuple[int, ...], una: int) -> tuple[int, ...]:
    """The marks above ``una``."""
    if not marks or (una - marks[0]) & MASK >= HALF:
        return marks
    return tuple(at for at in marks if (una - at) & MASK >= HALF)


def to_record_end(tcb: Tcb, seq: int, n: int) -> int:
    """How many of the ``n`` octets from ``seq`` belong to the same record as the first."""
    for at in tcb.records:
        ahead = (at - seq) & MASK
        if 0 < ahead < HALF:
            return min(n, ahead)
    return n
