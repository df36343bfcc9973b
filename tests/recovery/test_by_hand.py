"""Recovery where a peer's ACKs are none that our own receiver would send: one connection, played by hand.

A peer may have cut our segments into others on their way, lose most of its ACKs, or take its window back.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.lab import MASK, Lab

#: As they are, and so that the numbers of what is sent wrap.
WRAPS = pytest.mark.parametrize("shift", [(0, 0), (MASK - 2600, 0)])


def sender(
    shift: tuple[int, int], *, offers: str = "", after: str = "0ms", flags: str = "S.", **switches: Any
) -> Lab:
    """A sender with segments of 1000 octets, which are numbered from 101; the peer's SYN is 300 and comes ``after``."""

    class Shifted(Lab):
        pass

    Shifted.shift = shift
    lab = Shifted(mss=1000, congestion="newreno", snd_buf=100_000, limited_transmit=False, **switches)
    lab.open_active().advance(after).arrives(f"{flags} 300:300(0) ack 101 win 60000 <mss 1000{offers}>").forget()
    return lab


def by_time(shift: tuple[int, int], segments: int) -> Lab:
    """One that uses RACK and has sent so many segments a round trip of 100 ms ago."""
    lab = sender(shift, offers=",sackOK", after="100ms", sack=True, rack=True, initial_window=10)
    assert len(numbers(lab.send(1000 * segments))) == segments
    return lab.advance("100ms")


def sack(lab: Lab, *blocks: tuple[int, int]) -> str:
    """The option, with the laboratory's numbers: it shifts those of the header alone."""
    return f"<sack {' '.join(f'{(left + lab.ours) & MASK}:{(right + lab.ours) & MASK}' for left, right in blocks)}>"


def numbers(lab: Lab) -> list[str]:
    return [text.split()[1] for text in lab.sent()]


@WRAPS
def test_a_hole_smaller_than_a_segment_is_filled_alone(shift: tuple[int, int]) -> None:
    """What was SACKed after a time-out does not leave again, not even a part of a segment (RFC 6675 5.1)."""
    lab = sender(shift, offers=",sackOK", sack=True)
    assert numbers(lab.send(4000)) == ["101:1101(1000)", "1101:2101(1000)", "2101:3101(1000)", "3101:4101(1000)"]
    assert lab.expire() == "rtx"
    assert numbers(lab) == ["101:1101(1000)"]
    lab.arrives(". 301:301(0) ack 1101 win 60000 " + sack(lab, (1401, 2101)))
    assert numbers(lab) == ["1101:1401(300)", "2101:3101(1000)"]


@WRAPS
def test_a_hole_beyond_a_window_that_was_taken_back_is_left_alone(shift: tuple[int, int]) -> None:
    """What lies right of SND.UNA + SND.WND is not sent again (SHLD-16): the peer has no room for it any more."""
    lab = sender(shift, offers=",sackOK", sack=True, initial_window=10)
    assert len(numbers(lab.send(10_000))) == 10
    blocks = sack(lab, (1101, 2101), (3101, 5101), (6101, 10_101))
    lab.arrives(f". 301:301(0) ack 101 win 60000 {blocks}")
    assert numbers(lab)[:3] == ["101:1101(1000)", "2101:3101(1000)", "5101:6101(1000)"]
    lab = sender(shift, offers=",sackOK", sack=True, initial_window=10)
    lab.send(10_000).forget()
    lab.arrives(f". 301:301(0) ack 101 win 4000 {blocks}")
    assert numbers(lab) == ["101:1101(1000)", "2101:3101(1000)"]


@WRAPS
def test_a_partial_ack_for_more_than_cwnd_leaves_one_segment(shift: tuple[int, int]) -> None:
    """RFC 6582 3.2, 3: cwnd shrinks by what was acknowledged, grows by one segment, and is never negative."""
    lab = sender(shift, initial_window=20)
    assert len(numbers(lab.send(20_000))) == 20
    for _ in range(3):  # the others were lost on their way back
        lab.arrives(". 301:301(0) ack 101 win 60000")
    assert numbers(lab) == ["101:1101(1000)"]
    assert lab.tcb.cwnd == 10_000 + 3_000
    lab.arrives(". 301:301(0) ack 18101 win 60000")
    assert numbers(lab)[0] == "18101:19101(1000)"
    assert lab.tcb.cwnd == 1_000


@WRAPS
def test_duplicates_are_counted_while_a_loss_is_repaired_too(shift: tuple[int, int]) -> None:
    """With SACK one counts that tells of something new (RFC 6675 2)."""
    lab = sender(shift, offers=",sackOK", sack=True, initial_window=10)
    lab.send(10_000)
    counted = []
    for right in (2101, 3101, 4101, 5101, 6101, 6101, 7101):
        lab.arrives(f". 301:301(0) ack 101 win 60000 {sack(lab, (1101, right))}")
        counted.append((lab.tcb.dup_acks, lab.tcb.recovery))
    assert counted == [(1, "disorder"), (2, "disorder"), *((n, "fast") for n in (3, 4, 5, 5, 6))]


@WRAPS
@pytest.mark.parametrize(
    ("written", "sacked", "again"),
    [
        ([10_000], [(2101, 10_101)], [". 101", "P. 1101"]),  # these were of one burst, and are one again
        ([10_000], [(3101, 10_101)], [". 101", ". 1101", "P. 2101"]),
        ([10_000], [(1101, 2101), (3101, 10_101)], [". 101", ". 2101"]),
        ([10_000], [(1101, 4101), (6101, 10_101)], [". 101", ". 4101", ". 5101"]),  # the first five were one burst
        ([2000, 8000], [(3101, 10_101)], [". 101", "P. 1101", ". 2101"]),  # the second ends what was written
    ],
)
def test_psh_ends_a_burst_that_leaves_again(
    shift: tuple[int, int], written: list[int], sacked: list[tuple[int, int]], again: list[str]
) -> None:
    lab = sender(shift, offers=",sackOK", sack=True, initial_window=10, tso_segments=2)
    for octets in written:
        lab.send(octets)
    assert [text.split()[0] for text in lab.sent()].count("P.") == len(written) + 1
    lab.arrives(f". 301:301(0) ack 101 win 60000 {sack(lab, *sacked)}")
    assert [text.partition(":")[0] for text in lab.sent()] == again


@WRAPS
def test_an_ack_that_was_overtaken_tells_nothing_of_congestion(shift: tuple[int, int]) -> None:
    """Its ECE is of the past; the same in an ACK for what is outstanding now cuts cwnd (RFC 3168 6.1.2)."""
    lab = sender(shift, flags="SE.", ecn="offer", initial_window=10)
    lab.send(10_000).arrives(". 301:301(0) ack 5101 win 60000")
    assert lab.tcb.cwnd == 11_000
    lab.arrives("E. 301:301(0) ack 3101 win 60000")
    assert (lab.tcb.cwnd, lab.tcb.recovery) == (11_000, "")
    lab.arrives("E. 301:301(0) ack 5101 win 60000")
    assert (lab.tcb.cwnd, lab.tcb.recovery) == (2500, "ecn")  # half of the 5,000 in flight


# -- by time (RFC 8985)


@WRAPS
def test_what_came_late_is_seen_in_an_ack_for_later_segments_too(shift: tuple[int, int]) -> None:
    """The ACK of 2, behind 4, is lost, and that of 6 tells of both: 2 was reordered, so three SACKed are no proof yet.

    RFC 8985 6.2, steps 3 and 4: once reordering was seen, the window is a quarter of the round trip.
    """
    lab = by_time(shift, 6)
    lab.arrives(f". 301:301(0) ack 101 win 60000 {sack(lab, (3101, 4101))}")
    lab.arrives(f". 301:301(0) ack 101 win 60000 {sack(lab, (5101, 6101), (1101, 2101), (3101, 4101))}")
    assert numbers(lab) == []
    assert numbers(lab.advance("26ms")) == []
    assert numbers(lab.advance("1ms")) == ["101:1101(1000)", "2101:3101(1000)", "4101:5101(1000)"]  # 25 ms, and 2


@WRAPS
@pytest.mark.parametrize(
    ("blocks", "wait"),
    [
        ([(1101, 2101)], 27),
        ([(1101, 2101), (1101, 2101)], 52),
        ([(1601, 2101), (1101, 2101)], 52),
        ([(1101, 1102), (1101, 2101)], 52),
        ([(1101, 2101), (2101, 3101)], 27),
        ([(2101, 3101), (1101, 2101)], 27),
    ],
)
def test_a_duplicate_inside_the_second_block_widens_the_window(
    shift: tuple[int, int], blocks: list[tuple[int, int]], wait: int
) -> None:
    """RFC 2883 4: the first block lies in the second; RFC 8985 6.2: half of the round trip, not a quarter of it."""
    lab = by_time(shift, 3)
    lab.arrives(f". 301:301(0) ack 101 win 60000 {sack(lab, *blocks)}")
    assert numbers(lab.advance(f"{wait - 1}ms")) == []
    assert numbers(lab.advance("1ms")) == ["101:1101(1000)"]


@WRAPS
def test_a_lost_segment_leaves_again_in_the_pieces_that_the_path_takes_now(shift: tuple[int, int]) -> None:
    lab = by_time(shift, 4).configure(mtu=540)
    lab.arrives(f". 301:301(0) ack 101 win 60000 {sack(lab, (1101, 4101))}")
    assert numbers(lab) == ["101:601(500)", "601:1101(500)"]
    lab.advance("100ms").arrives(". 301:301(0) ack 4101 win 60000")
    assert numbers(lab) == []
    assert lab.tcb.pipe() == 0


@WRAPS
def test_pieces_that_a_narrow_path_has_made_are_known_one_by_one(shift: tuple[int, int]) -> None:
    """They left when ICMP told of the path, 20 ms after the two segments; the last of the four has come."""
    lab = sender(shift, offers=",sackOK", after="100ms", sack=True, rack=True, rtt_every_ack=True, initial_window=10)
    lab.send(1000).advance("100ms").arrives(". 301:301(0) ack 1101 win 60000").forget()
    assert numbers(lab.send(2000).advance("20ms")) == ["1101:2101(1000)", "2101:3101(1000)"]
    assert lab.conn.icmp_arrives(lab.now, "fragmentation-needed", (1101 + shift[0]) & MASK, 540)
    pieces = ["1101:1601(500)", "1601:2101(500)", "2101:2601(500)", "2601:3101(500)"]
    assert numbers(lab) == pieces
    lab.advance("100ms").arrives(f". 301:301(0) ack 1101 win 60000 {sack(lab, (2601, 3101))}")
    assert numbers(lab.advance("26ms")) == []
    assert numbers(lab.advance("1ms"))[:2] == pieces[:2]  # a quarter of the round trip of 100 ms, and 2 ms
    lab.advance("100ms").arrives(". 301:301(0) ack 3101 win 60000")
    assert lab.tcb.srtt == 100_000_000
    assert lab.tcb.pipe() == 0
