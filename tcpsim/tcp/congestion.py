"""Congestion control: how much may be on the way (RFC 5681, RFC 6928, RFC 9438).

A way of controlling congestion is three functions; its variables are those of the connection: ``cwnd``,
``ssthresh``, ``cwnd_credit`` and, for cubic, ``cubic``.  Everything is in octets and ns, and all arithmetic is
that of integers.  When loss is noticed, and what is sent again, is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from . import cubic_segments
from .cubic_segments import cube_root
from .hystart import LOW_WINDOW, HyStart
from .profiles import Profile
from .seq import MASK
from .tcb import Cubic, Tcb
from .units import MS

#: More than any window: a cwnd or an ssthresh that limits nothing.
UNLIMITED: Final = 1 << 40

SECOND: Final = 1_000_000_000


class Congestion(NamedTuple):
    """A way of controlling congestion.

    ``grow(tcb, acked, now, segments)``: new data was acknowledged while nothing was being repaired and cwnd was in use;
    ``segments``: as for ``slow_start``.
    ``cut(tcb, flight, now)``: congestion was noticed with ``flight`` octets outstanding: ssthresh goes down.  Where
    cwnd goes from there is the same for all.  ``limits``: whether cwnd limits anything.
    """

    name: str
    grow: Callable[[Tcb, int, int, int | None], None]
    cut: Callable[[Tcb, int, int], None]
    limits: bool = True


def initial_window(profile: Profile, mss: int) -> int:
    """IW in octets: 2 to 4 segments by their size (RFC 5681 3.1), or so many as the profile says (RFC 6928 2)."""
    segments = profile.initial_window
    if segments is not None:
        return min(segments * mss, max(2 * mss, segments * 1460))
    return 2 * mss if mss > 2190 else 3 * mss if mss > 1095 else 4 * mss


def start(tcb: Tcb, profile: Profile) -> None:
    """The connection has opened: cwnd is the initial window, or one segment if a SYN was lost (RFC 5681 3.1)."""
    if not BY_NAME[profile.congestion].limits:
        tcb.cwnd = UNLIMITED
    else:
        tcb.cwnd = tcb.snd_mss if tcb.syn_lost else initial_window(profile, tcb.snd_mss)
    tcb.ssthresh = UNLIMITED
    tcb.recover = tcb.iss


def restart(tcb: Tcb, profile: Profile) -> None:
    """Nothing was sent for longer than an RTO: cwnd is at most the restart window again (RFC 5681 4.1)."""
    tcb.cwnd = min(tcb.cwnd, initial_window(profile, tcb.snd_mss))
    if tcb.cubic is not None:
        tcb.cubic = tcb.cubic._replace(epoch=-1)  # the curve does not run on while nothing is sent (RFC 9438 5.8)
    tcb.cwnd_credit = 0


def cut(tcb: Tcb, profile: Profile, now: int) -> int:
    """Congestion was noticed: ssthresh goes down (RFC 5681 3.1, RFC 9438 4.6).

    Returns of how many octets it is a part: of cwnd, or of what is in flight; what limited transmit has sent beyond
    cwnd does not count.
    """
    base = tcb.cwnd if profile.cut_from_cwnd else min((tcb.snd_nxt - tcb.snd_una) & MASK, tcb.cwnd)
    BY_NAME[profile.congestion].cut(tcb, base, now)
    return base


def timed_out(tcb: Tcb, profile: Profile, flight: int, now: int) -> None:
    """A retransmission time-out, the first of its segment: ssthresh as for any loss, and one segment to begin with.

    RFC 5681 3.1 (loss window), RFC 9438 4.8.
    """
    BY_NAME[profile.congestion].cut(tcb, flight, now)
    if tcb.cubic is not None:
        tcb.cubic = Cubic(w_max=0, prior=tcb.cubic.prior)
    tcb.cubic_segments = tcb.hystart = None
    collapse(tcb)


def collapse(tcb: Tcb) -> None:
    """One segment to begin with again; ssthresh stays (a later time-out of the same segment)."""
    tcb.cwnd = tcb.snd_mss
    tcb.cwnd_credit = 0


# -- when slow start ends by itself

#: A train of ACKs may be longer by the time that four of these take at twice cwnd in a round trip, 1 ms at most.
_LARGEST_BURST: Final = 65_536


def slow_start_sends(tcb: Tcb, seq: int, now: int) -> None:
    """New data from ``seq`` on leaves in slow start, and the profile wants HyStart."""
    if tcb.hystart is None:
        tcb.hystart = HyStart(seq)
    tcb.hystart.sent(seq, now)


def watch_slow_start(tcb: Tcb, profile: Profile, now: int) -> None:
    """SND.UNA has advanced, and cwnd has not grown for it yet: ssthresh is cwnd if HyStart says so."""
    state = tcb.hystart
    if state is None or state.found:
        return
    if tcb.cwnd >= tcb.ssthresh:
        state.forget()
        return
    rtt = state.measure(tcb.snd_una, now)
    if rtt is None or tcb.cwnd < LOW_WINDOW * tcb.snd_mss:
        return
    signs = profile.hystart
    burst = min(MS, 2 * _LARGEST_BURST * max(tcb.srtt, 0) // tcb.cwnd) if signs != "delay" else None
    if state.watch(tcb.snd_una, tcb.snd_nxt, rtt, now, train=burst, delay=signs != "train"):
        state.forget()
        tcb.ssthresh = tcb.cwnd


# -- none


def _no_growth(tcb: Tcb, acked: int, now: int, segments: int | None = 1) -> None:
    """The window is the peer's alone; after a time-out too, once something has come back."""
    tcb.cwnd = UNLIMITED


def _no_cut(tcb: Tcb, flight: int, now: int) -> None:
    """Neither does loss make it smaller."""


# -- newreno (RFC 5681)


def slow_start(tcb: Tcb, acked: int, segments: int | None = 1) -> None:
    """cwnd grows by what was acknowledged, so many segments at most (RFC 5681 3.1, equation 2; RFC 3465 2.2).

    ``segments``: None for no limit but ssthresh.
    """
    if segments is None:
        most = max(tcb.ssthresh - tcb.cwnd, 0)
    else:
        most = segments * tcb.snd_mss
    tcb.cwnd += acked if acked < most else most


def _newreno_grow(tcb: Tcb, acked: int, now: int, segments: int | None = 1) -> None:
    """Slow start, then a segment for each cwnd of octets acknowledged: RFC 5681 3.1's recommended way."""
    cwnd = tcb.cwnd
    if cwnd < tcb.ssthresh:
        slow_start(tcb, acked, segments)
        return
    credit = tcb.cwnd_credit + acked
    if credit >= cwnd:
        credit -= cwnd
        tcb.cwnd = cwnd + tcb.snd_mss
    tcb.cwnd_credit = credit


def _newreno_cut(tcb: Tcb, flight: int, now: int) -> None:
    """ssthresh = max(FlightSize / 2, 2 * SMSS) (RFC 5681 3.1, equation 4)."""
    tcb.ssthresh = max(flight // 2, 2 * tcb.snd_mss)
    tcb.cwnd_credit = 0


# -- cubic (RFC 9438)

#: W_est is counted in this part of an octet: alpha_cubic adds less than one octet for each ACK of a large window.
FINE: Final = 1 << 10


def cubic_k(mss: int, w_max: int, cwnd: int) -> int:
    """K in ns: how long W_cubic takes from ``cwnd`` to ``w_max``: cube root of (W_max - cwnd) / C, C = 0.4 (4.2)."""
    return cube_root((w_max - cwnd) * 5 * SECOND**3 // (2 * mss))


def w_cubic(mss: int, t: int, k: int, w_max: int) -> int:
    """W_cubic(t) in octets: C * (t - K)^3 + W_max, with t in ns since the stage began (RFC 9438 4.2, figure 1)."""
    return w_max + 2 * mss * (t - k) ** 3 // (5 * SECOND**3)


def _cubic_grow(tcb: Tcb, acked: int, now: int, segments: int | None = 1) -> None:
    """Slow start, then the larger of what Reno would have and of the cubic (RFC 9438 4.2 to 4.5)."""
    cwnd = tcb.cwnd
    if cwnd < tcb.ssthresh:
        slow_start(tcb, acked, segments)
        return
    mss = tcb.snd_mss
    state = tcb.cubic
    if state is None:  # no loss led here: the curve begins at its plateau (4.8, 4.10)
        state = Cubic(w_max=cwnd, prior=cwnd)
    if state.epoch < 0:
        k = cubic_k(mss, state.w_max, cwnd) if state.w_max > cwnd else 0
        w_max = state.w_max if k else cwnd
        state = Cubic(w_max, k, now, cwnd * FINE, state.prior)
    t = now - state.epoch
    est = state.w_est
    if est < state.prior * FINE:  # alpha_cubic = 3 * (1 - beta) / (1 + beta) = 9 / 17, then 1 (4.3)
        est += 9 * mss * acked * FINE // (17 * cwnd)
    else:
        est += mss * acked * FINE // cwnd
    tcb.cubic = Cubic(state.w_max, state.k, state.epoch, est, state.prior)
    if w_cubic(mss, t, state.k, state.w_max) * FINE < est:
        if est // FINE > cwnd:
            tcb.cwnd = est // FINE
        return
    rtt = tcb.srtt if tcb.srtt > 0 else 0
    target = w_cubic(mss, t + rtt, state.k, state.w_max)
    if target > cwnd + cwnd // 2:
        target = cwnd + cwnd // 2
    if target > cwnd:
        gain, tcb.cwnd_credit = divmod(tcb.cwnd_credit + (target - cwnd) * acked, cwnd)
        tcb.cwnd = cwnd + gain


def _cubic_cut(tcb: Tcb, flight: int, now: int) -> None:
    """ssthresh = 0.7 * FlightSize, at least two segments; W_max by fast convergence (RFC 9438 4.6, 4.7)."""
    cwnd = tcb.cwnd
    w_max = tcb.cubic.w_max if tcb.cubic is not None else 0
    # A flow that could not come back to W_max gives way: (1 + beta) / 2 = 0.85.
    tcb.cubic = Cubic(w_max=cwnd * 17 // 20 if cwnd < w_max else cwnd, prior=cwnd)
    tcb.ssthresh = max(flight * 7 // 10, 2 * tcb.snd_mss)
    tcb.cwnd_credit = 0


BY_NAME: Final = {
    way.name: way
    for way in (
        Congestion("none", _no_growth, _no_cut, limits=False),
        Congestion("newreno", _newreno_grow, _newreno_cut),
        Congestion("cubic", _cubic_grow, _cubic_cut),
        Congestion("cubic_segments", cubic_segments.grow, cubic_segments.cut),
    )
}
