"""Why, in a running simulation: where the trace is brief, the event in question is made once more at level full."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from ..explain.events import event_of
from ..explain.why import Why, place_of
from ..explain.why import why as why_in
from ..trace.trace import Trace

if TYPE_CHECKING:
    from ..trace.records import Record
    from .history import History
    from .simulator import Simulator

#: The kinds that only level full has; of checks, those that let a segment pass.
_FULL_ONLY = frozenset(("vars", "timer_set", "timer_stopped"))


def why(sim: Simulator, record: Record | int | None = None, *, packet: int | None = None) -> Why:
    """As ``tcpsim.explain.why`` for the trace of ``sim``."""
    n = place_of(sim.trace, record, packet=packet)
    past = sim.history
    if sim.trace.level != "brief" or past is None:
        return why_in(sim.trace, n)
    event = event_of(sim.trace, n)
    detailed = _made_again(sim, past, event[0])
    nth = n - event[0]
    places = [at for at in range(event[0], len(detailed)) if not is_full_only(detailed.raw[at])]
    return why_in(detailed, places[nth])


def _made_again(sim: Simulator, past: History, begin: int) -> Trace:
    """The trace up to the end of the move that wrote record ``begin``, that move at level full."""
    scratch = sim.fork()
    at = bisect_right(past.checkpoints, begin, key=lambda kept: kept.records) - 1
    position = past.checkpoints[at].position
    scratch.goto(position)
    while len(scratch.trace.raw) <= begin:
        position += 1
        scratch.goto(position)
    scratch.goto(position - 1)
    scratch.tell_all()
    scratch.replay(position)
    return scratch.trace


def is_full_only(raw: tuple[Any, ...]) -> bool:
    """Whether level brief leaves such a record out."""
    return raw[0] in _FULL_ONLY or (raw[0] == "checked" and raw[7] is None)
