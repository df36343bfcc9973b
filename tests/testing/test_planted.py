"""The machine finds mistakes that real stacks have made, and shows them in a dozen moves (docs/planted-bugs.md)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tcpsim import Simulator
from tcpsim.net import moving, world
from tcpsim.tcp import acks, arrives, output, text, timeouts
from tcpsim.tcp.core import Core
from tcpsim.tcp.states import BY_CUE
from tcpsim.tcp.units import SECOND
from tcpsim.testing import InvariantBroken, TcpStateMachine, check_run, replay_script

from .planted import BUGS, Bug

ROOT = Path(__file__).resolve().parents[2]

#: The same search every time.
SEARCH = settings(
    max_examples=2_000,
    stateful_step_count=20,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
)

#: Those that every run of the tests looks for: found soonest, and by an invariant each of its own kind.
QUICK = ("remote_port_ignored", "rst_anywhere_in_window", "syn_uncounted")

#: In so many moves of the world a failure is to be shown.
MOVES = 12

#: From so many places a search may begin.
SEEDS = 5


class ShortEnough(BaseException):
    """A run that fails in few moves: hypothesis need not shrink it further, which would take its time."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim


class Hunter(TcpStateMachine):
    """Windows that close after two segments, an R2 of seconds, one connection, and a fault of each kind.

    The run ends at the first broken invariant.
    """

    profile = TcpStateMachine.profile.but(rcv_buf=8, snd_buf=16, mss=4, r2=2 * SECOND, r2_syn=2 * SECOND)
    max_drops = 2
    max_duplicates = max_delays = max_connects = 1
    settles = False
    #: How many runs there were, and which one was the first to fail.
    runs: ClassVar[int] = 0
    first: ClassVar[int | None] = None

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1

    def teardown(self) -> None:
        error = sys.exception()
        if isinstance(error, InvariantBroken):
            if type(self).first is None:
                type(self).first = self.runs
            if self.sim.position <= MOVES:
                raise ShortEnough(self.sim)
        super().teardown()


def hunt(bug: Bug) -> tuple[Simulator, type[Hunter]]:
    """Search until a run fails in few moves: the run, and the machine.

    Hypothesis shrinks as far as it comes within a bounded number of tries, and the machine shortens what it is left with;
    how far both come depends on where they begin.
    """
    for number in range(SEEDS):
        machine = seed(number)(type("Hunter", (Hunter,), dict(bug.limits)))
        try:
            run_state_machine_as_test(machine, settings=SEARCH)
        except ShortEnough as found:
            return found.sim, machine
        except InvariantBroken:
            assert machine.failed is not None
            if machine.failed.position <= MOVES:
                return machine.failed, machine
            continue
        raise AssertionError(f"{SEARCH.max_examples} runs, and none has failed")
    raise AssertionError(f"no failure within {MOVES} moves, from {SEEDS} places")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.deep) for name in BUGS]
)
def test_the_machine_finds(name: str) -> None:
    with BUGS[name].plant():
        sim, machine = hunt(BUGS[name])
        with pytest.raises(InvariantBroken) as first:
            check_run(sim)
        assert first.value.name in BUGS[name].seen_by
        # The script is the moves, one by one; with the bug in place it fails the same way.
        script = replay_script(sim, check=True)
        with pytest.raises(InvariantBroken) as again:
            exec(script, {})
        assert str(again.value) == str(first.value)
    exec(script, {})  # and without the bug it does not
    print(f"{name}: found by run {machine.first}, {sim.position} moves after {machine.runs} runs\n{sim.ladder()}")


@pytest.mark.parametrize("name", BUGS)
def test_there_is_still_a_place_to_plant_it(name: str) -> None:
    """Where the engine has moved on, this tells before the long search does."""
    before = planted_places()
    with BUGS[name].plant():
        assert planted_places() != before
    assert planted_places() == before


def planted_places() -> list[object]:
    """What the bugs replace: the tables, and the names of the engine's modules."""
    modules = (acks, arrives, output, text, timeouts, moving, world, Core)
    names = [dict(vars(module)) for module in modules]
    return [*names, dict(BY_CUE), dict(arrives.CHECKS), dict(timeouts.EXPIRY)]


def test_without_a_bug_it_finds_nothing() -> None:
    run_state_machine_as_test(Hunter, settings=settings(SEARCH, max_examples=30))


def test_the_page_tells_of_each() -> None:
    page = (ROOT / "docs" / "planted-bugs.md").read_text(encoding="utf-8")
    rows = {row[1].strip(): row for row in (line.split("|") for line in page.splitlines()) if len(row) > 6}
    for name, bug in BUGS.items():
        _, _, mistake, where, seen_by, examples, moves, *_ = rows[f"`{name}`"]
        assert bug.plant.__doc__ is not None
        assert mistake.strip() == bug.plant.__doc__.rstrip(".")
        assert (where.strip(), seen_by.strip()) == (bug.where, f"`{bug.seen_by[0]}`")
        assert int(examples) <= SEARCH.max_examples
        assert int(moves) <= MOVES
