"""Loss is repaired and the network spared: RFC 9293 3.8.2, RFC 5681, RFC 6675."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import pytest

from tests.requirements.registry import requirement
from tests.requirements.stage import MS, PATIENT, SECOND, Stage

MSS: Final = 1000
BULK: Final[dict[str, Any]] = {"mss": MSS, "ack_delay": 0, "snd_buf": 1 << 20, "rcv_buf": 65_535, **PATIENT}


def bulk(n: int = 60, **switches: Any) -> Stage:
    """The client has ``n`` full segments to send, and none has left yet: the clock shows a round number."""
    stage = Stage(delay="50ms", **{**BULK, **switches})
    stage.run("850ms")
    return stage.forget()


def flight(stage: Stage) -> int:
    """Segments in flight from the client."""
    return sum(bool(seg.len) for seg in stage.sim.in_flight.values() if seg.flow[2] == "10.0.0.1")


@requirement("EXT-5681-1")
@pytest.mark.parametrize(("mss", "segments"), [(1000, 4), (1095, 4), (1460, 3)])
def test_the_initial_window(mss: int, segments: int) -> None:
    """Two to four segments by their size (RFC 5681 3.1): 4 up to 1095 octets, 3 up to 2190."""
    stage = bulk(mss=mss)
    stage.conn.send(bytes(60 * mss))
    assert flight(stage) == segments


@requirement("MUST-19", "EXT-5681-2")
def test_slow_start_doubles_and_avoidance_adds_one() -> None:
    stage = bulk()
    stage.conn.send(bytes(400 * MSS))
    flights = []
    for _ in range(4):
        flights.append(flight(stage))
        stage.run("100ms")
        stage.read(stage.peer)
    assert flights == [4, 8, 16, 32]  # each ACK lets two segments go
    assert stage.conn.tcb.cwnd <= 4 * MSS + sum(flights) * MSS  # at most one segment for each ACK


@requirement("MUST-19", "EXT-5681-3")
def test_a_timeout_leaves_one_segment_and_half_the_flight() -> None:
    stage = bulk()
    stage.conn.send(bytes(100 * MSS))
    stage.run("100ms")
    out = flight(stage)
    stage.drop("client")
    stage.cut("client")
    stage.forget().run("7s")
    again = stage.seen("client")
    assert [seen.len for seen in again] == [MSS] * len(again)
    assert len({seen.seq for seen in again}) == 1  # one segment, at doubling intervals
    gaps = [later.t - sooner.t for sooner, later in pairwise(again)]
    assert gaps == [SECOND * 2 << n for n in range(len(gaps))]
    assert stage.conn.tcb.ssthresh <= max(out * MSS // 2, 2 * MSS)
    assert stage.conn.tcb.cwnd <= MSS


@requirement("EXT-5681-4")
@pytest.mark.parametrize("duplicates", [2, 3])
def test_the_third_duplicate_ack_repairs_before_the_timer(duplicates: int) -> None:
    stage = bulk()
    stage.conn.send(bytes((1 + duplicates) * MSS))
    packets = list(stage.sim.in_flight)
    assert len(packets) == 1 + duplicates
    stage.sim.drop(packets[0])
    stage.forget().run("500ms")
    again = [seen for seen in stage.seen("client") if seen.len]
    assert [seen.seq for seen in again] == ([1] if duplicates == 3 else [])


@requirement("EXT-5681-5")
def test_after_idling_the_window_starts_again() -> None:
    stage = bulk()
    stage.conn.send(bytes(60 * MSS))
    stage.run("2s")
    stage.read(stage.peer)
    assert stage.conn.tcb.cwnd > 10 * MSS
    stage.run("10s")
    stage.conn.send(bytes(60 * MSS))
    assert flight(stage) <= 4


@requirement("EXT-2018-1", "EXT-6675-1")
def test_sack_repairs_two_losses_in_one_round_trip() -> None:
    stage = bulk(sack=True, initial_window=10)
    stage.conn.send(bytes(10 * MSS))
    packets = list(stage.sim.in_flight)
    assert len(packets) == 10
    stage.sim.drop(packets[0])
    stage.sim.drop(packets[4])
    begun = stage.now
    stage.forget().run("240ms")
    blocks = [option for seen in stage.seen("server") for option in seen.seg.options if option[0] == "sack"]
    assert blocks
    again = [seen for seen in stage.seen("client") if seen.len]
    assert [seen.seq for seen in again][:2] == [1, 4 * MSS + 1]
    assert {seen.seq for seen in again} == {1, 4 * MSS + 1}  # nothing else (RFC 6675 allows one rescue more)
    assert all(seen.t - begun <= 210 * MS for seen in again)
    assert stage.seen("server")[-1].ack == 10 * MSS + 1


@requirement("EXT-2018-1")
def test_sack_only_if_both_permit_it() -> None:
    for client in (False, True):
        for server in (False, True):
            stage = Stage(opened=False, client={"sack": client}, server={"sack": server}, **BULK)
            stage.open()
            stage.mark = 0
            stage.conn.send(bytes(2 * MSS))
            stage.sim.drop(next(iter(stage.sim.in_flight)))
            stage.run("300ms")
            names = {
                option[0] for seen in stage.seen("server") for option in seen.seg.options if "S" not in seen.letters
            }
            assert ("sack" in names) == (client and server)


@requirement("MAY-18")
def test_another_algorithm_may_be_chosen() -> None:
    for name in ("newreno", "cubic"):
        stage = bulk(congestion=name)
        stage.conn.send(bytes(60 * MSS))
        for _ in range(20):
            stage.run("100ms")
            stage.read(stage.peer)
        assert stage.seen("server")[-1].ack == 60 * MSS + 1
