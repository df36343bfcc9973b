"""What cubic sends when segments are lost or come late (RFC 9438): worked out by hand, line by line.

A row: ms since the data was given; what happened; the segments sent (``5!``: again); cwnd, ssthresh and pipe in
segments; the phase.  Where nothing is cut, cubic does what newreno does: see there.
"""

from __future__ import annotations

import pytest

from tests.recovery.path import Path, table


def test_first_segment_lost() -> None:
    """ssthresh = 0.7 * 4 = 2.8.  Then the Reno-friendly region: + 9/17 * 1/3 = 0.176 at cwnd 3, and so on."""
    path = Path("1", congestion="cubic", sack=False).give(8).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 0 -> - | 4 inf 4 disorder
        100: ack 0 -> - | 4 inf 4 disorder
        100: ack 0 -> 1! 5 | 5.8 2.8 5 fast
        200: ack 4 -> 6 | 2 2.8 2
        200: ack 5 -> 7 8 | 3 2.8 3
        300: ack 6 -> - | 3.176 2.8 2
        300: ack 7 -> - | 3.343 2.8 1
        300: ack 8 -> - | 3.501 2.8 0
    """)


def test_first_segment_lost_with_sack() -> None:
    """cwnd = 2.8 = ssthresh, so W_est counts at once: 2.8 + 9/17 / 2.8 = 2.989, + 9/17 / 2.989 = 3.166."""
    path = Path("1", congestion="cubic", sack=True).give(8).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 0 -> - | 4 inf 3 disorder
        100: ack 0 -> - | 4 inf 2 disorder
        100: ack 0 -> 1! 5 | 2.8 2.8 2 fast
        200: ack 4 -> 6 | 2.8 2.8 2
        200: ack 5 -> 7 | 2.989 2.8 2
        300: ack 6 -> 8 | 3.166 2.8 2
        300: ack 7 -> - | 3.166 2.8 1
        400: ack 8 -> - | 3.166 2.8 0
    """)


def test_middle_segment_lost() -> None:
    """ssthresh = 0.7 * 8 = 5.6, cwnd 5.6 + 3; each further duplicate lets a segment leave while cwnd - 8 >= 1."""
    path = Path("5", congestion="cubic", sack=False).give(14).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 4 -> - | 8 inf 8 disorder
        200: ack 4 -> - | 8 inf 8 disorder
        200: ack 4 -> 5! | 8.6 5.6 8 fast
        200: ack 4 -> 13 | 9.6 5.6 9 fast
        200: ack 4 -> 14 | 10.6 5.6 10 fast
        200: ack 4 -> - | 11.6 5.6 10 fast
        200: ack 4 -> - | 12.6 5.6 10 fast
        300: ack 12 -> - | 3 5.6 2
        300: ack 13 -> - | 4 5.6 1
        300: ack 14 -> - | 5 5.6 0
    """)


def test_middle_segment_lost_with_sack() -> None:
    """cwnd 5.6; pipe 4 + 1 after the third; then one leaves for one that arrives.  5.6 + 9/17 / 5.6 = 5.694."""
    path = Path("5", congestion="cubic", sack=True).give(14).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 4 -> - | 8 inf 7 disorder
        200: ack 4 -> - | 8 inf 6 disorder
        200: ack 4 -> 5! | 5.6 5.6 5 fast
        200: ack 4 -> 13 | 5.6 5.6 5 fast
        200: ack 4 -> 14 | 5.6 5.6 5 fast
        200: ack 4 -> - | 5.6 5.6 4 fast
        200: ack 4 -> - | 5.6 5.6 3 fast
        300: ack 12 -> - | 5.6 5.6 2
        300: ack 13 -> - | 5.694 5.6 1
        300: ack 14 -> - | 5.787 5.6 0
    """)


def test_burst_lost() -> None:
    """As for newreno, with a ssthresh of 5.6: 13 and 14 leave with the fourth and fifth duplicate."""
    path = Path("5 6 7", congestion="cubic", sack=False).give(14).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 4 -> - | 8 inf 8 disorder
        200: ack 4 -> - | 8 inf 8 disorder
        200: ack 4 -> 5! | 8.6 5.6 8 fast
        200: ack 4 -> 13 | 9.6 5.6 9 fast
        200: ack 4 -> 14 | 10.6 5.6 10 fast
        300: ack 5 -> 6! | 10.6 5.6 9 fast
        300: ack 5 -> - | 11.6 5.6 9 fast
        300: ack 5 -> - | 12.6 5.6 9 fast
        400: ack 6 -> 7! | 12.6 5.6 8 fast
        500: ack 14 -> - | 2 5.6 0
    """)


def test_burst_lost_with_sack() -> None:
    """pipe is 2 when loss is noticed, so all three leave at once: 5 <= 5.6."""
    path = Path("5 6 7", congestion="cubic", sack=True).give(14).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 4 -> - | 8 inf 7 disorder
        200: ack 4 -> - | 8 inf 6 disorder
        200: ack 4 -> 5! 6! 7! | 5.6 5.6 5 fast
        200: ack 4 -> 13 | 5.6 5.6 5 fast
        200: ack 4 -> 14 | 5.6 5.6 5 fast
        300: ack 5 -> - | 5.6 5.6 4 fast
        300: ack 6 -> 14! | 5.6 5.6 3 fast
        300: ack 12 -> - | 5.6 5.6 2
        300: ack 13 -> - | 5.694 5.6 1
        300: ack 14 -> - | 5.787 5.6 0
        400: ack 14 -> - | 5.787 5.6 0
    """)


def test_retransmission_lost() -> None:
    """FlightSize 10 at the time-out: ssthresh 7."""
    path = Path("5 5", congestion="cubic", sack=False).give(14).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 4 -> - | 8 inf 8 disorder
        200: ack 4 -> - | 8 inf 8 disorder
        200: ack 4 -> 5! | 8.6 5.6 8 fast
        200: ack 4 -> 13 | 9.6 5.6 9 fast
        200: ack 4 -> 14 | 10.6 5.6 10 fast
        200: ack 4 -> - | 11.6 5.6 10 fast
        200: ack 4 -> - | 12.6 5.6 10 fast
        300: ack 4 -> - | 13.6 5.6 10 fast
        300: ack 4 -> - | 14.6 5.6 10 fast
        1200: rtx -> 5! | 1 7 1 rto
        1300: ack 14 -> - | 2 7 0
    """)


def test_retransmission_lost_with_sack() -> None:
    """The same."""
    path = Path("5 5", congestion="cubic", sack=True).give(14).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> 11 12 | 8 inf 8
        200: ack 4 -> - | 8 inf 7 disorder
        200: ack 4 -> - | 8 inf 6 disorder
        200: ack 4 -> 5! | 5.6 5.6 5 fast
        200: ack 4 -> 13 | 5.6 5.6 5 fast
        200: ack 4 -> 14 | 5.6 5.6 5 fast
        200: ack 4 -> - | 5.6 5.6 4 fast
        200: ack 4 -> - | 5.6 5.6 3 fast
        300: ack 4 -> - | 5.6 5.6 2 fast
        300: ack 4 -> - | 5.6 5.6 1 fast
        1200: rtx -> 5! | 1 7 1 rto
        1300: ack 14 -> - | 2 7 0
    """)


def test_reordered_by_three() -> None:
    """ssthresh = 0.7 * 6 = 4.2."""
    path = Path(late={5: 3}, congestion="cubic", sack=False).give(10).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> - | 8 inf 6
        200: ack 4 -> - | 8 inf 6 disorder
        200: ack 4 -> - | 8 inf 6 disorder
        200: ack 4 -> 5! | 7.2 4.2 6 fast
        200: ack 8 -> 9! | 4.2 4.2 2 fast
        200: ack 9 -> 10! | 4.2 4.2 1 fast
        200: ack 10 -> - | 2 4.2 0
        300: ack 10 -> - | 2 4.2 0
        300: ack 10 -> - | 2 4.2 0
        300: ack 10 -> - | 2 4.2 0
    """)


def test_reordered_by_three_with_sack() -> None:
    """The same, and the rescue retransmission."""
    path = Path(late={5: 3}, congestion="cubic", sack=True).give(10).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        100: ack 1 -> 5 6 | 5 inf 5
        100: ack 2 -> 7 8 | 6 inf 6
        100: ack 3 -> 9 10 | 7 inf 7
        100: ack 4 -> - | 8 inf 6
        200: ack 4 -> - | 8 inf 5 disorder
        200: ack 4 -> - | 8 inf 4 disorder
        200: ack 4 -> 5! | 4.2 4.2 3 fast
        200: ack 8 -> 10! | 4.2 4.2 2 fast
        200: ack 9 -> - | 4.2 4.2 1 fast
        200: ack 10 -> - | 4.2 4.2 0
        300: ack 10 -> - | 4.2 4.2 0
        300: ack 10 -> - | 4.2 4.2 0
    """)


@pytest.mark.parametrize("sack", [False, True])
def test_whole_window_lost(sack: bool) -> None:
    """ssthresh 2.8; after a time-out the curve begins at its plateau: W_max = 3, K = 0; W_est leads: 3.176, 3.343 ..."""
    path = Path("1 2 3 4", congestion="cubic", sack=sack).give(8).run()
    assert path.rows == table("""
        0: start -> 1 2 3 4 | 4 inf 4
        1000: rtx -> 1! | 1 2.8 1 rto
        1100: ack 1 -> 2! 3! | 2 2.8 2 rto
        1200: ack 2 -> 4! 5 | 3 2.8 3 rto
        1200: ack 3 -> 6 | 3.176 2.8 3 rto
        1300: ack 4 -> 7 | 3.343 2.8 3
        1300: ack 5 -> 8 | 3.501 2.8 3
        1300: ack 6 -> - | 3.652 2.8 2
        1400: ack 7 -> - | 3.797 2.8 1
        1400: ack 8 -> - | 3.937 2.8 0
    """)
