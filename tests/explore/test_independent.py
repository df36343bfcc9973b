"""Counts confirmed by something else: another program, another order, brute force."""

import re
import shutil
import subprocess
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tcpsim.explore import Property, explore, search
from tcpsim.explore.explorer import engine_of
from tcpsim.explore.graphs import cannot_reach
from tcpsim.explore.setups import get_setup
from tcpsim.tcp.profiles import RFC9293_LITERAL
from tcpsim.testing import InvariantBroken

from .abstract import Abstract, State

MODEL = Path(__file__).parent / "spin" / "tcp.pml"

#: What SPIN 6.5.2 says of spin/tcp.pml: (slots, losses) -> (states stored, transitions).  Its first state is the one
#: before the ends are set up, so both are one more than ours; and it counts the step back out of it.
SPIN = {
    (1, 0): (51, 68), (1, 1): (158, 252), (1, 2): (267, 482),
    (2, 0): (33, 46), (2, 1): (133, 214), (2, 2): (263, 482),
    (3, 0): (33, 46), (3, 1): (130, 210), (3, 2): (258, 471),
    (4, 0): (33, 46), (4, 1): (130, 210), (4, 2): (258, 471),
}  # fmt: skip
BEFORE = 1, 2


@pytest.mark.parametrize(("slots", "losses"), SPIN)
def test_the_abstract_model_has_as_many_states_as_spin_finds(slots: int, losses: int) -> None:
    graph = search(Abstract(slots, losses))
    stored, transitions = SPIN[slots, losses]
    assert (len(graph) + BEFORE[0], len(graph.sources) + BEFORE[1]) == (stored, transitions)


@pytest.mark.skipif(not (shutil.which("spin") and shutil.which("gcc")), reason="needs spin and gcc")
@pytest.mark.parametrize(("slots", "losses"), [(1, 2), pytest.param(4, 1, marks=pytest.mark.deep)])
def test_spin_still_says_so(slots: int, losses: int, tmp_path: Path) -> None:
    defines = [f"-DSLOTS={slots}", f"-DLOSSES={losses}"]
    subprocess.run(["spin", "-a", *defines, MODEL], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run(["gcc", "-w", "-O1", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c"], cwd=tmp_path, check=True)
    said = subprocess.run(
        ["./pan", "-E", "-m1000000"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    stored, transitions = (re.search(rf"(\d+) {what}", said) for what in ("states, stored", "transitions"))
    assert stored is not None
    assert transitions is not None
    assert (int(stored[1]), int(transitions[1])) == SPIN[slots, losses]


def visited(model: Any) -> set[Any]:
    """Every state, by the plainest search there is: no order, no bookkeeping."""
    seen, waiting = {model.start()}, [model.start()]
    while waiting:
        for _, _, after in model.successors(waiting.pop()):
            if after is not None and after not in seen:
                seen.add(after)
                waiting.append(after)
    return seen


@pytest.mark.parametrize("losses", [0, 1, 2, 3])
def test_an_independent_search_visits_the_same_states(losses: int) -> None:
    model = Abstract(2, losses)
    assert set(search(model).keys) == visited(model)
    assert set(search(model, order="depth").keys) == visited(model)


def test_the_abstract_model_can_always_close() -> None:
    graph = search(Abstract(3, 2))
    goals = [
        n for n, state in enumerate(graph.keys) if isinstance(state, State) and set(state.ends) <= {"GONE", "LISTEN"}
    ]
    assert goals
    assert cannot_reach(graph, goals) == []


@pytest.mark.parametrize("name", ["handshake-and-close", "abort", "forged-fin", "half-open", "time-wait-reuse"])
def test_another_order_finds_the_same_states_and_transitions_of_the_real_engine(name: str) -> None:
    """Another order reaches a state by other packets, other times and other numbers of connections."""
    graphs = []
    for order in ("breadth", "depth"):
        engine, _ = engine_of(get_setup(name), RFC9293_LITERAL, records=False)
        graphs.append(search(engine, order=order))
    one, other = graphs
    assert (len(one), len(one.sources)) == (len(other), len(other.sources))
    assert sorted(one.depths) <= sorted(other.depths)


def shortest_by_brute_force(name: str, breaks: Any) -> int:
    """How many moves it takes at least, by trying every sequence of moves, one length after the other."""
    engine, _ = engine_of(get_setup(name), RFC9293_LITERAL)
    level = [engine.start()]
    for length in count(1):
        following = []
        for before in level:
            for _, move, after in engine.successors(before):
                if after is not None:
                    if breaks(before, move, after):
                        return length
                    following.append(after)
        assert following
        level = following
    raise AssertionError


@pytest.mark.parametrize(
    ("name", "asked"),
    [("forged-fin", "stream_ends_at_fin"), ("exact-reset", "nobody_is_reset"), ("time-wait-reuse", "early")],
)
def test_the_shortest_counterexample_is_as_short_as_brute_force_finds(name: str, asked: str) -> None:
    def crossed(situation: Any) -> None:
        fins = [seg for _, seg, _ in situation.world.flight.values() if seg.flags & 1]
        if len(fins) > 1:
            raise InvariantBroken("early", "two FINs are in flight")

    own = Property("early", "no two FINs", "states", crossed)
    result = explore(name, profile=RFC9293_LITERAL, properties=[own if asked == "early" else asked])
    example = result.verdicts[0].example
    assert example is not None
    check = result.verdicts[0].asked.check

    def breaks(before: Any, move: Any, after: Any) -> bool:
        try:
            check(after)
        except InvariantBroken:
            return True
        return False

    assert len(example.moves) == shortest_by_brute_force(name, breaks)
