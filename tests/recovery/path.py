"""One sender, one receiver and a path between them that loses or delays exactly what it is told to.

Segments have 1000 octets and are numbered from 1; the round trip is 100 ms, nothing takes time to send, every
segment is acknowledged at once.  Nobody reads at the receiver, so that no ACK tells of a larger
window.  What is looked at is the sender: what it sends, and its variables after each ACK, in segments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Any

from tcpsim.tcp import RFC9293, Connection, Profile, Segment, State
from tcpsim.tcp.congestion import UNLIMITED

MSS = 1000
MS = 1_000_000
ISS = 100
SENDER = ("10.0.0.1", 49152)
RECEIVER = ("10.0.0.2", 80)

PLAIN: dict[str, Any] = {
    "mss": MSS,
    "ack_delay": 0,
    "rcv_buf": 65_535,
    "snd_buf": 1_000_000,
    "rto_min": 1000 * MS,
    "r2": None,
    "user_timeout": None,
    "limited_transmit": False,
    "opener_learns_window": True,
}


class Path:
    """``lose``: ``"4"`` (segment 4, when it is sent first), ``"4 4"`` (and when it is sent again) ...

    ``mark``: segments that meet congestion (CE) the first time.  ``late``: segment -> how many that are sent after
    its first transmission overtake it.  ``receiver``: switches of the receiver alone.
    """

    def __init__(
        self,
        lose: str = "",
        *,
        mark: str = "",
        profile: Profile = RFC9293,
        late: dict[int, int] | None = None,
        receiver: dict[str, Any] | None = None,
        iss: int = ISS,
        **switches: Any,
    ) -> None:
        self.lose = Counter(map(int, lose.split()))
        self.mark = set(map(int, mark.split()))
        self.late = late or {}
        self.held: list[list[Any]] = []  # [how many are still to overtake it, the segment]
        profile = profile.but(**{**PLAIN, **switches})
        self.iss = iss
        self.sender = Connection(SENDER, RECEIVER, profile=profile, iss=iss)
        self.receiver = Connection(RECEIVER, SENDER, profile=profile.but(**receiver or {}), iss=iss)
        self.now = 0
        self.flying: list[tuple[int, int, bool, Segment]] = []
        self.count = 0
        #: (ms since the data was given, number of the segment, whether it is sent again)
        self.sent: list[tuple[int, int, bool]] = []
        self.rows: list[str] = []
        self.highest = 0
        self.began = 0
        self.last_row = 0
        self.open()

    @property
    def tcb(self) -> Any:
        return self.sender.tcb

    def open(self) -> None:
        self.receiver.open_passive(0)
        self.sender.open_active(0)
        self.collect()
        while self.flying:
            self.step()
        assert self.sender.state is self.receiver.state is State.ESTABLISHED
        self.rows.clear()

    def give(self, segments: int) -> Path:
        """The user sends so many segments' worth at once."""
        self.began = self.began or self.now
        self.sender.send(self.now, bytes(segments * MSS))
        self.collect()
        self.note("start")
        return self

    def run(self, *, until: int | None = None) -> Path:
        """Let everything happen that is due, for so many ms since data was first given (to the end if None)."""
        end = None if until is None else self.began + until * MS
        while (due := self.due()) is not None and (end is None or due <= end):
            self.step()
        if end is not None:
            self.now = end
        return self

    def due(self) -> int | None:
        times = [self.flying[0][0]] if self.flying else []
        times += [due for conn in (self.sender, self.receiver) if (due := conn.deadline()) is not None]
        return min(times) if times else None

    def step(self) -> None:
        """The next event, and for the sender a row of the table."""
        if self.flying and self.flying[0][0] == self.due():
            self.now, _, to_receiver, seg = heappop(self.flying)
            (self.receiver if to_receiver else self.sender).segment_arrives(self.now, seg)
            self.collect()
            if not to_receiver:
                self.note(f"ack {(seg.ack - self.iss - 1) // MSS}")
            return
        conn = min((self.sender, self.receiver), key=lambda conn: conn.deadline() or 1 << 62)
        self.now = max(self.now, conn.deadline() or 0)
        timer = conn.timer_expires(self.now)
        self.collect()
        if conn is self.sender:
            self.note(str(timer))

    def collect(self) -> None:
        for conn in (self.sender, self.receiver):
            for seg in conn.take_output():
                if conn is self.sender and seg.data:
                    first = (seg.seq - self.iss - 1) // MSS + 1
                    again = first <= self.highest
                    self.highest = max(self.highest, first)
                    self.sent.append(((self.now - self.began) // MS, first, again))
                    if first in self.mark and not again:
                        seg = seg.replace(ecn=3)
                    if self.lose[first]:
                        self.lose[first] -= 1
                        continue
                    if not again and first in self.late:
                        self.held.append([self.late[first], seg])
                        continue
                self.put(conn, seg)
                if conn is self.sender and seg.data:
                    self.overtaken()

    def put(self, conn: Connection, seg: Segment) -> None:
        self.count += 1
        heappush(self.flying, (self.now + 50 * MS, self.count, conn is self.sender, seg))

    def overtaken(self) -> None:
        for entry in self.held:
            entry[0] -= 1
            if not entry[0]:
                self.put(self.sender, entry[1])
        self.held = [entry for entry in self.held if entry[0]]

    def note(self, what: str) -> None:
        """A row: when, what happened, what was sent ("4!": again), cwnd, ssthresh, pipe and the phase."""
        tcb = self.tcb
        sent = " ".join(f"{number}{'!' if again else ''}" for _, number, again in self.sent[self.last_row :])
        self.last_row = len(self.sent)
        ssthresh = "inf" if tcb.ssthresh == UNLIMITED else f"{tcb.ssthresh / MSS:g}"
        phase = f" {tcb.recovery}" if tcb.recovery else ""
        ms = (self.now - self.began) // MS
        self.rows.append(
            f"{ms}: {what} -> {sent or '-'} | {tcb.cwnd / MSS:.4g} {ssthresh} {tcb.pipe() / MSS:g}{phase}"
        )

    def table(self) -> list[str]:
        return self.rows

    def repeated(self) -> list[int]:
        """The segments that were sent again, in order."""
        return [number for _, number, again in self.sent if again]


def table(text: str) -> list[str]:
    """The lines of a table in a test, without its comments (from ``#`` on)."""
    return [line.partition("#")[0].strip() for line in text.strip().splitlines() if line.partition("#")[0].strip()]


def numbers(rows: Iterable[str]) -> list[str]:
    """The middle of each row: what was sent."""
    return [row.partition("-> ")[2].partition(" |")[0] for row in rows]
