"""The edges of the state diagram and the words on them, both read off the transition table.

One edge stands for all drawn rows with the same source and destination.  A style decides only how cue and
actions are put into words.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

from ..tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECV,
    SYN_SENT,
    TIME_WAIT,
    TRANSITIONS,
    Do,
    Kind,
    State,
    Transition,
)
from .errors import check_choice

#: The words on the edges: as W. R. Stevens writes them, as RFC 9293's Figure 5 does, or as UML's event [guard] / action.
STYLES: Final = ("stevens", "rfc", "uml")

#: The spelling of the states.
NAMES: Final = ("tcpsim", "rfc")

#: What a client and a server usually go through, from CLOSED to CLOSED.
CLIENT_PATH: Final = (CLOSED, SYN_SENT, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT, CLOSED)
SERVER_PATH: Final = (CLOSED, LISTEN, SYN_RECV, ESTABLISHED, CLOSE_WAIT, LAST_ACK, CLOSED)

_SENDS: Final = (Do.SND_SYN, Do.SND_SYNACK, Do.SND_ACK, Do.SND_FIN, Do.SND_RST)
_RFC_DRAWS: Final = (Do.CREATE_TCB, Do.DELETE_TCB, *_SENDS)


class Edge(NamedTuple):
    """``rows``: the rows it stands for, at least one.  ``role``: "client", "server" or "other"."""

    src: State
    dst: State
    rows: tuple[Transition, ...]
    role: str


def figure5_rows() -> tuple[Transition, ...]:
    """The rows that the RFC's Figure 5 draws, in the table's order."""
    return tuple(row for row in TRANSITIONS if row.figure5)


def edges_of(rows: Iterable[Transition]) -> tuple[Edge, ...]:
    """One edge for each (src, dst) among ``rows``, in the order in which they first come."""
    found: dict[tuple[State, State], list[Transition]] = {}
    for row in rows:
        found.setdefault((row.src, row.dst), []).append(row)
    return tuple(Edge(*ends, tuple(rows), _role(ends)) for ends, rows in found.items())


def drawn_rows(*, all: bool = False, also: Iterable[str] = ()) -> tuple[Transition, ...]:
    """The rows of the figure; with ``all`` the whole table, else with those that ``also`` names."""
    named = frozenset(also)
    return tuple(row for row in TRANSITIONS if row.figure5 or all or row.id in named)


def _role(ends: tuple[State, State]) -> str:
    if ends in pairwise(CLIENT_PATH):
        return "client"
    if ends in pairwise(SERVER_PATH):
        return "server"
    return "other"


def state_name(state: State, names: str) -> str:
    """The state's name in the chosen spelling."""
    return state.rfc_name if names == "rfc" else state.name


def label(edge: Edge, style: str) -> tuple[tuple[str, str], ...]:
    """What stands on the edge: (what happens, what is done about it), once for each different answer.

    Rows that answer alike share a pair: ("appl: close or abort", "send: nothing").  In style "uml" an answer may
    be empty.
    """
    check_choice("style", style, STYLES)
    events: dict[str, list[str]] = {}
    for row in edge.rows:
        events.setdefault(_action(row, style), []).append(_event(row, style))
    return tuple((_either(happens), action) for action, happens in events.items())


def in_words(rows: Iterable[Transition]) -> str:
    """Rows in one line, those that answer alike together: ``abort, rcv SYN in window / snd RST; rcv RST``."""
    events: dict[str, list[str]] = {}
    for row in rows:
        events.setdefault(_action(row, "uml"), []).append(_event(row, "uml"))
    return "; ".join(
        ", ".join(dict.fromkeys(happens)) + (f" / {action}" if action else "") for action, happens in events.items()
    )


def tooltip(edge: Edge) -> str:
    """The whole truth about the edge: every row with its id, guard, actions and section."""
    lines = []
    for row in edge.rows:
        guard = f" [{row.when}]" if row.when else ""
        actions = ", ".join(action.value for action in row.do) or "nothing more"
        lines.append(f"{row.id}: {row.cue.event}{guard} / {actions} (RFC 9293 {row.ref})")
    return "\n".join(lines)


def _event(row: Transition, style: str) -> str:
    kind, event = row.cue.kind, row.cue.event
    if style == "uml":
        name = event if kind is not Kind.SEGMENT else f"rcv {event}"
        return f"{name} [{row.when}]" if _needs_guard(row) else name
    guard = f", if {row.when}" if _needs_guard(row) else ""
    if kind is Kind.TIMER:
        return event + guard
    if style == "stevens":
        return f"{'appl' if kind is Kind.CALL else 'recv'}: {event}{guard}"
    if kind is Kind.SEGMENT:
        return f"rcv {event}{guard}"
    *adjective, call = event.split()
    return " ".join([*adjective, call.upper()]) + guard


def _needs_guard(row: Transition) -> bool:
    """Whether the event alone would not tell where the connection goes."""
    return bool(row.when) and any(
        other.src is row.src
        and other.cue.event == row.cue.event
        and other.cue.kind is row.cue.kind
        and other.dst is not row.dst
        for other in TRANSITIONS
    )


def _action(row: Transition, style: str) -> str:
    if style == "uml":
        return ", ".join(do.value for do in row.do if do in _SENDS)
    if style == "rfc":
        return ", ".join(do.value for do in row.do if do in _RFC_DRAWS) or "x"
    sent = [do.value.removeprefix("snd ") for do in row.do if do in _SENDS]
    return f"send: {' + '.join(sent) or 'nothing'}"


def _either(events: list[str]) -> str:
    """``["appl: close", "appl: abort"]`` -> ``"appl: close or abort"``."""
    first, *rest = dict.fromkeys(events)
    prefix = first[: first.find(":") + 2] if ":" in first else ""
    return " or ".join([first, *(event.removeprefix(prefix) for event in rest)])
