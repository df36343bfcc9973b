"""Where one octet, one nanosecond or one segment more makes the difference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from tcpsim.tcp import Do, State
from tests.helpers import lab as laboratory
from tests.helpers.lab import SECOND, WINDOW, Lab

SHIFTS = [(0, 0), (-102 % 2**32, -302 % 2**32)]
MS: Final = 1_000_000
ACK: Final = ". 301:301(0) ack 101 win"
Reach = Callable[..., Lab]


@pytest.fixture(params=SHIFTS, ids=["plain", "wrap"], autouse=True)
def _numbers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lab, "shift", request.param)


@pytest.fixture(params=["full", None], ids=["every check", "prediction"])
def reach(request: pytest.FixtureRequest) -> Reach:
    """``reach`` with a full log and without one: only then does header prediction take part."""

    def reach(state: State, **options: Any) -> Lab:
        return laboratory.reach(state, log=request.param, **options)

    return reach


# -- giving up


def test_a_slow_transfer_that_makes_progress_survives_a_loss_after_r2_in_all(reach: Reach) -> None:
    lab = reach(State.ESTABLISHED, r2=10 * SECOND, outstanding=500)
    for octet in range(102, 117):
        lab.advance("900ms").arrives(f". 301:301(0) ack {octet} win 1000")
    assert (lab.now, lab.sent()) == (13.5 * SECOND, [])
    assert lab.expire() == "rtx"
    assert (lab.state, lab.sent()) == (State.ESTABLISHED, ["P. 116:601(485) ack 301 win 1000"])


def test_retransmissions_before_an_ack_do_not_count_towards_r1_after_it(reach: Reach) -> None:
    lab = reach(State.ESTABLISHED, r1=3, outstanding=500).advance("3s").arrives(". 301:301(0) ack 102 win 1000")
    assert len(lab.sent()) == 2
    told = [(lab.expire(), lab.signals()) for _ in range(3)]
    assert told == [("rtx", []), ("rtx", []), ("rtx", [Do.SIGNAL_R1])]


@pytest.mark.parametrize("more", [0, 1])
def test_a_connection_is_given_up_when_r2_has_passed_to_the_nanosecond(reach: Reach, more: int) -> None:
    lab = reach(State.ESTABLISHED, r2=7 * SECOND + more, outstanding=10)
    assert [(lab.expire(), lab.now) for _ in range(3)] == [("rtx", n * SECOND) for n in (1, 3, 7)]
    assert lab.state is (State.ESTABLISHED if more else State.CLOSED)
    assert len(lab.sent()) == 2 + more


def test_a_challenge_period_is_over_when_it_has_passed_to_the_nanosecond(reach: Reach) -> None:
    lab = reach(State.ESTABLISHED, challenge_limit=2, challenge_period=5 * SECOND)

    def challenged() -> int:
        return len(lab.arrives(". 301:301(0) ack 999 win 1000").sent())

    assert [challenged() for _ in range(3)] == [1, 1, 0]
    lab.now = 5 * SECOND - 1
    assert challenged() == 0
    lab.now = 5 * SECOND
    assert [challenged() for _ in range(3)] == [1, 1, 0]


# -- the peer's window


def test_a_bare_window_update_lets_data_go(reach: Reach) -> None:
    lab = reach(State.ESTABLISHED, mss_default=500).send(1500)
    assert lab.sent() == [". 101:601(500) ack 301 win 1000", ". 601:1101(500) ack 301 win 1000"]
    assert lab.arrives(f"{ACK} 1500").sent() == ["P. 1101:1601(500) ack 301 win 1000"]


def test_a_bare_window_update_opens_a_closed_window(reach: Reach) -> None:
    lab = reach(State.ESTABLISHED).arrives(f"{ACK} 0").send(10)
    assert lab.sent() == []
    assert lab.arrives(f"{ACK} 1000").sent() == ["P. 101:111(10) ack 301 win 1000"]


@pytest.mark.parametrize("ack", [101, 201], ids=["no news", "part of it acknowledged"])
def test_a_window_that_closes_over_outstanding_data_is_probed(reach: Reach, ack: int) -> None:
    lab = reach(State.ESTABLISHED, outstanding=500).arrives(f". 301:301(0) ack {ack} win 0")
    assert lab.running() == ["persist", "user"]
    assert lab.expire() == "persist"
    assert lab.sent() == [f". {ack}:{ack + 1}(1) ack 301 win 1000"]
    assert lab.send(100).sent() == []


def test_nothing_is_probed_once_the_window_is_open(reach: Reach) -> None:
    lab = reach(State.ESTABLISHED, outstanding=500).arrives(f"{ACK} 0")
    assert lab.arrives(f"{ACK} 1000").running() == ["rtx", "user"]
    assert lab.advance("1s").sent() == ["P. 101:601(500) ack 301 win 1000"]
    assert lab.advance("2s").sent() == ["P. 101:601(500) ack 301 win 1000"]


def test_a_window_too_small_to_use_is_not_probed(reach: Reach) -> None:
    lab = reach(State.ESTABLISHED).arrives(f"{ACK} 0").send(10).arrives(f"{ACK} 1")
    assert (lab.sent(), lab.running()) == ([], ["override"])


@pytest.mark.parametrize("outstanding", [0, 10])
def test_the_first_probe_leaves_after_one_rto_and_the_interval_doubles(reach: Reach, outstanding: int) -> None:
    lab = reach(State.ESTABLISHED, outstanding=outstanding).arrives(f"{ACK} 0")
    if not outstanding:
        lab.send(10)
    assert lab.sent() == []
    probes = [(lab.expire(), lab.now, len(lab.sent())) for _ in range(4)]
    assert probes == [("persist", n * SECOND, 1) for n in (1, 1 + 2, 1 + 2 + 4, 1 + 2 + 4 + 8)]


def test_the_intervals_between_probes_begin_anew_after_the_window_was_open(reach: Reach) -> None:
    lab = reach(State.ESTABLISHED, outstanding=10).arrives(f"{ACK} 0").advance("4s")
    assert len(lab.sent()) == 2
    lab.arrives(f"{ACK} 1000").arrives(f"{ACK} 0")
    assert (lab.expire(), lab.now) == ("persist", 5 * SECOND)


@pytest.mark.parametrize(("window", "sent"), [(WINDOW // 2, True), (WINDOW // 2 - 1, False)])
def test_half_the_largest_window_is_worth_a_segment_and_an_octet_less_is_not(
    reach: Reach, window: int, sent: bool
) -> None:
    lab = reach(State.ESTABLISHED).arrives(f"{ACK} {window}").send(WINDOW)
    segment = [f". 101:{101 + window}({window}) ack 301 win 1000"]
    assert lab.sent() == (segment if sent else [])
    if not sent:
        assert (lab.expire(), lab.now) == ("override", 200 * MS)
        assert lab.sent() == segment


# -- what we take in


def test_the_first_segment_is_acknowledged_late_and_the_second_at_once(reach: Reach) -> None:
    lab = reach(State.ESTABLISHED, ack_delay=200 * MS)
    for left in (301, 321):  # the count begins anew after every ACK
        assert lab.arrives(f". {left}:{left + 10}(10) ack 101 win 1000").sent() == []
        assert lab.running() == ["delack"]
        lab.arrives(f". {left + 10}:{left + 20}(10) ack 101 win 1000")
        assert (lab.sent(), lab.running()) == ([f". 101:101(0) ack {left + 20} win {1281 - left}"], [])
    lab.arrives(". 341:351(10) ack 101 win 1000").advance("199ms")
    assert lab.sent() == []
    assert lab.advance("1ms").sent() == [". 101:101(0) ack 351 win 950"]


def fin_behind_a_gap(reach: Reach, last: int) -> Lab:
    """All but one octet at the left edge, up to ``last``; a FIN follows them; then the missing octet."""
    lab = reach(State.ESTABLISHED).arrives(f"F. 302:{last}({last - 302}) ack 101 win 1000")
    return lab.arrives(". 301:302(1) ack 101 win 1000")


def fin_behind_a_syn(reach: Reach, last: int) -> Lab:
    """A SYN with all octets up to ``last`` and a FIN; then the ACK of our SYN."""
    lab = reach(State.LISTEN).arrives(f"SF 300:{last - 1}({last - 301}) win 1000")
    return lab.arrives(f"{ACK} 1000")


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("before", [0, 1, 100])
def test_only_the_fin_itself_restarts_time_wait(reach: Reach, plain: bool, before: int) -> None:
    """A-11; a FIN with an older number is answered and no more."""
    lab = reach(State.TIME_WAIT, time_wait_plain=plain)
    due = lab.tcb.time_wait_due
    lab.advance("500ms").arrives(f"F. {301 - before}:{301 - before}(0) ack 102 win 1000")
    assert lab.sent() == [". 102:102(0) ack 302 win 999"]
    assert lab.tcb.time_wait_due == due + (0 if before else 500 * MS)


@pytest.mark.parametrize("arrival", [fin_behind_a_gap, fin_behind_a_syn])
def test_a_fin_one_beyond_the_window_is_not_remembered(reach: Reach, arrival: Callable[[Reach, int], Lab]) -> None:
    full = arrival(reach, 301 + WINDOW)  # its last octet fills the window
    assert (full.state, full.rcv_nxt) == (State.ESTABLISHED, 301 + WINDOW)
    assert len(full.receive() or b"") == WINDOW
    assert full.arrives(". 1301:1302(1) ack 101 win 1000").state is State.ESTABLISHED
    inside = arrival(reach, 300 + WINDOW)  # here the FIN does
    assert (inside.state, inside.rcv_nxt) == (State.CLOSE_WAIT, 301 + WINDOW)
