"""What a verb's TRACE means: a saved trace by its file, or a scenario by its name."""

from __future__ import annotations

import os
from typing import Final

from ..tcp.errors import TcpsimError
from ..trace.trace import Trace
from .errors import ShellError, first_line
from .output import shown

SAVED: Final = ".jsonl"  #: the suffix of a saved trace


def trace_of(name: str, *, seed: int = 0, level: str = "full") -> Trace:
    """The trace in the file ``name`` (.jsonl), or of the scenario ``name`` played to its end.

    ``seed``, ``level``: for scenarios.  Raises ShellError for a file that cannot be read and a name that is
    neither.
    """
    if os.path.splitext(name)[1].lower() == SAVED or os.path.isfile(name):
        return read_trace(name)
    from ..scenarios import get_scenario

    try:
        scenario = get_scenario(name)
    except TcpsimError as error:
        raise ShellError(f"{first_line(error)}; a saved trace ends in {SAVED}") from None
    return scenario.play(seed=seed, trace=level).trace


def read_trace(path: str) -> Trace:
    """The trace in the JSON Lines file ``path``.  Raises ShellError that says why it cannot be read."""
    from ..trace.reading import UnreadableTrace, from_lines

    try:
        with open(path, encoding="utf-8") as file:
            return from_lines(file, name=shown(path))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ShellError(
            f"cannot read {shown(path)}: {reason}; 'tcpsim play NAME -o FILE{SAVED}' writes one"
        ) from None
    except UnicodeDecodeError:
        raise ShellError(f"cannot read {shown(path)}: it is no text in UTF-8, so no trace") from None
    except UnreadableTrace as error:
        raise ShellError(f"cannot read {first_line(error)}") from None
