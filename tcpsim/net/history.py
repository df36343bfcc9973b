"""What a simulator remembers so that it can go back, and forward again.

A checkpoint every 256 moves, the moves made by hand with their times, and the records written so far.  Automatic
moves are only counted, since the clock repeats them: to be at any position, a checkpoint is restored and at most
255 moves are made once more.

That holds for worlds of up to 256 connections.  A copy costs as much as the world is large, so beyond that the
checkpoints are as many moves apart as there are connections: neither time nor memory grows by more than one copied
connection for each move, which is less than what the trace takes.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, Final, NamedTuple

from .moves import Move
from .world import World

CHECKPOINT_EVERY: Final = 256


class Checkpoint(NamedTuple):
    """A copy of the world at ``position``, and how long the trace was."""

    position: int
    world: World
    records: int


class History:
    """Checkpoints in order, and the moves by hand: position -> (ns, move).

    ``reached``: the furthest position remembered.  ``records``: those of a future that was left by going back.
    """

    __slots__ = ("by_hand", "checkpoints", "reached", "records")

    def __init__(self) -> None:
        self.checkpoints: list[Checkpoint] = []
        self.by_hand: dict[int, tuple[int, Move]] = {}
        self.reached = 0
        self.records: list[tuple[Any, ...]] = []

    def keep(self, position: int, world: World, records: int) -> None:
        """Keep a copy of the world, unless there is a recent or a later one."""
        kept = self.checkpoints
        if kept and position - kept[-1].position < max(CHECKPOINT_EVERY, len(world.conns)):
            return
        kept.append(Checkpoint(position, world.copy(), records))

    def nearest(self, position: int) -> Checkpoint:
        """The last checkpoint at or before ``position``."""
        return self.checkpoints[bisect_right(self.checkpoints, position, key=_position) - 1]

    def leave(self, raw: list[tuple[Any, ...]]) -> None:
        """Before going back: remember the trace ``raw``, so that going forward need not write it again."""
        if len(self.records) < len(raw):
            self.records = raw.copy()

    def made(self, position: int, now: int, move: Move) -> None:
        """A move was made by hand at ``position``: whatever was remembered from there on is no longer so."""
        self.forget(position)
        self.by_hand[position] = now, move
        self.reached = position + 1

    def stepped(self, position: int) -> None:
        """The clock made the move at ``position``."""
        if position < self.reached:
            if position not in self.by_hand:
                return
            self.forget(position)  # a different future than the one remembered
        self.reached = position + 1

    def forget(self, position: int) -> None:
        """Forget what was remembered from ``position`` on."""
        if position >= self.reached:
            return
        for later in [at for at in self.by_hand if at >= position]:
            del self.by_hand[later]
        kept = self.checkpoints
        while kept and kept[-1].position > position:
            kept.pop()
        self.records = []
        self.reached = position

    def copy(self) -> History:
        """An independent equal history; the checkpoints' worlds are never changed, so they are shared."""
        new = History()
        new.checkpoints = self.checkpoints.copy()
        new.by_hand = self.by_hand.copy()
        new.reached = self.reached
        new.records = self.records  # replaced as a whole, never changed
        return new


def _position(checkpoint: Checkpoint) -> int:
    return checkpoint.position
