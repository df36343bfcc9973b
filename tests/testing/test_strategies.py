"""What the strategies give, and what they shrink to."""

from __future__ import annotations

import pytest
from hypothesis import Phase, find, given, settings

from tcpsim import TcpsimError, pair
from tcpsim.tcp.notation import format_segment
from tcpsim.tcp.segment import ACK, RST, Segment
from tcpsim.tcp.seq import diff
from tcpsim.tcp.tcb import BLANK, Tcb
from tcpsim.testing import Fault, Programs, faults, play, resets, scripts, segments, seqnums

#: Without the phase that explains failures, which takes a hundred times as long as the rest.
QUICK = settings(database=None, derandomize=True, max_examples=500, phases=[Phase.generate, Phase.shrink])
MSL = 120 * 10**9


def block() -> Tcb:
    """Something with windows that wrap."""
    tcb = BLANK.copy()
    tcb.flow = ("10.0.0.1", 1000, "10.0.0.2", 2000)
    tcb.rcv_nxt, tcb.rcv_wnd, tcb.irs = 2**32 - 3, 1000, 2**32 - 100
    tcb.snd_una, tcb.snd_nxt, tcb.max_snd_wnd, tcb.iss = 2**32 - 50, 7, 500, 2**32 - 100
    return tcb


@pytest.mark.parametrize("target", [0, 2**31, 2**32 - 1, 5_000, 4_993, 5_008])
def test_numbers_near_every_centre_turn_up(target: int) -> None:
    assert find(seqnums(around=(5_000,)), lambda number: number == target, settings=QUICK) == target


@given(seqnums(around=(-1, 2**32 + 5)))
def test_numbers_are_sequence_numbers(number: int) -> None:
    assert 0 <= number < 2**32


def test_a_number_shrinks_to_the_first_centre() -> None:
    assert find(seqnums(), lambda _: True, settings=QUICK) == 0
    assert find(seqnums(around=(77,)), lambda _: True, settings=QUICK) == 77


def test_a_segment_shrinks_to_the_dullest() -> None:
    tcb = block()
    dull = find(segments(tcb=tcb), lambda _: True, settings=QUICK)
    assert dull == Segment(tcb.flow, tcb.rcv_nxt, tcb.snd_nxt, ACK, 65535)
    assert format_segment(find(segments(), lambda seg: len(seg.data) > 2, settings=QUICK)) == (
        ". 0:3(3) ack 0 win 65535"
    )


@pytest.mark.parametrize("edge", [2**32 - 4, 2**32 - 3, 996, 997, 998])
def test_segments_lie_at_the_edges_of_the_window(edge: int) -> None:
    thorough = settings(QUICK, max_examples=5_000)  # one in sixty lies there
    assert find(segments(tcb=block()), lambda seg: seg.seq == edge, settings=thorough).seq == edge


def test_every_flag_is_possible() -> None:
    assert find(segments(flags=()), lambda seg: seg.flags == 0xE9, settings=settings(QUICK, max_examples=10_000))


@given(resets(block()))
def test_resets_reset(seg: Segment) -> None:
    assert seg.flags & RST
    assert -103 <= diff(seg.seq, block().rcv_nxt) <= 1002


@given(faults(packets=3))
def test_faults_are_few_and_of_different_packets(schedule: tuple[Fault, ...]) -> None:
    assert len(schedule) <= 3
    assert len({(fault.host, fault.n) for fault in schedule}) == len(schedule)
    assert all((fault.by > 0) == (fault.what == "delay") and fault.by < MSL for fault in schedule)


def test_faults_shrink_to_none() -> None:
    assert find(faults(), lambda _: True, settings=QUICK) == ()


@pytest.mark.parametrize("what", ["drop", "duplicate", "delay"])
def test_a_fault_that_matters_remains_alone(what: str) -> None:
    (fault,) = find(faults(), lambda found: any(fault.what == what for fault in found), settings=QUICK)
    assert (fault.host, fault.n, fault.what) == ("client", 1, what)
    assert fault.by == (1_000_000 if what == "delay" else 0)


def test_only_the_faults_asked_for() -> None:
    only = faults(kinds=("delay",), hosts=("server",), delays=(5,), packets=1)
    assert find(only, bool, settings=QUICK) == (Fault("server", 1, "delay", 5),)


def test_scripts_shrink_to_an_open_and_a_close() -> None:
    assert find(scripts(), lambda _: True, settings=QUICK) == Programs(
        (("connect", "server", 80, 40000), ("close",)), (("listen", 80), ("accept",), ("close",)), (0, 0)
    )


@given(scripts())
def test_scripts_come_to_their_end(programs: Programs) -> None:
    sim, client, server = pair()
    for host, program in ((server, programs.server), (client, programs.client)):
        sim.script(host, *program)
    play(sim)
    assert not sim.world.scripts


@pytest.mark.parametrize(
    "fault",
    [
        Fault("nobody", 1, "drop"),
        Fault("client", 0, "drop"),
        Fault("client", 1, "eat"),
        Fault("client", 1, "delay", -1),
    ],
)
def test_a_fault_that_cannot_be_is_refused(fault: Fault) -> None:
    sim, _, _ = pair()
    with pytest.raises(TcpsimError, match="write Fault"):
        play(sim, [fault])
