"""What a run has found out."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

VerdictName = Literal["PASS", "FAIL", "UNSUPPORTED", "PARSE-ERROR"]

#: The verdicts, in the order in which summaries show them.
VERDICTS: Final[tuple[VerdictName, ...]] = ("PASS", "FAIL", "UNSUPPORTED", "PARSE-ERROR")


class Outcome(NamedTuple):
    """The verdict on one script.

    ``line``: of the event that decided, 0 for PASS.  ``reason``: one line.  ``details``: expected and actual side by
    side, the ladder and why, for FAIL.  ``notes``: what is remarkable in a PASS, such as trailing packets.
    """

    file: str
    verdict: VerdictName
    line: int = 0
    reason: str = ""
    details: str = ""
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, str | int]:
        """The four facts that ``--json`` tells."""
        return {"file": self.file, "verdict": self.verdict, "line": self.line, "reason": self.reason}


class ScriptFailed(Exception):
    """The endpoint did something else than the script says.

    ``reason``: one line.  ``sides``: pairs of a word and a line in script notation, such as ("expected", "> . ...").
    """

    def __init__(self, reason: str, *sides: tuple[str, str]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sides = sides
