"""Questions about a whole graph: what stays reachable, what goes round for ever, how deep it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .search import Graph


def histogram(graph: Graph) -> list[int]:
    """How many states lie at each depth."""
    counted = Counter(graph.depths)
    return [counted[depth] for depth in range(max(counted, default=-1) + 1)]


def cannot_reach(graph: Graph, goals: Iterable[int]) -> list[int]:
    """The states from which no path leads to a goal, in ascending order.

    States that were not followed to the end, because of a limit or a bound, count as goals: nobody knows what
    they lead to.
    """
    before = _neighbours(graph, forward=False)
    reaching = bytearray(len(graph))
    waiting = [*goals, *graph.open, *graph.cut]
    for node in waiting:
        reaching[node] = 1
    while waiting:
        for source in before[waiting.pop()]:
            if not reaching[source]:
                reaching[source] = 1
                waiting.append(source)
    return [node for node in range(len(graph)) if not reaching[node]]


def cycles(graph: Graph, kind: str) -> list[list[int]]:
    """The cycles of moves of one kind, each as the states it goes through; those nearest to the start first.

    One for each set of states that can be gone round in: a shortest through the state nearest to the start.
    """
    after = _neighbours(graph, forward=True, kind=kind)
    parts = [(min(part, key=lambda node: (graph.depths[node], node)), part) for part in _components(after)]
    parts.sort(key=lambda found: (graph.depths[found[0]], found[0]))
    return [_round(after, first, set(part)) for first, part in parts]


def _neighbours(graph: Graph, *, forward: bool, kind: str | None = None) -> list[list[int]]:
    """For each state those one transition away, by transitions of one kind or of all."""
    found: list[list[int]] = [[] for _ in range(len(graph))]
    wanted = None
    if kind is not None:
        if kind not in graph.kind_names:
            return found
        wanted = graph.kind_names.index(kind)
    for source, target, its_kind in zip(graph.sources, graph.targets, graph.kinds, strict=True):
        if wanted is None or its_kind == wanted:
            if forward:
                found[source].append(target)
            else:
                found[target].append(source)
    return found


def _components(after: list[list[int]]) -> list[list[int]]:
    """The strongly connected components with a cycle (R. Tarjan's algorithm, with a stack of its own)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root in range(len(after)):
        if root in index or not after[root]:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(after[root]))]
        while work:
            node, rest = work[-1]
            target = next(rest, None)
            if target is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    part = [stack.pop()]
                    while part[-1] != node:
                        part.append(stack.pop())
                    on_stack.difference_update(part)
                    if len(part) > 1 or node in after[node]:
                        found.append(part)
            elif target not in index:
                index[target] = low[target] = len(index)
                stack.append(target)
                on_stack.add(target)
                work.append((target, iter(after[target])))
            elif target in on_stack:
                low[node] = min(low[node], index[target])
    return found


def _round(after: list[list[int]], start: int, inside: set[int]) -> list[int]:
    """A shortest way from ``start`` back to it, without leaving ``inside``."""
    came_from: dict[int, int] = {}
    level = [start]
    while level:
        following = []
        for node in level:
            for target in after[node]:
                if target == start:
                    way = [node]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return way[::-1]
                if target in inside and target not in came_from:
                    came_from[target] = node
                    following.append(target)
        level = following
    raise AssertionError("a strongly connected component has a way back")
