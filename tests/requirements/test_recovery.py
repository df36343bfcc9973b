"""Loss recovery and congestion control: RFC 5681, RFC 6582, RFC 2018, RFC 6675 (RFC 9293 3.8.2)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.requirements.registry import requirement
from tests.requirements.stage import MS, PATIENT, SECOND, Stage

MSS = 500
#: Round trips of 100 ms, segments of 500 octets, room for 100 of them, ACKs that do not wait.
ROOMY: dict[str, Any] = {"mss": MSS, "mss_option": False, "rcv_buf": 50_000, "ack_delay": 0, "mss_default": MSS}


def stage(**switches: Any) -> Stage:
    return Stage(delay="50ms", **{**ROOMY, **PATIENT, **switches})


def sent_in(one: Stage, time: str = "100ms") -> int:
    """How many segments with text the client sends in the next so many ms."""
    one.forget().run(time)
    return len([seen for seen in one.seen("client") if seen.len])


def flights(one: Stage, rounds: int) -> list[int]:
    """How many segments leave in each round trip, a call that gives more than enough included."""
    one.forget().conn.send(bytes(60_000))
    found = [len(one.seen("client"))]
    one.run("1ms")
    return found + [sent_in(one) for _ in range(rounds)]


def lose(one: Stage, *places: int) -> None:
    """Of the segments with text that are in flight, those in these places are lost."""
    flying = [number for number, seg in one.sim.in_flight.items() if seg.len]
    for place in places:
        one.sim.drop(flying[place])


@requirement("MUST-19", "EXT-5681-2")
def test_slow_start_doubles_and_avoidance_adds_one() -> None:
    one = stage(idle_restart=False)
    assert flights(one, 3) == [4, 8, 16, 32]
    lose(one, 0)
    one.run("1s")
    one.read(one.peer)
    one.run("1s")  # the window is open again, and the rest has left
    first = flights(one, 0)[0]
    rounds = [first, *(sent_in(one) for _ in range(3))]
    assert [after - before for before, after in pairwise(rounds)] == [1, 1, 1]


@requirement("MUST-19")
def test_back_off_doubles() -> None:
    one = stage()
    one.cut("client").forget().conn.send(b"x")
    one.run("16s")
    times = [seen.t for seen in one.seen("client")]
    assert [(b - a) // SECOND for a, b in pairwise(times)] == [1, 2, 4, 8]


@requirement("EXT-5681-1")
@pytest.mark.parametrize(("mss", "segments"), [(500, 4), (1095, 4), (1096, 3), (1460, 3)])
def test_the_initial_window(mss: int, segments: int) -> None:
    one = Stage(mss=mss, rcv_buf=60_000)
    one.forget().conn.send(bytes(30_000))
    assert [seen.len for seen in one.seen("client")] == [mss] * segments


@requirement("EXT-5681-1")
@pytest.mark.parametrize("lost", ["client", "server"])
def test_one_segment_after_a_lost_handshake(lost: str) -> None:
    one = Stage(delay="50ms", opened=False, **{**ROOMY, **PATIENT})
    one.listener = one.server.listen(80)
    one.conn = one.client.connect("server", 80, local_port=5000)
    one.run("20ms" if lost == "client" else "70ms").drop(lost).run("5s")
    sender = one.conn
    if lost == "server":
        sender, _ = one.listener.accept()
    one.forget()
    sender.send(bytes(20_000))
    assert len(one.seen(lost)) == 1


@requirement("MAY-18")
@pytest.mark.parametrize(("congestion", "part"), [("newreno", 0.5), ("cubic", 0.7)])
def test_other_ways_of_controlling_congestion(congestion: str, part: float) -> None:
    """ssthresh after a loss, as a part of what was outstanding; everything arrives all the same."""
    one = stage(congestion=congestion, sack=True)
    flights(one, 1)
    tcb = one.conn.tcb
    lose(one, 0)
    one.run("120ms")
    outstanding = (tcb.recover - tcb.snd_una) % 2**32
    assert abs(tcb.ssthresh - part * outstanding) <= 2 * MSS
    assert len(one.run("30s").read(one.peer) or b"") == 50_000


@requirement("MAY-18")
def test_without_congestion_control_the_window_is_filled_at_once() -> None:
    assert flights(stage(congestion="none"), 0) == [100]


@requirement("EXT-5681-3")
def test_a_time_out_leaves_one_segment_and_half_the_flight() -> None:
    one = stage()
    flights(one, 1)
    tcb = one.conn.tcb
    flight = (tcb.snd_nxt - tcb.snd_una) % 2**32
    one.drop("client").run("30ms").drop("client", "server")
    one.cut("client")
    one.forget().run("1100ms")
    repeated = one.seen("client")
    assert [(seen.seq, seen.len) for seen in repeated] == [((tcb.snd_una - 100) % 2**32, MSS)]
    assert tcb.ssthresh <= max(flight // 2, 2 * MSS)
    assert tcb.cwnd <= MSS


@requirement("EXT-5681-4")
@pytest.mark.parametrize("sack", [False, True])
def test_three_duplicate_acks_bring_the_segment_back(sack: bool) -> None:
    """S-33: four segments, the first lost: the third duplicate ACK, 100 ms later, and not the time-out."""
    one = stage(sack=sack)
    one.forget().conn.send(bytes(4 * MSS))
    one.sim.drop(next(n for n, seg in one.sim.in_flight.items() if seg.len))
    start = one.now
    one.run("150ms")
    answers = [seen.ack for seen in one.seen("server")]
    assert answers[:3] == [1, 1, 1]
    again = [seen for seen in one.seen("client") if seen.seq == 1][1:]
    assert [seen.t - start for seen in again] == [100 * MS]
    assert one.run("1s").read(one.peer) == bytes(4 * MSS)


@requirement("EXT-5681-4")
def test_two_duplicate_acks_do_not() -> None:
    one = stage()
    one.forget().conn.send(bytes(3 * MSS))
    one.sim.drop(next(n for n, seg in one.sim.in_flight.items() if seg.len))
    one.run("900ms")
    assert [seen.seq for seen in one.seen("client")] == [1, 501, 1001]
    one.run("200ms")
    assert one.seen("client")[-1].seq == 1  # the time-out


@requirement("EXT-5681-5")
def test_after_idling_it_begins_small_again() -> None:
    one = stage()
    assert flights(one, 2)[-1] == 16
    one.run("1s")
    one.read(one.peer)
    one.run("5s").forget()
    one.conn.send(bytes(20_000))
    assert len(one.seen("client")) == 4


def sack_of(header: Any) -> list[tuple[int, int]]:
    """The blocks of a segment's SACK option, counted from the client's ISN."""
    blocks = [block for option in header.options if option[0] == "sack" for block in option[1:]]
    return [((left - 100) % 2**32, (right - 100) % 2**32) for left, right in blocks]


@requirement("EXT-2018-1")
@pytest.mark.parametrize(("ours", "theirs"), [(True, True), (True, False), (False, True), (False, False)])
def test_sack_needs_both(ours: bool, theirs: bool) -> None:
    one = stage(client={"sack": ours}, server={"sack": theirs})
    one.forge("server", "P. 501:601(100) ack 1 win 1000")
    assert sack_of(one.seen("server")[-1].seg) == ([(501, 601)] if ours and theirs else [])


@requirement("EXT-2018-1")
def test_the_newest_block_comes_first() -> None:
    one = stage(sack=True)
    for left in (501, 901, 701):
        one.forge("server", f"P. {left}:{left + 100}(100) ack 1 win 1000")
    assert sack_of(one.seen("server")[-1].seg) == [(701, 801), (901, 1001), (501, 601)]


@requirement("EXT-2018-1")
def test_a_time_out_forgets_what_was_sacked() -> None:
    """The peer may have thrown it away: everything is sent again (RFC 2018 8)."""
    one = stage(sack=True)
    one.forget().conn.send(bytes(4 * MSS))
    one.cut("client").drop("client")
    one.forge("client", ". 1:1(0) ack 1 win 50000 <sack 501:1001>")
    assert one.conn.tcb.scoreboard is not None
    one.run("1s").mend("client").run("3s")
    assert {seen.seq for seen in one.seen("client")} >= {1, 501, 1001, 1501}
    assert one.read(one.peer) == bytes(4 * MSS)


@requirement("EXT-6675-1")
def test_two_losses_in_a_window_are_repaired_in_one_round_trip() -> None:
    one = stage(sack=True)
    flights(one, 1)
    lose(one, 0, 2)
    missing = one.now + 100 * MS
    one.run("300ms")
    firsts: set[int] = set()
    again = [seen for seen in one.seen("client") if seen.seq in firsts or firsts.add(seen.seq)]  # type: ignore[func-returns-value]
    assert len(again) == 2
    assert all(abs(seen.t - missing) <= 10 * MS for seen in again)
    assert one.conn.tcb.recovery == ""
