"""What a trace says about the state diagram: where everybody is, and which edges were followed."""

from __future__ import annotations

from ..tcp.states import State
from ..trace.records import Fired
from ..trace.trace import Trace
from .scene import Highlight


def highlight_of(trace: Trace) -> Highlight:
    """Each host's last state, and every (src, dst) that fired.

    A host that never fired is in no state worth showing: it has no connection.
    """
    last: dict[str, State] = {}
    taken: set[tuple[State, State]] = set()
    for record in trace.of("fired"):
        assert isinstance(record, Fired)
        last[record.where] = record.dst
        taken.add((record.src, record.dst))
    now: dict[State, tuple[str, ...]] = {}
    for host, state in last.items():
        now[state] = (*now.get(state, ()), host)
    return Highlight(now, frozenset(taken))
