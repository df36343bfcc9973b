"""Where each moment of a story stands on the page: to scale, or compressed so that long waits cost little room."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from .errors import check_choice

#: How time becomes length: as long as it lasts, or with waits cut short.
SCALES: Final = ("compressed", "true")

USUAL: Final = 46.0  # length of the usual delay between two hosts
APART: Final = 20.0  # between arrows that leave at the same time
NEAREST: Final = 10.0  # between moments that differ
BREAK: Final = 130.0  # a wait that would be longer is cut
CUT: Final = 64.0  # what is left of it
LONGEST: Final = 12_000.0  # of a picture to scale


class Moment(NamedTuple):
    """An event as far as places go: when, on which lifeline (None for the network), how much room below it.

    ``room`` 0: it has no words in the margin, so only arrows have to keep clear of each other.  ``way``: "out" and
    "in" for packets.
    """

    t: int
    side: int | None
    room: float
    way: str = ""


class Break(NamedTuple):
    """A wait that was cut short: its place and how long it is (ns)."""

    y: float
    wait: int


class Timeline:
    """``ys``: the place of each moment, from 0; ``breaks``: where waits were cut; ``bottom``: where all ends."""

    def __init__(self, moments: Sequence[Moment], lanes: int, *, scale: str, usual: int) -> None:
        check_choice("scale", scale, SCALES)
        self.ts = [moment.t for moment in moments]
        self.breaks: list[Break] = []
        self.ys = self._true(usual) if scale == "true" else self._compressed(moments, lanes, usual)
        self.bottom = self.ys[-1] if self.ys else 0.0

    def _true(self, usual: int) -> list[float]:
        if not self.ts:
            return []
        first, last = self.ts[0], self.ts[-1]
        factor = min(USUAL / usual, LONGEST / max(1, last - first))
        return [(t - first) * factor for t in self.ts]

    def _compressed(self, moments: Sequence[Moment], lanes: int, usual: int) -> list[float]:
        free = [0.0] * lanes  # by lifeline: where the next words may stand
        bare: dict[tuple[int, str], float] = {}  # and where the next arrow may leave or arrive
        at, before = 0.0, moments[0].t if moments else 0
        ys = []
        for moment in moments:
            wait = moment.t - before
            step = wait / usual * USUAL
            if step > BREAK:
                start = max(at, *free) if free else at
                self.breaks.append(Break(start + CUT / 2, wait))
                at = start + CUT
            elif wait:
                at += max(step, NEAREST)
            if moment.side is not None:
                key = (moment.side, moment.way)
                at = max(at, bare.get(key, 0.0), free[moment.side] if moment.room else 0.0)
                bare[key] = at + (APART if moment.way else 0.0)
                if moment.room:
                    free[moment.side] = at + moment.room
            before = moment.t
            ys.append(at)
        return ys

    def y_of(self, t: int) -> float:
        """The place of any time, between those of the moments around it."""
        after = bisect_right(self.ts, t)
        if after == 0:
            return 0.0
        if after == len(self.ts):
            return self.bottom
        (t0, t1), (y0, y1) = self.ts[after - 1 : after + 1], self.ys[after - 1 : after + 1]
        return y0 + (y1 - y0) * (t - t0) / (t1 - t0)
