"""What traces say about the state diagram: where everybody is, which edges were followed, in which order, how often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from ..tcp.states import BY_ID, State
from ..trace.records import Fired
from ..trace.trace import Trace
from .edges import Edge
from .errors import UnknownChoice

Ends = tuple[State, State]


class Highlight(NamedTuple):
    """``now``: state -> who is there; ``taken``: edge -> (host, order number) of each time it was followed.

    ``hosts``: in the order of the trace.  ``rules``: the rows that fired.
    """

    now: dict[State, tuple[str, ...]]
    taken: Mapping[Ends, tuple[tuple[str, int], ...]]
    hosts: tuple[str, ...] = ()
    rules: frozenset[str] = frozenset()


NO_HIGHLIGHT: Final = Highlight({}, {})


def highlight_of(trace: Trace) -> Highlight:
    """Each host's last state, and every (src, dst) that fired; order numbers count over all hosts, from 1.

    A host that never fired is in no state worth showing: it has no connection.
    """
    last: dict[str, State] = {}
    taken: dict[Ends, list[tuple[str, int]]] = {}
    rules: set[str] = set()
    for number, record in enumerate(trace.of("fired"), 1):
        assert isinstance(record, Fired)
        last[record.where] = record.dst
        rules.add(record.rule)
        taken.setdefault((record.src, record.dst), []).append((record.where, number))
    now: dict[State, tuple[str, ...]] = {}
    for host, state in last.items():
        now[state] = (*now.get(state, ()), host)
    listed = [str(host["name"]) for host in trace.header.get("hosts", ())]
    hosts = tuple(dict.fromkeys([*(name for name in listed if name in last), *last]))
    return Highlight(now, {ends: tuple(times) for ends, times in taken.items()}, hosts, frozenset(rules))


Heat = Trace | Iterable[Trace] | Mapping[str, int]


def heat_of(source: Heat) -> dict[str, int]:
    """How often each row fired in traces; or the counts themselves.  Raises UnknownChoice for an unknown row."""
    counts: dict[str, int] = {}
    if isinstance(source, Mapping):
        for rule in source:
            if rule not in BY_ID:
                raise UnknownChoice(f"heat: there is no row {rule!r} in the table")
        return {rule: count for rule, count in source.items() if count}
    for trace in [source] if isinstance(source, Trace) else source:
        for rule in trace.fired():
            counts[rule] = counts.get(rule, 0) + 1
    return counts


def counts_of(edges: Iterable[Edge], fired: Mapping[str, int]) -> dict[Ends, int]:
    """How often each edge ran, by the rows it stands for."""
    return {(edge.src, edge.dst): sum(fired.get(row.id, 0) for row in edge.rows) for edge in edges}


def taken_words(times: Iterable[tuple[str, int]], most: int = 6) -> list[str]:
    """A line for each host that took an edge: ``2, 9: client``."""
    by_host: dict[str, list[str]] = {}
    for host, number in times:
        by_host.setdefault(host, []).append(str(number))
    return [
        f"{', '.join(numbers[:most])}{' …' if len(numbers) > most else ''}: {host}"
        for host, numbers in by_host.items()
    ]
