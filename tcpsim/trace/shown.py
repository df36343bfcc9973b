"""Text that a prompt shows as it is."""

from __future__ import annotations


class Shown(str):
    """A str whose repr is itself, so that a REPL prints a table or a ladder instead of its quoted text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
