"""Times as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp.errors import TcpsimError
from tcpsim.tcp.units import MINUTE, MS, NEVER, SECOND, US, format_time, parse_time


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0s", 0), ("1ns", 1), ("1us", 1_000), ("10ms", 10_000_000), ("1.5s", 1_500_000_000), ("2min", 120 * 10**9),
        ("1h", 3_600 * 10**9), (" 10 ms ", 10_000_000), ("0.1s", 100_000_000), ("0.000000001s", 1), (0, 0), (7, 7),
    ],
)  # fmt: skip
def test_reads(text: str | int, ns: int) -> None:
    assert parse_time(text) == ns


@pytest.mark.parametrize("text", ["", "10", "ms", "ten ms", "-1s", "1 hour", "1.5", "1 s s", "nans", "infs", "1e99h",
                                  True, None, 1.5, b"1s"])  # fmt: skip
def test_what_is_no_time_is_refused_with_a_right_form(text: object) -> None:
    with pytest.raises(TcpsimError, match=r"^delay .* is not a time; write a number of ns.*'10ms'"):
        parse_time(text, "delay")  # type: ignore[arg-type]


def test_a_negative_time_is_refused() -> None:
    with pytest.raises(TcpsimError, match=r"^delay -1 is negative"):
        parse_time(-1, "delay")


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0.000"), (10 * MS, "0.010"), (SECOND, "1.000"), (1, "0.000000001"), (1_500 * US, "0.0015"),
     (2 * MINUTE, "120.000"), (240_140 * MS, "240.140")],
)  # fmt: skip
def test_prints(ns: int, text: str) -> None:
    assert format_time(ns) == text


@given(st.integers(0, 10**15))
def test_what_is_printed_is_read_back(ns: int) -> None:
    assert parse_time(f"{format_time(ns)}s") == ns


def test_never_is_later_than_ten_years() -> None:
    assert NEVER > 10 * 366 * 24 * 60 * MINUTE
