"""Which test covers which row of transitions.tsv: a decorator that handlers put on themselves."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from tcpsim.tcp import State

TABLE: Final = Path(__file__).parent.parent / "data" / "transitions.tsv"

#: A row's prefix and its state.
PREFIXES: Final = {state.name.lower(): state for state in State} | {
    "syn_rcvd": State.SYN_RECV,
    "estab": State.ESTABLISHED,
}

Handler = Callable[[str], None]

#: id -> the function that tests the row.
HANDLERS: dict[str, Handler] = {}


def rows(*ids: str) -> Callable[[Handler], Handler]:
    """The decorated function, given one of ``ids``, tests that row. ``a|b.tail`` is short for two ids."""

    def register(handler: Handler) -> Handler:
        for pattern in ids:
            prefixes, _, tail = pattern.partition(".")
            for prefix in prefixes.split("|"):
                row = f"{prefix}.{tail}"
                assert row in table(), f"{handler.__name__}: no row {row}"
                assert row not in HANDLERS, f"{row} has two tests"
                HANDLERS[row] = handler
        return handler

    return register


@cache
def table() -> dict[str, dict[str, str]]:
    """The rows by id."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def state_of(row: str) -> State:
    """The state that the row's id begins with."""
    return PREFIXES[row.partition(".")[0]]


def next_of(row: str) -> State:
    """The state that the table gives as the row's next one."""
    return State.parse(table()[row]["next_state"])


def changing() -> list[str]:
    """The rows that lead from one of the eleven states to another one."""
    names = {state.rfc_name for state in State}
    return [
        id
        for id, row in table().items()
        if {row["state"], row["next_state"]} <= names and row["state"] != row["next_state"]
    ]
