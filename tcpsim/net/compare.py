"""Two futures of one past: where they part, and how their ends differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..explain.describe import describe
from ..explain.variables import rfc_name, shown
from ..tcp.units import format_time
from .world import World

if TYPE_CHECKING:
    from ..trace.records import Record
    from .simulator import Simulator

#: Columns of the table's two values.
_WIDTH: Final = 26


@dataclass(frozen=True)
class Diff:
    """``step``: the position at which one future did something else; None if none did.  ``t``: when, ns.

    ``first``: the first record in which the traces differ, of each; None where one has no further record.
    ``situation``: position, time and packets in flight, where they differ: name -> (a, b).
    ``ends``: (host, connection number) -> variables that differ: name -> (a, b), in words; a connection that is
    over, or not begun, has "-".
    """

    step: int | None
    t: int
    first: tuple[Record | None, Record | None]
    situation: dict[str, tuple[str, str]]
    ends: dict[tuple[str, int], dict[str, tuple[str, str]]]

    def __bool__(self) -> bool:
        return self.step is not None or bool(self.situation) or bool(self.ends)

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    __repr__ = __str__


def diff(a: Simulator, b: Simulator) -> Diff:
    """Where ``a`` and ``b`` part, and how both ends differ now."""
    n = _first_difference(a.trace.raw, b.trace.raw)
    first = tuple(sim.trace[n] if n < len(sim.trace) else None for sim in (a, b))
    step = _parting(a, b)
    times = [record.t for record in first if record is not None]
    situation = {
        "position": (str(a.position), str(b.position)),
        "time": (f"{format_time(a.now)} s", f"{format_time(b.now)} s"),
        "in flight": (_flying(a.world), _flying(b.world)),
    }
    return Diff(
        step,
        min(times, default=a.now),
        (first[0], first[1]),
        {name: both for name, both in situation.items() if both[0] != both[1]},
        dict(_ends(a.world, b.world)),
    )


def _first_difference(a: list[Any], b: list[Any]) -> int:
    for n, (one, other) in enumerate(zip(a, b, strict=False)):
        if one is not other and one != other:
            return n
    return min(len(a), len(b))


def _parting(a: Simulator, b: Simulator) -> int | None:
    """The position at which the moves differ; None where one future is only longer than the other."""
    made = [{at: (now, move) for at, now, move in sim.recorded()} for sim in (a, b)]
    shorter = min(a.position, b.position)
    steps = [at for at in made[0].keys() | made[1].keys() if at < shorter and made[0].get(at) != made[1].get(at)]
    if a.trace.header != b.trace.header:
        return 0
    return min(steps, default=None)


def _flying(world: World) -> str:
    return ", ".join(f"#{number}" for number in world.flight) or "nothing"


def _ends(a: World, b: World) -> Iterator[tuple[tuple[str, int], dict[str, tuple[str, str]]]]:
    """What differs in each connection that either has."""
    for number in sorted({*a.conns, *b.conns}):
        one, other = a.conns.get(number), b.conns.get(number)
        known = one if one is not None else other
        assert known is not None
        values = [{} if conn is None else conn.tcb.variables() for conn in (one, other)]
        names = dict.fromkeys([*values[0], *values[1]])
        changed = {
            name: (_word(name, values[0]), _word(name, values[1]))
            for name in names
            if values[0].get(name) != values[1].get(name)
        }
        if one is None or other is None:
            changed = {"state": changed.get("state", (_word("state", values[0]), _word("state", values[1])))}
        if changed:
            yield (a.hosts[known.host].name, number), changed


def _word(name: str, values: dict[str, Any]) -> str:
    return shown(name, values[name]) if name in values else "-"


def _lines(found: Diff) -> Iterator[str]:
    if not found:
        yield "no difference: the same moves were made, and the same came of them"
        return
    if found.step is None:
        yield "the same moves were made, but one has gone further"
    else:
        yield f"they part at step {found.step}, {format_time(found.t)} s:"
    for name, record in zip("ab", found.first, strict=True):
        yield f"  {name}  {'nothing more' if record is None else describe(record).strip()}"
    yield ""
    yield f"{'now':<22}{'a':<{_WIDTH}}b"
    for name, (one, other) in found.situation.items():
        yield f"{name:<22}{one:<{_WIDTH}}{other}"
    for (host, number), changed in found.ends.items():
        yield f"{host}, connection {number}"
        for name, (one, other) in changed.items():
            yield f"  {rfc_name(name):<20}{one:<{_WIDTH}}{other}"
