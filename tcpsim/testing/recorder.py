"""Counting rows, checks and verdicts while they run, in this process, traces or not.

The engine has no code for this: while a recording goes on, ``Core.fire`` and the functions of ``CHECKS`` are wrapped.
What header prediction settles runs no checks, and counts as none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from ..net import inbound
from ..tcp import arrives
from ..tcp.arrives import CHECKS, Check
from ..tcp.core import Core
from ..tcp.segment import Segment
from ..tcp.states import Cue, Transition
from ..tcp.verdicts import Verdict
from .coverage import RuleCoverage


@contextmanager
def recording() -> Iterator[RuleCoverage]:
    """Count everything that runs inside::

    with recording() as coverage:
        ...
    coverage.missing()
    """
    coverage = RuleCoverage()
    stop = start(coverage)
    try:
        yield coverage
    finally:
        stop()


def start(coverage: RuleCoverage) -> Callable[[], None]:
    """Count into ``coverage`` from now on, until the function that is returned is called."""
    fire, reset_for, checks = Core.fire, arrives.reset_for, dict(CHECKS)
    chains = {name: getattr(arrives, name) for name in ("OTHER_STATES", "PLAIN_SEGMENT")}
    counted = {check: _counted(check, coverage) for chain in checks.values() for check in chain}
    by_name = {check.__name__: check for check in counted}

    def put(of: Callable[[Check], Check]) -> None:
        replaced = {chain: tuple(map(of, chain)) for chain in (*checks.values(), *chains.values())}
        for name, check in by_name.items():
            setattr(arrives, name, of(check))
        for name, chain in chains.items():
            setattr(arrives, name, replaced[chain])
        for state, chain in checks.items():
            CHECKS[state] = replaced[chain]  # one tuple for all that share one: the engine compares by identity

    def stop() -> None:
        put(lambda check: check)
        _set(fire, reset_for)

    put(counted.__getitem__)
    _set(_counted_fire(fire, coverage), _counted_reset(reset_for, coverage))
    return stop


def _set(fire: Any, reset_for: Any) -> None:
    setattr(Core, "fire", fire)  # noqa: B010  (a method is assigned)
    setattr(inbound, "reset_for", reset_for)  # noqa: B010


def _counted(check: Check, coverage: RuleCoverage) -> Check:
    checks, verdicts, name = coverage.counts["check"], coverage.counts["verdict"], check.__name__

    @wraps(check)
    def run(c: Core, seg: Segment) -> Verdict | None:
        checks[name] += 1
        verdict = check(c, seg)
        if verdict is not None:
            verdicts[verdict.id] += 1
        return verdict

    return run


def _counted_fire(fire: Callable[[Core, Cue], Transition], coverage: RuleCoverage) -> Any:
    rows = coverage.counts["row"]

    @wraps(fire)
    def run(c: Core, cue: Cue) -> Transition:
        row = fire(c, cue)
        rows[row.id] += 1
        return row

    return run


def _counted_reset(reset_for: Callable[[Segment], tuple[Segment | None, Verdict]], coverage: RuleCoverage) -> Any:
    """Where no connection is, the host asks what CLOSED would answer: that is ``check_closed``."""
    checks, verdicts = coverage.counts["check"], coverage.counts["verdict"]

    @wraps(reset_for)
    def run(seg: Segment) -> tuple[Segment | None, Verdict]:
        reset, verdict = reset_for(seg)
        checks["check_closed"] += 1
        verdicts[verdict.id] += 1
        return reset, verdict

    return run
