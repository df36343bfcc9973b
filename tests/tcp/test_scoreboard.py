"""The scoreboard against RFC 6675 read literally, octet by octet, with sets."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tcpsim.tcp.scoreboard import DUP_THRESH, Scoreboard

MOD = 2**32
MSS = 3
FAR = 60


class ScoreboardMachine(RuleBasedStateMachine):
    """Positions count from the first number; ``SetPipe`` and ``NextSeg`` are written as RFC 6675 prints them."""

    def __init__(self) -> None:
        super().__init__()
        self.base = 0
        self.una = self.nxt = 0
        self.sacked: set[int] = set()
        self.repeated: set[int] = set()
        self.high_rxt = 0  # the number after HighRxt
        self.rescue_rxt: int | None = None
        self.recover = 0

    @initialize(base=st.sampled_from([0, 1000, 2**31 - 20, MOD - 1, MOD - 40]), flight=st.integers(0, FAR))
    def start(self, base: int, flight: int) -> None:
        self.base = base
        self.nxt = flight
        self.board = Scoreboard(self.number(0))
        self.aside: list[tuple[Scoreboard, object]] = []

    def number(self, at: int) -> int:
        return (self.base + at) % MOD

    # -- RFC 6675 4, literally

    def is_lost(self, at: int) -> bool:
        above = sorted(octet for octet in self.sacked if octet > at)
        runs = sum(octet - 1 not in self.sacked for octet in above)
        return runs >= DUP_THRESH or len(above) > (DUP_THRESH - 1) * MSS

    def holes(self) -> list[int]:
        return [at for at in range(self.una, self.nxt) if at not in self.sacked]

    def pipe(self) -> int:
        return sum((not self.is_lost(at)) + (at < self.high_rxt) for at in self.holes())

    def next_hole(self, surely: bool) -> tuple[int, int] | None:
        for at in self.holes():
            if at >= self.high_rxt and self.sacked and at < max(self.sacked) and (not surely or self.is_lost(at)):
                n = next(n for n in range(1, MSS + 1) if at + n in self.sacked or n == MSS)
                return self.number(at), n
        return None

    def rescue(self) -> tuple[int, int] | None:
        holes = self.holes()
        if not holes or not (self.rescue_rxt is None or self.una > self.rescue_rxt):
            return None
        last = holes[-1]
        n = next(n for n in range(1, MSS + 1) if last - n not in holes or n == MSS)
        return self.number(last - n + 1), n

    # -- what happens

    @rule(n=st.integers(1, 9))
    def send(self, n: int) -> None:
        self.nxt += n

    @rule(n=st.integers(0, FAR))
    def acknowledge(self, n: int) -> None:
        self.una = min(self.una + n, self.nxt)
        self.sacked = {octet for octet in self.sacked if octet >= self.una}
        self.high_rxt = max(self.high_rxt, self.una)
        self.board.advance(self.number(self.una))

    @rule(blocks=st.lists(st.tuples(st.integers(-5, FAR), st.integers(1, 12)), max_size=4))
    def sack(self, blocks: list[tuple[int, int]]) -> None:
        self.add([(self.una + left, self.una + left + n) for left, n in blocks])

    @rule(blocks=st.lists(st.tuples(st.integers(-(2**31), 2**32), st.integers(-(2**31), 2**32)), max_size=4))
    def sack_nonsense(self, blocks: list[tuple[int, int]]) -> None:
        self.add(blocks)

    def add(self, blocks: list[tuple[int, int]]) -> None:
        fresh: set[int] = set()
        for left, right in blocks:
            first, last = (self.number(edge) for edge in (left, right))
            ahead, behind = ((edge - self.number(self.una)) % MOD for edge in (first, last))
            if 0 < ahead < behind <= self.nxt - self.una:
                fresh |= set(range(self.una + ahead, self.una + behind))
        new = self.board.add([(self.number(a), self.number(b)) for a, b in blocks], self.number(self.nxt))
        assert new == len(fresh - self.sacked)
        self.sacked |= fresh

    @rule()
    def begin_recovery(self) -> None:
        self.board.forget_retransmissions()
        self.high_rxt = self.una
        self.rescue_rxt = None
        self.recover = self.nxt
        if self.nxt > self.una:
            self.high_rxt = self.rescue_rxt = min(self.una + MSS, self.nxt)
            self.board.retransmitted(self.number(self.high_rxt), first=True)

    @rule(surely=st.booleans())
    def retransmit(self, surely: bool) -> None:
        found = self.board.hole(MSS, surely=surely)
        assert found == self.next_hole(surely)
        if found:
            seq, n = found
            self.board.retransmitted((seq + n) % MOD)
            self.high_rxt = (seq - self.base) % MOD + n

    @precondition(lambda self: self.una < self.recover)  # a recovery goes on
    @rule()
    def rescue_the_last(self) -> None:
        expected = self.rescue()
        assert self.board.rescue(self.number(self.recover), self.number(self.nxt), MSS) == expected
        if expected:
            self.rescue_rxt = self.recover

    @precondition(lambda self: self.nxt > self.una)
    @rule(part=st.floats(0, 1))
    def look(self, part: float) -> None:
        at = self.una + round((self.nxt - 1 - self.una) * part)
        assert self.board.sacked(self.number(at)) == (at in self.sacked)
        start = next(i for i in range(at, self.nxt + 1) if i not in self.sacked)
        end = next((i for i in range(start, self.nxt) if i in self.sacked), start + 2**31)
        assert self.board.next_hole(self.number(at)) == (self.number(start), self.number(end))

    @rule()
    def copy(self) -> None:
        self.aside.append((self.board, self.board.key()))
        self.board = self.board.copy()

    # -- what always holds

    @invariant()
    def the_board_is_the_model(self) -> None:
        if not hasattr(self, "board"):
            return
        board = self.board
        runs = {
            octet
            for left, right in board.runs()
            for octet in range((left - self.base) % MOD, (right - self.base) % MOD)
        }
        assert runs == self.sacked
        assert board.octets == len(self.sacked)
        assert board.pipe(self.number(self.nxt), MSS) == self.pipe()
        lost = [at for at in self.holes() if self.is_lost(at) and at >= self.high_rxt]
        assert board.lost(MSS) == len(lost)
        if self.una not in self.sacked:  # as it is when an ACK and its blocks do not contradict each other
            assert board.first_lost(MSS) == bool(self.sacked and self.is_lost(self.una))
        assert board.hole(MSS) == self.next_hole(True)
        assert board.hole(MSS, surely=False) == self.next_hole(False)

    @invariant()
    def copies_are_independent(self) -> None:
        assert all(board.key() == key for board, key in getattr(self, "aside", ()))


TestScoreboard = ScoreboardMachine.TestCase


@given(
    st.integers(0, MOD - 1),
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 9)), max_size=6),
    st.integers(0, 60),
)
def test_equal_boards_have_equal_keys_wherever_they_began(una: int, blocks: list[tuple[int, int]], n: int) -> None:
    early = Scoreboard((una - n) % MOD)
    early.advance(una)
    late = Scoreboard(una)
    for board in (early, late):
        board.add([((una + left) % MOD, (una + left + size) % MOD) for left, size in blocks], (una + 60) % MOD)
    assert early.key() == late.key()


def lines_run(holes: int, window: int) -> int:
    """How many lines of the scoreboard one SACK, one question and one retransmission run."""
    board = Scoreboard(0)
    step = window // holes
    board.add([(i * step + 1000, (i + 1) * step) for i in range(holes)], window)
    ran = 0

    def trace(frame: object, event: str, arg: object) -> object:
        nonlocal ran
        ran += event == "line"
        return trace

    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        board.add([(window - 999, window)], window)
        board.pipe(window, 1000)
        board.retransmitted(1000)
        board.hole(1000)
    finally:
        sys.settrace(None)
    return ran


def test_three_runs_above_a_hole_make_it_lost_however_short_they_are() -> None:
    """RFC 6675 4, IsLost: DupThresh discontiguous SACKed sequences, or more than (DupThresh - 1) * SMSS octets."""
    for base in (0, MOD - 1500):
        board = Scoreboard(base)
        for at in (1000, 2000):
            board.add([((base + at) % MOD, (base + at + 1) % MOD)], (base + 5000) % MOD)
        assert board.hole(1000) is None
        board.add([((base + 3000) % MOD, (base + 3001) % MOD)], (base + 5000) % MOD)
        assert board.hole(1000) == (base, 1000)


@pytest.mark.parametrize("surely", [True, False])
def test_what_was_sent_again_beyond_all_that_is_sacked_leaves_no_hole(surely: bool) -> None:
    """A peer has SACKed a few octets of the segment that leaves again whole."""
    for base in (0, MOD - 1500):
        board = Scoreboard(base)
        board.add([((base + 400) % MOD, (base + 700) % MOD)], (base + 5000) % MOD)
        board.retransmitted((base + 1000) % MOD, first=True)
        assert board.hole(100, surely=surely) is None
        board.add([((base + 2000) % MOD, (base + 3000) % MOD)], (base + 5000) % MOD)
        assert board.hole(100, surely=surely) == ((base + 1000) % MOD, 100)


def test_the_cost_does_not_grow_with_holes_or_window() -> None:
    assert lines_run(30, 1_000_000) == lines_run(30, 100_000) == lines_run(3, 100_000)
