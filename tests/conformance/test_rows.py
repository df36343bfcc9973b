"""Every row of transitions.tsv, by its id.

``test_row[estab.rst.exact]`` runs the handler that names the row. Each handler runs a second time
where both sides' numbers wrap in the middle of what it does.
"""

from __future__ import annotations

import pytest

from tests.conformance.coverage import DEFERRED, RULED_OUT
from tests.conformance.registry import HANDLERS, changing, table
from tests.helpers.lab import Lab

WRAPPED = (-102 % 2**32, -304 % 2**32)


@pytest.mark.parametrize("row", sorted(HANDLERS))
def test_row(row: str) -> None:
    HANDLERS[row](row)


@pytest.mark.parametrize("row", sorted(HANDLERS))
def test_row_where_numbers_wrap(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lab, "shift", WRAPPED)
    HANDLERS[row](row)


def test_there_are_400_of_them() -> None:
    assert len(table()) == 400
    assert len(changing()) == 117


def test_every_row_is_tested_or_has_a_reason() -> None:
    without = {**DEFERRED, **RULED_OUT}
    assert all(without.values())
    assert not DEFERRED.keys() & RULED_OUT.keys()
    assert not HANDLERS.keys() & without.keys()
    assert HANDLERS.keys() | without.keys() == table().keys()
