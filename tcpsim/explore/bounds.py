"""How much may go wrong: the bounds that make a world's future finite."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final, NamedTuple

from ..tcp.errors import TcpsimError
from ..tcp.tcb import TIMERS


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the network, the clock and the users may do; None: as often as there is occasion.

    ``loss``, ``duplicate``: packets lost and doubled in all.  ``reorder``: how often a packet may be delivered
    before an older one of the same direction.  ``timeouts``: timers that run out.  ``calls``: user calls.
    ``packets``: the most that are in flight at a time; a move that would lead to more is not followed.
    ``early``: the timers that may run out while packets are in flight; the others wait until none is, which is
    how a network behaves that loses packets but never holds them for long.
    """

    loss: int | None = 0
    duplicate: int | None = 0
    reorder: int | None = None
    timeouts: int | None = None
    calls: int | None = None
    packets: int = 4
    early: tuple[str, ...] = ("time_wait",)

    def __post_init__(self) -> None:
        for name in COUNTED:
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise TcpsimError(f"bound {name}={value!r}: give a number from 0, or None for no bound")
        if isinstance(self.packets, bool) or not isinstance(self.packets, int) or self.packets < 1:
            raise TcpsimError(f"bound packets={self.packets!r}: give a number from 1")
        unknown = [timer for timer in self.early if timer not in TIMERS]
        if unknown or isinstance(self.early, str):
            raise TcpsimError(f"bound early={self.early!r}: give a tuple of timers; they are {', '.join(TIMERS)}")

    def but(self, **changes: Any) -> Bounds:
        """These bounds with some changed.  Raises TcpsimError that names an unknown one."""
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise TcpsimError(f"no bound {name!r}; the bounds are {', '.join(known)}")
        return replace(self, **changes)

    def words(self) -> str:
        """The bounds in a line."""
        told = []
        for name in COUNTED:
            value = getattr(self, name)
            told.append(f"{name} {'any' if value is None else value}")
        return ", ".join([*told, f"packets {self.packets}", f"early {' '.join(self.early) or 'none'}"])


#: The bounds that are counted down, in the order of ``Left``.
COUNTED: Final = ("loss", "duplicate", "reorder", "timeouts", "calls")


class Left(NamedTuple):
    """What may still happen; None: without limit."""

    loss: int | None
    duplicate: int | None
    reorder: int | None
    timeouts: int | None
    calls: int | None

    def less(self, name: str) -> Left:
        """One of ``name`` used up; raises ValueError when there is none."""
        value = getattr(self, name)
        if value is None:
            return self
        if not value:
            raise ValueError(name)
        return self._replace(**{name: value - 1})
