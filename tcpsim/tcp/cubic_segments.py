"""Cubic as Linux reckons it: in whole segments and milliseconds.

The curve is RFC 9438's.  What differs: the target lies one *least* round trip ahead; before the first loss cwnd grows
by a twentieth in a round trip at least; it grows by one segment for two that are acknowledged at most; and while
nothing is outstanding the curve stands still (RFC 9438 5.8).
"""

from __future__ import annotations

from typing import Final

from .tcb import SegmentCubic, Tcb
from .units import MS

#: beta and C as fractions of 1024.
_BETA: Final = 717
_C: Final = 410
#: Segments acknowledged for each by which Reno's estimate grows, in eighths of cwnd: 8 * (1 + beta) / 3 / (1 - beta).
_FRIENDLY: Final = 15
#: The count is made anew after so many ms, or when cwnd has changed.
_STALE: Final = 31
#: Before any loss, at most so many acknowledged segments let cwnd grow by one.
_UNKNOWN: Final = 20
#: And never fewer than this.
_FASTEST: Final = 2


def cube_root(n: int) -> int:
    """The largest int whose cube is at most ``n``."""
    if n <= 0:
        return 0
    root = 1 << -(-n.bit_length() // 3)
    while True:
        better = (2 * root + n // (root * root)) // 3
        if better >= root:
            return root
        root = better


def grow(tcb: Tcb, acked: int, now: int, segments: int | None = None) -> None:
    """Slow start, by ``segments`` for each ACK at most, then one segment for each ``needed`` acknowledged."""
    mss = tcb.snd_mss
    left = -(-acked // mss)
    cwnd = max(tcb.cwnd // mss, 1)
    if tcb.cwnd < tcb.ssthresh:
        gain = min(left if segments is None else min(left, segments), max(tcb.ssthresh // mss - cwnd, 0))
        cwnd += gain
        tcb.cwnd = cwnd * mss
        left -= gain
        if tcb.cwnd < tcb.ssthresh or not left:
            return
    tcb.cubic_segments = state = _counted(tcb.cubic_segments, tcb, cwnd, left, now // MS)
    credit = tcb.cwnd_credit // mss
    if credit >= state.needed:  # it was gathered when more were asked for
        credit = 0
        cwnd += 1
    more, credit = divmod(credit + left, state.needed)
    tcb.cwnd = (cwnd + more) * mss
    tcb.cwnd_credit = credit * mss


def _counted(state: SegmentCubic | None, tcb: Tcb, cwnd: int, acked: int, now: int) -> SegmentCubic:
    """How many acknowledged segments let cwnd grow by one now; ``now`` in ms."""
    state = state if state is not None else SegmentCubic()
    state = state._replace(acked=state.acked + acked)
    if state.cwnd == cwnd and now - state.at <= _STALE:
        return state
    if state.epoch < 0 or state.at != now:
        if state.epoch < 0:
            above = state.w_max - cwnd
            k, origin = (cube_root((1 << 40) // _C * above), state.w_max) if above > 0 else (0, cwnd)
            state = state._replace(epoch=now, k=k, origin=origin, acked=acked, w_est=cwnd)
        state = state._replace(cwnd=cwnd, at=now, needed=_by_curve(state, tcb, cwnd, now))
    step = cwnd * _FRIENDLY >> 3
    gain, count = (state.acked - 1) // step, state.needed
    w_est = state.w_est + gain
    if w_est > cwnd:
        count = min(count, cwnd // (w_est - cwnd))
    return state._replace(acked=state.acked - gain * step, w_est=w_est, needed=max(count, _FASTEST))


def _by_curve(state: SegmentCubic, tcb: Tcb, cwnd: int, now: int) -> int:
    """The same as far as the curve tells."""
    least = tcb.hystart.min_rtt if tcb.hystart is not None else tcb.srtt
    t = ((now - state.epoch + max(least, 0) // MS) << 10) // 1000
    away = _C * abs(t - state.k) ** 3 >> 40
    target = state.origin + (away if t >= state.k else -away)
    count = cwnd // (target - cwnd) if target > cwnd else 100 * cwnd
    return count if state.w_max or count < _UNKNOWN else _UNKNOWN


def cut(tcb: Tcb, flight: int, now: int) -> None:
    """ssthresh = 0.7 * ``flight``, at least two segments; W_max by fast convergence (RFC 9438 4.6, 4.7)."""
    mss = tcb.snd_mss
    cwnd = max(tcb.cwnd // mss, 1)
    before = tcb.cubic_segments.w_max if tcb.cubic_segments is not None else 0
    tcb.cubic_segments = SegmentCubic(w_max=cwnd * (1024 + _BETA) // 2048 if cwnd < before else cwnd)
    tcb.ssthresh = max(flight // mss * _BETA // 1024, 2) * mss
    tcb.cwnd_credit = 0


def resume(tcb: Tcb, now: int) -> None:
    """Something leaves after nothing was outstanding: the time since data was last sent does not count."""
    state = tcb.cubic_segments
    if state is not None and state.epoch >= 0:
        idle = (now - tcb.sent_at) // MS
        tcb.cubic_segments = state._replace(epoch=min(state.epoch + idle, now // MS))
