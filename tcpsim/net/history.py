"""What a simulator remembers so that it can go back.

A checkpoint every 256 moves, and the moves made by hand with their times; automatic moves are only counted, since
the clock repeats them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .moves import Move
from .world import World

CHECKPOINT_EVERY: Final = 256
CHECKPOINTS: Final = 256


class Checkpoint(NamedTuple):
    """A copy of the world at ``position``, and how long the trace was."""

    position: int
    world: World
    records: int


class History:
    """Checkpoints, and the moves by hand: position -> (ns, move).  ``reached``: the furthest position remembered."""

    __slots__ = ("by_hand", "checkpoints", "reached")

    def __init__(self) -> None:
        self.checkpoints: list[Checkpoint] = []
        self.by_hand: dict[int, tuple[int, Move]] = {}
        self.reached = 0

    def keep(self, position: int, world: World, records: int) -> None:
        """Keep a copy of the world, unless the last one is recent.

        A copy costs as much as the world is large, so copies of large worlds are farther apart; of old ones
        every other is let go, so that their number stays bounded.
        """
        kept = self.checkpoints
        if kept and position - kept[-1].position < max(CHECKPOINT_EVERY, 16 * len(world.conns)):
            return
        kept.append(Checkpoint(position, world.copy(), records))
        if len(kept) > CHECKPOINTS:
            del kept[1 : CHECKPOINTS // 2 : 2]

    def nearest(self, position: int) -> Checkpoint:
        """The last checkpoint at or before ``position``; later ones are forgotten."""
        while self.checkpoints[-1].position > position:
            self.checkpoints.pop()
        return self.checkpoints[-1]

    def made(self, position: int, now: int, move: Move) -> None:
        """A move was made by hand at ``position``: whatever was remembered from there on is no longer so."""
        self.forget(position)
        self.by_hand[position] = now, move
        self.reached = position + 1

    def stepped(self, position: int) -> None:
        """The clock made the move at ``position``."""
        if position in self.by_hand:  # a different future than the one remembered
            self.forget(position)
        self.reached = max(self.reached, position + 1)

    def forget(self, position: int) -> None:
        """Forget what was remembered from ``position`` on."""
        for later in [at for at in self.by_hand if at >= position]:
            del self.by_hand[later]
        self.reached = position

    def copy(self) -> History:
        """An independent equal history; the checkpoints' worlds are never changed, so they are shared."""
        new = History()
        new.checkpoints = self.checkpoints.copy()
        new.by_hand = self.by_hand.copy()
        new.reached = self.reached
        return new
