"""Windows that close, shrink and reopen: RFC 9293 3.8.6."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tcpsim import State
from tests.requirements.registry import requirement
from tests.requirements.stage import PLAIN, SECOND, Stage

DAY = 86_400 * SECOND


@requirement("MUST-1")
@pytest.mark.parametrize("window", [65535, 32768, 40000])
def test_a_window_with_its_highest_bit_set_is_no_negative_one(window: int) -> None:
    stage = Stage(**{**PLAIN, "mss": 1460, "mss_option": True}, nagle=False)
    stage.cut("client")
    stage.forge("client", f". 1:1(0) ack 1 win {window}")
    stage.conn.send(bytes(65536))
    assert window - 1460 < sum(seen.len for seen in stage.seen("client")) <= window


@requirement("MUST-34", "SHLD-15", "SHLD-16", "MAY-7")
def test_a_window_that_shrinks() -> None:
    stage = Stage(**PLAIN)
    stage.cut("client")
    stage.conn.send(bytes(500))
    stage.forget().forge("client", ". 1:1(0) ack 1 win 200")  # usable: -300
    stage.conn.send(bytes(300))
    stage.run("8s")
    again = stage.seen("client")
    assert again[0].seq == 1
    assert {seen.len for seen in again} == {200}  # only what lies inside the new window is repeated
    assert stage.conn.state is State.ESTABLISHED
    stage.mend("client").forge("client", ". 1:1(0) ack 1 win 1000")
    stage.run("20s")
    assert stage.read(stage.peer) == bytes(800)


@requirement("SHLD-17", "MUST-35")
def test_what_lies_beyond_a_shrunken_window_ends_no_connection() -> None:
    stage = Stage(**PLAIN)
    stage.cut("client")
    stage.conn.send(bytes(500))
    stage.forge("client", ". 1:1(0) ack 1 win 0").forget()
    begun = stage.now
    for _ in range(60):
        stage.run("10s")
        stage.forge("client", ". 1:1(0) ack 1 win 0")
    assert stage.now - begun > 500 * SECOND
    assert stage.conn.state is State.ESTABLISHED
    probes = stage.seen("client")
    assert [(seen.t - begun) // SECOND for seen in probes][:6] == [1, 3, 7, 15, 31, 63]
    assert {(seen.seq, seen.len) for seen in probes} == {(1, 1)}


def closed(**switches: Any) -> Stage:
    """The server's window is closed and 300 octets of the client wait."""
    stage = Stage(**PLAIN, **switches)
    stage.conn.send(bytes(1000))
    stage.run("100ms")
    assert stage.seen("server")[-1].wnd == 0
    stage.conn.send(b"x" * 300)
    return stage.forget()


@requirement("MUST-36", "SHLD-29", "SHLD-30")
def test_a_closed_window_is_probed_and_opens_though_the_update_is_lost() -> None:
    stage = closed()
    begun = stage.now
    stage.run("124s")
    probes = stage.seen("client")
    assert [(seen.t - begun) // SECOND for seen in probes] == [1, 3, 7, 15, 31, 63, 123]
    assert {(seen.seq, seen.len) for seen in probes} == {(1001, 1)}
    stage.cut("server")
    assert stage.read(stage.peer) == bytes(1000)
    stage.run("1s")
    stage.mend("server")
    stage.run("120s")
    assert stage.read(stage.peer) == b"x" * 300


@requirement("MUST-37", "MAY-8", "LC-20")
def test_days_of_closed_window_do_not_end_a_connection() -> None:
    stage = closed(trace="brief")
    stage.sim.run(for_=2 * DAY)
    assert stage.states() == (State.ESTABLISHED, State.ESTABLISHED)
    answers = stage.seen("server")
    assert len(answers) > 2800
    assert {(seen.ack, seen.wnd) for seen in answers} == {(1001, 0)}
    assert stage.read(stage.peer) == bytes(1000)
    stage.run("70s")
    assert stage.read(stage.peer) == b"x" * 300


@requirement("MUST-37")
def test_an_r2_shorter_than_the_time_between_probes_ends_nobody_who_answers() -> None:
    stage = closed(trace="brief", r2=2 * SECOND)
    stage.run("1h")
    assert stage.states() == (State.ESTABLISHED, State.ESTABLISHED)
    stage.cut("server")
    stage.run("5min")
    assert stage.states()[0] is State.CLOSED


@requirement("MUST-39")
@pytest.mark.parametrize(("buffer", "step"), [(1000, 500), (1600, 500), (600, 300)])
def test_the_receiver_does_not_offer_silly_windows(buffer: int, step: int) -> None:
    stage = Stage(server={"rcv_buf": buffer}, mss=500, mss_option=True, ack_delay=0)
    stage.conn.send(bytes(buffer + 2000))
    stage.run("200ms")
    edge = max(seen.ack + seen.wnd for seen in stage.seen("server") if seen.ack is not None)
    moves = []
    for _ in range(buffer):
        stage.forget()
        assert stage.read(stage.peer, 1) is not None
        stage.run("30ms")
        for seen in stage.seen("server"):
            assert seen.ack is not None
            if seen.ack + seen.wnd != edge:
                moves.append(seen.ack + seen.wnd - edge)
                edge = seen.ack + seen.wnd
    assert moves
    assert min(moves) >= step


@requirement("SHLD-14", "LC-21")
def test_the_right_edge_never_moves_left() -> None:
    stage = Stage(server={"rcv_buf": 1500}, mss=500, mss_option=True)
    stage.conn.send(bytes(20_000))
    for n in range(1, 200):
        stage.run("17ms")
        stage.read(stage.peer, 37 * n % 400)
        if n % 7 == 0:
            stage.forge("server", f". {n}:{n + 30}(30) ack 1 win 900")
    edges = [seen.ack + seen.wnd for seen in stage.seen("server") if seen.ack is not None]
    assert edges == sorted(edges)
    assert edges[-1] > edges[0] + 3000


@requirement("SHLD-30")
def test_the_gaps_between_probes_stop_growing_at_a_minute() -> None:
    stage = closed()
    stage.run("500s")
    times = [seen.t for seen in stage.seen("client")]
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert gaps[:8] == [n * SECOND for n in (2, 4, 8, 16, 32, 60, 60, 60)]
    assert set(gaps[5:]) == {60 * SECOND}
