"""A link between two hosts: how long packets take, and which are lost, doubled or late."""

from __future__ import annotations

from typing import Any, Final

from ..tcp.errors import TcpsimError
from ..tcp.units import parse_time
from .chance import draw, stream

#: How many copies of a packet each kind of fault lets arrive.
COPIES: Final = {"lose": 0, "duplicate": 2, "delay": 1}

#: ``(n, "lose")``, ``(n, "duplicate")`` or ``(n, "delay", ns)``; ``n`` counts a direction's packets from 1.
Fault = tuple[int, str] | tuple[int, str, int]


class Path:
    """One direction of a link.  ``delay`` in ns; ``loss`` a probability.

    ``faults``: what happens to single packets; a delayed one takes so many ns longer, and may be overtaken.
    ``count``: packets so far, the only thing that changes.
    """

    __slots__ = ("count", "delay", "faults", "loss", "loss_stream")

    def __init__(self, name: str, seed: int, delay: int, loss: float, faults: tuple[Fault, ...]) -> None:
        self.delay = delay
        self.loss = loss
        self.faults = {fault[0]: fault[1:] for fault in faults}
        self.loss_stream = stream(seed, f"{name} loss")
        self.count = 0

    def fate(self) -> tuple[int, str, int]:
        """How many copies of packet ``count`` arrive (0 to 2), by which rule, and how much later than usual."""
        if self.faults:
            fault = self.faults.get(self.count)
            if fault is not None:
                what, *later = fault
                return COPIES[what], f"{what} #{self.count}", later[0] if later else 0
        if self.loss and draw(self.loss_stream, self.count) < self.loss:
            return 0, "loss", 0
        return 1, "", 0

    def copy(self) -> Path:
        """An independent equal path."""
        new = Path.__new__(Path)
        new.delay = self.delay
        new.loss = self.loss
        new.faults = self.faults
        new.loss_stream = self.loss_stream
        new.count = self.count
        return new

    def key(self) -> tuple[Any, ...]:
        """A hashable value."""
        return self.delay, self.loss, self.count, tuple(sorted(self.faults.items()))


def check_faults(faults: Any, what: str) -> tuple[Fault, ...]:
    """``faults`` if they are well formed.  Raises TcpsimError that shows a right form."""
    checked: list[Fault] = []
    for fault in faults:
        match fault:
            case (int() as n, "lose" | "duplicate" as name) if n > 0:
                checked.append((n, str(name)))
            case (int() as n, "delay", later) if n > 0:
                checked.append((n, "delay", parse_time(later, f"{what}: delay of packet {n}")))
            case _:
                raise TcpsimError(
                    f"{what}: {fault!r} is no fault; write (n, 'lose'), (n, 'duplicate') or (n, 'delay', '5ms'): "
                    "n counts packets from 1"
                )
    return tuple(checked)


def check_weather(what: str, delay: Any, loss: Any) -> None:
    """Raise TcpsimError unless ``delay`` is a time in ns and ``loss`` a probability."""
    if isinstance(delay, bool) or not isinstance(delay, int) or delay < 0:
        raise TcpsimError(f"{what}: delay {delay!r} is not a time of 0 ns or more")
    if isinstance(loss, bool) or not isinstance(loss, int | float) or not 0 <= loss <= 1:
        raise TcpsimError(f"{what}: loss {loss!r} is not a probability in 0 .. 1")
