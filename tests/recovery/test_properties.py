"""What holds on every path: any loss, any order, any marks."""

from __future__ import annotations

from math import sqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcpsim import Simulator
from tcpsim.tcp import RFC9293, Segment
from tcpsim.tcp.congestion import UNLIMITED
from tests.recovery.path import MSS, Path

WAYS = ["newreno", "cubic"]


def paths(most: int = 40) -> st.SearchStrategy[dict[str, Any]]:
    """Keyword arguments of a Path with arbitrary weather."""
    number = st.integers(1, most)
    return st.fixed_dictionaries(
        {
            "lose": st.lists(number, max_size=12).map(lambda segments: " ".join(map(str, segments))),
            "late": st.dictionaries(number, st.integers(1, 5), max_size=6),
            "mark": st.lists(number, max_size=3).map(lambda segments: " ".join(map(str, segments))),
            "congestion": st.sampled_from(WAYS),
            "sack": st.booleans(),
            "prr": st.booleans(),
            "prr_safe_acks": st.booleans(),
            "rack": st.booleans(),
            "tlp": st.booleans(),
            "frto": st.booleans(),
            "ecn": st.sampled_from(["no", "offer"]),
            "limited_transmit": st.booleans(),
            "timestamps": st.booleans(),
            "ack_delay": st.sampled_from([0, 40_000_000]),
            "cwnd_validation": st.booleans(),
            "iss": st.sampled_from([100, 2**32 - 5000, 2**31 - 5000]),
        }
    )


class Watched(Path):
    """A path on which each sending is compared with what the receiver has told by then."""

    def open(self) -> None:
        self.told: set[int] = set()
        self.got: dict[int, int] = {}
        self.expected: tuple[int, int] | None = None
        super().open()

    def step(self) -> None:
        before = self.tcb.pipe(), self.tcb.recovery, len(self.sent)
        if self.flying and self.flying[0][0] == self.due() and not self.flying[0][2]:
            self.learn(self.flying[0][3])
        super().step()
        tcb = self.tcb
        repeated = [number for _, number, again in self.sent[before[2] :] if again]
        if self.rows and "rtx" in self.rows[-1]:
            self.told = set()  # RFC 2018 8: a time-out forgets
        assert not self.told & set(repeated), f"{repeated} left again, and {self.told} was SACKed: {self.rows[-1]}"
        extra = 2 * MSS if tcb.recovery == "disorder" and not tcb.sack_ok else 0  # limited transmit (RFC 3042)
        if self.sender.profile.frto and (tcb.undo is not None or "rto" in (before[1], tcb.recovery)):
            extra = 2 * MSS  # two new segments judge a time-out (RFC 5682)
        if self.rows and ": rack" in self.rows[-1]:  # a probe leaves whatever cwnd says (RFC 8985 7.3)
            extra = MSS
        if len(self.sent) - before[2] > len(repeated):
            assert tcb.pipe() <= tcb.cwnd + extra, self.rows[-1]
        elif repeated:  # what a recovery or a time-out begins with leaves in any case
            assert tcb.pipe() <= max(tcb.cwnd + extra, before[0] + MSS), self.rows[-1]

    def learn(self, ack: Segment) -> None:
        """The segments wholly inside the SACK blocks of an ACK."""
        for option in ack.options:
            if option[0] == "sack" and self.tcb.sack_ok:
                for left, right in option[1:]:
                    first, last = ((edge - self.iss - 1) % 2**32 for edge in (left, right))
                    if last < 2**31 and (ack.ack - left) % 2**32 >= 2**31:  # above the number acknowledged
                        self.told |= set(range(-(-first // MSS) + 1, last // MSS + 1))


@given(paths())
def test_what_is_sacked_stays_and_the_pipe_is_bounded(weather: dict[str, Any]) -> None:
    path = Watched(**weather).give(40).run()
    assert path.tcb.snd_una == path.tcb.snd_nxt
    assert path.receiver.tcb.rcv_buf.size == 40 * MSS
    assert path.tcb.recovery == "" or path.tcb.recovery == "ecn"
    assert path.tcb.scoreboard is None


@given(paths())
def test_a_segment_leaves_again_only_after_an_rto_or_once_by_what_acks_tell(weather: dict[str, Any]) -> None:
    """EXT-6298-7: a time-out comes an RTO, a second at least here, after the segment left last."""
    path = Path(**weather).give(40)
    left = {number: ms for ms, number, _ in path.sent}
    seen = len(path.sent)
    while path.due() is not None:
        path.step()
        for ms, number, _again in path.sent[seen:]:
            if path.rows[-1].partition(": ")[2].startswith("rtx"):
                assert ms - left[number] >= 1000, f"{path.rows[-1]}: {number} left at {left[number]} ms"
            left[number] = ms
        seen = len(path.sent)


@given(paths())
def test_the_same_path_twice(weather: dict[str, Any]) -> None:
    assert Path(**weather).give(20).run().rows == Path(**weather).give(20).run().rows


@pytest.mark.deep
@settings(max_examples=1000)
@given(paths(100))
def test_long_paths(weather: dict[str, Any]) -> None:
    path = Watched(**weather, initial_window=10).give(60).run()
    assert path.receiver.tcb.rcv_buf.size == 60 * MSS


def throughput(loss: float, octets: int, seed: int) -> float:
    """Segments delivered in a round trip, from the first loss on, by newreno with SACK at random loss."""
    rtt = 100_000_000
    sim = Simulator(seed, trace="off", profile=RFC9293.but(**STEADY))
    sim.link(sim.host("client"), sim.host("server"), delay=rtt // 2, loss=loss)
    sim.script("server", "listen 80", ("serve", "recv_to_end", "close"))
    sim.script("client", "connect server 80", ("send", bytes(octets)), "sleep 1h", "close")
    sim.run(for_="1s")
    conn = next(conn for conn in sim.world.conns.values() if conn.tcb.snd_buf.size)
    while conn.tcb.ssthresh == UNLIMITED:
        sim.run(for_="100ms")
    una, since = conn.tcb.snd_una, sim.now
    while conn.tcb.snd_buf.size:
        sim.run(for_="1s")
    return (conn.tcb.snd_una - una) / conn.tcb.snd_mss * rtt / (sim.now - since)


#: ACKs that do not wait, and nothing but cwnd that limits.
STEADY: dict[str, Any] = {
    "sack": True,
    "ack_delay": 0,
    "rcv_buf": 1_000_000,
    "window_scale": 7,
    "snd_buf": 1 << 27,
    "mss": MSS,
    "rto_min": 200_000_000,
    "r2": None,
    "user_timeout": None,
}


@pytest.mark.parametrize("megabytes", [3, pytest.param(30, marks=pytest.mark.deep)], ids=["short", "long"])
def test_throughput_at_random_loss_follows_the_model(megabytes: int) -> None:
    """Mathis and others: W = sqrt(3 / 2) / sqrt(p) segments in a round trip; the long run must be within 20 %."""
    model = sqrt(1.5 / 0.01)
    seen = throughput(0.01, megabytes * 1_000_000, seed=1)
    most = 0.35 if megabytes == 3 else 0.2
    assert abs(seen / model - 1) <= most, f"{seen:.2f} segments in a round trip, {model:.2f} by the model"
