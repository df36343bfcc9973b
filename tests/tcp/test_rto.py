"""The retransmission time-out against numbers computed by hand from RFC 6298."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp import RFC9293
from tcpsim.tcp.rto import backed_off, sample, timeout
from tcpsim.tcp.units import MS, SECOND, US

#: No floor, so that the formula shows.
BARE = RFC9293.but(rto_min=0)


def test_before_the_first_sample() -> None:
    """2.1: one second."""
    assert timeout(RFC9293, -1, 0) == 1 * SECOND


def test_five_samples_by_hand() -> None:
    """2.2 and 2.3 with R = 100, 200, 200, 120, 100 ms; in us where ms are not whole."""
    srtt, rttvar = -1, 0
    steps = [
        # R, SRTT = 7/8 SRTT + 1/8 R, RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R| with the old SRTT, RTO = SRTT + 4 RTTVAR
        (100 * MS, 100_000 * US, 50_000 * US, 300_000 * US),
        (200 * MS, 112_500 * US, 62_500 * US, 362_500 * US),
        (200 * MS, 123_437_500, 68_750 * US, 398_437_500),
        (120 * MS, 123_007_812, 52_421_875, 332_695_312),
        (100 * MS, 120_131_835, 45_068_359, 300_405_271),
    ]
    for rtt, expected_srtt, expected_rttvar, rto in steps:
        srtt, rttvar = sample(srtt, rttvar, rtt)
        assert (srtt, rttvar) == (expected_srtt, expected_rttvar)
        assert timeout(BARE, srtt, rttvar) == rto


def test_the_floor_of_one_second() -> None:
    """2.4."""
    assert timeout(RFC9293, 100 * MS, 50 * MS) == 1 * SECOND
    assert timeout(RFC9293, 600 * MS, 100 * MS) == 1 * SECOND
    assert timeout(RFC9293, 600 * MS, 101 * MS) == 1_004 * MS


def test_the_cap() -> None:
    """2.5: at least 60 seconds."""
    assert timeout(RFC9293, 50 * SECOND, 2 * SECOND) == 58 * SECOND
    assert timeout(RFC9293, 50 * SECOND, 3 * SECOND) == 60 * SECOND


def test_the_granularity_stands_in_for_no_variation() -> None:
    """2.3: max (G, K*RTTVAR)."""
    assert timeout(BARE, 100 * MS, 0) == 101 * MS
    assert timeout(BARE, 100 * MS, 200 * US) == 101 * MS
    assert timeout(BARE, 100 * MS, 300 * US) == 101_200 * US


def test_a_round_trip_of_nothing_is_a_sample() -> None:
    assert sample(-1, 0, 0) == (0, 0)
    assert timeout(BARE, 0, 0) == BARE.granularity


def test_backing_off_doubles_up_to_the_cap() -> None:
    """5.5."""
    rto, waits = RFC9293.rto_initial, []
    for _ in range(9):
        waits.append(rto // SECOND)
        rto = backed_off(RFC9293, rto)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(st.integers(0, 100 * SECOND), st.integers(0, 100 * SECOND), st.integers(0, 100 * SECOND))
def test_always_between_floor_and_cap_and_monotonic(srtt: int, rttvar: int, rtt: int) -> None:
    new_srtt, new_rttvar = sample(srtt, rttvar, rtt)
    assert min(srtt, rtt) <= new_srtt <= max(srtt, rtt)
    assert 0 <= new_rttvar <= max(rttvar, abs(srtt - rtt))
    assert RFC9293.rto_min <= timeout(RFC9293, new_srtt, new_rttvar) <= RFC9293.rto_max
    assert timeout(BARE, srtt, rttvar) <= timeout(BARE, srtt + 1, rttvar + 1)


@pytest.mark.parametrize("rtt", [1, 3 * MS, 250 * MS])
def test_a_steady_round_trip_settles(rtt: int) -> None:
    srtt, rttvar = -1, 0
    for _ in range(100):
        srtt, rttvar = sample(srtt, rttvar, rtt)
    assert srtt == rtt
    assert rttvar < 4  # integers round down
    assert timeout(BARE, srtt, rttvar) == rtt + BARE.granularity
