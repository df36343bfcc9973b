"""Schedules: in which order things happen, as data that a test draws and a simulation follows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from ..net.moves import Delay, Deliver, Drop, Duplicate, Expire, Move, Wake
from ..net.simulator import Simulator
from ..tcp.errors import TcpsimError
from ..tcp.tcb import TIMERS
from ..tcp.units import NEVER

#: What a choice can be, the dullest first.  ``step``: the earliest event.
CHOICES: Final = ("step", "deliver", "wake", "expire", "duplicate", "delay", "drop")

#: The timers that may run out early: what follows is allowed at any time.  2MSL and user time-outs are promises.
EARLY: Final = ("rtx", "persist", "delack", "override")


class Choice(NamedTuple):
    """``what`` happens next, one of ``CHOICES``; ``which`` of the things it can happen to, counted round.

    ``by``: ns, for a delay.  Where nothing is there that it could happen to, it is passed over.
    """

    what: str
    which: int = 0
    by: int = 0


def follow(sim: Simulator, schedule: Iterable[Choice], *, limit: int = 100_000) -> None:
    """Let things happen in ``sim`` as ``schedule`` chooses, and then by the clock until nothing is left.

    Choices are moves: ``back``, ``fork`` and ``replay_script`` repeat them.  Raises TcpsimError for a choice that
    there is not, and after ``limit`` events.
    """
    for choice in schedule:
        if choice.what not in CHOICES or choice.which < 0 or choice.by < 0:
            raise TcpsimError(f"{choice}: write Choice(what, which, by) with one of {', '.join(CHOICES)}")
        if choice.what == "step":
            sim.step()
        elif possible := _possible(sim, choice):
            sim.apply(possible[choice.which % len(possible)])
    sim.run(limit=limit)


def _possible(sim: Simulator, choice: Choice) -> list[Move]:
    """The moves that a choice can mean now, in a fixed order."""
    world = sim.world
    match choice.what:
        case "deliver":
            return [Deliver((packet,)) for packet in world.flight]
        case "drop":
            return [Drop(packet) for packet in world.flight]
        case "duplicate":
            return [Duplicate(packet) for packet in world.flight]
        case "delay":
            return [Delay(packet, choice.by) for packet in world.flight]
        case "wake":
            return [Wake(script.number) for script in world.scripts.values() if script.due != NEVER]
        case _:
            return [
                Expire(conn.number, timer)
                for conn in world.conns.values()
                for timer in TIMERS
                if timer in EARLY and getattr(conn.tcb, f"{timer}_due") != NEVER
            ]
