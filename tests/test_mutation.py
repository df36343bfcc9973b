"""The tool that makes small mistakes: which it makes, and that it sees whether tests notice."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.tools import in_ci

if not in_ci():
    pytest.importorskip("cosmic_ray", reason="mutants need cosmic-ray: pip install tcpsim[mutation]")
    pytest.importorskip("coverage", reason="mutants need coverage: pip install tcpsim[mutation]")

from tools.mutation.run import Tree
from tools.mutation.sites import Mutant, keep, kept, of_source, sample

ROOT = Path(__file__).resolve().parents[1]

SOURCE = """
def f(a: int | None, b: "str" = "x") -> int | None:
    assert a is not None
    if a < 3:
        raise ValueError(f"{a + 1} is too small" + b)
    return a + 1


class C:
    def __repr__(self) -> str:
        return "C" * 2
"""


def test_only_what_matters_is_mutated() -> None:
    found = list(of_source("f.py", SOURCE))
    assert {SOURCE.splitlines()[mutant.start[0] - 1].strip() for mutant in found} == {"if a < 3:", "return a + 1"}
    changed = {mutant.apply(SOURCE).splitlines()[mutant.start[0] - 1].strip() for mutant in found}
    assert {"if a <= 3:", "if not a < 3:", "if a < 2:", "return a - 1", "return a + 0"} <= changed
    assert not changed & {"if a < 3:", "return a + 1"}
    for mutant in found:
        ast.parse(mutant.apply(SOURCE))


def two_files(root: Path, first: str, second: str) -> Path:
    for package, source in (("tcp", first), ("net", second)):
        (root / "tcpsim" / package).mkdir(parents=True, exist_ok=True)
        (root / "tcpsim" / package / "f.py").write_text(source, encoding="utf-8")
    return root


def test_a_sample_that_is_kept_is_found_again_where_lines_have_moved(tmp_path: Path) -> None:
    first = "def f(a, b):\n    return a + b * a\n\n\ndef g(a, b):\n    return a + b * a\n"
    second = "def h(a):\n    if a < 3:\n        return a - 1\n    return 7\n"
    root, file = two_files(tmp_path, first, second), tmp_path / "sample.tsv"
    drawn = sample(root, 6, 1)
    keep(root, file, drawn)
    assert kept(root, file, 6, 1) == drawn
    two_files(tmp_path, "X = 4\n\n\n" + first, second.replace("    return 7\n", "    return 8\n"))
    again = kept(root, file, 6, 2)
    stayed = [one for one in drawn if one.path.endswith("tcp/f.py") or one.start[0] < 4]
    assert 0 < len(stayed) < len(drawn), "of either kind, or there is nothing to see"
    assert [(one.path, one.operator) for one in again[: len(stayed)]] == [(one.path, one.operator) for one in stayed]
    for old, new in zip(stayed, again, strict=False):
        assert new.start == (old.start[0] + 3 * old.path.endswith("tcp/f.py"), old.start[1])
    assert len(set(again)) == 6


def test_the_sample_that_is_kept_is_still_a_sample_of_this_source() -> None:
    """Where fewer are left, draw another: python -m tools.mutation --seed 2 --keep."""
    rows = (ROOT / "tools" / "mutation" / "sample.tsv").read_text(encoding="utf-8").splitlines()
    assert len(set(rows)) == len(rows) == 300
    there = 0
    for row in rows:
        path, _operator, _column, _which, text = row.split("\t")
        source = ROOT / path
        there += source.exists() and text in map(str.strip, source.read_text(encoding="utf-8").splitlines())
    assert there >= 270


class Whole:
    """Every test of a file, without a measurement."""

    seconds: dict[str, float] = dict.fromkeys(("tests/tcp/test_seq.py::test_add_and_diff_undo_each_other",), 1.0)

    def tests(self, mutant: Mutant) -> list[str]:
        return list(self.seconds)

    first = tests


def test_a_mistake_is_noticed_or_not(tmp_path: Path) -> None:
    tree = Tree(ROOT, tmp_path)
    path = "tcpsim/tcp/seq.py"
    source = (ROOT / path).read_text(encoding="utf-8")
    lines = source.splitlines()
    verdicts: dict[str, Any] = {}
    for text in ("return (seq + octets) & MASK", "return (seq - left) & MASK < size"):
        number = next(n for n, line in enumerate(lines, 1) if line.strip() == text)
        mutant = next(m for m in of_source(path, source) if m.start[0] == number)
        found = tree.judge(mutant, Whole())  # type: ignore[arg-type]
        verdicts[text] = found["verdict"], found["by"].partition("::")[0]
        assert (tree.root / path).read_text(encoding="utf-8") == source
    assert verdicts == {
        "return (seq + octets) & MASK": ("killed", "tests/tcp/test_seq.py"),
        "return (seq - left) & MASK < size": ("survived", ""),
    }
