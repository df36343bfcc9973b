"""A connection under fire: segments with any fields, calls and time-outs, from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tcpsim.tcp import CallError, Connection, Profile, Segment, State, format_segment
from tests.helpers.invariants import INVARIANTS, MASK, Event, stream
from tests.helpers.lab import HERE, THERE, Lab, Origin, reach

PLACES: Final[tuple[tuple[State, Origin], ...]] = (
    *((state, "passive") for state in State),
    (State.SYN_RECV, "active"),
    (State.ESTABLISHED, "active"),
)
OPTIONS: Final = (
    (), (), (), (("mss", 1460),), (("mss", 0),), (("mss", 65_535),), (("wscale", 14),), (("sackOK",), ("nop",)),
    (("sack", (1, 2)),), (("unknown", 254, b"\xab"),), (("mss", 100), ("mss", 9)),
)  # fmt: skip
CALLS: Final = (
    *("send", "receive") * 4, *("close", "abort", "shutdown", "open_active", "open_passive") * 2,
    "detach", "send_urgent", "configure",
)  # fmt: skip
SETTINGS: Final[tuple[dict[str, Any], ...]] = (
    {"keepalive": True}, {"keepalive": (1_000_000_000, 1_000_000, 2)}, {"keepalive": False}, {"nagle": False},
    {"rcv_limit": 5000}, {"rcv_limit": 1}, {"snd_limit": 10}, {"r2": 5_000_000_000}, {"user_timeout": 1},
    {"mss_cap": 100}, {"mtu": 576},
)  # fmt: skip
FLAGS: Final = (0, 1, 2, 3, 4, 16, 16, 16, 17, 17, 18, 20, 24, 24, 25, 4, 48, 255)
SECOND: Final = 1_000_000_000


class Broken(AssertionError):
    """An invariant does not hold; the message tells the story so far."""


class Fuzzer:
    """One episode: a state reached in earnest, then ``length`` events."""

    def __init__(self, seed: int, profiles: Sequence[Profile]) -> None:
        self.rng = rng = random.Random(seed)
        self.seed = seed
        state, origin = rng.choice(PLACES)
        profile = rng.choice(profiles)
        self.start = f"seed {seed}: {state} ({origin}), profile {profile.name}"
        shift = rng.choice(
            ((0, 0), (-rng.randrange(110), -rng.randrange(310)), (rng.getrandbits(32), rng.getrandbits(32)))
        )
        self.story: list[str] = []
        Lab.shift, old = (shift[0] & MASK, shift[1] & MASK), Lab.shift
        try:
            offers = "mss 1000,wscale 3,TS" if profile.timestamps else ""
            log = rng.choice((None, "brief", "full"))
            lab = reach(state, profile, origin=origin, log=log, peer_options=offers, **self.sizes())
        finally:
            Lab.shift = old
        self.conn: Connection = lab.conn
        self.now = lab.now

    def sizes(self) -> dict[str, Any]:
        """Buffers, sometimes tiny, and delayed ACKs, sometimes."""
        rng = self.rng
        chosen: dict[str, Any] = {"ack_delay": rng.choice((0, SECOND // 5))}
        if rng.random() < 0.5:
            chosen |= {"rcv_buf": rng.choice((1, 10, 1000, 65_535)), "snd_buf": rng.choice((1, 100, 5000))}
        if rng.random() < 0.2:
            chosen |= {"max_held": rng.choice((0, 1, 3))}
        return chosen

    def segments(self, length: int) -> Iterator[Segment]:
        """Play ``length`` events; the segments that arrived."""
        for _ in range(length):
            what = self.rng.random()
            if what < 0.8:
                yield self.segment_arrives()
            elif what < 0.9:
                self.call()
            else:
                self.time_passes()

    # -- the events

    def segment(self) -> Segment:
        """A segment whose numbers lie near those that matter, or anywhere."""
        rng, tcb = self.rng, self.conn.tcb
        edges = (tcb.rcv_nxt, tcb.rcv_nxt, tcb.rcv_nxt, tcb.rcv_nxt + tcb.rcv_wnd, tcb.irs, rng.getrandbits(32))
        seq = (rng.choice(edges) + rng.choice((0, 0, 0, -1, 1, -2, 5, -7, 100, -1000))) & MASK
        acks = (tcb.snd_nxt, tcb.snd_nxt, tcb.snd_una, tcb.snd_una - tcb.max_snd_wnd, tcb.iss, rng.getrandbits(32))
        ack = (rng.choice(acks) + rng.choice((0, 0, 0, -1, 1, 2, -5))) & MASK
        flags = rng.choice(FLAGS) if rng.random() < 0.9 else rng.getrandbits(8)
        n = rng.choice((0, 0, 0, 1, 2, 10, 300, 1460))
        wnd = rng.choice((0, 1, 5, 1000, 1000, 65_535, rng.getrandbits(16)))
        at = (seq + (flags >> 1 & 1)) & MASK
        stamps = (rng.getrandbits(32), rng.getrandbits(32)) if rng.random() < 0.1 else (None, None)
        if tcb.ts_ok and rng.random() < 0.9:
            stamps = (
                tcb.ts_recent + rng.choice((0, 0, 1, 10, -1)) & MASK,
                self.conn.timestamp() - rng.randrange(9) & MASK,
            )
        return Segment(
            (*HERE, *THERE), seq, ack, flags, wnd, stream(at, n), rng.getrandbits(16), *stamps, rng.choice(OPTIONS)
        )  # fmt: skip

    def segment_arrives(self) -> Segment:
        seg = self.segment()
        self.story.append(f"{self.now}: < {format_segment(seg)}")
        before = self.begin()
        self.conn.segment_arrives(self.now, seg)
        self.check(before, seg)
        return seg

    def call(self) -> None:
        """Some user call; a refusal changes nothing."""
        rng, conn = self.rng, self.conn
        name = rng.choice(CALLS)
        if name in ("close", "shutdown", "detach", "abort") and rng.random() < 0.5:
            name = "status"
        args: tuple[Any, ...] = ()
        if name == "send":
            n = rng.choice((0, 1, 10, 700, 3000))
            args = (stream(conn.tcb.snd_buf_seq + conn.tcb.snd_buf.size, n),)
        elif name == "receive":
            args = (rng.choice((1, 10, 10_000)),)
        self.story.append(
            f"{self.now}: {name}({', '.join(str(len(a)) if isinstance(a, bytes) else str(a) for a in args)})"
        )
        before = self.begin()
        old = before.key()
        try:
            if name == "status":
                conn.status()
            elif name == "configure":
                conn.configure(self.now, **rng.choice(SETTINGS))
            elif name == "send_urgent":
                conn.send(self.now, stream(conn.tcb.snd_buf_seq + conn.tcb.snd_buf.size, 20), urgent=True)
            else:
                getattr(conn, name)(self.now, *args)
        except CallError as error:
            if conn.key() != old or conn.out or conn.signals:
                raise self.broken(f"{error} changed something") from error
        self.check(before, None)

    def time_passes(self) -> None:
        """To the next deadline, and its timer expires; or to some time before it."""
        due = self.conn.deadline()
        if due is None or self.rng.random() < 0.3:
            later = self.now + self.rng.randrange(SECOND)
            self.now = later if due is None else min(later, max(due - 1, self.now))
            return
        self.now = max(self.now, due)
        before = self.begin()
        timer = self.conn.timer_expires(self.now)
        self.story.append(f"{self.now}: {timer} expires")
        self.check(before, None)

    # -- judging

    def begin(self) -> Any:
        if self.conn.log is not None:
            self.conn.log = []
        self.conn.now = self.now
        return self.conn.tcb.copy()

    def check(self, before: Any, seg: Segment | None) -> None:
        conn = self.conn
        event = Event(before, conn, seg, conn.take_output(), conn.take_signals(), conn.log)
        self.story += [f"    > {format_segment(sent)}" for sent in event.out]
        for invariant in INVARIANTS:
            problem = invariant(event)
            if problem is not None:
                raise self.broken(f"{invariant.__name__}: {problem}")

    def broken(self, problem: str) -> Broken:
        return Broken("\n".join([problem, self.start, *self.story, f"now {self.conn.state}"]))
