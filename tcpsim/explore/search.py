"""Visiting every state of a system: breadth first, so that the first path to a state is a shortest one.

A *system* says where it starts, what can happen, and when two states are the same.  The real engine is one
(``tcpsim.explore.engine``); any small model is another.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from ..tcp.errors import TcpsimError

S = TypeVar("S")
T = TypeVar("T", contravariant=True)

#: (kind of move, the move itself, the state it leads to; None where a bound forbids to follow it).
Successor = tuple[str, Any, S | None]


class System(Protocol[S]):
    """What can be explored.  ``S``: its states, which nothing changes once they are given out."""

    def start(self) -> S:
        """The state to begin with."""

    def key(self, state: S) -> Hashable:
        """Equal for states with equal futures."""

    def successors(self, state: S) -> Iterable[Successor[S]]:
        """Everything that can happen, in a fixed order."""


class Limits(NamedTuple):
    """When to stop although there is more.  ``depth``: moves from the start; ``states``: how many are kept."""

    depth: int | None = None
    states: int | None = None


EVERYTHING: Final = Limits()


class Graph:
    """What a search has found.  States are numbered from 0, the start, in the order in which they were found.

    For each state: ``keys``, what tells it apart; ``parents``, ``moves``, ``depths``, the state before it on the
    path that found it, the move between them (None at the start), and the path's length.  For each
    transition: ``sources``, ``targets``, and ``kinds``, places in ``kind_names``.

    ``cut``: states with a move that a bound forbids; ``open``: states whose moves were not all followed;
    ``stopped``: why the search ended early, in words.  ``error``: (state, move, exception) of the first move in
    which the system itself raised one.
    """

    def __init__(self) -> None:
        self.parents = array("l")
        self.depths = array("l")
        self.moves: list[Any] = []
        self.keys: list[Hashable] = []
        self.sources = array("l")
        self.targets = array("l")
        self.kinds = array("B")
        self.kind_names: list[str] = []
        self.cut: set[int] = set()
        self.open: set[int] = set()
        self.stopped: str | None = None
        self.error: tuple[int, Any, Exception] | None = None

    def __len__(self) -> int:
        """How many states."""
        return len(self.parents)

    @property
    def complete(self) -> bool:
        """Whether every state inside the bounds was visited."""
        return not self.open

    def path(self, node: int) -> list[Any]:
        """The moves from the start to a state."""
        moves = []
        while node:
            moves.append(self.moves[node])
            node = self.parents[node]
        return moves[::-1]

    def add(self, key: Hashable, parent: int, move: Any, depth: int) -> int:
        """A new state; its number."""
        self.keys.append(key)
        self.parents.append(parent)
        self.moves.append(move)
        self.depths.append(depth)
        return len(self.parents) - 1


class Watcher(Protocol[T]):
    """Who is told what a search comes across."""

    def state(self, node: int, state: T) -> None:
        """A new state."""

    def step(self, node: int, before: T, move: Any, after: T, target: int) -> None:
        """A transition, from state ``node`` to state ``target``."""


def search(
    system: System[S],
    *,
    watcher: Watcher[S] | None = None,
    limits: Limits = EVERYTHING,
    order: str = "breadth",
    progress: Callable[[int, int, int], object] | None = None,
) -> Graph:
    """Visit every state.

    ``order``: "breadth", or "depth" for an order that finds the same states by other paths.  ``progress``: called
    now and then with the numbers of states, of transitions and of states that wait.  Ctrl-C ends the search
    with what was found so far, and so does a limit; ``Graph.stopped`` says which.
    """
    if order not in ("breadth", "depth"):
        raise TcpsimError(f"order {order!r}: the orders are breadth and depth")
    graph = Graph()
    start = system.start()
    key = system.key(start)
    seen: dict[Hashable, int] = {key: graph.add(key, 0, None, 0)}
    frontier: deque[tuple[int, S]] = deque([(0, start)])
    take = frontier.popleft if order == "breadth" else frontier.pop
    node: int | None = None
    try:
        if watcher is not None:
            watcher.state(0, start)
        while frontier:
            node, state = take()
            if limits.depth is not None and graph.depths[node] >= limits.depth:
                graph.open.add(node)
                graph.stopped = f"the depth of {limits.depth} moves"
                continue
            if not _expand(system, graph, seen, frontier, node, state, watcher, limits.states):
                graph.stopped = f"the limit of {limits.states} states"
                break
            if progress is not None and not node & 0xFF:
                progress(len(seen), len(graph.sources), len(frontier))
            node = None
    except KeyboardInterrupt:
        graph.stopped = "Ctrl-C"
    if node is not None:
        graph.open.add(node)
    graph.open.update(waiting for waiting, _ in frontier)
    return graph


def _expand(
    system: System[S],
    graph: Graph,
    seen: dict[Hashable, int],
    frontier: deque[tuple[int, S]],
    node: int,
    state: S,
    watcher: Watcher[S] | None,
    most: int | None,
) -> bool:
    """Follow everything that can happen in one state; False when there is no room for another state."""
    depth = graph.depths[node] + 1
    names = graph.kind_names
    for kind, move, after in system.successors(state):
        if after is None:
            graph.cut.add(node)
            continue
        key = system.key(after)
        target = seen.get(key)
        new = target is None
        if target is None:
            if most is not None and len(seen) >= most:
                return False
            target = seen[key] = graph.add(key, node, move, depth)
            frontier.append((target, after))
        if kind not in names:
            names.append(kind)
        graph.sources.append(node)
        graph.targets.append(target)
        graph.kinds.append(names.index(kind))
        if watcher is not None:
            watcher.step(node, state, move, after, target)
            if new:
                watcher.state(target, after)
    return True
