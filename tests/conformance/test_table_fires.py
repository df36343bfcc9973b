"""Every row of the transition table fires in this suite, or is known not to be reachable."""

from __future__ import annotations

from typing import Final

import pytest

from tcpsim.tcp import RFC9293, TRANSITIONS
from tests.conformance.all_switches import SWITCHES
from tests.conformance.coverage import HANDLERS
from tests.helpers.lab import Lab

#: Rows that no sequence of calls, segments and time-outs can fire: id -> why they stand in the table.
UNREACHABLE: Final[dict[str, str]] = {}


def test_every_row_fires(monkeypatch: pytest.MonkeyPatch) -> None:
    labs: list[Lab] = []
    create = Lab.__init__

    def remember(lab: Lab, *args: object, **options: object) -> None:
        create(lab, *args, **options)  # type: ignore[arg-type]
        labs.append(lab)

    monkeypatch.setattr(Lab, "__init__", remember)
    monkeypatch.setattr(Lab, "all_fired", set())
    for row, handler in HANDLERS.items():
        handler(row)
    for name, switch in SWITCHES.items():
        switch.show(RFC9293.but(**{name: switch.flip}))
    for lab in labs:
        lab.log()
    rows = {row.id for row in TRANSITIONS}
    assert rows - Lab.all_fired == UNREACHABLE.keys()
    assert all(UNREACHABLE.values())
