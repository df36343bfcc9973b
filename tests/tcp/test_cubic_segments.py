"""Cubic in whole segments and milliseconds: figures by hand, from the rules in ``cubic_segments``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp.congestion import BY_NAME, UNLIMITED
from tcpsim.tcp.cubic_segments import resume
from tcpsim.tcp.hystart import HyStart
from tcpsim.tcp.tcb import SegmentCubic, Tcb

MSS = 1000
MS = 1_000_000
WAY = BY_NAME["cubic_segments"]


def block(cwnd: int, ssthresh: int = UNLIMITED // MSS, *, rtt: int = 100, **variables: object) -> Tcb:
    """A block with a cwnd and ssthresh of so many segments and a least round trip of ``rtt`` ms."""
    tcb = Tcb(snd_mss=MSS, cwnd=cwnd * MSS, ssthresh=ssthresh * MSS, hystart=HyStart(0), **variables)
    assert tcb.hystart is not None
    tcb.hystart.min_rtt = rtt * MS
    return tcb


def test_slow_start_counts_all_segments_and_stops_at_ssthresh() -> None:
    tcb = block(10, 16)
    WAY.grow(tcb, 2 * MSS, 0)
    assert tcb.cwnd == 12 * MSS
    WAY.grow(tcb, MSS + 1, 0)  # two segments
    assert tcb.cwnd == 14 * MSS
    WAY.grow(tcb, 5 * MSS, 0)  # two up to ssthresh, three more in congestion avoidance
    assert (tcb.cwnd, tcb.cwnd_credit) == (16 * MSS, 3 * MSS)


@pytest.mark.parametrize(
    ("cwnd", "ssthresh", "w_max", "before"),
    # 717 / 1024 of cwnd; w_max is cwnd, or below the last one 1741 / 2048 of it
    [(10, 7, 10, 0), (100, 70, 100, 100), (80, 56, 68, 100), (3, 2, 3, 0), (2, 2, 2, 0)],
)
def test_loss_cuts_to_seven_tenths(cwnd: int, ssthresh: int, w_max: int, before: int) -> None:
    tcb = block(cwnd, cubic_segments=SegmentCubic(w_max=before))
    WAY.cut(tcb, cwnd * MSS + 1, 0)
    assert tcb.ssthresh == ssthresh * MSS
    assert tcb.cubic_segments == SegmentCubic(w_max=w_max)


def test_before_any_loss_a_twentieth_then_the_curve() -> None:
    """48 segments, and 2 acknowledged every 100 ms.  The curve is 48 + 0.4 t^3 with t = 0.1 s at the first ACK.

    Until t = 1.9 s it is below 51, which asks for 48 / 2 = 24 and more for one: 20 are enough.  From then on it asks for
    less, as from t = 3 s (0.4 * 27 = 10.8) for 51 / (58 - 51) = 7, and at last for 2, which is as fast as it goes.
    """
    tcb = block(48, 48)
    cwnds = []
    for ack in range(61):
        WAY.grow(tcb, 2 * MSS, 1000 * MS + ack * 100 * MS)
        cwnds.append(tcb.cwnd // MSS)
    assert cwnds[8:10] == [48, 49]  # the tenth ACK makes it 20 segments
    assert cwnds[18:20] == [49, 50]
    assert [cwnds[n] for n in (30, 40)] == [52, 58]
    assert [cwnds[n] - cwnds[n - 10] for n in (50, 60)] == [10, 10]


def test_k_is_when_the_curve_is_back_at_w_max() -> None:
    """(100 - 70) / 0.4004 = 74.9, whose cube root is 4.216 s: 4316 / 1024 s."""
    tcb = block(70, 70, cubic_segments=SegmentCubic(w_max=100))
    WAY.grow(tcb, MSS, 0)
    state = tcb.cubic_segments
    assert state is not None
    assert (state.k, state.origin, state.epoch) == (4316, 100, 0)
    # t = 0.1 s: 0.4004 * 4.115^3 = 27.9 below 100, rounded down 27, so 70 / (73 - 70) = 23; Reno has not moved
    assert state.needed == 23


@pytest.mark.parametrize("begin", [0, 1, 1000])
def test_the_curve_is_asked_once_in_a_millisecond(begin: int) -> None:
    """K and target as before: 73, so that 70 / 3 = 23 let cwnd grow by one, and 71 / 2 = 35 by another."""
    tcb = block(70, 70, cubic_segments=SegmentCubic(w_max=100))
    seen = []
    for acked, ms in ((22, 0), (1, 0), (1, 0), (1, 1)):
        WAY.grow(tcb, acked * MSS, (begin + ms) * MS)
        assert tcb.cubic_segments is not None
        seen.append((tcb.cwnd // MSS, tcb.cubic_segments.needed))
    assert seen == [(70, 23), (71, 23), (71, 23), (71, 35)]


@pytest.mark.parametrize(("w_est", "needed"), [(8, 4), (9, 4), (11, 2), (16, 2)])
def test_reno_leads_on_short_paths(w_est: int, needed: int) -> None:
    """cwnd 8; the curve is 10.05 below 20, rounded down 10, and asks for 8 / 2; Reno's estimate for 8 / (w_est - 8)."""
    state = SegmentCubic(w_max=20, k=3000, epoch=0, origin=20, w_est=w_est, at=-100, cwnd=8)
    tcb = block(8, 8, rtt=1, cubic_segments=state)
    WAY.grow(tcb, MSS, MS)
    assert tcb.cubic_segments is not None
    assert tcb.cubic_segments.needed == needed


def test_renos_estimate_grows_with_15_eighths_of_cwnd() -> None:
    """cwnd 80: 150 segments; the count is made anew when more than 31 ms have passed."""
    tcb = block(80, 80, rtt=1, cubic_segments=SegmentCubic(w_max=80, epoch=0, origin=80, w_est=80))
    seen = []
    for ack in range(5):
        WAY.grow(tcb, 50 * MSS, 32 * ack * MS)
        assert tcb.cubic_segments is not None
        seen.append((tcb.cubic_segments.w_est, tcb.cubic_segments.acked))
    assert seen == [(80, 50), (80, 100), (80, 150), (81, 50), (81, 100)]


def test_less_than_a_segment_counts_as_one() -> None:
    """cwnd is below a segment when the segments have become larger."""
    tcb = block(1, 1)
    tcb.cwnd = tcb.ssthresh = 500
    WAY.grow(tcb, MSS, 0)
    assert tcb.cwnd == MSS
    WAY.cut(tcb, MSS, 0)
    assert tcb.ssthresh == 2 * MSS


def test_idle_time_does_not_count() -> None:
    tcb = block(48, 48)
    WAY.grow(tcb, MSS, 1000 * MS)
    tcb.sent_at = 1200 * MS
    resume(tcb, 5200 * MS)
    assert tcb.cubic_segments is not None
    assert tcb.cubic_segments.epoch == 5000
    resume(tcb, 5200 * MS)  # never into the future
    assert tcb.cubic_segments.epoch == 5200


def test_credit_that_was_gathered_for_more_counts_once() -> None:
    """19 of 20 acknowledged, and now 7 are enough: one segment, and the credit is gone."""
    tcb = block(51, 51, cubic_segments=SegmentCubic(epoch=0, origin=48, needed=20, w_est=48), cwnd_credit=19 * MSS)
    WAY.grow(tcb, MSS, 2900 * MS)
    assert tcb.cubic_segments is not None
    assert tcb.cubic_segments.needed == 7
    assert (tcb.cwnd, tcb.cwnd_credit) == (52 * MSS, MSS)


@given(
    st.integers(2, 100),
    st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 10**9)), min_size=1, max_size=40),
    st.integers(0, 200),
)
def test_growth_is_in_whole_segments_and_bounded(cwnd: int, acks: list[tuple[int, int]], w_max: int) -> None:
    tcb = block(cwnd, cwnd, cubic_segments=SegmentCubic(w_max=w_max))
    now = 0
    for acked, wait in acks:
        before = tcb.cwnd
        now += wait
        WAY.grow(tcb, acked, now)
        assert tcb.cwnd % MSS == 0
        assert before <= tcb.cwnd <= before + MSS * (1 + -(-acked // MSS))
