"""An exploration in words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from ..tcp.states import TRANSITIONS
from .examples import replay
from .joint import name_of
from .result import Result, Verdict

MARGIN = 100


def report(result: Result, *, ladders: bool = True, **look: Any) -> str:
    """Counts, verdicts, and for what is broken the shortest run as a ladder.  ``look``: options of ``ladder``."""
    return "\n".join([*_head(result), "", *_verdicts(result), *(_broken(result, look) if ladders else ())]) + "\n"


def _head(result: Result) -> Iterator[str]:
    setup = result.setup
    yield f"{setup.name}: {setup.title} ({setup.source})"
    yield from textwrap.wrap(setup.look, MARGIN)
    yield f"profile {result.profile.name}; {setup.bounds.words()}"
    yield ""
    changes = len({(edge.src, edge.dst) for edge in result.edges})
    yield (
        f"{result.states:,} states, {result.transitions:,} transitions, the deepest {len(result.depths) - 1} moves away; "
        f"{len(result.joints)} joint states, {changes} ways between them"
    )
    if result.rules:
        yield f"{len(result.rules)} of the {len(TRANSITIONS)} rules of the transition table have fired"
    if result.complete:
        yield "Every state inside the bounds was visited."
    else:
        waiting = len(result.graph.open)
        yield f"Stopped by {result.graph.stopped}: {waiting:,} states were not followed to the end."
    if result.crowded:
        yield f"{result.crowded:,} moves would have put more than {setup.bounds.packets} packets in flight: not followed."


WORDS = {"holds": "holds", "broken": "BROKEN", "open": "open", "failed": "FAILED"}


def _verdicts(result: Result) -> Iterator[str]:
    width = max((len(verdict.asked.name) for verdict in result.verdicts), default=0)
    for verdict in result.verdicts:
        yield f"{WORDS[verdict.found]:<6}  {verdict.asked.name:<{width}}  {_why(verdict)}"


def _why(verdict: Verdict) -> str:
    if verdict.found == "broken":
        times = f" ({verdict.times:,} times)" if verdict.times > 1 and verdict.asked.of in ("states", "steps") else ""
        return f"{verdict.why.removeprefix(verdict.asked.name + ': ')}{times}"
    return verdict.why or verdict.asked.says


def _broken(result: Result, look: dict[str, Any]) -> Iterator[str]:
    for verdict in result.verdicts:
        if verdict.found == "broken" and verdict.example is not None:
            yield ""
            yield shortest(result, verdict)
            yield ""
            yield str(replay(result, verdict).ladder(**look)).rstrip("\n")
    if result.graph.error is not None:
        _, _, error = result.graph.error
        yield ""
        yield f"The engine itself raised {type(error).__name__}: {error}"


def shortest(result: Result, verdict: Verdict) -> str:
    """A heading for a verdict's run."""
    assert verdict.example is not None
    moves, turns = verdict.example
    told = f"{verdict.asked.name}: the shortest run, {len(moves)} moves"
    return f"{told}, of which the last {turns} go round for ever" if turns else told


def joint_table(result: Result) -> str:
    """The joint states, and the moves between them, one a line."""
    lines = [name_of(joint) for joint in result.joints]
    lines += [
        f"{name_of(edge.src)} -> {name_of(edge.dst)}  {edge.kind}  {times}" for edge, times in result.edges.items()
    ]
    return "\n".join(lines) + "\n"
