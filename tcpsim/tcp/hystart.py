"""HyStart: slow start ends before it floods the path (Ha and Rhee, "Taming the Elephants", 2008), as Linux has it.

Each round trip is watched for two signs that cwnd has filled the path: ACKs that come close together for longer than
half of the least round trip (a train as long as the path), and round trips that have grown by an eighth (a queue is
building up).  Then ssthresh becomes cwnd.  RFC 9406's HyStart++ knows the second sign only, and goes on growing slowly
for a while: that is another algorithm.
"""

from __future__ import annotations

from typing import Any, Final

from .seq import HALF, MASK
from .units import MS

#: Below so many segments of cwnd nothing is watched.
LOW_WINDOW: Final = 16
#: ACKs no farther apart belong to one train.
SPACING: Final = 2 * MS
#: So many round trips are measured before their least counts.
SAMPLES: Final = 8
#: By how much it has to have grown: an eighth, but no less and no more than these.
LEAST_GROWTH: Final = 4 * MS
MOST_GROWTH: Final = 16 * MS


class HyStart:
    """What is remembered while slow start goes on.

    ``marks``: (first number, when it left) for each time at which new data left and that may still be answered.
    ``min_rtt``: the least round trip so far, -1 before the first.  ``found``: slow start was ended.  Of the current
    round: ``end``, the number whose acknowledgment is not in it any more; ``began``; ``last_ack`` of the train;
    ``least`` of the ``samples`` round trips.
    """

    __slots__ = ("began", "end", "found", "last_ack", "least", "marks", "min_rtt", "samples")

    def __init__(self, seq: int) -> None:
        self.marks: list[tuple[int, int]] = []
        self.min_rtt = -1
        self.found = False
        self.end = seq
        self.began = self.last_ack = 0
        self.least = 0
        self.samples = 0

    def sent(self, seq: int, now: int) -> None:
        """New data from ``seq`` on leaves."""
        if not self.found and (not self.marks or self.marks[-1][1] != now):
            self.marks.append((seq, now))

    def forget(self) -> None:
        """Something is repeated, or slow start is over: what is outstanding measures nothing any more."""
        self.marks.clear()

    def measure(self, una: int, now: int) -> int | None:
        """The round trip of what left last of all that ``una`` covers; None: no mark tells."""
        marks = self.marks
        last = -1
        for place, (seq, _) in enumerate(marks):
            if (seq - una) & MASK < HALF:
                break
            last = place
        if last < 0:
            return None
        sent = marks[last][1]
        marks[: last + 1] = [(una, sent)]  # perhaps only a part of what left at that time is covered
        rtt = now - sent
        if self.min_rtt < 0 or rtt < self.min_rtt:
            self.min_rtt = rtt
        return rtt

    def watch(self, una: int, nxt: int, rtt: int, now: int, *, train: int | None, delay: bool) -> bool:
        """Whether slow start ends with this ACK, of ``una`` while ``nxt`` is SND.NXT.

        ``train``: what is added to the least round trip when trains are measured, ns; None: they are not.  ``delay``:
        whether the growth of round trips counts.
        """
        if 0 < (una - self.end) & MASK < HALF:
            self.end = nxt
            self.began = self.last_ack = now
            self.least = rtt
            self.samples = 0
        if train is not None and now - self.last_ack <= SPACING:
            self.last_ack = now
            if now - self.began > (self.min_rtt + train) // 2:
                self.found = True
        if delay:
            if rtt < self.least:
                self.least = rtt
            if self.samples < SAMPLES:
                self.samples += 1
            elif self.least - self.min_rtt > min(max(self.min_rtt // 8, LEAST_GROWTH), MOST_GROWTH):
                self.found = True
        return self.found

    def copy(self) -> HyStart:
        """An independent equal object."""
        new = HyStart.__new__(HyStart)
        for name in HyStart.__slots__:
            setattr(new, name, getattr(self, name))
        new.marks = self.marks.copy()
        return new

    def key(self) -> tuple[Any, ...]:
        """A hashable value."""
        return (*[getattr(self, name) for name in HyStart.__slots__ if name != "marks"], tuple(self.marks))
