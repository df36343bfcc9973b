"""Many scripts at once: finding them, and running them on all cores."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Final

from ..tcp.errors import TcpsimError
from .scripts import run_file
from .verdicts import Outcome

SUFFIX: Final = ".pkt"
#: Fewer scripts than this run in this process: starting others would cost more.
_FEW: Final = 40


class NoScripts(TcpsimError):
    """A name that leads to no script."""


def find_scripts(names: Iterable[str]) -> list[str]:
    """The script files that ``names`` are or, for folders, contain, at any depth, in order.

    Raises NoScripts for a name that is nothing, or a folder without scripts.
    """
    found: list[str] = []
    for name in names:
        if os.path.isdir(name):
            inside = sorted(
                os.path.join(folder, file)
                for folder, _, files in os.walk(name)
                for file in files
                if file.endswith(SUFFIX)
            )
            if not inside:
                raise NoScripts(f"{name}: no {SUFFIX} file is in this folder")
            found += inside
        elif os.path.exists(name):
            found.append(name)
        else:
            raise NoScripts(f"{name}: there is no such file or folder")
    return found


def _run(path: str, options: dict[str, Any]) -> Outcome:
    try:
        return run_file(path, **options)
    except OSError as error:
        raise NoScripts(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None


def run_files(paths: list[str], *, jobs: int | None = None, **options: Any) -> Iterator[Outcome]:
    """The outcomes in the order of ``paths``.  ``jobs``: processes, one for each core unless given.

    ``options``: those of ``run_script``.  Raises NoScripts for a file that cannot be read.
    """
    jobs = jobs or os.cpu_count() or 1
    run = partial(_run, options=options)
    if jobs == 1 or len(paths) < _FEW:
        yield from map(run, paths)
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run, paths, chunksize=max(1, min(16, len(paths) // (4 * jobs))))
