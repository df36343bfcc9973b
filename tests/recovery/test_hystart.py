"""HyStart: when slow start ends by itself.  All figures are worked out by hand; the rule is in ``hystart``'s docstring."""

from __future__ import annotations

import pytest

from tcpsim.tcp import RFC9293
from tcpsim.tcp.congestion import UNLIMITED
from tcpsim.tcp.hystart import HyStart
from tests.helpers.lab import Lab

MS = 1_000_000
MSS = 100


def opened(signs: str, initial: int = 20) -> Lab:
    """A connection that has sent ``initial`` segments at 0 and has as many more to send."""
    lab = Lab(RFC9293, mss=MSS, initial_window=initial, hystart=signs, rto_min=60_000 * MS, r2=None)
    lab.open_passive().arrives("S 300:300(0) win 60000").arrives(". 301:301(0) ack 101 win 60000")
    return lab.send(60 * MSS)


def acks(lab: Lab, segment: int) -> Lab:
    return lab.arrives(f". 301:301(0) ack {101 + segment * MSS} win 60000")


def ended_with(lab: Lab, first: int, last: int, every: str) -> int | None:
    """The segment whose ACK ends slow start; ACKs of ``first`` to ``last`` come ``every`` so long."""
    for segment in range(first, last + 1):
        acks(lab, segment)
        if lab.tcb.ssthresh != UNLIMITED:
            assert lab.tcb.ssthresh % MSS == 0
            return segment
        lab.advance(every)
    return None


@pytest.mark.parametrize(
    ("first", "later", "ends"),
    [
        # the second round trip has to be longer by more than an eighth of the first ...
        ("100ms", "112ms", None),
        ("100ms", "113ms", 29),  # ... of which the ninth segment tells: eight round trips come before
        # ... but by more than 4 ms ...
        ("10ms", "14ms", None),
        ("10ms", "15ms", 29),
        # ... and 16 ms are always enough
        ("1000ms", "1016ms", None),
        ("1000ms", "1017ms", 29),
    ],
)
def test_round_trips_that_grow(first: str, later: str, ends: int | None) -> None:
    lab = opened("delay").advance(first)
    acks(lab, 20).advance(later)  # 21 to 41 leave at once, and are answered one by one
    assert ended_with(lab, 21, 41, "0ms") == ends
    if ends is not None:
        assert lab.tcb.ssthresh == 29 * MSS  # cwnd when it was seen: 20 + 1 for the first ACK, + 8


def test_one_short_round_trip_among_long_ones() -> None:
    """What counts is the least of the round: the fifth segment's answer was not in the queue."""
    state = HyStart(0)
    state.sent(0, 0)
    assert state.measure(100, 100 * MS) == 100 * MS
    rtts = [130, 130, 130, 130, 105, 130, 130, 130, 130, 130]
    seen = [state.watch(100, 5000, rtt * MS, 200 * MS, train=None, delay=True) for rtt in rtts]
    assert seen == [False] * 10


def test_the_path_became_shorter() -> None:
    """Ten round trips of 200 ms and a last one of 29 ms, which is the new least: nothing has grown."""
    state = HyStart(0)
    state.min_rtt = 200 * MS
    for n in range(9):
        assert not state.watch(100, 5000, (200 + n) * MS, n * MS, train=None, delay=True)
    state.min_rtt = 29 * MS
    assert not state.watch(100, 5000, 29 * MS, 10 * MS, train=None, delay=True)


@pytest.mark.parametrize(
    ("every", "ends"),
    [
        # The round begins with the first ACK, at 20 ms; half of (20 ms and a burst's time, here 1 ms) is 10.5 ms.
        ("1ms", 12),  # 11 ms after the first
        ("2ms", 7),  # 12 ms after it
        ("3ms", None),  # too far apart: no train
    ],
)
def test_a_train_of_acks_as_long_as_the_path(every: str, ends: int | None) -> None:
    assert ended_with(opened("train").advance("20ms"), 1, 20, every) == ends


def test_a_gap_ends_the_train_of_its_round() -> None:
    """5 ACKs 1 ms apart, then 3 ms of nothing: what follows is no train until the next round begins."""
    lab = opened("train").advance("20ms")
    assert ended_with(lab, 1, 5, "1ms") is None
    lab.advance("2ms")
    assert ended_with(lab, 6, 20, "1ms") is None


def test_each_sign_is_looked_for_only_if_asked_for() -> None:
    assert ended_with(opened("delay").advance("20ms"), 1, 20, "1ms") is None
    lab = opened("train").advance("100ms")
    assert ended_with(acks(lab, 20).advance("150ms"), 21, 41, "0ms") is None
    assert ended_with(opened("both").advance("20ms"), 1, 20, "1ms") == 12
    assert opened("no").tcb.hystart is None


def test_below_16_segments_nothing_is_watched() -> None:
    lab = opened("train", initial=15).advance("20ms")
    assert ended_with(lab, 1, 15, "1ms") == 13  # cwnd is 16 with the second ACK, and the round begins there
    lab = opened("train", initial=4).advance("20ms")
    assert ended_with(lab, 1, 4, "1ms") is None


def test_a_round_ends_when_what_was_sent_at_its_beginning_is_acknowledged() -> None:
    """Eight long round trips in each of two rounds are not nine."""
    state = HyStart(0)
    state.min_rtt = 10 * MS
    for una, nxt in ((100, 900), (1000, 1800)):
        for n in range(8):
            assert not state.watch(una + 100 * n, nxt, 50 * MS, n * MS, train=None, delay=True)
    assert state.watch(1800, 2600, 50 * MS, 90 * MS, train=None, delay=True)


def test_growth_is_slow_afterwards() -> None:
    lab = opened("both").advance("20ms")
    assert ended_with(lab, 1, 20, "1ms") == 12
    assert lab.tcb.cwnd == lab.tcb.ssthresh == 31 * MSS  # 20, and one for each of 11 ACKs
    for segment in range(13, 21):
        acks(lab, segment)
    assert lab.tcb.cwnd == 31 * MSS


def test_what_is_repeated_is_not_measured() -> None:
    lab = opened("delay").advance("100ms")
    assert lab.tcb.hystart is not None
    assert lab.tcb.hystart.marks
    for _ in range(3):
        lab.arrives(". 301:301(0) ack 101 win 60000")
    assert not lab.tcb.hystart.marks
    assert lab.tcb.hystart.min_rtt == -1


def test_a_time_out_begins_anew() -> None:
    lab = opened("both")
    while lab.expire() != "rtx":
        pass
    assert lab.tcb.hystart is None


@pytest.mark.parametrize("first", [0, 2**32 - 150])
def test_measuring(first: int) -> None:
    """The round trip is that of what left last; a part of what left at one time measures as well as all of it."""
    state = HyStart(first)
    for seq, now in ((0, 0), (100, 0), (200, 7), (300, 9)):
        state.sent((first + seq) & 0xFFFFFFFF, now)
    measured = [state.measure((first + una) & 0xFFFFFFFF, 20 + una // 100) for una in (100, 200, 350, 400)]
    assert measured == [21, 22, 14, 15]
    assert state.min_rtt == 14
    copy = state.copy()
    assert copy.key() == state.key()
    copy.sent(first, 30)
    assert copy.key() != state.key()


def test_more_than_half_of_all_numbers_may_leave_at_one_time() -> None:
    """Where nothing takes time, what comes next leaves when the first did."""
    state = HyStart(0)
    state.sent(0, 5)
    assert [state.measure(gib << 30, 9) for gib in (1, 2, 3)] == [4, 4, 4]
