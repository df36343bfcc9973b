"""Rule coverage: which rows of the transition table, which checks and which verdicts have run, and how often.

    coverage = RuleCoverage()
    coverage.add(sim.trace)
    coverage.percent(), coverage.missing()

A trace tells every row that fired and every check that stopped a segment; those that let one pass are told at level
full only.  ``recording`` (``recorder.py``) counts all of them in a process, whether traces are kept or not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from .._version import __version__
from ..tcp.arrives import CHECKS
from ..tcp.errors import TcpsimError
from ..tcp.states import TRANSITIONS
from ..tcp.verdicts import VERDICTS
from ..trace.trace import Trace

#: What is counted: kind -> every id of it, in the order of the standard.  Rows have the ids of docs/transitions.md.
ITEMS: Final[dict[str, tuple[str, ...]]] = {
    "row": tuple(row.id for row in TRANSITIONS),
    "check": tuple(dict.fromkeys(check.__name__ for checks in CHECKS.values() for check in checks)),
    "verdict": tuple(VERDICTS),
}

#: The number of the file format; a reader refuses any other.
SCHEMA: Final = 1


class CannotRead(TcpsimError):
    """Coverage data that is none, or of another version."""


class Item(NamedTuple):
    """One thing that can run: ``kind`` as in ``ITEMS``."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class RuleCoverage:
    """How often each row, check and verdict has run.  ``counts``: kind -> id -> number.

    Coverages add up: ``a + b`` is what ran in either.
    """

    __slots__ = ("counts",)

    def __init__(self, traces: Iterable[Trace] = ()) -> None:
        self.counts: dict[str, dict[str, int]] = {kind: dict.fromkeys(ids, 0) for kind, ids in ITEMS.items()}
        for trace in traces:
            self.add(trace)

    def add(self, trace: Trace) -> None:
        """Count what a trace tells.  Raises CannotRead for a row, check or verdict that this version does not know."""
        for raw in trace.raw:
            if raw[0] == "fired":
                self._count("row", raw[5])
            elif raw[0] == "checked":
                self._count("check", raw[6])
                if raw[7] is not None:
                    self._count("verdict", raw[7])

    def _count(self, kind: str, id: str, times: int = 1) -> None:
        counts = self.counts[kind]
        if id not in counts:
            raise CannotRead(f"there is no {kind} {id!r} in tcpsim {__version__}: it is of another version")
        counts[id] += times

    def __add__(self, other: RuleCoverage) -> RuleCoverage:
        both = RuleCoverage()
        for one in (self, other):
            both.merge(one)
        return both

    def merge(self, other: RuleCoverage) -> None:
        """Count what another has counted too."""
        for kind, counts in other.counts.items():
            for id, times in counts.items():
                self.counts[kind][id] += times

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuleCoverage) and self.counts == other.counts

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        ran, all = self.totals()
        return f"<RuleCoverage: {ran} of {all} rows, checks and verdicts>"

    # -- what it comes to

    def items(self, kind: str | None = None) -> Iterator[tuple[Item, int]]:
        """Everything of one kind, or of all, and how often it ran."""
        for name, counts in self.counts.items():
            if kind in (None, name):
                yield from ((Item(name, id), times) for id, times in counts.items())

    def totals(self, unreachable: Iterable[Item] = (), kind: str | None = None) -> tuple[int, int]:
        """(how many have run, how many there are), those that cannot be reached left out."""
        left_out = frozenset(unreachable)
        counted = [times for item, times in self.items(kind) if item not in left_out]
        return sum(times > 0 for times in counted), len(counted)

    def percent(self, unreachable: Iterable[Item] = ()) -> float:
        """How much of what can be reached has run, 0 .. 100."""
        ran, all = self.totals(unreachable)
        return 100.0 * ran / all if all else 100.0

    def missing(self, unreachable: Iterable[Item] = ()) -> list[Item]:
        """What can be reached and has not run."""
        left_out = frozenset(unreachable)
        return [item for item, times in self.items() if not times and item not in left_out]

    def surprises(self, unreachable: Iterable[Item]) -> list[Item]:
        """What was said to be out of reach, and has run."""
        return [item for item in unreachable if self.counts[item.kind][item.id]]

    # -- files

    def to_data(self) -> dict[str, Any]:
        """As JSON's types."""
        return {"tcpsim_coverage": SCHEMA, "version": __version__, "counts": self.counts}

    def to_json(self) -> str:
        """As a JSON document, which ``from_json`` and ``tcpsim coverage`` read again."""
        return json.dumps(self.to_data(), indent=1) + "\n"

    @classmethod
    def from_data(cls, data: Any) -> RuleCoverage:
        """From what ``to_data`` gives.  Raises CannotRead."""
        if not isinstance(data, dict) or "tcpsim_coverage" not in data:
            raise CannotRead("it is no coverage; pytest --tcpsim-cov-report=FILE.json writes one")
        if data["tcpsim_coverage"] != SCHEMA:
            raise CannotRead(f"it has schema {data['tcpsim_coverage']!r}, and this tcpsim reads schema {SCHEMA}")
        coverage, counts = cls(), data.get("counts")
        if not isinstance(counts, dict) or not counts.keys() <= ITEMS.keys():
            raise CannotRead(f"its counts are not by {', '.join(ITEMS)}")
        for kind, found in counts.items():
            for id, times in _numbers(found):
                coverage._count(kind, id, times)
        return coverage

    @classmethod
    def from_json(cls, text: str) -> RuleCoverage:
        """From what ``to_json`` gives.  Raises CannotRead."""
        try:
            data = json.loads(text)
        except ValueError as error:
            raise CannotRead(f"it is no JSON: {error}") from None
        return cls.from_data(data)


def _numbers(found: Any) -> list[tuple[str, int]]:
    right = isinstance(found, dict) and all(isinstance(times, int) and times >= 0 for times in found.values())
    if not right:
        raise CannotRead("its counts are not numbers")
    return list(found.items())


def unreachable_items(lines: Iterable[str]) -> dict[Item, str]:
    """What cannot be reached, and why: from lines ``"row listen.user_timeout: the literal reading only"``.

    Raises TcpsimError for a line without a reason and for what there is not.
    """
    found: dict[Item, str] = {}
    for line in filter(None, map(str.strip, lines)):
        name, _, reason = line.partition(":")
        kind, _, id = name.strip().partition(" ")
        if not reason.strip() or id.strip() not in ITEMS.get(kind, ()):
            raise TcpsimError(f"{line!r}: write '{' or '.join(ITEMS)} ID: REASON' with an id of docs/transitions.md")
        found[Item(kind, id.strip())] = reason.strip()
    return found


def floor_percent(coverage: RuleCoverage, unreachable: Mapping[Item, str]) -> str:
    """The percentage in words: 100 % only when nothing is missing."""
    return f"{int(coverage.percent(unreachable) * 10) / 10:g} %"
