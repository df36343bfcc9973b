"""Whatever a peer can make grow has a bound, and here each bound is pushed.

Out-of-order octets and pieces, unread octets, what came with a SYN, answers, urgent notices, options, half-open
connections, incarnations that wait behind one another.
"""

from __future__ import annotations

import pickle
from random import Random
from typing import Any

import pytest

from tcpsim import Flags, Segment, State, pair
from tcpsim.net.moves import Inject
from tests.helpers.lab import Lab, reach

SHIFTS = [(0, 0), (-102 % 2**32, -302 % 2**32)]


@pytest.fixture(params=SHIFTS, ids=["plain", "wrap"], autouse=True)
def _numbers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lab, "shift", request.param)


def held(lab: Lab) -> tuple[int, int]:
    """Pieces and octets held out of order."""
    return len(lab.tcb.rcv_buf.early), sum(len(piece) for _, piece in lab.tcb.rcv_buf.early)


def size(lab: Lab) -> int:
    """How much a connection keeps, in octets of its pickled value."""
    return len(pickle.dumps(lab.conn.key()))


# -- reassembly


@pytest.mark.parametrize("most", [1, 8, 256])
def test_pieces_held(most: int) -> None:
    """A hole before every octet: no more pieces than the profile keeps, and the rest is dropped as if lost."""
    lab = reach(State.ESTABLISHED, log=None, max_held=most)
    for seq in range(303, 1301, 2):
        lab.arrives(f". {seq}:{seq + 1}(1) ack 101 win 1000")
        assert held(lab)[0] <= most
    assert held(lab)[0] == most
    for seq in range(301, 1301, 10):  # everything again, in order: nothing was lost by it
        lab.arrives(f". {seq}:{seq + 10}(10) ack 101 win 1000")
    assert (lab.receive(), held(lab)) == (bytes(1000), (0, 0))


def test_octets_held() -> None:
    """Never more than the window promised, however large and however far beyond it they reach."""
    lab = reach(State.ESTABLISHED, log=None)
    for seq in (302, 400, 1299, 1300, 1301, 5000, 302, 350):
        lab.arrives(f"P. {seq}:{seq + 60_000}(60000) ack 101 win 1000")
        assert held(lab)[1] <= 999
    assert held(lab) == (1, 999)
    before = size(lab)
    for _ in range(100):
        lab.arrives("P. 302:60302(60000) ack 101 win 1000").forget()
    assert size(lab) == before


def test_octets_unread() -> None:
    lab = reach(State.ESTABLISHED, log=None)
    for _ in range(50):
        nxt = lab.rcv_nxt
        lab.arrives(f"P. {nxt}:{nxt + 100}(100) ack 101 win 1000")
        assert lab.tcb.rcv_buf.size + held(lab)[1] <= 1000
    assert (lab.tcb.rcv_buf.size, lab.tcb.rcv_wnd) == (1000, 0)


def test_octets_with_a_syn() -> None:
    lab = reach(State.LISTEN, log=None).arrives("S 300:60300(60000) win 1000")
    for _ in range(20):
        lab.arrives("S 300:60300(60000) win 1000")
    assert lab.state is State.SYN_RECV
    assert held(lab)[1] <= 1000
    lab.arrives(". 301:301(0) ack 101 win 1000")
    assert lab.tcb.rcv_buf.size <= 1000


# -- answers


@pytest.mark.parametrize(
    "words",
    [
        "R 302:302(0) win 0",
        "S 500:500(0) win 9",
        ". 301:301(0) ack 999 win 9",
        ". 300:300(0) ack 101 win 9",
        ". 5000:5000(0) ack 101 win 9",
        "P. 301:306(5) ack 4294960000 win 9",
    ],
)
def test_challenges_in_one_period(words: str) -> None:
    """Ten in five seconds (RFC 5961 7), and they do not add up."""
    lab = reach(State.ESTABLISHED, log=None)
    for _ in range(3):
        drawn = sum(len(lab.arrives(words).segments()) for _ in range(100))
        assert drawn <= 10
        lab.advance("5s")
    assert lab.state is State.ESTABLISHED


@pytest.mark.parametrize(
    "words", ["P. 300:301(1) ack 101 win 9", "P. 310:320(10) ack 101 win 9", "P. 301:311(10) ack 101 win 9"]
)
def test_answers_to_many_segments_in_one_event(words: str) -> None:
    lab = reach(State.ESTABLISHED, log=None).arrives(*[words] * 500)
    assert len(lab.segments()) == 1


def test_no_segment_draws_more_than_one_answer() -> None:
    random = Random(1)
    for state in State:
        lab = reach(state, log=None)
        before = size(lab)
        for _ in range(150):
            lab.arrives(strange(random, lab))
            assert len(lab.segments()) <= 2  # an answer, and data that the segment has released
            lab.signals()
            if lab.state is not state:
                lab = reach(state, log=None)
        assert size(lab) < before + 2 * 1000 + 64 * 256  # its buffers, and a bit for each piece


def strange(random: Random, lab: Lab) -> Segment:
    """Any segment at all, near the window or not, with any options."""
    seq = random.choice([lab.tcb.rcv_nxt, lab.tcb.rcv_nxt + random.randrange(1000), random.randrange(2**32)]) % 2**32
    ack = random.choice([lab.tcb.snd_nxt, lab.tcb.snd_una, random.randrange(2**32)])
    data = bytes(random.choice([0, 0, 1, 500, 1460]))
    options: list[Any] = [("unknown", 200, bytes(random.randrange(30))), ("nop",), ("mss", 9), ("wscale", 255)]
    options += [("sackOK",), ("sack", (1, 2), (3, 4)), ("malformed", b"\2\0\0")]
    chosen = tuple(random.sample(options, random.randrange(4)))
    stamps = random.choice([(None, None), (random.randrange(2**32), 7)])
    flow = ("10.0.0.1", 1000, "10.0.0.2", 2000)
    return Segment(flow, seq, ack, random.randrange(256), random.randrange(65536), data, 9, *stamps, chosen)


# -- urgent, options


def test_urgent_notices() -> None:
    """One number is kept, however often the pointer moves; a pointer that does not move says nothing new."""
    lab = reach(State.ESTABLISHED, log=None)
    lab.arrives("U. 301:301(0) ack 101 win 1000 urg 1").forget()
    before = size(lab)
    told = 0
    for up in (*range(2, 200), *[199] * 300):
        told += len(lab.arrives(f"U. 301:301(0) ack 101 win 1000 urg {up}").signals())
    assert told == 198
    assert size(lab) <= before + 8
    assert lab.conn.urgent_left() == 199


def test_options_leave_nothing_behind() -> None:
    lab = reach(State.ESTABLISHED, log=None)
    before = size(lab)
    flow = lab.tcb.flow
    for kind in range(9, 255):
        options: tuple[Any, ...] = (("unknown", kind, bytes(38)),)
        lab.arrives(Segment(flow, lab.tcb.rcv_nxt, lab.tcb.snd_nxt, Flags.ACK, 1000, options=options))
    assert (size(lab), lab.sent()) == (before, [])


# -- connections


@pytest.mark.parametrize("backlog", [1, 5, 50])
def test_half_open_connections(backlog: int) -> None:
    """A flood of SYNs from as many addresses: the queue takes what it was told to, and the rest is dropped."""
    sim, _, server = pair()
    listener = server.listen(80, backlog=backlog)
    for n in range(300):
        flow = ("10.0.0.2", 80, f"10.9.{n // 250}.{n % 250 + 1}", 1000 + n)
        sim.apply(Inject(Segment(flow, n, 0, Flags.SYN, 9).key(), 0))
        sim.run(for_="1us")
    assert len(sim.world.conns) == 1 + backlog
    assert listener.state is State.LISTEN
    sim.run(for_="10min")  # what never answers is forgotten
    assert len(sim.world.conns) == 1


def test_incarnations_do_not_pile_up() -> None:
    """TIME_WAIT keeps the connection that a SYN has reopened, and not one behind it."""
    lab = reach(State.TIME_WAIT, log=None, reopen_time_wait="may2")
    sizes = set()
    for n in range(20):
        seq = 1000 * (n + 1)
        lab.arrives(f"S {seq}:{seq}(0) win 800")
        assert lab.state is State.SYN_RECV
        assert lab.tcb.previous is not None
        assert lab.tcb.previous.previous is None
        sizes.add(size(lab) // 16)
        lab.arrives(f"R {seq + 1}:{seq + 1}(0) win 0").forget()
        assert lab.state is State.TIME_WAIT
        assert lab.tcb.previous is None
    assert len(sizes) <= 2
