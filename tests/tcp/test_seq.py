"""Sequence-number arithmetic: every law holds wherever the numbers lie, so also across the wrap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp import seq
from tcpsim.tcp.seq import add, diff, ge, gt, in_window, later, le, lt

MOD = 2**32
HALF = 2**31
EDGES = st.sampled_from([0, 1, HALF - 1, HALF, HALF + 1, MOD - 2, MOD - 1])
NUMBERS = st.integers(0, MOD - 1) | EDGES
STEPS = st.integers(-HALF, HALF - 1) | st.sampled_from([-HALF, 1 - HALF, -1, 0, 1, HALF - 1])


@pytest.mark.parametrize("base", [0, 1000, HALF - 2, HALF, MOD - 2, MOD - 1])
def test_two_neighbours(base: int) -> None:
    after = (base + 1) % MOD
    assert lt(base, after)
    assert le(base, after)
    assert gt(after, base)
    assert ge(after, base)
    assert not lt(after, base)
    assert not le(after, base)
    assert not gt(base, after)
    assert not ge(base, after)
    assert (diff(after, base), diff(base, after)) == (1, -1)
    assert later(base, after) == later(after, base) == after


@given(NUMBERS, NUMBERS)
def test_order_is_antisymmetric(a: int, b: int) -> None:
    assert lt(a, b) == gt(b, a)
    assert le(a, b) == ge(b, a)
    assert le(a, b) == (lt(a, b) or a == b)
    # One of the three, unless the two are exactly half the space apart.
    assert [lt(a, b), gt(a, b), a == b].count(True) == ((a - b) % MOD != HALF)


@given(NUMBERS)
def test_exactly_half_the_space_apart_is_unordered(a: int) -> None:
    b = (a + HALF) % MOD
    for one, other in ((a, b), (b, a)):
        assert not lt(one, other)
        assert not le(one, other)
        assert not gt(one, other)
        assert not ge(one, other)
        assert diff(one, other) == -HALF


@given(NUMBERS, STEPS)
def test_add_and_diff_undo_each_other(a: int, n: int) -> None:
    moved = add(a, n)
    assert 0 <= moved < MOD
    assert diff(moved, a) == n
    assert add(moved, -n) == a


@given(NUMBERS, NUMBERS)
def test_diff_leads_from_one_to_the_other(a: int, b: int) -> None:
    assert -HALF <= diff(a, b) < HALF
    assert add(b, diff(a, b)) == a


@given(NUMBERS, STEPS, NUMBERS)
def test_order_depends_on_the_distance_alone(a: int, n: int, shift: int) -> None:
    b = (a + n) % MOD
    there = (a + shift) % MOD, (b + shift) % MOD
    for relation in (lt, le, gt, ge):
        assert relation(a, b) == relation(*there)
    assert lt(a, b) == (n > 0)
    assert gt(a, b) == (-HALF < n < 0)


@given(NUMBERS, st.integers(1 - HALF, HALF - 1))
def test_later_is_the_later_one(a: int, n: int) -> None:
    b = (a + n) % MOD
    assert later(a, b) == later(b, a) == (b if n > 0 else a)


@given(NUMBERS, st.integers(0, 300), st.integers(-310, 310))
def test_a_small_window_is_its_numbers_one_by_one(left: int, size: int, offset: int) -> None:
    number = (left + offset) % MOD
    members = {(left + i) % MOD for i in range(size)}
    assert in_window(number, left, size) == (number in members)


@given(NUMBERS, NUMBERS, st.integers(0, 2**30 + 2**16))
def test_a_window_of_any_size(number: int, left: int, size: int) -> None:
    unwrapped = number if number >= left else number + MOD
    assert in_window(number, left, size) == (left <= unwrapped < left + size)


@pytest.mark.parametrize("left", [0, 5, MOD - 1])
def test_the_edges_of_a_window(left: int) -> None:
    assert in_window(left, left, 1)
    assert not in_window(left, left, 0)
    assert not in_window((left - 1) % MOD, left, 10)
    assert in_window((left + 9) % MOD, left, 10)
    assert not in_window((left + 10) % MOD, left, 10)


def test_the_constants() -> None:
    assert (seq.MOD, seq.MASK, seq.HALF) == (4294967296, 4294967295, 2147483648)
