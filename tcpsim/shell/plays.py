"""What ``play`` plays: a scenario of the library, one in a Python file of the user's, a saved session."""

from __future__ import annotations

import os
import runpy
from difflib import get_close_matches
from typing import Final, NamedTuple

from ..net import Simulator
from ..net.sessions import CannotReplay, replayed, session_lines
from ..scenarios import Scenario, get_scenario
from ..tcp.errors import TcpsimError
from ..tcp.profiles import RFC9293, Profile
from . import output
from .errors import ShellError, first_line
from .progress import progress
from .traces import SAVED, read_trace

SCRIPT: Final = ".pkt"  #: the suffix of a packetdrill script
PYTHON: Final = ".py"  #: the suffix of a file of scenarios


class Played(NamedTuple):
    """``scenario``: None for a saved session and for a script; ``failed``: why a script did not pass."""

    sim: Simulator
    scenario: Scenario | None
    name: str
    failed: str = ""


def play_of(
    name: str, *, profile: Profile = RFC9293, seed: int = 0, level: str | None = None, default: str = "brief"
) -> Played:
    """The scenario or session ``name``, played to its end.

    ``name``: of the library; ``FILE.py``, or ``FILE.py:NAME`` where the file has several scenarios; or ``FILE.jsonl``.
    ``level``: of the trace; unless given, ``default`` for scenarios and the file's own for sessions.  Raises
    ShellError that says what is wrong with the name or the file, CannotReplay for a session that goes another way.
    """
    path, _, chosen = name.partition(f"{PYTHON}:")
    suffix = os.path.splitext(name)[1].lower()
    if chosen or suffix == PYTHON:
        scenario = _scenario_in(f"{path}{PYTHON}" if chosen else name, chosen)
    elif suffix == SCRIPT:
        return _script_in(name, profile=profile, seed=seed)
    elif suffix == SAVED or os.path.isfile(name):
        return Played(load_session(name, level=level), None, name)
    else:
        try:
            scenario = get_scenario(name)
        except TcpsimError as error:
            files = f"; a file ends in {PYTHON} (scenarios) or {SAVED} (a saved session)"
            raise ShellError(f"{first_line(error)}{files if os.sep in name or '.' in name else ''}") from None
    return Played(scenario.play(profile=profile, seed=seed, trace=level or default), scenario, scenario.name)


def scenarios_in(path: str) -> dict[str, Scenario]:
    """The scenarios that a Python file defines at its top level, alone or in lists, by name."""
    if not os.path.isfile(path):
        raise ShellError(f"cannot read {output.shown(path)}: there is no such file")
    try:
        found = runpy.run_path(path)
    except Exception as error:
        line = _line_in(error, path)
        raise ShellError(f"{output.shown(path)}{line}: {type(error).__name__}: {first_line(error)}") from None
    scenarios: dict[str, Scenario] = {}
    for value in found.values():
        for one in (
            value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
        ):
            if isinstance(one, Scenario):
                scenarios[one.name] = one
    if not scenarios:
        raise ShellError(
            f"{output.shown(path)} defines no scenario; write NAME = Scenario(...) with tcpsim.scenarios.Scenario"
        )
    return scenarios


def _scenario_in(path: str, chosen: str) -> Scenario:
    found = scenarios_in(path)
    if chosen in found:
        return found[chosen]
    if chosen:
        near = get_close_matches(chosen, found, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(found)}"
        raise ShellError(f"no scenario {chosen!r} in {output.shown(path)}; {hint}")
    if len(found) > 1:
        names = ", ".join(found)
        raise ShellError(
            f"{output.shown(path)} has several scenarios, {names}; say which: {path}:{next(iter(found))}"
        )
    return next(iter(found.values()))


def _line_in(error: BaseException, path: str) -> str:
    """``, line 7``: where in the user's file it went wrong."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    at = error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename == path:
            line = at.tb_lineno
        at = at.tb_next
    return "" if line is None else f", line {line}"


def _script_in(path: str, *, profile: Profile, seed: int) -> Played:
    """A packetdrill script, run.  Raises ShellError for one that cannot be read or begun."""
    from ..packetdrill.scripts import play_script

    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
    except OSError as error:
        raise ShellError(f"cannot read {output.shown(path)}: {(error.strerror or str(error)).lower()}") from None
    outcome, sim = play_script(text, path, profile=profile, seed=seed)
    if sim is None:
        raise ShellError(outcome.reason)
    return Played(sim, None, path, "" if outcome.verdict == "PASS" else outcome.reason)


def load_session(path: str, *, level: str | None = None) -> Simulator:
    """The simulation saved in ``path``, where it stood.  Raises ShellError, or CannotReplay naming the file."""
    trace = read_trace(path)
    try:
        with progress(f"playing {output.shown(path)} again") as tell:
            return replayed(trace, level=level, progress=tell)
    except CannotReplay as error:
        raise CannotReplay(f"{output.shown(path)}: {first_line(error)}") from None


def save_session(sim: Simulator, path: str, *, data: bool = True) -> None:
    """Write ``sim`` with its past to ``path``.  Raises CannotWrite; nothing is left behind then."""
    if not isinstance(path, str):
        raise ShellError(f'save(): {path!r} is no file name; save("session.jsonl")')
    if sim.trace.level == "off":
        raise ShellError("save(): this simulation was made with trace='off', so nothing of it was kept")
    output.check_writable(path)
    output.write_file(path, "".join(session_lines(sim, data=data)))
