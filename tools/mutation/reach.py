"""Which tests can see a mistake: those that run the line it is in."""

from __future__ import annotations

import ast
import json
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Final

from coverage import CoverageData

from .sites import Mutant

#: The tests that say what the engine does.  Those of pictures, shell and documents stand above it, and those of the
#: explorer take long.
AREAS: Final = tuple(
    f"tests/{area}"
    for area in ("tcp", "conformance", "matrix", "requirements", "recovery", "net", "testing", "scenarios", "trace",
                 "explain", "contract")
)  # fmt: skip

#: Tests of how examples are made smaller, which the profile of the plugin does not do.
NOT: Final = "--ignore=tests/testing/test_strategies.py"

#: The first round: so many tests from so many files, and so long, in seconds, at most.
FIRST_TESTS, FIRST_FILES, FIRST_SECONDS = 80, 10, 6.0


class Reach:
    """What ``plugin.Measure`` has found out about the tests, on the source in ``root``."""

    def __init__(self, file: Path, root: Path) -> None:
        self._data = CoverageData(str(file))
        self._data.read()
        self._root = root
        self.seconds: dict[str, float] = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))

    def tests(self, mutant: Mutant) -> list[str]:
        """The tests that run the statement of a mutant; for one that runs on import all, those that use the module first."""
        by_line = self._data.contexts_by_lineno(str((self._root / mutant.path).resolve()))
        lines = _statement((self._root / mutant.path).read_text(encoding="utf-8"), mutant)
        found = {test for line in lines for test in by_line.get(line, ())} & set(self.seconds)
        if not found and any("" in by_line.get(line, ()) for line in lines):
            users = {test for tests in by_line.values() for test in tests} & set(self.seconds)
            return self._in_order(users) + self._in_order(
                set(self.seconds) - users
            )  # a table may be read from anywhere
        return self._in_order(found)

    def _in_order(self, tests: set[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self.seconds[test], test))

    def first(self, tests: list[str]) -> list[str]:
        """The tests to begin with: short ones, spread over the files that have the most of them."""
        by_file: dict[str, list[str]] = defaultdict(list)
        for test in tests:
            by_file[test.partition("::")[0]].append(test)
        files = sorted(by_file, key=lambda file: (-len(by_file[file]), file))[:FIRST_FILES]
        for file in files:
            by_file[file].sort(key=lambda test: (self.seconds[test] > 0.3, zlib.crc32(test.encode())))
        chosen: list[str] = []
        seconds = 0.0
        for place in range(max((len(by_file[file]) for file in files), default=0)):
            for file in files:
                if place < len(by_file[file]):
                    test = by_file[file][place]
                    seconds += self.seconds[test]
                    if len(chosen) == FIRST_TESTS or seconds > FIRST_SECONDS:
                        return chosen
                    chosen.append(test)
        return chosen


def _statement(source: str, mutant: Mutant) -> range:
    """The lines of the innermost statement around a mutant; of a compound one its head alone."""
    line = mutant.start[0]
    best = range(line, line + 1)
    narrowest = 1 << 30
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            continue
        first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
        body = getattr(node, "body", None)
        last = getattr(node, "end_lineno", None) or node.body[-1].end_lineno  # type: ignore[attr-defined]
        if first <= line <= last and last - first < narrowest:
            narrowest = last - first
            best = range(first, max(first + 1, body[0].lineno)) if body else range(first, last + 1)
    # A line within the statement's own head or body: the innermost statement that holds it has been taken.
    return best if line in best else range(line, line + 1)
