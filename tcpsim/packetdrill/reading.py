"""A place in a script's text, and what may follow there: the words of the language, without its grammar."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from ..tcp.errors import TcpsimError
from .tree import Place

#: White space and comments.
_BLANK: Final = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
#: What an error message shows of the text: a word, a number or a sign.
_FOUND: Final = re.compile(r"\w+|\S")


class ScriptError(TcpsimError):
    """A script that cannot be read.

    ``at``: where; ``problem``: what was expected there and what was found.
    """

    def __init__(self, at: Place, problem: str, name: str = "script") -> None:
        super().__init__(f"{name}:{at.line}:{at.column}: {problem}")
        self.at = at
        self.problem = problem


class Reader:
    """Reads ``text`` from left to right.  ``name``: the file's, for messages."""

    def __init__(self, text: str, name: str = "script") -> None:
        self.text = text
        self.name = name
        self.at = 0
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def place(self, at: int | None = None) -> Place:
        """The line and column of ``at``, else of what comes next."""
        at = self.at if at is None else at
        line = bisect_right(self._lines, at)
        return Place(line, at - self._lines[line - 1] + 1)

    def fail(self, expected: str, at: int | None = None) -> ScriptError:
        """What to raise: the place, what was expected, what stands there."""
        at = self.at if at is None else at
        found = _FOUND.match(self.text, at)
        word = repr(found[0]) if found else "the end of the line" if at < len(self.text) else "the end of the script"
        return ScriptError(self.place(at), f"expected {expected}, found {word}", self.name)

    def wrong(self, problem: str, at: int) -> ScriptError:
        """What to raise about something that can be read, and cannot be meant."""
        return ScriptError(self.place(at), problem, self.name)

    def skip(self) -> None:
        """Go over white space and comments."""
        found = _BLANK.match(self.text, self.at)
        if found:
            self.at = found.end()
        if self.text.startswith("/*", self.at):
            raise self.wrong("this comment has no end: write */", self.at)

    def done(self) -> bool:
        """Whether nothing is left."""
        self.skip()
        return self.at >= len(self.text)

    def match(self, pattern: str) -> re.Match[str] | None:
        """What matches ``pattern`` here, after white space; it is read."""
        self.skip()
        found = re.compile(pattern, re.ASCII).match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def peek(self, pattern: str) -> bool:
        """Whether ``pattern`` comes next."""
        self.skip()
        return re.compile(pattern, re.ASCII).match(self.text, self.at) is not None

    def take(self, pattern: str, expected: str) -> re.Match[str]:
        """The same, and it has to be there."""
        found = self.match(pattern)
        if found is None:
            raise self.fail(expected)
        return found

    def number(self, what: str, most: int = (1 << 32) - 1) -> int:
        """A decimal number up to ``most``."""
        found = self.take(r"\d+", f"a number for {what}")
        if int(found[0]) > most:
            raise self.wrong(f"{what} {found[0]} is too large: the most is {most}", found.start())
        return int(found[0])

    def until(self, end: str, what: str) -> str:
        """The text up to ``end``, which is read too."""
        start = self.at
        at = self.text.find(end, start)
        if at < 0:
            raise self.wrong(f"{what} has no end: write {end}", start)
        self.at = at + len(end)
        return self.text[start:at]
