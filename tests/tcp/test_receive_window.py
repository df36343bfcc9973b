"""When what the user reads is told to the peer at once, and what is taken that was not told (RFC 9293 3.8.6.2.2).

Segments have 100 octets; nothing is scaled, and ACKs are not delayed, unless it says so.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.lab import Lab


def holding(octets: int, buffer: int, *, options: str = "", **switches: Any) -> Lab:
    """A connection whose buffer of that size holds so many octets, of which the peer has been told."""
    lab = Lab(mss=100, rcv_buf=buffer, **switches).open_passive()
    lab.arrives(f"S 300:300(0) win 9000{options}").arrives(". 301:301(0) ack 101 win 9000")
    for left in range(301, 301 + octets, 10_000):
        n = min(10_000, 301 + octets - left)
        lab.arrives(f"P. {left}:{left + n}({n}) ack 101 win 9000")
    assert lab.tcb.rcv_buf.size == octets
    return lab.forget()


@pytest.mark.parametrize(
    ("updates", "buffer", "held", "enough"),
    [
        # two segments, or half of the buffer; one segment if the window has become smaller than that
        ("worthwhile", 10_000, 5000, 200),
        ("worthwhile", 300, 150, 150),
        ("worthwhile", 10_000, 9900, 200),
        ("worthwhile", 10_000, 9901, 100),
        # two segments, if they are a quarter of the buffer ...
        ("quarter", 10_000, 5000, 2500),
        # ... or what is free was an eighth of it at most, or all of it is eight segments
        ("quarter", 10_000, 10_000, 200),
        ("quarter", 10_000, 8950, 2500),
        ("quarter", 10_000, 9000, 200),
        ("quarter", 840, 400, 210),
        ("quarter", 800, 400, 200),
        # half of the buffer in any case
        ("quarter", 300, 150, 150),
        # as much again as the peer knows of
        ("doubled", 10_000, 5000, 5000),
        ("doubled", 10_000, 8000, 2000),
        ("doubled", 200_000, 150_000, 50_000),
    ],
)
def test_what_has_to_be_read_for_a_segment_that_tells_of_it(
    updates: str, buffer: int, held: int, enough: int
) -> None:
    lab = holding(held, buffer, window_updates=updates)
    lab.receive(enough - 1)
    assert lab.sent() == []
    lab = holding(held, buffer, window_updates=updates)
    lab.receive(enough)
    (update,) = lab.segments()
    assert update.ack == 301 + held
    assert update.wnd == min(buffer - held + enough, 65_535)


@pytest.mark.parametrize(("buffer", "held"), [(10_000, 4999), (200_000, 149_999)])
def test_a_window_of_more_than_half_of_the_buffer_cannot_double(buffer: int, held: int) -> None:
    lab = holding(held, buffer, window_updates="doubled")
    lab.receive()
    assert lab.sent() == []


@pytest.mark.parametrize(("held", "told"), [(15_000, None), (13_000, 1)])
def test_what_the_scaled_field_cannot_show_is_not_told(held: int, told: int | None) -> None:
    """A quarter of the buffer is read, and the window counts in units of 16,384 octets."""
    lab = holding(held, 20_000, options=" <wscale 0>", window_scale=14, window_updates="quarter")
    lab.receive(10_000)
    assert [seg.wnd for seg in lab.segments()] == ([] if told is None else [told])


def test_an_ack_that_waits_will_tell() -> None:
    lab = holding(5000, 10_000, window_updates="quarter", ack_delay=40_000_000)
    lab.receive()
    assert lab.sent() == []
    (ack,) = lab.advance("40ms").segments()
    assert (ack.ack, ack.wnd) == (5301, 10_000)


@pytest.mark.parametrize(("exact", "taken"), [(False, 400), (True, 550)])
def test_what_there_is_room_for_is_taken_whether_it_was_told_or_not(exact: bool, taken: int) -> None:
    """The buffer of 1,000 octets held 600, and 150 were read: less than the peer is told of."""
    lab = holding(600, 1000, window_exact=exact)
    lab.receive(150)
    assert lab.sent() == []
    lab.arrives("P. 901:1501(600) ack 101 win 9000")
    assert lab.rcv_nxt == 901 + taken


@pytest.mark.parametrize("shift", [0, 1])
def test_where_every_segment_tells_of_all_the_room_it_tells_as_much_as_its_field_can(shift: int) -> None:
    """Of 200,000 octets 150,000 are free; STATUS gives the window that the peer was told of."""
    lab = holding(150_000, 200_000, options=" <wscale 0>", window_scale=shift, window_exact=True)
    lab.receive(100_000)
    (update,) = lab.segments()
    assert update.wnd == 65_535
    assert lab.conn.status()["rcv_wnd"] == 65_535 << shift
