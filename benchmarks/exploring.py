"""What the explorer costs: a transition as copy, apply and key, and the octets of a stored state."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from time import process_time_ns
from typing import Any

from tcpsim.explore.engine import Engine, Situation
from tcpsim.explore.explorer import engine_of
from tcpsim.explore.search import Limits, search
from tcpsim.explore.setups import get_setup
from tcpsim.net.branch import branch
from tcpsim.net.moves import Call, Deliver, Expire

SETUP = "simultaneous-open"
SAMPLE = 400


def _situations() -> tuple[Engine, list[tuple[Situation, Any, Situation]]]:
    """Transitions of an exploration, spread over its states."""
    engine, _ = engine_of(get_setup(SETUP), records=False)
    found: list[tuple[Situation, Any, Situation]] = []

    class Keep:
        def state(self, node: int, state: Situation) -> None: ...

        def step(self, node: int, before: Situation, move: Any, after: Situation, target: int) -> None:
            if len(found) < SAMPLE and node % 5 == 0:
                found.append((before, move, after))

    search(engine, watcher=Keep(), limits=Limits(states=2_000))
    return engine, found


def _host(before: Situation, move: Any) -> int | None:
    if isinstance(move, Deliver):
        return before.world.flight[move.packets[0]][2]
    if isinstance(move, Expire):
        return before.world.conns[move.conn].host
    return before.world.host(move.host).index if isinstance(move, Call) else None


def _per_transition(work: Callable[[Engine, Situation, Any, Situation], int]) -> float:
    engine, found = _situations()
    spent = 0
    for _ in range(5):
        for before, move, after in found:
            spent += work(engine, before, move, after)
    return spent / (5 * len(found))


def copying() -> float:
    """The branch of a world for one move, ns."""

    def work(engine: Engine, before: Situation, move: Any, after: Situation) -> int:
        host = _host(before, move)
        start = process_time_ns()
        branch(before.world, host)
        return process_time_ns() - start

    return _per_transition(work)


def applying() -> float:
    """The move itself, ns."""

    def work(engine: Engine, before: Situation, move: Any, after: Situation) -> int:
        world = branch(before.world, _host(before, move))
        start = process_time_ns()
        world.apply(move)
        return process_time_ns() - start

    return _per_transition(work)


def keying() -> float:
    """The canonical key of what the move has led to, ns."""

    def work(engine: Engine, before: Situation, move: Any, after: Situation) -> int:
        left = engine.made(before, move, before.left)
        assert left is not None
        start = process_time_ns()
        engine.key(left)
        return process_time_ns() - start

    return _per_transition(work)


def whole() -> float:
    """A transition with all that belongs to it: enabled moves, copy, apply, key, the graph; ns."""
    engine, _ = engine_of(get_setup(SETUP), records=False)
    start = process_time_ns()
    graph = search(engine)
    return (process_time_ns() - start) / len(graph.sources)


def octets_of_a_state() -> float:
    """What a state keeps when the search is over: its key, its place in the graph, its transitions."""
    engine, _ = engine_of(get_setup(SETUP), records=False)
    tracemalloc.start()
    try:
        graph = search(engine)
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return used / len(graph)
