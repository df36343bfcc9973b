"""The verbs of the REPL.  To add one, write one function here: its docstring is its help.

A verb's first parameter is the session; a person does not see it.  What it returns is what the shell shows.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final

from ..net import Host, Simulator, Socket
from ..net.conditions import condition_of
from ..net.simulator import Happened
from ..scenarios import get_scenario
from ..tcp.errors import TcpsimError
from ..tcp.states import State
from ..tcp.units import parse_time
from . import output, texts
from .errors import ShellError
from .interrupts import CtrlC
from .pictures import DEFAULT_FILE, Drawn, draw
from .session import PORT, Outcome, Said, Session, situation, whole_number

AT_ONCE: Final = 256  #: events between two looks at whether Ctrl-C was pressed

#: Every verb by name, in the order in which help() shows them.
VERBS: Final[dict[str, Callable[..., Any]]] = {}

#: The heading under which help() shows a verb.
CHAPTERS: Final[dict[str, str]] = {}


def verb(chapter: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function into the table, under a heading."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        VERBS[function.__name__] = function
        CHAPTERS[function.__name__] = chapter
        return function

    return enter


# -- going on


@verb("Going on")
def connect(session: Session, host: str | Host = "server", port: int = PORT) -> Socket:
    """Let the client begin to connect; gives the socket.

    The same as client.connect(host, port).  The SYN is on its way then, and step() lets it arrive.
    """
    client = session.sim.hosts.get("client")
    if client is None:
        hosts = ", ".join(session.sim.hosts) or "none"
        raise ShellError(f"there is no host client here; call .connect() on one of: {hosts}")
    return client.connect(host, port)


@verb("Going on")
def step(session: Session, n: int = 1) -> Happened:
    """Let the next n events happen, and show them."""
    sim = session.sim
    start = len(sim.trace)
    with CtrlC() as ctrl_c:
        for _ in range(whole_number(n, "step(): n", 1)):
            if ctrl_c.pressed or not sim.step():
                break
    return Happened(sim.trace[start:])


@verb("Going on")
def run(
    session: Session,
    *,
    until: str | int | None = None,
    for_: str | int | None = None,
    limit: int = 10_000_000,
) -> Outcome:
    """Let events happen until all is quiet.

    until="3s" stops at a time, for_="500ms" after so long, limit=1000 after so many events.  Ctrl-C stops
    it too, between two events; run() then goes on.
    """
    sim = session.sim
    whole_number(limit, "run(): limit", 1)
    ends = [] if until is None else [_time(until, "run(): until")]
    if for_ is not None:
        ends.append(sim.now + _time(for_, "run(): for_"))
    end = min(ends, default=None)
    with CtrlC() as ctrl_c:
        for done in range(0, limit, AT_ONCE):
            if ctrl_c.pressed:
                return Outcome(False, f"interrupted; run() goes on\n{situation(sim)}")
            if _runs_out(sim, end, min(AT_ONCE, limit - done)):
                return Outcome(True, situation(sim))
    raise ShellError(f"run(): {limit} events and still not quiet; give until= or for_=, or a higher limit=")


def _runs_out(sim: Simulator, end: int | None, limit: int) -> bool:
    """Let at most ``limit`` events happen; whether fewer were left up to ``end``."""
    start = sim.position
    try:
        sim.run(until=end, limit=limit)
    except TcpsimError:
        if sim.position - start < limit:
            raise
        return False
    return True


@verb("Going on")
def until(session: Session, condition: Any, *, limit: int = 1_000_000) -> Outcome:
    """Let events happen until a state such as "ESTABLISHED" comes.

    Any connection may be the one that comes into it.  Or until a rule fires, until("syn_recv.ack_of_syn"); a
    segment with those flags is sent, until("FIN"); a time, until("3s"); a function of the simulation holds,
    until(lambda sim: len(sim.in_flight) > 2).  The outcome is true if it came, false if all fell quiet before.
    """
    sim = session.sim
    test = condition_of(condition)
    if isinstance(test, int):
        outcome: Outcome = run(session, until=test, limit=limit)
        return outcome
    seen = len(sim.trace.raw)

    def holds(sim: Simulator) -> bool:
        nonlocal seen
        start, seen = seen, len(sim.trace.raw)
        return test(sim, start)

    came = False
    with CtrlC() as ctrl_c:

        def stop(sim: Simulator) -> bool:
            nonlocal came
            came = holds(sim)
            return came or ctrl_c.pressed

        sim.until(stop, limit=whole_number(limit, "until(): limit", 1))
    if came:
        return Outcome(True, situation(sim))
    if ctrl_c.pressed:
        return Outcome(False, f"interrupted; until() goes on\n{situation(sim)}")
    what = f"{condition} never came" if isinstance(condition, str | State) else "it never held"
    return Outcome(False, f"{what}, and nothing is left to happen\n{situation(sim)}")


def _time(value: Any, what: str) -> int:
    try:
        return parse_time(value, what)
    except ValueError as error:
        raise ShellError(str(error)) from None


# -- going back


@verb("Going back")
def back(session: Session, n: int = 1) -> Said:
    """Undo the last n moves.

    Events are moves, and so are calls such as connect() and moves by hand such as drop().  goto() goes
    forward again.
    """
    sim = session.sim
    if whole_number(n, "back(): n", 1) > sim.position:
        raise ShellError(f"back(): only {sim.position} moves were made so far; goto(0) undoes all")
    sim.back(n)
    return Said(situation(sim))


@verb("Going back")
def goto(session: Session, n: int) -> Said:
    """Be at step n again.

    After going back, later steps are there as long as nothing else was done: what happened happens again.
    """
    sim = session.sim
    sim.goto(whole_number(n, "goto(): n"))
    return Said(situation(sim))


@verb("Going back")
def fork(session: Session) -> Simulator:
    """A second simulation in the same situation.

    other = fork(); other.run(); other.ladder().  To go on in it with the verbs: use(other).  A socket of
    this simulation is found there with conn.on(other).
    """
    return session.sim.fork()


@verb("Going back")
def use(session: Session, sim: Simulator) -> Said:
    """Let sim, client, server and all verbs mean another simulation.

    other = fork(); use(other).  The one before is called before: use(before) returns to it.
    """
    if not isinstance(sim, Simulator):
        raise ShellError(f"use(): {sim!r} is no simulation; use(fork()) or use(before) is meant")
    session.use(sim)
    return Said(situation(sim))


# -- the network


@verb("The network")
def drop(session: Session, n: int | None = None) -> Happened:
    """Lose a packet in flight: the oldest, or number n.

    sim.in_flight shows what is on its way, by number.
    """
    return _by_hand(session, lambda sim: sim.drop(n))


@verb("The network")
def deliver(session: Session, *n: int) -> Happened:
    """Let a packet arrive now: the oldest, or number n.

    deliver(4, 3) lets several arrive in one event, in that order; they overtake all others.
    """
    return _by_hand(session, lambda sim: sim.deliver(*n))


def _by_hand(session: Session, make: Callable[[Simulator], object]) -> Happened:
    """Make a move; the records it led to, without the one that says that it was made."""
    sim = session.sim
    start = len(sim.trace)
    make(sim)
    return Happened(record for record in sim.trace[start:] if record.kind != "move")


# -- looking


@verb("Looking")
def ladder(
    session: Session,
    *,
    numbers: str = "absolute",
    names: str = "tcpsim",
    conn: Any = None,
    hosts: Iterable[Any] | None = None,
    **look: Any,
) -> Said:
    """Draw what has happened: time runs down, states stand at the sides.

    numbers="relative" counts from each side's first number, names="rfc" spells as the RFC does, conn=conn
    shows one connection, hosts=("client", "server") says who stands where.  color, ascii and width are the
    terminal's unless given.
    """
    unknown = [name for name in look if name not in ("color", "ascii", "width")]
    if unknown:
        raise ShellError(f"ladder(): no option {unknown[0]!r}; help(ladder) tells which there are")
    look = output.look().options() | look
    return Said(session.sim.ladder(numbers=numbers, names=names, conn=conn, hosts=hosts, **look))


@verb("Looking")
def ss(session: Session, host: str | Host | None = None) -> Said:
    """The sockets of all hosts, or of one, as the command ss does."""
    sim = session.sim
    hosts = list(sim.hosts.values())
    if host is not None:
        name = host.name if isinstance(host, Host) else host
        if name not in sim.hosts:
            raise ShellError(f"ss(): no host {host!r}; the hosts are {', '.join(sim.hosts) or 'none yet'}")
        hosts = [sim.hosts[name]]
    return Said("\n\n".join(f"{one.name}\n{one.ss()}" for one in hosts))


@verb("Looking")
def diagram(
    session: Session,
    file: str = DEFAULT_FILE,
    *,
    style: str = "stevens",
    names: str = "tcpsim",
    engine: str | None = None,
) -> Drawn:
    """Write the state diagram to a file, with the hosts marked.

    Both hosts' states and the ways they took stand out.  The suffix decides the format: .svg, .gv, .png,
    .pdf.  style="rfc" labels in the RFC's own words, names="rfc" spells as it does, engine="graphviz" lets
    Graphviz lay it out.
    """
    sim = session.sim
    return draw(file, engine=engine, remark=situation(sim), style=style, names=names, highlight=sim.trace)


# -- the library


@verb("The library")
def play(session: Session, name: str) -> Said:
    """Run a scenario and draw it.

    sim is this scenario from then on, so goto(0) and step() walk through it; use(before) returns to the
    simulation that was there before.
    """
    if not isinstance(name, str):
        raise ShellError(f'play(): {name!r} is no name; play("three-way-handshake"), or any of scenarios()')
    scenario = get_scenario(name)
    sim = scenario.play(profile=session.sim.profile, seed=session.sim.world.seed)
    session.use(sim)
    return Said(texts.played(scenario, sim, **output.look().options()))


@verb("The library")
def scenarios(session: Session) -> Said:
    """The scenarios that play() knows."""
    return Said(texts.scenario_list())


@verb("The library")
def help(session: Session, topic: Any = None) -> Said | None:
    """This list, or more about one thing: help(run)."""
    if topic is None:
        return Said(texts.help_text(session, CHAPTERS))
    verb = session.verbs.get(topic if isinstance(topic, str) else getattr(topic, "__name__", ""))
    if verb is not None and (isinstance(topic, str) or topic is verb):
        return Said(f"{verb.usage}\n\n{inspect.getdoc(verb)}")
    import pydoc

    if isinstance(topic, str):
        raise ShellError(f"help(): no verb {topic!r}; help() lists them")
    return Said(pydoc.plain(pydoc.render_doc(topic)))
