"""Congestion control by itself: what the RFCs' formulas give, worked out by hand, for segments of 1000 octets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp import RFC9293, Tcb
from tcpsim.tcp.congestion import (
    BY_NAME,
    UNLIMITED,
    cubic_k,
    initial_window,
    restart,
    start,
    timed_out,
    w_cubic,
)
from tcpsim.tcp.cubic_segments import cube_root
from tcpsim.tcp.seq import MASK
from tcpsim.tcp.tcb import Cubic
from tests.recovery.path import Path

MSS = 1000
MS = 1_000_000
SECOND = 1_000_000_000


def block(cwnd: int, ssthresh: int = UNLIMITED, **more: object) -> Tcb:
    return Tcb(snd_mss=MSS, cwnd=cwnd, ssthresh=ssthresh, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mss", "rfc5681", "ten"),
    [(500, 2000, 5000), (1095, 4380, 10950), (1096, 3288, 10960), (1460, 4380, 14600), (2190, 6570, 14600),
     (2191, 4382, 14600), (9000, 18000, 18000)],
)  # fmt: skip
def test_the_initial_window(mss: int, rfc5681: int, ten: int) -> None:
    """RFC 5681 3.1: 4, 3 or 2 segments; RFC 6928 2: min(10 * MSS, max(2 * MSS, 14600))."""
    assert initial_window(RFC9293, mss) == rfc5681
    assert initial_window(RFC9293.but(initial_window=10), mss) == ten


@pytest.mark.parametrize(("syn_lost", "cwnd"), [(False, 4000), (True, 1000)])
def test_a_lost_syn_leaves_one_segment(syn_lost: bool, cwnd: int) -> None:
    tcb = block(0, syn_lost=syn_lost)
    start(tcb, RFC9293)
    assert (tcb.cwnd, tcb.ssthresh) == (cwnd, UNLIMITED)


def test_slow_start_adds_what_was_acknowledged_and_a_segment_at_most() -> None:
    tcb = block(4000)
    for acked, cwnd in ((1000, 5000), (300, 5300), (2000, 6300), (1, 6301)):
        BY_NAME["newreno"].grow(tcb, acked, 0)
        assert tcb.cwnd == cwnd


@pytest.mark.parametrize(("sent", "cwnd"), [(1, 10), (4, 10), (5, 10), (6, 11), (9, 11), (10, 11), (20, 11)])
@pytest.mark.parametrize("iss", [100, 2**32 - 101, 2**32 - 500])
def test_slow_start_may_reach_twice_of_what_was_in_flight(iss: int, sent: int, cwnd: int) -> None:
    """RFC 7661's aim, as Linux has it: of a cwnd of ten segments so many are used, and one is acknowledged."""
    path = Path(initial_window=10, slow_start_doubles=True, iss=iss).give(sent)
    path.step()  # it arrives ...
    assert path.tcb.cwnd == 10 * MSS
    while path.tcb.snd_una == iss + 1 & MASK:
        path.step()  # ... and its ACK
    assert path.tcb.cwnd == cwnd * MSS


@pytest.mark.parametrize(("acked", "cwnd"), [(0, 21), (1, 21), (8, 21), (9, 21), (10, 20)])
@pytest.mark.parametrize("iss", [100, 2**32 - 101, 2**32 - 8_000])
def test_that_cwnd_has_limited_holds_until_what_was_sent_then_is_acknowledged(
    iss: int, acked: int, cwnd: int
) -> None:
    """Ten segments fill cwnd; one more follows when so many are acknowledged, and what is in flight is little by then."""
    path = Path(initial_window=10, slow_start_doubles=True, iss=iss).give(10)
    while path.tcb.snd_una != iss + 1 + acked * MSS & MASK:
        path.step()
    path.give(1).run()
    assert path.tcb.cwnd == cwnd * MSS


def test_congestion_avoidance_adds_a_segment_for_each_window() -> None:
    """cwnd 3000: 1000, 2000, 3000 acknowledged: a segment more; then 4000 are needed."""
    tcb = block(3000, 3000)
    cwnds = []
    for _ in range(12):
        BY_NAME["newreno"].grow(tcb, 1000, 0)
        cwnds.append(tcb.cwnd)
    assert cwnds == [3000, 3000, 4000, 4000, 4000, 4000, 5000, 5000, 5000, 5000, 5000, 6000]


@pytest.mark.parametrize(("flight", "ssthresh"), [(10_000, 5000), (7001, 3500), (3000, 2000), (0, 2000)])
def test_loss_halves_the_flight(flight: int, ssthresh: int) -> None:
    tcb = block(12_000)
    BY_NAME["newreno"].cut(tcb, flight, 0)
    assert (tcb.ssthresh, tcb.cwnd) == (ssthresh, 12_000)
    timed_out(tcb, RFC9293, flight, 0)
    assert (tcb.ssthresh, tcb.cwnd) == (ssthresh, 1000)


def test_none_limits_nothing() -> None:
    profile = RFC9293.but(congestion="none")
    tcb = block(0, 0)
    start(tcb, profile)
    assert tcb.cwnd == tcb.ssthresh == UNLIMITED
    timed_out(tcb, profile, 10_000, 0)
    assert (tcb.cwnd, tcb.ssthresh) == (1000, UNLIMITED)  # a time-out repeats one segment, whatever the way
    BY_NAME["none"].grow(tcb, 1000, 0)
    assert tcb.cwnd == UNLIMITED


def test_idleness_takes_cwnd_back_but_not_up() -> None:
    for cwnd, after in ((20_000, 4000), (3000, 3000)):
        tcb = block(cwnd, 9000)
        restart(tcb, RFC9293)
        assert (tcb.cwnd, tcb.ssthresh) == (after, 9000)


# -- cubic


@given(st.integers(0, 10**40))
def test_cube_root(n: int) -> None:
    root = cube_root(n)
    assert root**3 <= n < (root + 1) ** 3


@pytest.mark.parametrize(
    ("w_max", "cwnd", "seconds"),
    # K = cbrt((W_max - cwnd) / C): 3.2 / 0.4 = 8, 25.6 / 0.4 = 64, 50 / 0.4 = 125, 400 / 0.4 = 1000
    [(13_200, 10_000, 2), (125_600, 100_000, 4), (150_000, 100_000, 5), (1_400_000, 1_000_000, 10)],
)
def test_k_is_when_the_curve_is_back_at_w_max(w_max: int, cwnd: int, seconds: int) -> None:
    k = cubic_k(MSS, w_max, cwnd)
    assert k == seconds * SECOND
    assert w_cubic(MSS, k, k, w_max) == w_max
    assert w_cubic(MSS, 0, k, w_max) == cwnd
    assert w_cubic(MSS, 2 * k, k, w_max) == 2 * w_max - cwnd


def test_w_cubic_by_hand() -> None:
    """W_max 150 segments, K 5 s: W(t) = 0.4 * (t - 5)^3 + 150, in segments."""
    seen = {t: w_cubic(MSS, t * SECOND, 5 * SECOND, 150_000) for t in range(0, 9)}
    assert seen == {
        0: 100_000, 1: 124_400, 2: 139_200, 3: 146_800, 4: 149_600, 5: 150_000, 6: 150_400, 7: 153_200, 8: 160_800,
    }  # fmt: skip


def test_cubic_cuts_to_seven_tenths_and_remembers() -> None:
    tcb = block(100_000)
    BY_NAME["cubic"].cut(tcb, 90_000, 0)
    assert tcb.ssthresh == 63_000
    assert tcb.cubic == Cubic(w_max=100_000, prior=100_000)


def test_fast_convergence_gives_way() -> None:
    """A flow cut again below its W_max of 100 at 80 takes 0.85 * 80 = 68 for its next W_max (RFC 9438 4.7)."""
    tcb = block(80_000, cubic=Cubic(w_max=100_000, prior=100_000))
    BY_NAME["cubic"].cut(tcb, 80_000, 0)
    assert (tcb.ssthresh, tcb.cubic) == (56_000, Cubic(w_max=68_000, prior=80_000))


def test_cubic_never_cuts_below_two_segments() -> None:
    tcb = block(2000)
    BY_NAME["cubic"].cut(tcb, 1000, 0)
    assert tcb.ssthresh == 2000


def test_cubic_climbs_to_its_target_within_a_round_trip() -> None:
    """cwnd 100, W_max 150, so K = 5 s; RTT 1 s; the stage begins with the first ACK, at 7 s.

    t = 0: W_cubic(0) = cwnd is below W_est = 100000 + 9 / 17 * 1000 * 1000 / 100000 = 100005, which counts.
    t = 0.1 s: the target is W_cubic(1.1 s) = 150000 - 0.4 * 3.9^3 * 1000 = 126272; each ACK of a segment adds
    (target - cwnd) / cwnd segments (RFC 9438 4.4): 26267 * 1000 / 100005 = 262, then 26005 * 1000 / 100267 = 260.
    """
    tcb = block(100_000, 100_000, srtt=SECOND, cubic=Cubic(w_max=150_000, prior=150_000))
    BY_NAME["cubic"].grow(tcb, 1000, 7 * SECOND)
    assert tcb.cubic is not None
    assert (tcb.cwnd, tcb.cubic.k, tcb.cubic.epoch) == (100_005, 5 * SECOND, 7 * SECOND)
    for cwnd in (100_267, 100_527):
        BY_NAME["cubic"].grow(tcb, 1000, 7_100 * MS)
        assert tcb.cwnd == cwnd
    for _ in range(98):
        BY_NAME["cubic"].grow(tcb, 1000, 7_100 * MS)
    assert 115_000 < tcb.cwnd < 116_600  # 126.3 - 26.3 / e = 116.6 in as many ACKs as cwnd has segments


def test_the_target_is_at_most_half_as_much_again() -> None:
    """t = 20 s past K = 0: W = 0.4 * 8000 + 10 = 3210 segments; the target stops at 15 (RFC 9438 4.2)."""
    tcb = block(10_000, 10_000, cubic=Cubic(10_000, 0, 0, 0, 10_000))
    BY_NAME["cubic"].grow(tcb, 1000, 20 * SECOND)
    assert tcb.cwnd == 10_500


def test_the_reno_friendly_region() -> None:
    """A short RTT: the cubic has hardly moved, W_est grows by 9/17 of a segment for each window acknowledged.

    cwnd 10, W_max 20, t = 0: W_est = 10000 + 9 / 17 * 1000 * 1000 / 10000 = 10052 after one ACK (RFC 9438 4.3).
    """
    tcb = block(10_000, 10_000, srtt=MS, cubic=Cubic(w_max=20_000, prior=20_000))
    BY_NAME["cubic"].grow(tcb, 1000, 0)
    assert tcb.cwnd == 10_052
    for _ in range(9):
        BY_NAME["cubic"].grow(tcb, 1000, 0)
    assert 10_510 <= tcb.cwnd <= 10_529


def test_once_back_at_the_old_cwnd_cubic_is_as_fast_as_reno() -> None:
    """W_est has reached cwnd_prior: alpha is 1, so 1000 * 1000 / 10000 = 100 octets an ACK (RFC 9438 4.3)."""
    tcb = block(10_000, 10_000, srtt=MS, cubic=Cubic(10_000, 0, 0, 10_000 << 10, 10_000))
    BY_NAME["cubic"].grow(tcb, 1000, 0)
    assert tcb.cwnd == 10_100


def test_after_a_time_out_the_curve_begins_at_its_plateau() -> None:
    """RFC 9438 4.8: K = 0 and W_max = cwnd when congestion avoidance begins; ssthresh still by 0.7."""
    profile = RFC9293.but(congestion="cubic")
    tcb = block(50_000)
    timed_out(tcb, profile, 50_000, 0)
    assert (tcb.cwnd, tcb.ssthresh) == (1000, 35_000)
    now = 0
    while tcb.cwnd < tcb.ssthresh:
        BY_NAME["cubic"].grow(tcb, 1000, now)
    assert tcb.cwnd == 35_000
    BY_NAME["cubic"].grow(tcb, 1000, 9 * SECOND)
    assert tcb.cubic is not None
    assert (tcb.cubic.w_max, tcb.cubic.k, tcb.cubic.epoch) == (35_000, 0, 9 * SECOND)


@given(
    st.sampled_from(["newreno", "cubic"]),
    st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 10**10)), max_size=40),
)
def test_growth_never_shrinks_and_slow_start_never_more_than_doubles(name: str, acks: list[tuple[int, int]]) -> None:
    tcb = block(4000, 9000)
    now = 0
    for acked, wait in acks:
        before = tcb.cwnd
        now += wait
        BY_NAME[name].grow(tcb, acked, now)
        assert before <= tcb.cwnd
        assert tcb.cwnd <= max(before + MSS, before + before // 2 * acked // before + acked)
