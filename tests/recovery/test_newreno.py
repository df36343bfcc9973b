"""What newreno sends when segments are lost or come late (RFC 5681, 6582, 6675, 6298): worked out by hand, line by line.

A row: ms since the data was given; what happened; the segments sent (``5!``: again); cwnd, ssthresh and pipe in
segments; the phase.  IW is four segments (RFC 5681 3.1), without limited transmit.
"""

from __future__ import annotations

import pytest

from tests.recovery.path import Path, table


def test_first_segment_lost() -> None:
    """The third duplicate ACK: ssthresh = 4 / 2, cwnd = 2 + 3; with ACK 4 all is repaired, cwnd = min(2, 1 + 1)."""
    path = Path("1", congestion="newreno", sack=False).give(8).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 0 -> - | 4 inf 4 disorder
        100: ack 0 -> - | 4 inf 4 disorder
        100: ack 0 -> 1! 5 | 5 2 5 fast
        200: ack 4 -> 6 | 2 2 2
        200: ack 5 -> 7 | 2 2 2
        300: ack 6 -> 8 | 3 2 2
        300: ack 7 -> - | 3 2 1
        400: ack 8 -> - | 3 2 0
    """)


def test_first_segment_lost_with_sack() -> None:
    """pipe is 4, less what is SACKed, less what is lost: 0 + the retransmission; cwnd 2 lets segment 5 follow."""
    path = Path("1", congestion="newreno", sack=True).give(8).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 0 -> - | 4 inf 3 disorder
        100: ack 0 -> - | 4 inf 2 disorder
        100: ack 0 -> 1! 5 | 2 2 2 fast
        200: ack 4 -> 6 | 2 2 2
        200: ack 5 -> 7 | 2 2 2
        300: ack 6 -> 8 | 3 2 2
        300: ack 7 -> - | 3 2 1
        400: ack 8 -> - | 3 2 0
    """)


def test_middle_segment_lost() -> None:
    """FlightSize 8, ssthresh 4, cwnd 4 + 3, and one more for each further duplicate (RFC 5681 3.2, steps 2 to 4).

    The second one beyond the third lets segment 13 leave: cwnd 9 > 8.  ACK 12 ends it: cwnd = min(4, 2 + 1).
    """
    path = Path("5", congestion="newreno", sack=False).give(14).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 4 -> - | 8 inf 8 disorder
        200: ack 4 -> - | 8 inf 8 disorder
        200: ack 4 -> 5! | 7 4 8 fast
        200: ack 4 -> - | 8 4 8 fast
        200: ack 4 -> 13 | 9 4 9 fast
        200: ack 4 -> 14 | 10 4 10 fast
        200: ack 4 -> - | 11 4 10 fast
        300: ack 12 -> - | 3 4 2
        300: ack 13 -> - | 4 4 1
        300: ack 14 -> - | 4 4 0
    """)


def test_middle_segment_lost_with_sack() -> None:
    """pipe after the third: 8 - 3 SACKed - 1 lost + 1 again = 5 > cwnd; the two after it bring room (RFC 6675 5)."""
    path = Path("5", congestion="newreno", sack=True).give(14).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 4 -> - | 8 inf 7 disorder
        200: ack 4 -> - | 8 inf 6 disorder
        200: ack 4 -> 5! | 4 4 5 fast
        200: ack 4 -> - | 4 4 4 fast
        200: ack 4 -> 13 | 4 4 4 fast
        200: ack 4 -> 14 | 4 4 4 fast
        200: ack 4 -> - | 4 4 3 fast
        300: ack 12 -> - | 4 4 2
        300: ack 13 -> - | 4 4 1
        300: ack 14 -> - | 4 4 0
    """)


@pytest.mark.parametrize("sack", [False, True])
@pytest.mark.parametrize("congestion", ["newreno", "cubic"])
def test_last_segment_lost(congestion: str, sack: bool) -> None:
    """No duplicate ACK can tell: a time-out 1 s after the last ACK; FlightSize 1, so ssthresh is two segments."""
    path = Path("8", congestion=congestion, sack=sack).give(8).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> - | 7 inf 5
        100: ack 4 -> - | 8 inf 4
        200: ack 5 -> - | 9 inf 3
        200: ack 6 -> - | 10 inf 2
        200: ack 7 -> - | 11 inf 1
        1200: rtx -> 8! | 1 2 1 rto
        1300: ack 8 -> - | 2 2 0
    """)


def test_burst_lost() -> None:
    """Two partial ACKs, one for each round trip: each repeats the next hole, cwnd less 1 plus 1 (RFC 6582 3.2, 3)."""
    path = Path("5 6 7", congestion="newreno", sack=False).give(14).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 4 -> - | 8 inf 8 disorder
        200: ack 4 -> - | 8 inf 8 disorder
        200: ack 4 -> 5! | 7 4 8 fast
        200: ack 4 -> - | 8 4 8 fast
        200: ack 4 -> 13 | 9 4 9 fast
        300: ack 5 -> 6! 14 | 9 4 9 fast
        300: ack 5 -> - | 10 4 9 fast
        400: ack 6 -> 7! | 10 4 8 fast
        400: ack 6 -> - | 11 4 8 fast
        500: ack 14 -> - | 2 4 0
    """)


def test_burst_lost_with_sack() -> None:
    """All three within one round trip, as pipe lets them; at ACK 6 the rescue retransmission (RFC 6675 4, rule 4)."""
    path = Path("5 6 7", congestion="newreno", sack=True).give(14).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 4 -> - | 8 inf 7 disorder
        200: ack 4 -> - | 8 inf 6 disorder
        200: ack 4 -> 5! 6! | 4 4 4 fast
        200: ack 4 -> 7! | 4 4 4 fast
        200: ack 4 -> 13 | 4 4 4 fast
        300: ack 5 -> 14 | 4 4 4 fast
        300: ack 6 -> 14! | 4 4 3 fast
        300: ack 12 -> - | 4 4 2
        300: ack 13 -> - | 4 4 1
        400: ack 14 -> - | 4 4 0
        400: ack 14 -> - | 4 4 0
    """)


def test_retransmission_lost() -> None:
    """Nothing tells but the time-out, 1 s after the retransmission; FlightSize is 10, so ssthresh 5, cwnd 1."""
    path = Path("5 5", congestion="newreno", sack=False).give(14).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 4 -> - | 8 inf 8 disorder
        200: ack 4 -> - | 8 inf 8 disorder
        200: ack 4 -> 5! | 7 4 8 fast
        200: ack 4 -> - | 8 4 8 fast
        200: ack 4 -> 13 | 9 4 9 fast
        200: ack 4 -> 14 | 10 4 10 fast
        200: ack 4 -> - | 11 4 10 fast
        300: ack 4 -> - | 12 4 10 fast
        300: ack 4 -> - | 13 4 10 fast
        1200: rtx -> 5! | 1 5 1 rto
        1300: ack 14 -> - | 2 5 0
    """)


def test_retransmission_lost_with_sack() -> None:
    """The same with SACK, whose scoreboard the time-out empties; ACK 14 shows that nothing else was missing."""
    path = Path("5 5", congestion="newreno", sack=True).give(14).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 4 -> - | 8 inf 7 disorder
        200: ack 4 -> - | 8 inf 6 disorder
        200: ack 4 -> 5! | 4 4 5 fast
        200: ack 4 -> - | 4 4 4 fast
        200: ack 4 -> 13 | 4 4 4 fast
        200: ack 4 -> 14 | 4 4 4 fast
        200: ack 4 -> - | 4 4 3 fast
        300: ack 4 -> - | 4 4 2 fast
        300: ack 4 -> - | 4 4 1 fast
        1200: rtx -> 5! | 1 5 1 rto
        1300: ack 14 -> - | 2 5 0
    """)


@pytest.mark.parametrize("congestion", ["newreno", "cubic"])
def test_reordered_by_one(congestion: str) -> None:
    """One duplicate ACK, and nothing follows from it; that cwnd stays 7 is because 7 was not used up."""
    path = Path(late={5: 1}, congestion=congestion, sack=False).give(9).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 | 7 inf 6
        100: ack 4 -> - | 7 inf 5
        200: ack 4 -> - | 7 inf 5 disorder
        200: ack 6 -> - | 7 inf 3
        200: ack 7 -> - | 7 inf 2
        200: ack 8 -> - | 7 inf 1
        200: ack 9 -> - | 7 inf 0
    """)


@pytest.mark.parametrize("congestion", ["newreno", "cubic"])
def test_reordered_by_one_with_sack(congestion: str) -> None:
    """The same; what is SACKed is not in the pipe."""
    path = Path(late={5: 1}, congestion=congestion, sack=True).give(9).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 | 7 inf 6
        100: ack 4 -> - | 7 inf 5
        200: ack 4 -> - | 7 inf 4 disorder
        200: ack 6 -> - | 7 inf 3
        200: ack 7 -> - | 7 inf 2
        200: ack 8 -> - | 7 inf 1
        200: ack 9 -> - | 7 inf 0
    """)


@pytest.mark.parametrize("congestion", ["newreno", "cubic"])
def test_reordered_by_two(congestion: str) -> None:
    """Two duplicate ACKs do not mean loss either."""
    path = Path(late={5: 2}, congestion=congestion, sack=False).give(9).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 | 7 inf 6
        100: ack 4 -> - | 7 inf 5
        200: ack 4 -> - | 7 inf 5 disorder
        200: ack 4 -> - | 7 inf 5 disorder
        200: ack 7 -> - | 7 inf 2
        200: ack 8 -> - | 7 inf 1
        200: ack 9 -> - | 7 inf 0
    """)


@pytest.mark.parametrize("congestion", ["newreno", "cubic"])
def test_reordered_by_two_with_sack(congestion: str) -> None:
    """The same."""
    path = Path(late={5: 2}, congestion=congestion, sack=True).give(9).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 | 7 inf 6
        100: ack 4 -> - | 7 inf 5
        200: ack 4 -> - | 7 inf 4 disorder
        200: ack 4 -> - | 7 inf 3 disorder
        200: ack 7 -> - | 7 inf 2
        200: ack 8 -> - | 7 inf 1
        200: ack 9 -> - | 7 inf 0
    """)


def test_reordered_by_three() -> None:
    """The third does: a false retransmission, and partial ACKs then repeat what was never lost (RFC 6582 has no cure)."""
    path = Path(late={5: 3}, congestion="newreno", sack=False).give(10).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> - | 8 inf 6
        200: ack 4 -> - | 8 inf 6 disorder
        200: ack 4 -> - | 8 inf 6 disorder
        200: ack 4 -> 5! | 6 3 6 fast
        200: ack 8 -> 9! | 3 3 2 fast
        200: ack 9 -> 10! | 3 3 1 fast
        200: ack 10 -> - | 2 3 0
        300: ack 10 -> - | 2 3 0
        300: ack 10 -> - | 2 3 0
        300: ack 10 -> - | 2 3 0
    """)


def test_reordered_by_three_with_sack() -> None:
    """With SACK the harm is one repetition and the rescue; cwnd is halved all the same."""
    path = Path(late={5: 3}, congestion="newreno", sack=True).give(10).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> - | 8 inf 6
        200: ack 4 -> - | 8 inf 5 disorder
        200: ack 4 -> - | 8 inf 4 disorder
        200: ack 4 -> 5! | 3 3 3 fast
        200: ack 8 -> 10! | 3 3 2 fast
        200: ack 9 -> - | 3 3 1 fast
        200: ack 10 -> - | 3 3 0
        300: ack 10 -> - | 3 3 0
        300: ack 10 -> - | 3 3 0
    """)


@pytest.mark.parametrize("sack", [False, True])
def test_whole_window_lost(sack: bool) -> None:
    """RTO: ssthresh = 4 / 2, cwnd 1, and the window again in slow start, then avoidance: 3 after 2 ACKs at cwnd 2."""
    path = Path("1 2 3 4", congestion="newreno", sack=sack).give(8).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        1000: rtx -> 1! | 1 2 1 rto
        1100: ack 1 -> 2! 3! | 2 2 2 rto
        1200: ack 2 -> 4! | 2 2 2 rto
        1200: ack 3 -> 5 6 | 3 2 3 rto
        1300: ack 4 -> 7 | 3 2 3
        1300: ack 5 -> 8 | 3 2 3
        1300: ack 6 -> - | 4 2 2
        1400: ack 7 -> - | 4 2 1
        1400: ack 8 -> - | 4 2 0
    """)


@pytest.mark.parametrize("sack", [False, True])
@pytest.mark.parametrize("congestion", ["newreno", "cubic"])
def test_idle_restart(congestion: str, sack: bool) -> None:
    """At 3 s nothing was sent for 2.9 s, an RTO is 1 s: cwnd = min(IW, cwnd) = 4, and ssthresh stays (RFC 5681 4.1).

    cwnd was used up when the last segments left, so their ACKs still count.
    """
    path = Path(congestion=congestion, sack=sack).give(12).run(until=3000).give(6).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 5 -> - | 9 inf 7
        200: ack 6 -> - | 10 inf 6
        200: ack 7 -> - | 11 inf 5
        200: ack 8 -> - | 12 inf 4
        200: ack 9 -> - | 13 inf 3
        200: ack 10 -> - | 14 inf 2
        200: ack 11 -> - | 15 inf 1
        200: ack 12 -> - | 16 inf 0
        3000: start -> 13 14 15 16 | 4 inf 4
        3100: ack 13 -> 17 18 | 5 inf 5
        3100: ack 14 -> - | 6 inf 4
        3100: ack 15 -> - | 7 inf 3
        3100: ack 16 -> - | 8 inf 2
        3200: ack 17 -> - | 9 inf 1
        3200: ack 18 -> - | 10 inf 0
    """)
