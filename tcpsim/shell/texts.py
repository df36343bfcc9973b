"""What the command line and the REPL both say: lists, headings, help."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from ..net import Simulator
from ..render.edges import state_name
from ..scenarios import SCENARIOS, Scenario
from ..tcp.states import CLOSED, LISTEN, Cue, State
from ..trace.records import Fired, Rebooted
from ..trace.trace import Trace

if TYPE_CHECKING:
    from .session import Session, Verb

MARGIN: Final = 100  #: columns that running text fills at most
USAGE: Final = 34  #: columns for a verb and its parameters in help()

TEACHING: Final = """\
A simulation goes on by moves.  step() lets the earliest event happen: a packet arrives, a timer runs out.
Calls are moves too.  Nothing is lost by trying: back() undoes a move, and goto(n) is at step n again.

    conn = connect()               the client's SYN is on its way
    step(); step(); step()         the three-way handshake, a segment at a time
    peer, address = listener.accept()
    conn.send(b"hello"); run(); peer.recv()
    conn.close(); drop(); run()    close, but lose the FIN: what happens now?
    ladder(); back(); fork()       see it, take it back, try something else

The prompt shows how many moves were made, and the virtual time.  sim is the simulation (sim.in_flight,
sim.trace), client and server are its hosts, listener listens on the server, before is the last simulation.
"""


def scenario_list(scenarios: Iterable[Scenario] | None = None) -> str:
    """The scenarios in one line each, by chapter."""
    return "\n".join(_scenario_lines(SCENARIOS.values() if scenarios is None else scenarios)) + "\n"


def _scenario_lines(scenarios: Iterable[Scenario]) -> Iterator[str]:
    ordered = list(scenarios)
    width = max((len(scenario.name) for scenario in ordered), default=0)
    for number, (chapter, group) in enumerate(groupby(ordered, lambda scenario: scenario.chapter)):
        if number:
            yield ""
        yield chapter
        for scenario in group:
            yield f"  {scenario.sid:<5} {scenario.name:<{width}}  {scenario.title} ({scenario.source})"


def scenarios_json(scenarios: Iterable[Scenario] | None = None) -> str:
    """The scenarios as a JSON list of objects."""
    keys = ("name", "sid", "title", "chapter", "source", "look")
    rows = [
        {key: getattr(scenario, key) for key in keys}
        for scenario in (SCENARIOS.values() if scenarios is None else scenarios)
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def played(scenario: Scenario, sim: Simulator, *, names: str = "tcpsim", **options: Any) -> str:
    """A scenario that was played: title, what to look at, the ladder, how both ends ended."""
    width = min(options.get("width", MARGIN), MARGIN)
    look = textwrap.fill(" ".join(scenario.look.split()), width)
    return (
        f"{scenario.sid}  {scenario.title} ({scenario.source})\n{look}\n\n"
        f"{sim.ladder(names=names, **options)}\n{final_states(sim, names)}\n"
    )


def final_states(sim: Simulator, names: str = "tcpsim") -> str:
    """``client ends in CLOSED, server ends in CLOSED``."""
    ends = ((host, (state_name(state, names) for state in last_states(sim.trace, host))) for host in sim.hosts)
    return ", ".join(f"{host} ends in {' and '.join(states)}" for host, states in ends)


def last_states(trace: Trace, host: str) -> list[State]:
    """Where the last transition of each of a host's connections led, in the order in which they began.

    Listeners, and connections that fell back to LISTEN and were forgotten, count only where there is nothing
    else; a host that did nothing is CLOSED.
    """
    states: dict[int | None, State] = {}
    listeners: set[int | None] = set()
    for record in trace.of("fired", "rebooted", where=host):
        if isinstance(record, Rebooted):
            states = dict.fromkeys(states, CLOSED)
        elif isinstance(record, Fired):
            states[record.conn] = record.dst
            if record.row.cue is Cue.OPEN_PASSIVE:
                listeners.add(record.conn)
    connections: list[State] = [
        state for conn, state in states.items() if conn not in listeners and state is not LISTEN
    ]
    return connections or list(states.values())[-1:] or [CLOSED]


def help_text(session: Session, chapters: Mapping[str, str]) -> str:
    """The table of verbs, and a few lines that teach."""
    return (
        TEACHING
        + "\n"
        + "\n".join(_verb_lines(session.verbs.values(), chapters))
        + ("\n\nhelp(run) tells more about one of them.  exit() leaves.\n")
    )


def _verb_lines(verbs: Iterable[Verb], chapters: Mapping[str, str]) -> Iterator[str]:
    ordered = list(verbs)
    for number, (chapter, group) in enumerate(groupby(ordered, lambda verb: chapters[verb.__name__])):
        if number:
            yield ""
        yield chapter
        for verb in group:
            usage = verb.usage if len(verb.usage) <= USAGE else f"{verb.__name__}(...)"
            yield f"  {usage:<{USAGE}} {verb.summary}"
