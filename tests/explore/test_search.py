"""The search itself, on systems small enough to know the answers."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim import TcpsimError
from tcpsim.explore import Limits, search
from tcpsim.explore.graphs import cannot_reach, cycles, histogram

from .toys import Edges, Grid


def test_every_state_is_visited_once_and_every_transition_followed() -> None:
    graph = search(Grid(4))
    assert len(graph) == 16
    assert len(graph.sources) == 2 * 4 * 3
    assert graph.complete
    assert graph.stopped is None
    assert sorted(graph.keys) == [(x, y) for x in range(4) for y in range(4)]


def test_breadth_first_finds_shortest_paths() -> None:
    graph = search(Grid(5))
    for node, (x, y) in enumerate(graph.keys):
        assert graph.depths[node] == len(graph.path(node)) == x + y
    assert histogram(graph) == [1, 2, 3, 4, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_another_order_finds_the_same(n: int) -> None:
    one, other = search(Grid(n, back=True)), search(Grid(n, back=True), order="depth")
    assert set(one.keys) == set(other.keys)
    assert len(one.sources) == len(other.sources)


def test_an_order_that_nobody_knows() -> None:
    with pytest.raises(TcpsimError, match="breadth and depth"):
        search(Grid(2), order="sideways")


def test_a_limit_of_states_keeps_what_was_found() -> None:
    graph = search(Grid(10), limits=Limits(states=7))
    assert len(graph) == 7
    assert graph.stopped == "the limit of 7 states"
    assert not graph.complete


def test_a_limit_of_depth_keeps_what_was_found() -> None:
    graph = search(Grid(10), limits=Limits(depth=3))
    assert len(graph) == 1 + 2 + 3 + 4
    assert graph.stopped == "the depth of 3 moves"
    assert [graph.depths[node] for node in sorted(graph.open)] == [3] * 4


def test_ctrl_c_keeps_what_was_found() -> None:
    class Interrupted(Grid):
        def successors(self, state: tuple[int, int]) -> Iterator[tuple[str, Any, tuple[int, int] | None]]:
            if state == (2, 2):
                raise KeyboardInterrupt
            return super().successors(state)

    graph = search(Interrupted(10))
    assert graph.stopped == "Ctrl-C"
    node = graph.keys.index((2, 2))
    assert node in graph.open
    assert 10 < len(graph) < 100
    assert all(graph.depths[left] >= 4 for left in graph.open)


def test_progress_is_told() -> None:
    told: list[tuple[int, int, int]] = []
    search(Grid(30), progress=lambda *numbers: told.append(numbers))
    assert told
    assert told[-1][0] <= 900


def test_what_cannot_reach_the_goal() -> None:
    #      a -> b -> c -> b      a -> d (goal)     e is cut: nobody knows
    graph = search(
        Edges({"a": [("x", "b"), ("x", "d"), ("x", "e")], "b": [("x", "c")], "c": [("x", "b")], "e": [("x", None)]})
    )
    goals = [graph.keys.index("d")]
    assert [graph.keys[node] for node in cannot_reach(graph, goals)] == ["b", "c"]


def test_states_not_followed_to_the_end_count_as_reaching() -> None:
    graph = search(Grid(10), limits=Limits(depth=3))
    assert cannot_reach(graph, []) == []


def test_cycles_of_one_kind_of_move() -> None:
    graph = search(Edges({
        "a": [("x", "b"), ("y", "a")], "b": [("x", "c")], "c": [("x", "d"), ("y", "a")], "d": [("x", "b"), ("x", "e")],
        "e": [("x", "e")],
    }))  # fmt: skip
    named = [[graph.keys[node] for node in way.nodes] for way in cycles(graph, "x")]
    assert named == [["b", "c", "d"], ["e"]]
    assert [[graph.keys[node] for node in way.nodes] for way in cycles(graph, "y")] == [["a"]]
    assert cycles(graph, "z") == []


def test_a_cycle_that_must_have_certain_transitions() -> None:
    #  b <-> c and c <-> d: a way round from b that takes in the label 7 has to go by d
    graph = search(Edges({"a": [("x", "b")], "b": [("x", "c")], "c": [("x", "b"), ("x", "d")], "d": [("x", "c")]}))
    names = graph.keys
    labels = [
        7 if (names[s], names[t]) == ("d", "c") else 1 for s, t in zip(graph.sources, graph.targets, strict=True)
    ]
    (plain,) = cycles(graph, "x")
    assert [names[node] for node in plain.nodes] == ["b", "c"]
    (tour,) = cycles(graph, "x", labels, lambda part: {7})
    assert [names[node] for node in tour.nodes] == ["b", "c", "d", "c"]
    assert [labels[edge] for edge in tour.edges].count(7) == 1
    assert cycles(graph, "x", labels, lambda part: {8}) == []


@given(st.dictionaries(st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefg"), max_size=3)))
def test_cycles_and_reachability_agree_with_the_definition(arrows: dict[str, list[str]]) -> None:
    graph = search(Edges({source: [("x", target) for target in targets] for source, targets in arrows.items()}))
    index = {name: node for node, name in enumerate(graph.keys)}
    reach: dict[str, set[str]] = {}
    for name in index:
        seen: set[str] = set()
        waiting = list(arrows.get(str(name), []))
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting += arrows.get(at, [])
        reach[str(name)] = seen
    on_cycle = {name for name in reach if name in reach[name]}
    found = cycles(graph, "x")
    assert bool(found) == bool(on_cycle)
    for way in found:
        names = [str(graph.keys[node]) for node in way.nodes]
        for one, following in zip(names, [*names[1:], names[0]], strict=True):
            assert following in arrows[one]
    goal = max(index.values())
    stuck = {graph.keys[node] for node in cannot_reach(graph, [goal])}
    assert stuck == {name for name in reach if graph.keys[goal] not in reach[name] and name != graph.keys[goal]}
