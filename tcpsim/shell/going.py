"""The verbs that let time pass."""

from __future__ import annotations

from typing import Any, Final

from ..net import Host, Simulator, Socket
from ..net.conditions import condition_of
from ..net.simulator import Happened
from ..tcp.errors import TcpsimError
from ..tcp.states import State
from ..tcp.units import parse_time
from .errors import ShellError
from .interrupts import CtrlC
from .registry import verb
from .session import PORT, Outcome, Session, situation, whole_number

AT_ONCE: Final = 256  #: events between two looks at whether Ctrl-C was pressed


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
