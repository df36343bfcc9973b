"""What RACK knows of each segment that is not acknowledged (RFC 8985 5 to 7): when it was sent last, and whether lost.

A connection has one from its first data on, where the profile says ``rack`` and both ends use SACK.  Losses are told
by time: what was sent well before something that has been delivered is lost.  Sequence numbers come in modulo
2**32; inside they are counted from where the object began, so that they compare as plain ints.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Final, NamedTuple

from .scoreboard import DUP_THRESH
from .seq import MASK

#: The longest reordering that is believed, in segments.
_FARTHEST: Final = 300
#: Recoveries after which a reordering window that D-SACKs have widened is narrow again (RFC 8985 6.2, step 4).
_PERSISTS: Final = 16


class Sent(NamedTuple):
    """A segment that is neither acknowledged nor SACKed, by where it begins.

    ``end``: where it ends.  ``at``: when it was sent last, ns.  ``again``: whether that was a retransmission.
    ``lost``: whether an earlier transmission, or this one, counts as lost.
    """

    end: int
    at: int
    again: bool
    lost: bool


class Rack:
    """``flying``: the segments on the way, in the order in which they were sent; ``gone``: those that are lost and were
    not sent again, ``todo``: where these begin, in order.  ``pipe``: octets in ``flying``.

    ``rtt``: of the segment delivered last, ``min_rtt``: the least of the connection; -1: none yet.
    ``seen``: how often reordering was seen, ``reordering``: by how many segments.  ``probe``: a loss probe waits for
    its ACK, up to here (``repeats``: it repeated something); ``probing``: the timer is that of a probe.
    ``touched``: something was sent or acknowledged since the timer was set.
    """

    __slots__ = (
        "_at", "_end", "_high", "_round", "_sacked", "_stamp", "_starts", "_steps", "_una", "_widened", "flying", "gone",
        "min_rtt", "pipe", "probe", "probing", "reordering", "repeats", "rtt", "seen", "todo", "touched",
    )  # fmt: skip

    def __init__(self, una: int) -> None:
        self._una = una
        self._at = 0  # the position of una
        self._starts: list[int] = []  # of all that is in flying or gone
        self._sacked: list[int] = []  # where segments begin that are SACKed
        self.flying: dict[int, Sent] = {}
        self.gone: dict[int, Sent] = {}
        self.todo: list[int] = []
        self.pipe = 0
        self._stamp = -1  # of what was delivered: when the latest was sent, and where it ends
        self._end = 0
        self._high = 0  # up to here something is SACKed
        self.rtt = self.min_rtt = -1
        self._steps = 1  # quarters of min_rtt that the reordering window is wide
        self._widened = 0  # for so many recoveries yet
        self._round = 0  # D-SACKs below this position have been counted
        self.seen = 0
        self.reordering = DUP_THRESH
        self.probe: int | None = None
        self.repeats = False
        self.probing = False
        self.touched = False

    # -- what is sent

    def position(self, seq: int) -> int:
        """A number, at or above SND.UNA, as it is counted here."""
        return self._at + ((seq - self._una) & MASK)

    def number(self, position: int) -> int:
        """The same backwards."""
        return (self._una + position - self._at) & MASK

    def transmitted(self, seq: int, end: int, now: int) -> None:
        """A new segment leaves."""
        start = self._at + ((seq - self._una) & MASK)
        stop = start + ((end - seq) & MASK)
        self._starts.append(start)
        self.flying[start] = Sent(stop, now, False, False)
        self.pipe += stop - start
        self.touched = True

    def repeated(self, seq: int, end: int, now: int) -> None:
        """What lies from ``seq`` to before ``end`` leaves again."""
        left = self.position(seq)
        right = left + ((end - seq) & MASK)
        self._split(left)
        self._split(right)
        starts = self._starts
        for start in starts[bisect_left(starts, left) : bisect_left(starts, right)]:
            sent = self.flying.pop(start, None)
            if sent is None:
                sent = self.gone.pop(start)
                self.todo.remove(start)
                self.pipe += sent.end - start
            self.flying[start] = Sent(sent.end, now, True, sent.lost)
        self.touched = True

    def _split(self, at: int) -> None:
        """Let a segment end at this position: a smaller one is sent again."""
        place = bisect_left(self._starts, at) - 1
        if place < 0:
            return
        start = self._starts[place]
        where = self.flying if start in self.flying else self.gone
        sent = where[start]
        if at < sent.end:
            where[start] = sent._replace(end=at)
            where[at] = sent
            self._starts.insert(place + 1, at)
            if where is self.gone:
                insort(self.todo, at)

    def next_lost(self) -> tuple[int, int] | None:
        """The first lost segment that was not sent again, as (number, octets)."""
        if not self.todo:
            return None
        start = self.todo[0]
        return self.number(start), self.gone[start].end - start

    def last(self) -> tuple[int, int] | None:
        """The last segment sent that is neither acknowledged nor SACKed, as (number, octets)."""
        if not self._starts:
            return None
        start = self._starts[-1]
        return self.number(start), (self.flying.get(start) or self.gone[start]).end - start

    # -- what is heard

    def advance(self, una: int, now: int, mss: int) -> int | None:
        """SND.UNA has come to ``una``; the round trip of the oldest segment that was sent once, None without one."""
        measured = None
        self._at = at = self._at + ((una - self._una) & MASK)
        self._una = una
        self.touched = True
        starts = self._starts
        low = None
        while starts and starts[0] < at:
            start = starts[0]
            sent = self._take(start)
            if sent.end > at:  # a part of it is acknowledged
                starts[0] = at
                self.flying[at] = sent
                self.pipe += sent.end - at
                break
            del starts[0]
            if self._delivered(start, sent, now) and low is None:
                low = start
                measured = now - sent.at
        del self._sacked[: bisect_left(self._sacked, at)]
        if low is not None and low < self._high:
            self._reordered(low, mss)
        return measured

    def sacked(self, blocks: Iterable[tuple[int, int]], snd_nxt: int, now: int, mss: int) -> None:
        """SACK blocks (left, right): a segment counts when a block holds all of it."""
        flight = (snd_nxt - self._una) & MASK
        starts = self._starts
        low = None
        high = self._high
        for left, right in blocks:
            first, last = (left - self._una) & MASK, (right - self._una) & MASK
            if not 0 < first < last <= flight:
                continue
            stop = self._at + last
            begin = place = bisect_left(starts, self._at + first)
            while place < len(starts) and starts[place] < stop:
                start = starts[place]
                sent = self.flying.get(start) or self.gone[start]
                if sent.end > stop:
                    break
                self._take(start)
                if self._delivered(start, sent, now) and (low is None or start < low):
                    low = start
                insort(self._sacked, start)
                high = max(high, sent.end)
                place += 1
            del starts[begin:place]
        if low is not None and low < self._high:
            self._reordered(low, mss)
        self._high = high

    def _take(self, start: int) -> Sent:
        sent = self.flying.pop(start, None)
        if sent is not None:
            self.pipe -= sent.end - start
            return sent
        self.todo.remove(start)
        return self.gone.pop(start)

    def _delivered(self, start: int, sent: Sent, now: int) -> bool:
        """RACK_update() (RFC 8985 6.2, steps 1 and 2); whether the segment was sent once only."""
        rtt = now - sent.at
        if not sent.again and (self.min_rtt < 0 or rtt < self.min_rtt):
            self.min_rtt = rtt
        if sent.again and rtt < self.min_rtt:
            return False  # the answer to an earlier transmission
        self.rtt = rtt
        if (sent.at, sent.end) > (self._stamp, self._end):
            self._stamp, self._end = sent.at, sent.end
        return not sent.again

    def _reordered(self, low: int, mss: int) -> None:
        """Something sent once has come after what was sent behind it (RFC 8985 6.2, step 3)."""
        self.seen += 1
        self.reordering = min(_FARTHEST, max(self.reordering, -(-(self._high - low) // mss)))

    def told_of_duplicate(self, snd_nxt: int) -> None:
        """A D-SACK: something was repeated too early, so more reordering is borne, once a round trip (6.2, step 4)."""
        if self._at >= self._round:
            self._round = self.position(snd_nxt)
            self._steps = min(255, self._steps + 1)
            self._widened = _PERSISTS

    def recovered(self) -> None:
        """A recovery is over (6.2, step 4)."""
        if self._widened:
            self._widened -= 1
            if not self._widened:
                self._steps = 1

    # -- what is lost

    def window(self, srtt: int, *, recovering: bool) -> int:
        """The reordering window in ns: RACK_update_reo_wnd() (RFC 8985 6.2, step 4)."""
        if not self.seen and (recovering or len(self._sacked) >= DUP_THRESH):
            return 0
        return max(0, min(self.min_rtt * self._steps // 4, srtt))

    def detect(self, now: int, srtt: int, *, recovering: bool) -> tuple[int, int]:
        """RACK_detect_loss() (RFC 8985 6.2, step 5): octets that are lost from now on, and ns until more may be.

        0 ns: nothing is to be waited for.
        """
        bound = self.rtt + self.window(srtt, recovering=recovering)
        wait = 0
        lost = []
        for start, sent in self.flying.items():
            if (sent.at, sent.end) >= (self._stamp, self._end):
                break
            remaining = sent.at + bound - now
            if remaining <= 0:
                lost.append(start)
            else:
                wait = max(wait, remaining)
        return self._lose(lost), wait

    def timed_out(self, now: int) -> None:
        """The retransmission timer has run out: all is lost, but for what was sent so lately that it may come yet."""
        bound = now - self.rtt if self.rtt >= 0 else now
        first = self._starts[0] if self._starts else -1
        self._lose([start for start, sent in self.flying.items() if start == first or sent.at <= bound])

    def found(self) -> None:
        """Nothing is lost: what was taken for lost is on its way."""
        for start in self.todo:
            sent = self.gone.pop(start)
            self.flying[start] = sent._replace(lost=False)
            self.pipe += sent.end - start
        self.todo.clear()

    def _lose(self, starts: list[int]) -> int:
        octets = 0
        for start in starts:
            sent = self.flying.pop(start)
            self.gone[start] = sent._replace(lost=True)
            insort(self.todo, start)
            octets += sent.end - start
        self.pipe -= octets
        return octets

    # -- looking

    def counts(self) -> tuple[int, int, int]:
        """Segments SACKed, lost, and on the way again (what TCP_INFO tells)."""
        again = sum(sent.again for sent in self.flying.values())
        return len(self._sacked), len(self.gone) + sum(sent.lost for sent in self.flying.values()), again

    def few(self) -> bool:
        """Whether at most one segment is not acknowledged."""
        return len(self._starts) + len(self._sacked) <= 1

    def copy(self) -> Rack:
        """An independent equal object."""
        new = Rack.__new__(Rack)
        for name in Rack.__slots__:
            value = getattr(self, name)
            setattr(new, name, value.copy() if isinstance(value, list | dict) else value)
        return new

    def key(self) -> tuple[object, ...]:
        """A hashable value."""
        values = (getattr(self, name) for name in Rack.__slots__)
        return tuple(
            tuple(value.items()) if isinstance(value, dict) else tuple(value) if isinstance(value, list) else value
            for value in values
        )
