"""Saved sessions: a trace's header holds the initial world and each move by hand is a record, so a file replays.

A session that was kept at level brief can be made full that way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..explain.describe import describe
from ..tcp.errors import TcpsimError
from ..tcp.profiles import get_profile
from ..trace.jsonl import to_data, to_lines
from ..trace.records import Moved
from ..trace.trace import Trace
from .asking import is_full_only
from .moves import Move, from_data, octets_of
from .simulator import Simulator

#: Moves between two reports of progress.
TOLD_EVERY = 4096

#: The key of a saved session's header that says how many moves were made.
MOVES = "moves"


class CannotReplay(TcpsimError):
    """A trace that cannot be played again, or that goes another way; the message says where and why."""


def session_lines(sim: Simulator, *, data: bool = True) -> Iterator[str]:
    """The session as JSON Lines.  ``data``: with payload, without which it can be read but not replayed."""
    return to_lines(sim.trace, data=data, more={MOVES: sim.position})


def replayed(
    trace: Trace, *, level: str | None = None, progress: Callable[[int, int], object] | None = None
) -> Simulator:
    """The simulation that wrote ``trace``, where it stood at its end: with its past, so it goes back and on.

    ``level``: that of the new trace, by default the same.  ``progress``: is told now and then how many records of how
    many there are again.  Raises CannotReplay when the header is incomplete, the
    payload was left out, or what happens is not what the trace tells.
    """
    sim = built(trace, level=level)
    moves = {record.position: record for record in trace.of("move") if isinstance(record, Moved)}
    end = trace.header.get(MOVES)
    last = max(moves, default=-1)
    told = sum(not is_full_only(raw) for raw in trace.raw)
    while sim.position < end if isinstance(end, int) else sim.position <= last or _count(sim) < told:
        record = moves.get(sim.position)
        if record is not None:
            _make(sim, record)
        elif not sim.step():
            break
        if progress is not None and not sim.position % TOLD_EVERY:
            progress(len(sim.trace), len(trace))
    _compare(trace, sim)
    return sim


def built(trace: Trace, *, level: str | None = None) -> Simulator:
    """The initial world of a trace, before the first move.  Raises CannotReplay for an incomplete header."""
    header = trace.header
    try:
        name = header["profile"].rstrip("+")
        sim = Simulator(header["seed"], profile=get_profile(name), trace=level or trace.level)
        for host in header["hosts"]:
            iss = host["iss"]
            iss = tuple(iss) if isinstance(iss, list) else iss
            switches = {switch: _plain(value) for switch, value in host["switches"].items()}
            given = {"profile": host["profile"], "iss": iss, "forwards": host.get("forwards", False)}
            sim.host(host["name"], *host["addresses"], **given, **switches)
        for link in header["links"]:
            options = {name: _plain(value) for name, value in link.items() if name != "ends"}
            sim.link(*link["ends"], **options)
        for route in header.get("routes", ()):
            sim.route(route["host"], route["destination"], route["via"])
        for wall in header.get("firewalls", ()):
            sim.firewall(wall["host"], *wall["rules"], policy=wall["policy"])
        for script in header["scripts"]:
            sim.script(script["host"], *_steps(script["steps"]), at=script["at"])
    except (KeyError, TypeError, ValueError, AttributeError, TcpsimError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise CannotReplay(
            f"its header does not tell the initial world: {what}; play a file that tcpsim wrote"
        ) from None
    told = sim.trace.header
    sim.trace.header = {key: told.get(key, value) for key, value in header.items() if key != MOVES}
    sim.trace.header["profile"] = header["profile"]
    return sim


def again(sim: Simulator, *, level: str = "full") -> Simulator:
    """A simulation with the same past as ``sim``, told at another level."""
    trace = Trace({**sim.trace.header, MOVES: sim.position}, sim.trace.level)
    trace.raw = sim.trace.raw
    return replayed(trace, level=level)


def _steps(steps: Any) -> tuple[Any, ...]:
    """A program with octets for what JSON writes as base64."""
    return tuple(octets_of(step) for step in steps)


def _plain(value: Any) -> Any:
    """A value out of JSON as keyword arguments take it."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return tuple(_plain(item) for item in value) if isinstance(value, list | tuple) else value


def _make(sim: Simulator, record: Moved) -> None:
    """Make a recorded move at its time."""
    try:
        move: Move = from_data(record.move)
    except TcpsimError as error:
        raise CannotReplay(f"record {record.n}: {error}") from None
    if sim.now != record.t:
        raise CannotReplay(f"record {record.n}: the move was made at {record.t} ns, and it is {sim.now} ns here")
    try:
        sim.apply(move)
    except TcpsimError as error:
        raise CannotReplay(f"record {record.n}: the move cannot be made here: {error}") from None


def _count(sim: Simulator) -> int:
    """How many records that every level has were written so far."""
    raw = sim.trace.raw
    return len(raw) if sim.trace.level == "brief" else sum(not is_full_only(one) for one in raw)


def _compare(trace: Trace, sim: Simulator) -> None:
    """Raise CannotReplay unless ``sim`` has told what ``trace`` tells, as far as both levels tell it."""
    whole = trace.level == sim.trace.level
    old, new = (list(_told(one, whole)) for one in (trace, sim.trace))
    for (n, one), (again_n, other) in zip(old, new, strict=False):
        if one != other:
            now, was = describe(sim.trace[again_n]).strip(), describe(trace[n]).strip()
            version = trace.header.get("version")
            raise CannotReplay(f"record {n} differs: it was {was!r}, and is {now!r} here (saved by tcpsim {version})")
    if len(old) != len(new):
        raise CannotReplay(f"{len(new)} records came of it, and were {len(old)}")


def _told(trace: Trace, whole: bool) -> Iterator[tuple[int, Any]]:
    """(place, what it says) of the records that can be compared."""
    if whole:
        for record in trace:
            yield record.n, to_data(record, data=False)
    else:
        for n, raw in enumerate(trace.raw):
            if not is_full_only(raw):
                yield n, raw[:4]
