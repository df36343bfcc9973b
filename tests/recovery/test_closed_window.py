"""Fast recovery while the peer closes its window: probes ask, and what is lost leaves again when it opens."""

from __future__ import annotations

import pytest

from tcpsim.tcp import State
from tests.helpers.lab import Lab, reach


@pytest.fixture
def recovering() -> Lab:
    """Five segments are outstanding, the first of them has been sent again because of three duplicate ACKs."""
    lab = reach(State.ESTABLISHED, mss=100, initial_window=10)
    lab.send(500)
    assert len(lab.sent()) == 5
    for _ in range(3):
        lab.arrives(". 301:301(0) ack 101 win 1000")
    assert lab.sent() == [". 101:201(100) ack 301 win 1000"]
    return lab


def test_a_partial_ack_that_closes_the_window_sends_nothing(recovering: Lab) -> None:
    lab = recovering.arrives(". 301:301(0) ack 201 win 0")
    assert lab.sent() == []
    assert [timer for timer in lab.running() if timer in ("rtx", "persist")] == ["persist"]
    lab.arrives(". 301:301(0) ack 201 win 1000")
    assert lab.sent()[0] == ". 201:301(100) ack 301 win 1000"
    assert [timer for timer in lab.running() if timer in ("rtx", "persist")] == ["rtx"]


def test_what_is_acknowledged_meanwhile_does_not_leave_again(recovering: Lab) -> None:
    lab = recovering.arrives(". 301:301(0) ack 201 win 0").forget_segments()
    lab.arrives(". 301:301(0) ack 601 win 1000")
    assert lab.sent() == []
    assert [timer for timer in lab.running() if timer in ("rtx", "persist")] == []
