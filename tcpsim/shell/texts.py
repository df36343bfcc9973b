"""What the command line and the REPL both say: lists, headings, help."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from ..explain.words import segment_words
from ..net import Simulator
from ..render.edges import state_name
from ..scenarios import LESSONS, SCENARIOS, Lesson, Scenario
from ..tcp.states import CLOSED, LISTEN, Cue, State
from ..tcp.units import format_time
from ..trace.raw import endpoint, header_of
from ..trace.records import Fired, Header, Rebooted
from ..trace.trace import Trace

if TYPE_CHECKING:
    from ..tcp.segment import Segment
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
    why()                          why did the last step go as it did?  explain("SND.UNA") explains a word
    conn.close(); drop(); run()    close, but lose the FIN: what happens now?
    ladder(); back(2)              see it, take it back, try something else
    other = fork(); run(); diff(other)      two futures of one past, and where they part

The prompt shows how many moves were made, and the virtual time.  sim is the simulation (sim.in_flight,
sim.trace), client and server are its hosts, listener listens on the server, before is the last simulation.
"""


def scenario_list(scenarios: Iterable[Scenario] | None = None) -> str:
    """The scenarios in one line each, by chapter."""
    return "\n".join(_scenario_lines(_everything() if scenarios is None else scenarios)) + "\n"


def _everything() -> Iterable[Scenario]:
    """The lessons, for people who begin, and then the scenarios."""
    return (*LESSONS.values(), *SCENARIOS.values())


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
        for scenario in (_everything() if scenarios is None else scenarios)
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def played(scenario: Scenario | None, sim: Simulator, *, names: str = "tcpsim", **options: Any) -> str:
    """What was played: of a scenario title and what to look at, then the ladder, and how the ends ended."""
    width = min(options.get("width", MARGIN), MARGIN)
    if isinstance(scenario, Lesson):
        return scenario.text(width, seed=sim.world.seed)
    head = ""
    if scenario is not None:
        look = textwrap.fill(" ".join(scenario.look.split()), width)
        head = f"{scenario.sid}  {scenario.title} ({scenario.source})\n{look}\n\n"
    return f"{head}{sim.ladder(names=names, **options)}\n{final_states(sim, names)}\n"


def in_flight_text(sim: Simulator) -> str:
    """What is on its way, a line each: number, segment, from, to, and when it arrives."""
    lines = [
        f"#{number:<4} {segment_text(seg):<44} {endpoint(*seg.flow[2:])} -> {endpoint(*seg.flow[:2])}"
        f"  arrives at {format_time(due)} s{'  (damaged)' if number in sim.world.damaged else ''}"
        for number, (due, seg, _) in sim.world.flight.items()
    ]
    return "\n".join(lines) or "nothing is in flight"


def segment_text(seg: Segment) -> str:
    """``SYN,ACK SEQ=300 ACK=101 WND=1000``."""
    return segment_words(Header._make(header_of(seg, data=False)))


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
