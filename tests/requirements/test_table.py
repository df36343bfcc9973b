"""Every requirement has exactly one status, and the tests that the table names exist and run."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tcpsim.explain.requirements import requirements
from tests.requirements.registry import HERE, other_statuses, statuses


def test_there_are_185_of_them() -> None:
    assert len(requirements()) == 185


def test_every_requirement_has_exactly_one_status() -> None:
    found = statuses()
    assert list(found) == list(requirements())
    assert other_statuses().keys() <= requirements().keys()
    assert {status.name for status in found.values()} <= {"tested", "not offered", "later", "n/a"}
    for id, status in found.items():
        assert bool(status.tests) == (status.name == "tested"), f"{id}: {status}"
        assert bool(status.reason) == (status.name != "tested"), f"{id}: {status}"


def test_only_what_may_be_left_out_is_not_offered() -> None:
    """And what the table itself calls n/a is."""
    for id, status in statuses().items():
        row = requirements()[id]
        if status.name == "not offered":
            assert row.level.startswith(("MAY", "SHOULD")), id
        if row.applies.startswith("n/a"):
            assert status.name == "n/a", id


def test_the_tests_that_are_named_run(pytestconfig: pytest.Config) -> None:
    """They are where and what pytest collects, and no marker leaves them out."""
    assert pytestconfig.getini("python_functions") == ["test"]
    assert "test_*.py" in pytestconfig.getini("python_files")
    named = {name for status in statuses().values() for name in status.tests}
    assert len(named) > 100
    for name in named:
        file, _, function = name.partition("::")
        assert file.startswith("test_")
        assert (HERE / file).is_file()
        module = import_module(f"tests.requirements.{Path(file).stem}")
        assert function.startswith("test")
        test = getattr(module, function)
        marks = {mark.name for mark in (*getattr(test, "pytestmark", ()), *getattr(module, "pytestmark", ()))}
        assert marks <= {"parametrize"}, f"{name} is marked {marks}"
