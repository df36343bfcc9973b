"""When and how data is acknowledged, held and put in order: RFC 9293 3.8.6.3 and 3.10.7.4, RFC 5681 4.2."""

from __future__ import annotations

import pytest

from tcpsim import Flags, Segment
from tests.requirements.registry import requirement
from tests.requirements.stage import MS, PATIENT, PLAIN, Stage

FULL = {**PLAIN, "rcv_buf": 20_000, "mss_option": True, "ack_delay": 200 * MS}


@requirement("MUST-40", "SHLD-18")
def test_a_lone_segment_is_acknowledged_late_but_within_half_a_second() -> None:
    stage = Stage()
    stage.conn.send(b"lone")
    stage.run("10ms")
    arrived = stage.now
    assert stage.lines("server") == []
    stage.run("600ms")
    (ack,) = stage.seen("server")
    assert 0 < ack.t - arrived < 500 * MS
    assert ack.ack == 5


@requirement("SHLD-19")
@pytest.mark.parametrize("segments", [2, 3, 10, 11])
def test_at_least_every_second_full_segment_is_acknowledged(segments: int) -> None:
    stage = Stage(**FULL)
    stage.conn.send(bytes(500 * segments))
    stage.run("30ms")
    acks = [seen.ack for seen in stage.seen("server")]
    assert len(acks) >= segments // 2
    last = 1
    for ack in acks:
        assert ack is not None
        assert ack - last <= 1000
        last = ack
    stage.run("300ms")
    assert stage.seen("server")[-1].ack == 1 + 500 * segments


@requirement("MUST-58", "MUST-59")
@pytest.mark.parametrize("n", [2, 3, 7])
def test_a_batch_draws_one_ack_for_all_of_it(n: int) -> None:
    for delay in (0, 200 * MS):
        stage = Stage(**{**FULL, "ack_delay": delay})
        stage.conn.send(bytes(500 * n))
        packets = list(stage.sim.in_flight)
        assert len(packets) == n
        stage.sim.deliver(*packets)
        assert stage.lines("server") == [f"server . 1:1(0) ack {1 + 500 * n}"]


@requirement("SHLD-31", "EXT-5681-6", "MAY-13")
def test_out_of_order_segments_are_held_and_answered_at_once() -> None:
    stage = Stage(**FULL, **PATIENT)
    stage.conn.send(bytes(2500))
    packets = list(stage.sim.in_flight)
    stage.sim.drop(packets[0])
    for packet in packets[1:]:
        stage.sim.deliver(packet)
        assert stage.lines("server") == ["server . 1:1(0) ack 1"]  # a duplicate ACK for each
    assert stage.read(stage.peer) is None
    stage.run("1010ms")  # the first is sent again, and fills the gap
    assert stage.lines("server")[0] == "server . 1:1(0) ack 2501"
    assert stage.read(stage.peer) == bytes(2500)


@requirement("MAY-13")
def test_an_empty_segment_right_of_the_left_edge_is_not_answered() -> None:
    """Else two ends that have lost both FINs would answer each other for ever (A-17)."""
    stage = Stage(**PLAIN).forge("server", ". 50:50(0) ack 1 win 1000")
    assert stage.lines() == []


@requirement("LC-22")
def test_overlaps_deliver_each_octet_once() -> None:
    stage = Stage(**PLAIN)
    text = bytes(range(60))
    flow = stage.peer.tcb.flow
    iss, irs = stage.iss

    def arrives(start: int, stop: int) -> None:
        seq = (iss + 1 + start) % 2**32
        segment = Segment(flow, seq, (irs + 1) % 2**32, Flags.ACK, 1000, text[start:stop])
        stage.stray("server", segment)

    got = b""
    for start, stop in ((10, 20), (15, 30), (40, 50), (35, 45), (0, 5), (3, 12), (25, 60), (0, 60), (20, 40)):
        arrives(start, stop)
        got += stage.read(stage.peer) or b""
    assert got == text
    assert stage.seen("server")[-1].ack == 61


@requirement("LC-22")
def test_of_two_versions_of_an_octet_the_first_counts() -> None:
    stage = Stage(**PLAIN)
    flow = stage.peer.tcb.flow
    iss, irs = stage.iss
    for start, text in ((5, b"first"), (3, b"SECOND."), (0, b"zero.")):
        seq = (iss + 1 + start) % 2**32
        stage.stray("server", Segment(flow, seq, (irs + 1) % 2**32, Flags.ACK, 1000, text))
    assert stage.read(stage.peer) == b"zerSEfirst"
