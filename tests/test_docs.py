"""Every example in the documentation runs, and prints what the documentation says."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "benchmarks" / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

#: Commands that are not ours to run inside a test.
NOT_RUN = {
    "make demo": "it is what the packaging tests and the reader run",
    "python -m benchmarks": "it measures for half a minute, and its figures differ from machine to machine",
}


def blocks(page: Path, language: str) -> list[str]:
    return [text for found, text in BLOCK.findall(page.read_text(encoding="utf-8")) if found == language]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_sessions(page: Path) -> None:
    text = "\n".join(blocks(page, "pycon"))
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    output: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=output.append)
    assert not output, "".join(output)


def console_examples() -> list[tuple[str, str, str]]:
    found = []
    for page in PAGES:
        for block in blocks(page, "console"):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, expected = part.partition("\n")
                found.append((page.name, command, expected))
    return found


@pytest.mark.parametrize(("page", "command", "expected"), console_examples())
def test_commands(page: str, command: str, expected: str) -> None:
    if command in NOT_RUN:
        assert not expected, f"{page}: {command} is not run, so no output can be promised"
        return
    program, *args = command.split()
    assert program == "tcpsim", f"{page}: {command} is neither ours nor listed in NOT_RUN"
    env = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "tcpsim", *args], capture_output=True, encoding="utf-8", env=env, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    said = [line.rstrip() for line in done.stdout.strip().splitlines()]
    promised = [line.rstrip() for line in expected.strip().splitlines()]
    assert said[: len(promised)] == promised


COOKBOOK = ROOT / "docs" / "cookbook.md"


@pytest.mark.parametrize("number", range(1, 11))
def test_recipes(number: int, pytester: pytest.Pytester) -> None:
    """Every recipe is a test file, and its tests pass."""
    pytester.makepyfile(test_recipe=blocks(COOKBOOK, "python")[number - 1])
    before = settings.get_current_profile_name()
    settings.load_profile("recipes")
    try:
        result = pytester.runpytest_inprocess("-q", "--strict-markers", "-p", "no:cacheprovider")
    finally:
        settings.load_profile(before)
    outcomes = result.parseoutcomes()
    assert set(outcomes) == {"passed"}, outcomes


def test_there_are_ten_recipes() -> None:
    text = COOKBOOK.read_text(encoding="utf-8")
    assert re.findall(r"^## (\d+)\. ", text, re.MULTILINE) == [str(n) for n in range(1, 11)]
    assert len(blocks(COOKBOOK, "python")) == 10


def test_there_are_examples() -> None:
    assert sum(len(blocks(page, "pycon")) for page in PAGES) >= 4
    assert console_examples()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links {target}, which does not exist"
