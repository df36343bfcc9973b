"""What can go wrong while drawing."""

from __future__ import annotations

from collections.abc import Iterable

from ..tcp.errors import TcpsimError


class MissingTool(TcpsimError):
    """A picture needs a program or package that is not installed; the message says how to get it."""


class UnknownChoice(TcpsimError, ValueError):
    """An option got a value that it does not know; the message lists those it knows."""


class DrawingFailed(TcpsimError):
    """An outside program refused what it was given; the message holds its own words."""


def check_choice(what: str, value: str, known: Iterable[str]) -> None:
    """Raise ``UnknownChoice`` unless ``value`` is one of ``known``."""
    known = tuple(known)
    if value not in known:
        raise UnknownChoice(f"no {what} {value!r}; choose one of: {', '.join(known)}")
