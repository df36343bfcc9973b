"""Window probes and what acknowledges them: numbers never go back, and nothing is probed with nothing."""

from __future__ import annotations

import pytest

from tcpsim.tcp import State
from tcpsim.tcp.units import MS
from tests.helpers.lab import Lab, reach

SHIFTS = [(0, 0), (-102 % 2**32, -302 % 2**32)]


@pytest.fixture(params=SHIFTS, ids=["plain", "wrap"], autouse=True)
def _numbers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lab, "shift", request.param)


def probed() -> Lab:
    """Ten octets wait at a closed window, and the first of them has left as a probe."""
    lab = reach(State.ESTABLISHED).arrives(". 301:301(0) ack 101 win 0").send(10).forget()
    assert lab.expire() == "persist"
    assert lab.sent() == [". 101:102(1) ack 301 win 1000"]
    return lab


def test_the_probe_is_acknowledged() -> None:
    lab = probed().arrives(". 301:301(0) ack 102 win 1000")
    assert lab.sent() == ["P. 102:111(9) ack 301 win 1000"]
    assert (lab.snd_una, lab.snd_nxt) == (102, 111)


def test_the_ack_of_a_probe_does_not_take_back_what_was_sent_since() -> None:
    lab = probed().arrives(". 301:301(0) ack 101 win 1000")  # the window opens: the probe was refused
    assert lab.sent() == ["P. 101:111(10) ack 301 win 1000"]
    lab.arrives(". 301:301(0) ack 102 win 1000")
    assert (lab.snd_una, lab.snd_nxt) == (102, 111)
    lab.arrives(". 301:301(0) ack 111 win 1000")
    assert (lab.snd_una, lab.sent(), lab.running()) == (111, [], [])


def test_an_ack_that_waits_leaves_in_time_though_data_waits_longer() -> None:
    """Data held back by silly-window avoidance has a timer of its own; who is to wake up looks at the earlier one."""
    lab = reach(State.ESTABLISHED, ack_delay=100 * MS, sws_override=200 * MS)
    lab.arrives("P. 301:311(10) ack 101 win 100").send(500).forget()
    assert lab.running() == ["delack", "override"]
    assert lab.tcb.wake <= lab.tcb.delack_due < lab.tcb.override_due
    assert lab.advance("100ms").sent() == [". 101:101(0) ack 311 win 990"]
    assert lab.advance("100ms").sent() == [". 101:201(100) ack 311 win 990"]


@pytest.mark.parametrize("octets", [0, 10])
def test_a_closed_window_is_not_probed_when_all_is_acknowledged(octets: int) -> None:
    lab = reach(State.ESTABLISHED)
    if octets:
        lab.send(octets)
    lab.close().forget()
    end = 101 + octets
    lab.arrives(f". 301:301(0) ack {end} win 0")  # our FIN is still out
    assert "persist" in lab.running()
    lab.arrives(f". 301:301(0) ack {end + 1} win 0")
    assert (lab.state, lab.running()) == (State.FIN_WAIT_2, [])
    assert lab.advance("1000s").sent() == []
