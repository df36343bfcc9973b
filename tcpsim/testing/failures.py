"""What is told of a run that has failed: its ladder, a script that repeats it, and files if they are wanted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ..net.sessions import again, session_lines
from ..net.simulator import Simulator
from ..render.errors import MissingTool
from ..render.exports import export
from ..tcp.errors import TcpsimError
from .invariants import InvariantBroken
from .replay import replay_script

#: The environment variable that names a folder for files about failures; ``--tcpsim-trace`` sets it.
FOLDER: Final = "TCPSIM_TRACE_DIR"

#: What is written: the trace, which plays again, a capture and the player.
SUFFIXES: Final = (".jsonl", ".pcapng", ".html")


def explain(sim: Simulator, script: str, *, name: str, folder: str | None = None) -> str:
    """The ladder, the script, and the names of the files written to ``folder``, or the one that ``FOLDER`` names."""
    parts = [ladder_of(sim), f"To run it again:\n\n{script}"]
    where = folder or os.environ.get(FOLDER)
    if where:
        parts.append("\n".join(f"Written: {line}" for line in save(sim, where, name)))
    return "\n" + "\n\n".join(parts)


def ladder_of(sim: Simulator) -> str:
    """The ladder; where it cannot be drawn, the records one by one."""
    if sim.trace.level == "off":
        return "There is no ladder: this simulation keeps no trace (trace='off')."
    try:
        return str(sim.ladder())  # a plain one: reports travel between processes
    except ImportError:
        return "\n".join(map(str, sim.trace))


def save(sim: Simulator, folder: str, name: str) -> list[str]:
    """Write trace, capture and player into ``folder``, told in full; their paths, or why one was not written."""
    if sim.trace.level == "off":
        return ["nothing: this simulation keeps no trace (trace='off')"]
    where = Path(folder)
    where.mkdir(parents=True, exist_ok=True)
    full = _in_full(sim)
    told = []
    for suffix in SUFFIXES:
        path = where / f"{_file_name(name)}{suffix}"
        try:
            content = "".join(session_lines(full)) if suffix == ".jsonl" else export(full.trace, path.name)
        except MissingTool as error:
            told.append(f"no {suffix}: {error}")
            continue
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        told.append(str(path))
    return told


def _in_full(sim: Simulator) -> Simulator:
    """The same run at level full; as it is where it goes another way, as a run of a spoilt engine may."""
    if sim.history is None or sim.trace.level == "full":
        return sim
    try:
        return again(sim)
    except TcpsimError:
        return sim


def _file_name(name: str) -> str:
    """``name`` as every file system takes it: a test's id has slashes, colons and brackets."""
    plain = "".join(char if char.isalnum() or char in "._-" else "-" for char in name.replace("::", "-"))
    return plain.strip("-.")[:120] or "run"


@contextmanager
def told(*sims: Simulator, name: str = "run") -> Iterator[None]:
    """What fails inside is told with the ladder of each simulation and a script that repeats it.

    For properties that make simulations themselves::

        sim, client, server = tcpsim.pair()
        with told(sim):
            ...

    ``name``: of the files, where files are wanted.
    """
    try:
        yield
    except Exception as error:
        for number, sim in enumerate(sims):
            suffix = f"-{number + 1}" if number else ""
            error.add_note(explain(sim, script_of(sim, error), name=f"{name}{suffix}"))
        raise


def script_of(sim: Simulator, error: BaseException | None = None) -> str:
    """The replay script; where ``error`` is a broken invariant, it ends by asking for the invariants."""
    if sim.history is None:
        return "# this simulation keeps no history: it was made with trace='off'\n"
    return replay_script(sim, check=isinstance(error, InvariantBroken))
