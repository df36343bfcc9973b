"""The table of the REPL's verbs.

To add a verb, write one function in the module of its chapter: its docstring is its help.  Its first parameter is
the session; a person does not see it.  What it returns is what the shell shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..net import Simulator
from ..net.simulator import Happened
from .session import Session

#: Every verb by name, in the order in which help() shows them.
VERBS: Final[dict[str, Callable[..., Any]]] = {}

#: The heading under which help() shows a verb.
CHAPTERS: Final[dict[str, str]] = {}


def verb(chapter: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function into the table, under a heading."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        VERBS[function.__name__] = function
        CHAPTERS[function.__name__] = chapter
        return function

    return enter


def by_hand(session: Session, make: Callable[[Simulator], object]) -> Happened:
    """Make a move; the records it led to, without the one that says that it was made, unless it is all there is."""
    sim = session.sim
    start = len(sim.trace)
    make(sim)
    told = sim.trace[start:]
    return Happened([record for record in told if record.kind != "move"] or told, anything=True)
