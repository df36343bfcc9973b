"""Scripts as tests: pytest collects ``*.pkt`` where ``--tcpsim-pkt`` asks for it, one item a script.

UNSUPPORTED is a skip with its reason; FAIL and PARSE-ERROR are failures that show what the command shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..tcp.errors import TcpsimError
from ..tcp.profiles import get_profile
from .folders import SUFFIX
from .report import told
from .scripts import run_file
from .verdicts import Outcome


class ScriptDidNotPass(Exception):
    """A script failed or cannot be parsed."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class ScriptItem(pytest.Item):
    """One script."""

    def runtest(self) -> None:
        """Run it.  Raises ScriptDidNotPass, and skips where something is not supported."""
        try:
            profile = get_profile(self.config.option.tcpsim_pkt_profile)
        except TcpsimError as error:
            raise pytest.UsageError(f"--tcpsim-pkt-profile: {error}") from None
        outcome = run_file(self.path, profile=profile)
        if outcome.verdict == "UNSUPPORTED":
            pytest.skip(outcome.reason)
        if outcome.verdict != "PASS":
            raise ScriptDidNotPass(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What the command prints of the script."""
        if isinstance(excinfo.value, ScriptDidNotPass):
            return told(excinfo.value.outcome)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file, and the line where the script begins."""
        return self.path, 0, f"script: {self.path.name}"


class ScriptFile(pytest.File):
    """A file with one script."""

    def collect(self) -> Iterator[ScriptItem]:
        """Its one item."""
        yield ScriptItem.from_parent(self, name=self.path.stem)


def collect(path: Path, parent: pytest.Collector) -> ScriptFile | None:
    """The collector of a script; None for any other file."""
    if path.suffix != SUFFIX:
        return None
    file: ScriptFile = ScriptFile.from_parent(parent, path=path)
    return file
