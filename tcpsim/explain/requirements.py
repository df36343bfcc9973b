"""What RFC 9293 and its companions require: 185 requirements by id, in our own words."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple


class Requirement(NamedTuple):
    """``id``: ``MUST-13``.  ``ref``: where it is asked.  ``level``: how strongly.  ``words``: what.
    ``applies``: to which part of a stack.  ``seen``: how a test that sees only segments and calls can tell."""

    id: str
    ref: str
    level: str
    words: str
    applies: str
    seen: str


@cache
def requirements() -> dict[str, Requirement]:
    """Every requirement by id."""
    text = resources.files(__package__).joinpath("requirements.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return {
        row[0]: Requirement(row[0], row[1].split(" (")[0] if "RFC" in row[1] else row[1], *row[2:]) for row in rows
    }
