"""What a receiver SACKs, and what it says twice: RFC 2018, RFC 2883."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.lab import Lab

MOD = 2**32


def receiver(*, irs: int = 300, syn: str = "sackOK", **switches: object) -> Lab:
    """A passive connection that agreed on SACK."""
    lab = Lab(sack=True, **switches).open_passive()  # type: ignore[arg-type]
    lab.arrives(f"S {irs}:{irs}(0) win 1000 <{syn}>")
    return lab.arrives(f". {(irs + 1) % MOD}:{(irs + 1) % MOD}(0) ack 101 win 1000{stamp(lab)}").forget()


def stamp(lab: Lab) -> str:
    return " <TS val 1000 ecr 0>" if lab.tcb.ts_ok else ""


def data(lab: Lab, left: int, n: int, irs: int = 300) -> tuple[int, list[tuple[int, int]]]:
    """So many octets arrive, the first of the stream being number 0: the ACK, and its SACK blocks, in such numbers."""
    start = irs + 1
    first, last = ((start + edge) % MOD for edge in (left, left + n))
    lab.arrives(f". {first}:{last}({n}) ack 101 win 1000{stamp(lab)}")
    (ack,) = lab.segments()
    blocks = [block for option in ack.options if option[0] == "sack" for block in option[1:]]
    return (ack.ack - start) % MOD, [((a - start) % MOD, (b - start) % MOD) for a, b in blocks]


def test_the_block_that_grew_last_comes_first() -> None:
    lab = receiver()
    assert data(lab, 100, 10) == (0, [(100, 110)])
    assert data(lab, 300, 10) == (0, [(300, 310), (100, 110)])
    assert data(lab, 110, 5) == (0, [(100, 115), (300, 310)])
    assert data(lab, 200, 10) == (0, [(200, 210), (100, 115), (300, 310)])
    assert data(lab, 0, 100) == (115, [(200, 210), (300, 310)])


@pytest.mark.parametrize(("syn", "most"), [("sackOK", 4), ("sackOK,TS val 900 ecr 0", 3)])
def test_no_more_blocks_than_there_is_room_for(syn: str, most: int) -> None:
    lab = receiver(syn=syn, timestamps=True)
    for left in range(100, 700, 100):
        _, blocks = data(lab, left, 10)
    assert blocks == [(left, left + 10) for left in (600, 500, 400, 300)[:most]]


@pytest.mark.parametrize(("syn", "mss", "most"), [("sackOK", 100, 4), ("sackOK,TS val 900 ecr 0", 88, 3)])
@pytest.mark.parametrize(("early", "twice"), [(1, False), (2, False), (5, False), (0, True), (1, True), (4, True)])
def test_blocks_take_their_room_from_data_and_no_more(syn: str, mss: int, most: int, early: int, twice: bool) -> None:
    """A full segment with data and SACK blocks is as long as one without (RFC 9293 3.7.1)."""
    lab = receiver(syn=syn, timestamps=True, mss=100)
    lab.arrives(f". 301:301(0) ack 101 win 0{stamp(lab)}").send(300)
    lab.arrives(f"P. 301:311(10) ack 101 win 0{stamp(lab)}").forget()
    spans = [(306, 321)] if twice else []
    spans += [(left, left + 10) for left in range(401, 401 + 100 * early, 100)]
    lab.arrives(*(f"P. {left}:{right}({right - left}) ack 101 win 1000{stamp(lab)}" for left, right in spans))
    full = lab.segments()[0]
    (blocks,) = [option[1:] for option in full.options if option[0] == "sack"]
    assert len(blocks) == min(early + twice, most)
    assert len(full.data) + 4 + 8 * len(blocks) == mss  # NOP, NOP, kind and length


def test_none_without_agreement() -> None:
    lab = Lab(sack=True).open_passive().arrives("S 300:300(0) win 1000").forget()
    lab.arrives(". 301:301(0) ack 101 win 1000", "P. 401:411(10) ack 101 win 1000")
    assert lab.sent() == [". 101:101(0) ack 301 win 1000"]


@pytest.mark.parametrize("irs", [300, MOD - 150])
def test_what_came_twice_is_told_first(irs: int) -> None:
    """RFC 2883 4: below RCV.NXT by itself, above it followed by the block that holds it."""
    lab = receiver(irs=irs)
    assert data(lab, 0, 100, irs) == (100, [])
    assert data(lab, 0, 100, irs) == (100, [(0, 100)])
    assert data(lab, 200, 100, irs) == (100, [(200, 300)])
    assert data(lab, 250, 25, irs) == (100, [(250, 275), (200, 300)])
    assert data(lab, 50, 60, irs) == (110, [(50, 100), (200, 300)])
    assert data(lab, 300, 10, irs) == (110, [(200, 310)])


@given(
    st.sampled_from([300, MOD - 100, MOD // 2 - 100]),
    st.lists(st.tuples(st.integers(0, 120), st.integers(1, 40)), min_size=1, max_size=25),
)
def test_dsack_tells_exactly_of_duplicate_octets(irs: int, segments: list[tuple[int, int]]) -> None:
    lab = receiver(irs=irs)
    here: set[int] = set()
    for left, n in segments:
        octets = range(left, left + n)
        twice = [octet for octet in octets if octet in here]
        first = twice[:1]
        for octet in twice[1:]:
            if octet != first[-1] + 1:
                break
            first.append(octet)
        acked = next(i for i in range(200) if i not in here)
        if first and first[0] < acked <= first[-1]:  # what lies below RCV.NXT is told by itself
            first = [octet for octet in first if octet < acked]
        here |= set(octets)
        ack, blocks = data(lab, left, n, irs)
        assert ack == next(i for i in range(200) if i not in here)
        if first:
            assert blocks.pop(0) == (first[0], first[-1] + 1)
        for a, b in blocks:
            assert set(range(a, b)) <= here
            assert a > ack
            assert a - 1 not in here
            assert b not in here
        assert len(set(blocks)) == len(blocks)
