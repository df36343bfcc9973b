"""The machine finds mistakes that real stacks have made."""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tcpsim import Simulator
from tcpsim.testing import InvariantBroken, TcpStateMachine, replay_script

from .planted import BUGS

#: The same search every time.
SEARCH = settings(
    max_examples=400,
    stateful_step_count=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow],
)

MOST_MOVES = 12

FOUND_BY = {
    "fin_lost_with_its_data": "text_in_order_is_taken",
    "no_closing": "fin_fits_state",
    "rst_anywhere_in_window": "reset_only_at_rcv_nxt",
}


class ShortEnough(BaseException):
    """A run that fails within MOST_MOVES: hypothesis need not shrink it further, which would take its time."""

    def __init__(self, sim: Simulator, error: InvariantBroken) -> None:
        self.sim = sim
        self.error = error


class Watched(TcpStateMachine):
    """One connection, in fair weather, with an attacker; the run ends at the first broken invariant."""

    max_drops = max_duplicates = max_delays = 0
    max_forged = 1
    max_connects = 1
    early = ()
    settles = False

    def teardown(self) -> None:
        error = sys.exception()
        if isinstance(error, InvariantBroken) and self.sim.position <= MOST_MOVES:
            raise ShortEnough(self.sim, error)
        super().teardown()


@pytest.mark.parametrize("name", BUGS)
def test_the_machine_finds(name: str) -> None:
    with BUGS[name]():
        with pytest.raises(ShortEnough) as caught:
            run_state_machine_as_test(Watched, settings=SEARCH)
        found = caught.value
        assert found.error.name == FOUND_BY[name]
        # The script is the moves, one by one; with the bug in place it fails the same way.
        script = replay_script(found.sim, check=True)
        with pytest.raises(InvariantBroken) as again:
            exec(script, {})
        assert str(again.value) == str(found.error)
    exec(script, {})  # and without the bug it does not


def test_without_a_bug_it_finds_nothing() -> None:
    run_state_machine_as_test(Watched, settings=settings(SEARCH, max_examples=30))


@pytest.mark.deep
@pytest.mark.parametrize("name", BUGS)
def test_the_shortest_failure_is_told(name: str) -> None:
    class Patient(Watched):
        teardown = TcpStateMachine.teardown

    with BUGS[name](), pytest.raises(InvariantBroken) as caught:
        run_state_machine_as_test(Patient, settings=SEARCH)
    assert Patient.failed is not None
    assert Patient.failed.position <= MOST_MOVES
    assert replay_script(Patient.failed, check=True) in "\n".join(caught.value.__notes__)
