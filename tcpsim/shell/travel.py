"""The verbs that go back, and compare what might have been."""

from __future__ import annotations

from typing import Any

from ..net import Simulator
from ..net.compare import Diff
from .errors import ShellError
from .registry import verb
from .session import Said, Session, situation, whole_number


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


@verb("Going back")
def diff(session: Session, a: Any = None, b: Any = None) -> Diff:
    """Where two futures of one past part, and how their ends differ.

    diff(other) compares sim with other, diff(a, b) any two, and diff() sim with before: fork(), let each go its
    own way, then diff().
    """
    one = session.sim if b is None else a
    other = b if b is not None else a if a is not None else session.namespace.get("before")
    for value in (one, other):
        if not isinstance(value, Simulator):
            what = "there is nothing to compare with yet" if value is None else f"{value!r} is no simulation"
            raise ShellError(f"diff(): {what}; other = fork(), go on in one of them, then diff(other)")
    assert isinstance(one, Simulator)
    assert isinstance(other, Simulator)
    return one.diff(other)
