"""Rule coverage as text: a table by state, and what was not reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ..tcp.states import BY_ID, State
from ..tcp.verdicts import VERDICTS
from .coverage import ITEMS, Item, RuleCoverage, floor_percent

#: How many missing ones are named; the HTML page and JSON have all.
MOST: Final = 40


def coverage_table(coverage: RuleCoverage, unreachable: Mapping[Item, str] | None = None, *, most: int = MOST) -> str:
    """The table, with at most so many of those that were not reached, and those that cannot be, with the reason."""
    unreachable = unreachable or {}
    lines = [f"{'':<20} {'ran':>5} {'of':>5}", *_states(coverage, unreachable)]
    for kind in ITEMS:
        lines.append(_line(f"{kind}s", *coverage.totals(unreachable, kind)))
    lines.append(f"{_line('all', *coverage.totals(unreachable))}   {floor_percent(coverage, unreachable)}")
    missing = coverage.missing(unreachable)
    if missing:
        lines += ["", "Not reached:", *(f"  {item}: {words(item)}" for item in missing[:most])]
        if len(missing) > most:
            lines.append(f"  ... and {len(missing) - most} more")
    if unreachable:
        lines += ["", "Out of reach, and not counted:", *(f"  {item}: {why}" for item, why in unreachable.items())]
    lines += (f"  {item} is listed as out of reach, and has run" for item in coverage.surprises(unreachable))
    return "\n".join(lines) + "\n"


def _states(coverage: RuleCoverage, unreachable: Mapping[Item, str]) -> Iterator[str]:
    for state in State:
        rows = [
            times for item, times in coverage.items("row") if BY_ID[item.id].src is state and item not in unreachable
        ]
        yield _line(f"rows of {state}", sum(times > 0 for times in rows), len(rows))


def _line(what: str, ran: int, all: int) -> str:
    return f"{what:<20} {ran:>5} {all:>5}"


def words(item: Item) -> str:
    """What a row, check or verdict is about, in a line."""
    if item.kind == "row":
        row = BY_ID[item.id]
        guard = f" [{row.when}]" if row.when else ""
        return f"{row.src} -> {row.dst} on {row.cue.event}{guard} ({row.ref})"
    if item.kind == "verdict":
        verdict = VERDICTS[item.id]
        return f"{verdict.words} ({verdict.ref})"
    from ..explain.checks import CHECKS

    return CHECKS[item.id].asks.partition(".")[0].partition("?")[0]
