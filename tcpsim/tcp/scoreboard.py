"""What a sender knows from SACK blocks: RFC 6675's scoreboard, with HighRxt and the rescue retransmission.

A connection has one only while something is SACKed or loss is being repaired.  Sequence numbers come in and go
out modulo 2**32; inside they are counted from where the board began, so that they compare as plain ints.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from .seq import HALF, MASK

#: How many duplicate ACKs, or SACKed runs above a segment, mean that it was lost (RFC 5681, RFC 6675 2).
DUP_THRESH = 3


class Scoreboard:
    """Which octets above SND.UNA the peer has SACKed, and how far the holes were retransmitted.

    ``octets``: how many are SACKed.  ``una``: SND.UNA as the board knows it.  Nothing here walks the window: an
    ACK costs the logarithm of the number of holes, and a retransmission the same.
    """

    __slots__ = ("_at", "_edge", "_lefts", "_rescue", "_rights", "_rxt", "_rxt_sacked", "octets", "una")

    def __init__(self, una: int) -> None:
        self.una = una
        self._at = 0  # the position of una
        self._lefts: list[int] = []  # SACKed runs [left, right), in order, with a hole before each
        self._rights: list[int] = []
        self.octets = 0
        self._rxt = 0  # HighRxt + 1: holes below were retransmitted
        self._rxt_sacked = 0  # SACKed octets below it
        self._rescue = -1  # RescueRxt, -1: none
        self._edge: tuple[int, int, int] | None = None  # (MSS, edge, octets): what _lost_below has found

    # -- Update() (RFC 6675 4)

    def advance(self, una: int) -> None:
        """SND.UNA has come to ``una``: what lies below is no longer of interest."""
        self._at = at = self._at + ((una - self.una) & MASK)
        self.una = una
        self._edge = None
        rights = self._rights
        if rights and self._lefts[0] < at:
            gone = bisect_right(rights, at)
            lost = sum(rights[:gone]) - sum(self._lefts[:gone])
            below = self._below_rxt(0, gone)
            del rights[:gone], self._lefts[:gone]
            if rights and self._lefts[0] < at:  # the peer acknowledges part of what it has SACKed
                lost += at - self._lefts[0]
                below += max(0, min(at, self._rxt) - self._lefts[0])
                self._lefts[0] = at
            self.octets -= lost
            self._rxt_sacked -= below
        if self._rxt < at:
            self._rxt = at

    def _below_rxt(self, first: int, last: int) -> int:
        """SACKed octets below HighRxt in the runs from ``first`` to before ``last``."""
        rxt = self._rxt
        if last > first and self._rights[last - 1] > rxt:
            return sum(max(0, min(self._rights[i], rxt) - self._lefts[i]) for i in range(first, last))
        return sum(self._rights[first:last]) - sum(self._lefts[first:last])

    def add(self, blocks: Iterable[tuple[int, int]], snd_nxt: int) -> int:
        """Take in SACK blocks (left, right); how many octets are news.

        A block counts if it lies wholly between SND.UNA + 1 and SND.NXT: the octet at SND.UNA itself cannot be
        SACKed, whatever is below tells of duplicates (RFC 2883) or of the past, and what was never sent is
        nonsense.
        """
        before = self.octets
        una, at = self.una, self._at
        flight = (snd_nxt - una) & MASK
        for left, right in blocks:
            first = (left - una) & MASK
            last = (right - una) & MASK
            if 0 < first < last <= flight:
                self._add(at + first, at + last)
        return self.octets - before

    def _add(self, left: int, right: int) -> None:
        lefts, rights = self._lefts, self._rights
        first = bisect_left(rights, left)
        last = bisect_right(lefts, right, first)
        if first == last:
            lefts.insert(first, left)
            rights.insert(first, right)
            old = below = 0
        else:
            if lefts[first] <= left and rights[first] >= right:
                return
            old = sum(rights[first:last]) - sum(lefts[first:last])
            below = self._below_rxt(first, last)
            if lefts[first] < left:
                left = lefts[first]
            if rights[last - 1] > right:
                right = rights[last - 1]
            lefts[first:last] = [left]
            rights[first:last] = [right]
        self.octets += right - left - old
        self._edge = None
        rxt = self._rxt
        if left < rxt:
            self._rxt_sacked += (right if right < rxt else rxt) - left - below

    # -- IsLost(), SetPipe()

    def _lost_below(self, mss: int) -> tuple[int, int]:
        """(edge, octets): every hole below ``edge`` counts as lost, and ``octets`` are SACKed from there on.

        Lost are DupThresh runs, or more than DupThresh - 1 segments, above a hole; as holes further left have
        more above them, one edge says it for all, and at most DupThresh runs are looked at.
        """
        found = self._edge
        if found is None or found[0] != mss:
            self._edge = found = (mss, *self._find_edge(mss))
        return found[1], found[2]

    def _find_edge(self, mss: int) -> tuple[int, int]:
        lefts, rights = self._lefts, self._rights
        enough = (DUP_THRESH - 1) * mss
        above = 0
        for place in range(len(lefts) - 1, max(-1, len(lefts) - 1 - DUP_THRESH), -1):
            above += rights[place] - lefts[place]
            if above > enough or len(lefts) - place >= DUP_THRESH:
                return lefts[place], above
        return self._at, self.octets

    def first_lost(self, mss: int) -> bool:
        """Whether the segment at SND.UNA counts as lost: IsLost(HighACK + 1)."""
        return self._lost_below(mss)[0] > self._at

    def pipe(self, snd_nxt: int, mss: int) -> int:
        """SetPipe(): octets believed to be on the way, of those from SND.UNA to SND.NXT (RFC 6675 4)."""
        at = self._at
        edge, above = self._lost_below(mss)
        end = at + ((snd_nxt - self.una) & MASK)
        return end - edge - above + self._rxt - at - self._rxt_sacked

    def repeated(self) -> int:
        """Octets from SND.UNA on that were retransmitted and are not SACKed."""
        return self._rxt - self._at - self._rxt_sacked

    def lost(self, mss: int) -> int:
        """Octets that count as lost and were not retransmitted."""
        edge, above = self._lost_below(mss)
        rxt = self._rxt
        if edge <= rxt:
            return 0
        return edge - rxt - (self.octets - above - self._rxt_sacked)

    # -- NextSeg()

    def hole(self, mss: int, *, surely: bool = True) -> tuple[int, int] | None:
        """The next hole to retransmit, as (number, octets up to a segment); None if there is none.

        ``surely``: only what counts as lost, which is NextSeg()'s rule 1; else every hole below something SACKed,
        rule 3.
        """
        rights = self._rights
        if not rights:
            return None
        start = self._rxt
        place = bisect_right(rights, start)
        if place < len(rights) and self._lefts[place] <= start:
            start = rights[place]
            place += 1
        if place >= len(rights) or (surely and start >= self._lost_below(mss)[0]):
            return None
        end = self._lefts[place]
        return self._number(start), end - start if end - start < mss else mss

    def rescue(self, recover: int, snd_nxt: int, mss: int) -> tuple[int, int] | None:
        """NextSeg()'s rule 4: the last segment that is not SACKed, once for each recovery; None if it was sent."""
        if self._rescue >= self._at:
            return None
        end = self._at + ((snd_nxt - self.una) & MASK)
        start = self._at
        if self._rights:
            if self._rights[-1] == end:
                end = self._lefts[-1]
                start = self._rights[-2] if len(self._rights) > 1 else start
            else:
                start = self._rights[-1]
        if end <= start:
            return None
        self._rescue = self._at + ((recover - self.una) & MASK)
        return self._number(max(start, end - mss)), min(mss, end - start)

    def retransmitted(self, end: int, *, first: bool = False) -> None:
        """Holes below the number ``end`` were retransmitted; ``first``: this begins a recovery (RFC 6675 5, 4.3)."""
        target = self._at + ((end - self.una) & MASK)
        if first:
            self._rescue = target
        if target <= self._rxt:
            return
        place = bisect_right(self._rights, self._rxt)
        while place < len(self._rights) and self._lefts[place] < target:
            self._rxt_sacked += min(self._rights[place], target) - max(self._lefts[place], self._rxt)
            place += 1
        self._rxt = target

    def forget_retransmissions(self) -> None:
        """Nothing counts as retransmitted: a recovery begins."""
        self._rxt = self._at
        self._rxt_sacked = 0
        self._rescue = -1

    # -- looking

    def sacked(self, seq: int) -> bool:
        """Whether the octet ``seq``, at or above SND.UNA, is SACKed."""
        at = self._at + ((seq - self.una) & MASK)
        place = bisect_right(self._lefts, at) - 1
        return place >= 0 and at < self._rights[place]

    def next_hole(self, seq: int) -> tuple[int, int]:
        """The first number from ``seq`` that is not SACKed, and the next SACKed one after it (or 2**31 further)."""
        at = self._at + ((seq - self.una) & MASK)
        place = bisect_right(self._rights, at)
        if place < len(self._lefts) and self._lefts[place] <= at:
            at = self._rights[place]
            place += 1
        end = self._lefts[place] if place < len(self._lefts) else at + HALF
        return self._number(at), self._number(end)

    def runs(self) -> tuple[tuple[int, int], ...]:
        """The SACKed runs (left, right), in sequence order."""
        return tuple((self._number(a), self._number(b)) for a, b in zip(self._lefts, self._rights, strict=True))

    def _number(self, position: int) -> int:
        return (self.una + position - self._at) & MASK

    def copy(self) -> Scoreboard:
        """An independent equal board."""
        new = Scoreboard.__new__(Scoreboard)
        new.una = self.una
        new._at = self._at
        new._lefts = self._lefts.copy()
        new._rights = self._rights.copy()
        new.octets = self.octets
        new._rxt = self._rxt
        new._rxt_sacked = self._rxt_sacked
        new._rescue = self._rescue
        new._edge = self._edge
        return new

    def key(self) -> tuple[object, ...]:
        """A hashable value, the same wherever the board began to count."""
        rescue = self._number(self._rescue) if self._rescue >= self._at else None
        return self.una, self.runs(), self._number(self._rxt), rescue
