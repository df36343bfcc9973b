"""Every simulation of level full that a test here has made is checked: what happened is what was promised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tcpsim import Simulator
from tests.helpers.promises import check_promises

#: As many as one test without Hypothesis makes; property tests check their own, so that failures shrink.
MOST = 60


@pytest.fixture(autouse=True)
def _promises_are_kept(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    made: list[Simulator] = []
    init = Simulator.__init__

    def remembering(self: Simulator, *args: Any, **options: Any) -> None:
        init(self, *args, **options)
        if self.trace.level == "full" and len(made) < MOST:
            made.append(self)

    monkeypatch.setattr(Simulator, "__init__", remembering)
    yield
    if "test_promises" not in request.node.nodeid:  # those are broken on purpose
        for sim in made:
            check_promises(sim.trace)
