"""Rule coverage as a file: a registry by suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..tcp.errors import TcpsimError
from .coverage import Item, RuleCoverage


def content(coverage: RuleCoverage, suffix: str, unreachable: Mapping[Item, str], *, names: str = "tcpsim") -> str:
    """What a file with that suffix holds.  Raises TcpsimError that lists the suffixes."""
    check_suffix(suffix)
    return WRITERS[suffix](coverage, unreachable, names)


def check_suffix(suffix: str) -> None:
    """Raise TcpsimError unless coverage can be written to a file with that suffix."""
    if suffix not in WRITERS:
        raise TcpsimError(f"no coverage as {suffix or 'a file without suffix'}; write {', '.join(WRITERS)}")


def _txt(coverage: RuleCoverage, unreachable: Mapping[Item, str], names: str) -> str:
    from .coverage_table import coverage_table

    return coverage_table(coverage, unreachable)


def _json(coverage: RuleCoverage, unreachable: Mapping[Item, str], names: str) -> str:
    return coverage.to_json()


def _html(coverage: RuleCoverage, unreachable: Mapping[Item, str], names: str) -> str:
    from .coverage_page import coverage_page

    return coverage_page(coverage, unreachable, names=names)


#: Suffix -> what writes it.
WRITERS: Final[dict[str, Callable[[RuleCoverage, Mapping[Item, str], str], str]]] = {
    ".txt": _txt,
    ".json": _json,
    ".html": _html,
}
