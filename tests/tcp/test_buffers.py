"""The buffers against models that are one flat string of octets."""

from __future__ import annotations

from itertools import count, pairwise, takewhile

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tcpsim.tcp.buffers import ReceiveBuffer, SendBuffer

MOD = 2**32
CHUNKS = st.binary(max_size=12)
SHARES = st.floats(0, 1)


def share(of: int, part: float) -> int:
    return min(of, round(of * part))


class SendMachine(RuleBasedStateMachine):
    """A send buffer beside the octets it should hold; copies are set aside and looked at again later."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = SendBuffer()
        self.octets = b""
        self.aside: list[tuple[SendBuffer, bytes]] = []
        self.next_read = 0

    @rule(data=CHUNKS)
    def append(self, data: bytes) -> None:
        self.buffer.append(data)
        self.octets += data

    @rule(part=SHARES)
    def drop(self, part: float) -> None:
        n = share(len(self.octets), part)
        self.buffer.drop(n)
        self.octets = self.octets[n:]
        self.next_read = max(0, self.next_read - n)

    @precondition(lambda self: self.octets)
    @rule(start=SHARES, part=SHARES)
    def read_anywhere(self, start: float, part: float) -> None:
        position = share(len(self.octets) - 1, start)
        self.read(position, max(1, share(len(self.octets) - position, part)))

    @precondition(lambda self: self.next_read < len(self.octets))
    @rule(part=SHARES)
    def read_on(self, part: float) -> None:
        self.read(self.next_read, max(1, share(len(self.octets) - self.next_read, part)))

    def read(self, position: int, n: int) -> None:
        assert self.buffer.read(position, n) == self.octets[position : position + n]
        self.next_read = position + n

    @rule()
    def copy(self) -> None:
        self.aside.append((self.buffer, self.octets))
        self.buffer = self.buffer.copy()

    @rule()
    def go_on_with_an_old_copy(self) -> None:
        if self.aside:
            self.aside.append((self.buffer, self.octets))
            self.buffer, self.octets = self.aside.pop(0)
            self.next_read = 0

    @rule()
    def clear(self) -> None:
        self.buffer.clear()
        self.octets = b""
        self.next_read = 0

    @invariant()
    def holds_the_octets(self) -> None:
        assert self.buffer.size == len(self.octets)
        assert self.buffer.key() == self.octets

    @invariant()
    def copies_are_independent(self) -> None:
        for buffer, octets in self.aside:
            assert buffer.key() == octets


class ReceiveMachine(RuleBasedStateMachine):
    """A receive buffer beside the octets in order and a map of the early ones by number."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = ReceiveBuffer()
        self.octets = b""
        self.early: dict[int, int] = {}  # by distance from the first number
        self.base = 0
        self.nxt = 0
        self.newest: int | None = None
        self.aside: list[tuple[ReceiveBuffer, bytes, dict[int, int]]] = []

    @initialize(base=st.sampled_from([0, 1000, 2**31 - 10, MOD - 1, MOD - 7, MOD - 25]))
    def start(self, base: int) -> None:
        self.base = base

    @rule(ahead=st.integers(0, 30), data=CHUNKS)
    def hold(self, ahead: int, data: bytes) -> None:
        at = self.nxt + ahead
        known = [at + i for i in range(len(data)) if at + i in self.early]
        stretch = (
            list(takewhile(lambda octet: octet in self.early and octet < at + len(data), count(known[0])))
            if known
            else []
        )
        repeated = ((self.base + stretch[0]) % MOD, (self.base + stretch[-1] + 1) % MOD) if stretch else None
        assert self.buffer.repeated((self.base + at) % MOD, len(data)) == repeated
        if data:
            self.newest = at
        assert self.buffer.hold((self.base + at) % MOD, data, 1000)
        for i, octet in enumerate(data):
            self.early.setdefault(at + i, octet)  # what came first stays

    @rule()
    def deliver(self) -> None:
        data = self.buffer.ripe((self.base + self.nxt) % MOD)
        expected = bytearray()
        while self.nxt in self.early:
            expected.append(self.early.pop(self.nxt))
            self.nxt += 1
        assert data == bytes(expected)
        self.buffer.append(data)
        self.octets += data

    @rule(n=st.integers(1, 15))
    def skip(self, n: int) -> None:
        """As if octets had come in order without being held: what lies below is of no use any more."""
        self.nxt += n
        self.early = {at: octet for at, octet in self.early.items() if at >= self.nxt}
        self.deliver()

    @rule(n=st.integers(0, 40))
    def take(self, n: int) -> None:
        assert self.buffer.peek() == self.octets
        assert self.buffer.take(n) == self.octets[:n]
        self.octets = self.octets[n:]

    @rule()
    def copy(self) -> None:
        self.aside.append((self.buffer, self.octets, self.early.copy()))
        self.buffer = self.buffer.copy()

    @rule()
    def clear(self) -> None:
        self.buffer.clear()
        self.octets = b""
        self.early = {}
        self.newest = None

    def flat(self, buffer: ReceiveBuffer) -> dict[int, int]:
        return {
            (start + i - self.base) % MOD: octet for start, piece in buffer.early for i, octet in enumerate(piece)
        }

    @invariant()
    def holds_the_octets(self) -> None:
        assert self.buffer.size == len(self.octets)
        assert self.buffer.key() == (self.octets, self.buffer.early, tuple(self.buffer.runs))
        assert self.flat(self.buffer) == self.early

    @invariant()
    def runs_are_sorted_with_gaps_between(self) -> None:
        ends = [((start - self.base) % MOD, len(piece)) for start, piece in self.buffer.early]
        for (left, n), (right, _) in pairwise(ends):
            assert left + n < right
        assert all(n for _, n in ends)

    @invariant()
    def blocks_are_the_runs_newest_first(self) -> None:
        everything = self.buffer.blocks(99)
        assert sorted(everything) == sorted((s, (s + len(o)) % MOD) for s, o in self.buffer.early)
        assert self.buffer.blocks(2) == everything[:2]
        if self.newest is not None and self.newest in self.early:
            left, right = everything[0]
            assert (self.newest + self.base - left) % MOD < (right - left) % MOD

    @invariant()
    def copies_are_independent(self) -> None:
        for buffer, octets, early in self.aside:
            assert buffer.peek() == octets
            assert self.flat(buffer) == early


TestSendBuffer = SendMachine.TestCase
TestReceiveBuffer = ReceiveMachine.TestCase


def test_nothing_is_held_twice() -> None:
    buffer = ReceiveBuffer()
    assert buffer.hold(10, b"abc", 10)
    assert buffer.hold(8, b"ABCDEFGH", 10)
    assert buffer.early == ((8, b"ABabcFGH"),)
    assert buffer.ripe(9) == b"BabcFGH"
    assert buffer.early == ()


def test_nothing_is_held_twice_across_the_wrap() -> None:
    buffer = ReceiveBuffer()
    assert buffer.hold(MOD - 1, b"abc", 10)
    assert buffer.hold(MOD - 3, b"ABCDEFGH", 10)
    assert buffer.early == ((MOD - 3, b"ABabcFGH"),)
    assert buffer.ripe(MOD - 2) == b"BabcFGH"


@given(st.integers(0, MOD - 1) | st.sampled_from([MOD - 3, MOD - 1]))
def test_no_more_runs_than_the_limit(base: int) -> None:
    buffer = ReceiveBuffer()
    for place in (0, 10, 20):
        assert buffer.hold((base + place) % MOD, b"ab", 3)
    before = buffer.key()
    assert not buffer.hold((base + 30) % MOD, b"cd", 3)
    assert buffer.key() == before
    assert buffer.hold((base + 1) % MOD, b"b", 3)  # says nothing new
    assert buffer.early == before[1]
    assert buffer.hold((base + 2) % MOD, b"01234567", 3)  # closes a gap
    assert len(buffer.early) == 2


def test_equal_octets_make_equal_keys_however_they_came() -> None:
    one, other = SendBuffer(), SendBuffer()
    one.append(b"xxab")
    one.append(b"cd")
    one.drop(2)
    other.append(b"abcd")
    assert one.key() == other.key()
    assert one.size == other.size == 4
