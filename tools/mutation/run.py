"""One mutant at a time, in a copy of the tree."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from .plugin import HUNG
from .reach import AREAS, NOT, Reach
from .sites import Mutant

#: What the tests need of the project.
TREE: Final = ("tcpsim", "tests", "tools", "docs", "diagrams", "benchmarks", "pyproject.toml", "constraints.txt",
               "README.md", "CHANGELOG.md", "Makefile")  # fmt: skip

PYTEST: Final = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "tools.mutation.plugin", "--tb=line")

#: A test may take so many times what it took when it was measured, and so many seconds besides.
PATIENCE, GRACE = 10, 5

#: A mistake that asks for more memory, in octets, fails.
MEMORY = 3 << 30

#: What pytest says, and what it means for the mutant: 0 and 5, all tests passed or there were none.
SURVIVED: Final = (0, 5)


class Tree:
    """A copy of the project in which mistakes are made."""

    def __init__(self, root: Path, out: Path) -> None:
        self.out = out
        self.root = out / "tree"
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        for name in TREE:
            source = root / name
            if source.is_dir():
                shutil.copytree(source, self.root / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy2(source, self.root / name)

    def python(self, *args: str, limit: float | None = None, **extra: str) -> tuple[int, str]:
        """Run Python in the tree: its exit code, HUNG after ``limit`` seconds, and what it printed."""
        # Compiled files are kept: tests are compiled once for all mutants.
        unset = ("PYTHONDONTWRITEBYTECODE", "CI", "TCPSIM_REACH", "TCPSIM_CHOSEN")
        env = {name: value for name, value in os.environ.items() if name not in unset}
        env |= {"PYTHONPATH": str(self.root), **extra}
        process = subprocess.Popen(
            [sys.executable, *args], cwd=self.root, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True, preexec_fn=_limit_memory,
        )  # fmt: skip
        try:
            said, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return HUNG, ""
        return process.returncode, said

    def measure(self) -> Reach:
        """Run all tests once and see which lines each of them runs."""
        file = self.out / "reach.sqlite"
        file.unlink(missing_ok=True)
        profile = "--hypothesis-profile=mutation"
        code, said = self.python(
            *(arg for arg in PYTEST if arg != "-x"), profile, NOT, *AREAS, TCPSIM_REACH=str(file)
        )
        if code:
            sys.exit(f"The tests fail without a mistake in the source:\n{said}")
        return Reach(file, self.root)

    def judge(self, mutant: Mutant, reach: Reach) -> dict[str, Any]:
        """Whether a test notices the mutant: which one, and after how many seconds."""
        file = self.root / mutant.path
        right = file.read_text(encoding="utf-8")
        start = time.monotonic()
        tests = reach.tests(mutant)
        try:
            file.write_text(mutant.apply(right), encoding="utf-8")
            _forget(file)
            verdict, by = self._tests(tests, reach)
        finally:
            file.write_text(right, encoding="utf-8")
            _forget(file)
        seconds = round(time.monotonic() - start, 1)
        return {"mutant": mutant.name, "verdict": verdict, "by": by, "tests": len(tests), "seconds": seconds,
                **mutant._asdict()}  # fmt: skip

    def _tests(self, tests: list[str], reach: Reach) -> tuple[str, str]:
        first = reach.first(tests)
        for some in (first, [test for test in tests if test not in set(first)]):
            if not some:
                continue
            code, said = self._run(some, reach)
            if code == HUNG:
                return "killed", "it hangs"
            if code not in SURVIVED:
                return "killed", _which(said)
        return "survived", ""

    def _run(self, tests: list[str], reach: Reach) -> tuple[int, str]:
        limits = {test: PATIENCE * reach.seconds[test] + GRACE for test in tests}
        chosen = self.out / "chosen.json"
        chosen.write_text(json.dumps(limits), encoding="utf-8")
        files = dict.fromkeys(test.partition("::")[0] for test in tests)
        whole = 60 + PATIENCE * sum(reach.seconds[test] for test in tests)
        return self.python(*PYTEST, "--hypothesis-profile=mutation", *files, limit=whole, TCPSIM_CHOSEN=str(chosen))


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _forget(file: Path) -> None:
    """Drop what was compiled: a change within one second that keeps the size would go unnoticed."""
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink(missing_ok=True)


def _which(said: str) -> str:
    for line in said.splitlines():
        for word in ("FAILED ", "ERROR "):
            if line.startswith(word):
                return line.removeprefix(word).partition(" - ")[0]
    return "an error before the first test"
