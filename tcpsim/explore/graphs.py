"""Questions about a whole graph: what stays reachable, what goes round for ever, how deep it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

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
    before = _incoming(graph)
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


class Round(NamedTuple):
    """A way round: the states it goes through, and the transition (its place in the graph) taken from each."""

    nodes: list[int]
    edges: list[int]


#: What a way round has to take in: for the states of a component, labels of transitions; None if there is none.
Wanted = Callable[[list[int]], "set[int]"]


def cycles(graph: Graph, kind: str, labels: Sequence[int] | None = None, wanted: Wanted | None = None) -> list[Round]:
    """The cycles of moves of one kind; those nearest to the start first.

    One for each set of states that can be gone round in: a shortest through the state nearest to the start.
    ``labels``: one for each transition; ``wanted``: the labels that a cycle must have, given the states of such a
    set; where no transition between them has one of these, there is no cycle.
    """
    after = _outgoing(graph, kind)
    found = []
    for part in _components([[target for target, _ in out] for out in after]):
        inside = set(part)
        first = min(part, key=lambda node: (graph.depths[node], node))
        needed = set() if wanted is None else wanted(part)
        if labels is not None:
            within = {labels[edge] for node in part for target, edge in after[node] if target in inside}
            if needed - within:
                continue
        found.append(_tour(after, first, inside, labels, needed))
    return sorted(found, key=lambda round: (graph.depths[round.nodes[0]], round.nodes[0]))


def _outgoing(graph: Graph, kind: str) -> list[list[tuple[int, int]]]:
    """For each state (target, transition) of the transitions of one kind."""
    found: list[list[tuple[int, int]]] = [[] for _ in range(len(graph))]
    if kind in graph.kind_names:
        its = graph.kind_names.index(kind)
        for edge, (source, target, its_kind) in enumerate(
            zip(graph.sources, graph.targets, graph.kinds, strict=True)
        ):
            if its_kind == its:
                found[source].append((target, edge))
    return found


def _tour(
    after: list[list[tuple[int, int]]], start: int, inside: set[int], labels: Sequence[int] | None, needed: set[int]
) -> Round:
    """A way from ``start`` back to it inside a component, by transitions with all the labels needed."""
    nodes: list[int] = []
    edges: list[int] = []
    at = start
    while missing := needed - {labels[edge] for edge in edges} if labels is not None else needed:
        assert labels is not None
        at = _walk(after, at, inside, nodes, edges, lambda node, edge: labels[edge] in missing)
    if at != start or not edges:
        _walk(after, at, inside, nodes, edges, lambda node, edge: node == start)
    return Round(nodes, edges)


def _walk(
    after: list[list[tuple[int, int]]],
    start: int,
    inside: set[int],
    nodes: list[int],
    edges: list[int],
    until: Callable[[int, int], bool],
) -> int:
    """Append to ``nodes`` and ``edges`` a shortest way that ends with a transition that will do; where it leads."""
    came: dict[int, tuple[int, int]] = {}
    level = [start]
    while level:
        following = []
        for node in level:
            for target, edge in after[node]:
                if target not in inside:
                    continue
                if until(target, edge):
                    way = [(node, edge)]
                    while way[-1][0] != start:
                        way.append(came[way[-1][0]])
                    nodes += [one for one, _ in reversed(way)]
                    edges += [one for _, one in reversed(way)]
                    return target
                if target not in came and target != start:
                    came[target] = (node, edge)
                    following.append(target)
        level = following
    raise AssertionError("a strongly connected component has a way to each of its transitions")


def _incoming(graph: Graph) -> list[list[int]]:
    """For each state those one transition before it."""
    found: list[list[int]] = [[] for _ in range(len(graph))]
    for source, target in zip(graph.sources, graph.targets, strict=True):
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
