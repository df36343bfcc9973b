"""Initial sequence numbers (RFC 9293 3.4.1, RFC 6528)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp import Connection
from tcpsim.tcp.isn import initial_sequence_number
from tcpsim.tcp.units import US

MOD = 2**32
FLOW = ("10.0.0.1", 49152, "10.0.0.2", 80)
SECRET = b"0123456789abcdef"
TIMES = st.integers(0, 10**18)


@given(TIMES, st.integers(0, 10**12))
def test_must_8_one_step_every_four_microseconds(now: int, later: int) -> None:
    first = initial_sequence_number(SECRET, FLOW, now)
    second = initial_sequence_number(SECRET, FLOW, now + later)
    steps = (now + later) // (4 * US) - now // (4 * US)
    assert 0 <= first < MOD
    assert (second - first) % MOD == steps % MOD


def test_must_8_the_clock_wraps() -> None:
    """After 2**32 steps, 4.77 hours, the numbers begin again; one step earlier lies the number before."""
    round_trip = 4 * US * MOD
    first = initial_sequence_number(SECRET, FLOW, 0)
    assert initial_sequence_number(SECRET, FLOW, round_trip) == first
    assert initial_sequence_number(SECRET, FLOW, round_trip - 1) == (first - 1) % MOD


@pytest.mark.parametrize(
    "flow",
    [("10.0.0.3", 49152, "10.0.0.2", 80), ("10.0.0.1", 49153, "10.0.0.2", 80), ("10.0.0.1", 49152, "10.0.0.3", 80),
     ("10.0.0.1", 49152, "10.0.0.2", 81), ("10.0.0.2", 80, "10.0.0.1", 49152)],
)  # fmt: skip
def test_must_9_every_part_of_the_address_counts(flow: tuple[str, int, str, int]) -> None:
    assert initial_sequence_number(SECRET, flow, 0) != initial_sequence_number(SECRET, FLOW, 0)


def test_shld_1_the_secret_counts() -> None:
    numbers = {initial_sequence_number(bytes([i]) * 16, FLOW, 0) for i in range(100)}
    assert len(numbers) == 100


def test_the_same_from_the_same() -> None:
    assert initial_sequence_number(SECRET, FLOW, 5) == initial_sequence_number(SECRET, FLOW, 5)


@pytest.mark.parametrize("iss", [0, 100, MOD - 1])
def test_a_given_number_is_used(iss: int) -> None:
    conn = Connection(FLOW[:2], FLOW[2:], iss=iss, secret=SECRET)
    conn.open_active(0)
    assert [seg.seq for seg in conn.take_output()] == [iss]
    assert conn.tcb.snd_nxt == (iss + 1) % MOD


def test_else_it_is_derived() -> None:
    now = 123_456_789
    conn = Connection(FLOW[:2], FLOW[2:], secret=SECRET)
    conn.open_active(now)
    assert [seg.seq for seg in conn.take_output()] == [initial_sequence_number(SECRET, FLOW, now)]
