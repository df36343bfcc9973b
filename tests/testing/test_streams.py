"""Streams survive weather: whatever the network does, what is read is what was written, and it costs in proportion.

Any schedule of faults that lets packets through eventually, any sizes of writes and reads, any windows, any initial
sequence numbers; nobody gives up.  With timestamps also packets older than the sequence space: forged segments whose
numbers fit and whose stamps are old.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from tcpsim import Flags, Segment, Simulator, Socket, State
from tcpsim.net.moves import Inject
from tcpsim.tcp import CallError
from tcpsim.testing import seqnums
from tcpsim.trace.records import Sent

MOD: Final = 2**32
SECOND: Final = 1_000_000_000
PATIENT: Final[dict[str, Any]] = {"r2": None, "r2_syn": None, "user_timeout": None}
#: From "overtaken by the next" to just below one MSL.
DELAYS: Final = ("1ms", "15ms", "25ms", "250ms", "1s", "4s", "119s")
HOSTS: Final = ("client", "server")
MOST_EVENTS: Final = 20_000


@dataclass(frozen=True)
class Ghost:
    """A segment from before the sequence space wrapped: ``offset`` from RCV.NXT, ``age`` of its stamp in ms."""

    host: str
    offset: int
    octets: int
    flags: int
    age: int


@dataclass(frozen=True)
class Story:
    """``acts``: (ms until then, host, "write" or "read", octets), or (ms until then, ghost)."""

    acts: tuple[tuple[Any, ...], ...]
    faults: tuple[tuple[Any, ...], ...]
    faults_back: tuple[tuple[Any, ...], ...]
    weather: dict[str, float]
    isses: tuple[int, int]
    switches: dict[str, Any]
    buffers: tuple[int, int]
    delay: str
    seed: int


class Run:
    """A story being told, and what must hold at every moment."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.sim = sim = Simulator(story.seed)
        for name, iss, buffer in zip(HOSTS, story.isses, story.buffers, strict=True):
            sim.host(name, iss=iss, rcv_buf=buffer, **story.switches, **PATIENT)
        sim.link(*HOSTS, delay=story.delay, faults=story.faults, faults_back=story.faults_back, **story.weather)
        listener = sim.hosts["server"].listen(80)
        conn = sim.hosts["client"].connect("server", 80)
        self.ends: dict[str, Socket] = {"client": conn, "server": listener.accept()[0]}
        for end in self.ends.values():
            end.setblocking(False)  # a write takes what there is room for, and time goes on by the story alone
        sim.until(lambda sim: conn.state is State.ESTABLISHED)
        self.written = dict.fromkeys(HOSTS, b"")
        self.got = dict.fromkeys(HOSTS, b"")
        self.waiting = dict.fromkeys(HOSTS, b"")
        self.ended = dict.fromkeys(HOSTS, False)
        self.writes = 4  # the two opens and the two closes
        self.reads = self.ghosts = 0

    def tell(self) -> None:
        """Play all acts, close both ends, and read until both streams have ended."""
        for gap, *act in self.story.acts:
            self.sim.run(for_=f"{gap}ms")
            self.act(*act)
            self.check()
        closing = set(HOSTS)
        for _ in range(MOST_EVENTS):
            for host in HOSTS:
                self.write(host, 0)
                self.read(host, 1 << 30)
                if host in closing and not self.waiting[host]:
                    closing.remove(host)
                    self.ends[host].shutdown()
            self.check()
            if not closing and all(self.ended.values()):
                break
            self.sim.run(until=max(self.sim.world.next_due(), self.sim.now + 100_000_000))
        for host, other in zip(HOSTS, HOSTS[::-1], strict=True):
            assert self.got[host] == self.written[other], f"{host} has {len(self.got[host])} octets"
            assert self.ended[host], f"{host} has not read the end"
        self.sim.run()
        self.check_cost()
        self.check_edges()

    def act(self, *act: Any) -> None:
        match act:
            case (Ghost() as ghost,):
                self.haunt(ghost)
            case (host, "write", n):
                self.write(host, n)
            case (host, "read", n):
                self.read(host, n)

    def write(self, host: str, n: int) -> None:
        """Write ``n`` octets more, or what is left of earlier ones, as far as they are taken."""
        start = len(self.written[host]) + len(self.waiting[host])
        self.waiting[host] += bytes((start + i) * 7 % 251 for i in range(n))
        if not self.waiting[host]:
            return
        try:
            taken = self.ends[host].send(self.waiting[host])
        except CallError:  # the buffer is full
            return
        self.writes += 1
        self.written[host] += self.waiting[host][:taken]
        self.waiting[host] = self.waiting[host][taken:]

    def read(self, host: str, n: int) -> None:
        if self.ended[host]:
            return
        data = self.sim.call(host, "recv", self.ends[host].fd, n)
        if data is None:
            return
        self.reads += 1
        self.got[host] += data
        self.ended[host] = data == b"" and n > 0

    def haunt(self, ghost: Ghost) -> None:
        """Let an old segment arrive whose number fits."""
        tcb = self.ends[ghost.host].tcb
        if not tcb.ts_ok:
            return
        self.ghosts += 1
        stamp = (self.sim.now // 1_000_000 - ghost.age) % MOD
        seq = (tcb.rcv_nxt + ghost.offset) % MOD
        data = b"\xee" * ghost.octets
        old = Segment(tcb.flow, seq, tcb.snd_una, ghost.flags, 1, data, 0, stamp, stamp, ())
        self.sim.apply(Inject(old.key(), 0))

    # -- what must hold

    def check(self) -> None:
        for host, other in zip(HOSTS, HOSTS[::-1], strict=True):
            assert self.written[other].startswith(self.got[host]), f"{host} has read what was never written"
            tcb = self.ends[host].tcb
            if tcb.state is not State.CLOSED:
                assert SECOND <= tcb.rto <= 60 * SECOND, f"{host}: RTO {tcb.rto}"

    def check_cost(self) -> None:
        """Fewer than 4 x (full segments + writes + reads + faults) segments."""
        kinds = [raw[0] for raw in self.sim.trace.raw]
        faults = kinds.count("lost") + kinds.count("duplicated") + kinds.count("refused") + self.ghosts
        for rules in (self.story.faults, self.story.faults_back):
            faults += sum(rule[1] == "delay" for rule in rules)
        mss = max(1, self.story.switches["mss"] - (12 if self.story.switches["timestamps"] else 0))
        full = sum(-(-len(text) // mss) for text in self.written.values())
        sent = kinds.count("sent")
        bound = 4 * (full + self.writes + self.reads + faults)
        assert sent < bound, (
            f"{sent} segments; {full} full ones, {self.writes} writes, {self.reads} reads, {faults} faults"
        )

    def check_edges(self) -> None:
        """No right window edge retreats on the wire (but by the rounding of a scaled window: RFC 7323 2.4)."""
        shift = self.story.switches["window_scale"] or 0
        edges: dict[int | None, int] = {}  # by connection: a SYN that is very late may begin another one
        for record in self.sim.trace.of("sent"):
            assert isinstance(record, Sent)
            seg = record.seg
            if not seg.has_ack or seg.flags & (Flags.SYN | Flags.RST):
                continue
            edge = seg.ack + (seg.wnd << shift)
            before = edges.setdefault(record.conn, edge)
            forward = (edge - before) % MOD
            if forward < MOD // 2:
                edges[record.conn] = edge
            else:
                assert MOD - forward < 1 << shift, f"{record.where}: the edge went back by {MOD - forward}"


def numbers() -> Any:
    return st.tuples(seqnums(), seqnums())


HOST: Final = st.sampled_from(HOSTS)
GAPS: Final = st.sampled_from((0, 0, 1, 10, 30, 200, 900))
FAULTS: Final = st.lists(
    st.one_of(
        st.tuples(st.integers(1, 30), st.sampled_from(("lose", "duplicate", "corrupt"))),
        st.tuples(st.integers(1, 30), st.just("delay"), st.sampled_from(DELAYS)),
    ),
    max_size=8,
    unique_by=lambda fault: fault[0],
).map(tuple)
WRITES: Final = st.tuples(GAPS, HOST, st.just("write"), st.integers(1, 40) | st.integers(1, 6000))
READS: Final = st.tuples(GAPS, HOST, st.just("read"), st.integers(1, 40) | st.integers(1, 6000))
GHOSTS: Final = st.tuples(
    GAPS,
    st.builds(
        Ghost,
        HOST,
        st.integers(-20, 20) | st.integers(-6000, 6000),
        st.integers(0, 40),
        st.sampled_from((Flags.ACK, Flags.ACK | Flags.PSH, Flags.ACK | Flags.FIN, Flags.SYN)).map(int),
        st.integers(1_000_000, 2**31 - 1_000_000),
    ),
)


@st.composite
def stories(draw: st.DrawFn, *, stamps: bool = False, most: int = 12) -> Story:
    """Stories, ordinary or with timestamps and ghosts."""
    acts = st.one_of(WRITES, READS, GHOSTS) if stamps else st.one_of(WRITES, READS)
    return Story(
        acts=tuple(draw(st.lists(acts, max_size=most))),
        faults=draw(FAULTS),
        faults_back=draw(FAULTS),
        weather={name: draw(st.sampled_from((0.0, 0.0, 0.1, 0.3))) for name in ("loss", "duplicate", "corrupt")},
        isses=draw(numbers()),
        switches={
            "mss": draw(st.sampled_from((1460, 536, 100, 19))),
            "snd_buf": draw(st.sampled_from((65_536, 2000, 64))),
            "nagle": draw(st.booleans()),
            "ack_delay": draw(st.sampled_from((0, 200_000_000, 499_000_000))),
            "timestamps": stamps,
            "window_scale": draw(st.sampled_from((None, 0, 3))),
        },
        buffers=(draw(st.sampled_from(BUFFERS)), draw(st.sampled_from(BUFFERS))),
        delay=draw(st.sampled_from(("0ms", "10ms", "300ms"))),
        seed=draw(st.integers(0, 3)),
    )


BUFFERS: Final = (65_535, 3000, 500, 40)


def check_story(story: Story) -> None:
    run = None
    try:
        run = Run(story)
        run.tell()
    except Exception:
        if run is not None:
            note(run.sim.ladder())
        raise


@given(stories())
def test_streams_survive_weather(story: Story) -> None:
    check_story(story)


@given(stories(stamps=True))
def test_streams_survive_packets_older_than_the_sequence_space(story: Story) -> None:
    check_story(story)


@pytest.mark.deep
@settings(max_examples=5000)
@given(st.booleans().flatmap(lambda stamps: stories(stamps=stamps, most=40)))
def test_long_streams_survive_weather(story: Story) -> None:
    check_story(story)


def test_without_timestamps_an_old_packet_is_taken() -> None:
    """The counter-example: that a ghost is kept out is the timestamps' doing."""
    ghost = Ghost("server", 0, 5, int(Flags.ACK), 10**9)
    switches: dict[str, Any] = {
        "mss": 1460, "snd_buf": 65_536, "nagle": True, "ack_delay": 0, "timestamps": True, "window_scale": None
    }  # fmt: skip
    acts = ((0, "client", "write", 100), (50, ghost), (0, "server", "read", 500))
    story = Story(acts, (), (), {}, (100, 300), switches, (65_535, 65_535), "10ms", 0)
    check_story(story)
    run = Run(Story(**{**vars(story), "switches": {**switches, "timestamps": False}}))
    run.write("client", 100)
    run.sim.run(for_="50ms")
    tcb = run.ends["server"].tcb
    old = Segment(tcb.flow, tcb.rcv_nxt, tcb.snd_una, int(Flags.ACK), 1, b"\xee" * 5)
    run.sim.apply(Inject(old.key(), 0))
    run.sim.run(for_="1ms")
    run.read("server", 500)
    with pytest.raises(AssertionError, match="never written"):
        run.check()
