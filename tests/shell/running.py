"""Running ``tcpsim`` as a person does: as a program of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

COMMAND = [sys.executable, "-m", "tcpsim"]


def environment(home: Path, **changes: str) -> dict[str, str]:
    """A clean environment: nothing of the caller's locale, colours or home."""
    kept = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT", "TMPDIR") if key in os.environ}
    base = {
        "HOME": str(home),
        "IPYTHONDIR": str(home / ".ipython"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
    }
    return kept | base | changes


def tcpsim(
    *args: str | Path,
    cwd: Path,
    script: str | bytes = "",
    env: Mapping[str, str] | None = None,
    stdout: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m tcpsim ARGS`` in ``cwd`` with ``script`` on standard input."""
    given = script.encode() if isinstance(script, str) else script
    done = subprocess.run(
        [*COMMAND, *map(str, args)],
        cwd=cwd,
        env=environment(cwd, **(env or {})),
        input=given,
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
    )
    out = "" if done.stdout is None else done.stdout.decode()
    return subprocess.CompletedProcess(done.args, done.returncode, out, done.stderr.decode())


def one_line(stderr: str) -> str:
    """The single line that was said on stderr."""
    assert stderr.endswith("\n"), stderr
    (line,) = stderr.splitlines()
    assert line.startswith("tcpsim: ")
    return line
