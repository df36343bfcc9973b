"""A run that breaks an invariant, in fewer moves.

Hypothesis makes a failure smaller by drawing less.  Fewer draws are not always fewer moves: one rule of the state
machine may make three, and a run with one move less may need a rule more.  Here moves are left out, put together and
moved to the front, and what comes out breaks the same invariant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any, Final, NamedTuple

from ..net.moves import Corrupt, Delay, Deliver, Drop, Duplicate, Move
from ..net.simulator import Simulator
from .invariants import InvariantBroken
from .watch import Watch

#: The moves that are about a packet in flight.
_OF_A_PACKET: Final = (Corrupt, Delay, Drop, Duplicate)

#: What is in flight: number -> (due in ns, segment, index of the host it is for).
_Flight = dict[int, tuple[int, Any, int]]


class _Item(NamedTuple):
    """A move by hand, or the next event; packets are counted among those in flight, since their numbers change."""

    move: Move | None
    places: tuple[int, ...] = ()


def shorten(sim: Simulator, error: InvariantBroken, *, honest: bool = True, effort: int = 40_000) -> Simulator:
    """A run that breaks the invariant of ``error``, as ``sim`` does, in fewer moves if that can be.

    ``sim`` stays as it is; where nothing shorter is found, it is what is returned.  ``honest``: as for ``check_run``.
    ``effort``: how many moves are made at most while looking.  Raises TcpsimError for a simulation without history.
    """
    start = sim.fork()
    start.goto(0)
    best, waiting = sim, [sim]
    seen: set[tuple[_Item, ...]] = set()
    while waiting:
        length = best.position
        for candidate in _nearby(waiting.pop(0)):
            if candidate in seen:
                continue
            effort -= len(candidate)
            if effort < 0:
                return best
            seen.add(candidate)
            run = _play(start, candidate, error.name, honest=honest)
            if run is None or run.position > length:
                continue
            if run.position < length:
                best, waiting = run, [run]
                break
            waiting.append(run)  # as long, in another order: there may be shorter ones near it
    return best


def _nearby(sim: Simulator) -> Iterator[tuple[_Item, ...]]:
    """Without some of the moves, many of them first; with two arrivals in one event; with one move made earlier."""
    items, flights = _items(sim)
    size = len(items) // 2
    while size:
        for place in range(len(items) - size, -1, -size):
            yield (*items[:place], *items[place + size :])
        size //= 2
    for place, other in combinations(range(len(items)), 2):
        both = _both(items[place], items[other], flights[place], flights[other])
        if both is not None:
            yield (*items[:place], both, *items[place + 1 : other], *items[other + 1 :])
    for later in range(len(items) - 1, 0, -1):
        for earlier in range(later - 1, -1, -1):
            yield (*items[:earlier], items[later], *items[earlier:later], *items[later + 1 :])


def _items(sim: Simulator) -> tuple[tuple[_Item, ...], list[_Flight]]:
    """The moves of a run, and what was in flight before each."""
    run = sim.fork()
    by_hand = {position: move for position, _, move in run.recorded()}
    items, flights = [], []
    for position in range(run.position):
        run.goto(position)
        flights.append(dict(run.world.flight))
        items.append(_item(by_hand.get(position), list(run.world.flight)))
    return tuple(items), flights


def _item(move: Move | None, flight: list[int]) -> _Item:
    if isinstance(move, Deliver):
        return _Item(move, tuple(map(flight.index, move.packets)))
    if isinstance(move, _OF_A_PACKET):
        return _Item(move, (flight.index(move.packet),))
    return _Item(move)


def _both(one: _Item, other: _Item, before: _Flight, then: _Flight) -> _Item | None:
    """Two arrivals in one event, where both packets were on their way to one host at the time of the first."""
    packets = [*_arriving(one, before), *_arriving(other, then)]
    numbers = list(before)
    if not _arriving(one, before) or not _arriving(other, then) or not set(packets) <= set(numbers):
        return None
    if len({before[number][2] for number in packets}) > 1:
        return None
    return _Item(Deliver(tuple(packets)), tuple(map(numbers.index, packets)))


def _arriving(item: _Item, flight: _Flight) -> list[int]:
    """The packets that arrive with an item; of an event, the packet that is due first."""
    if item.move is None:
        return [min(flight, key=lambda number: flight[number][0])] if flight else []
    return [list(flight)[place] for place in item.places] if isinstance(item.move, Deliver) else []


def _play(start: Simulator, items: Iterable[_Item], name: str, *, honest: bool) -> Simulator | None:
    """Make these moves from ``start``: the run up to where it breaks the invariant ``name``, if it does."""
    run = start.fork()
    watch = Watch(run)
    watch.honest = honest
    for item in items:
        before, result = run.position, None
        try:
            move = _move(list(run.world.flight), item)
            if move is None:
                run.step()
            else:
                result = run.apply(move)
            if run.position == before:
                return None  # nothing was left to happen
            watch.check(move, result)
        except InvariantBroken as broken:
            return run if broken.name == name and run.position > before else None
        except Exception:  # it cannot be done any more, or the engine fails in another way
            return None
    return None


def _move(flight: list[int], item: _Item) -> Move | None:
    """The move that an item means.  Raises IndexError where so many packets are not in flight."""
    if isinstance(item.move, Deliver):
        return Deliver(tuple(flight[place] for place in item.places))
    if isinstance(item.move, _OF_A_PACKET):
        return item.move._replace(packet=flight[item.places[0]])
    return item.move
