"""Retransmission: RTO, back-off, R1 and R2 (RFC 9293 3.8.1 to 3.8.3, RFC 6298)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tcpsim import Code, State
from tests.requirements.registry import requirement
from tests.requirements.stage import MS, PATIENT, PLAIN, SECOND, Stage, refused


def rto_now(stage: Stage) -> int:
    """How long it takes until the client repeats what nobody answers, ns."""
    stage.cut("client")
    stage.forget().conn.send(b"?")
    first = stage.now
    while len(stage.seen("client")) < 2:
        assert stage.sim.step()
    return stage.seen("client")[1].t - first


#: Round trips in ms, and the RTO in ns afterwards, by hand: SRTT + 4 RTTVAR with RTTVAR before SRTT, floor 1 s.
#: First sample R = 800: SRTT 800, RTTVAR 400: RTO 2400.
#: Then R = 1600: RTTVAR = 3/4 400 + 1/4 800 = 500; SRTT = 7/8 800 + 1/8 1600 = 900: RTO 2900.
#: Then R = 100: RTTVAR = 375 + 200 = 575; SRTT = 787.5 + 12.5 = 800: RTO 3100.
ROUND_TRIPS = [((800,), 2400 * MS), ((800, 1600), 2900 * MS), ((800, 1600, 100), 3100 * MS), ((20,), 1000 * MS)]


@requirement("MUST-18", "EXT-6298-2", "EXT-6298-3")
@pytest.mark.parametrize(("trips", "rto"), ROUND_TRIPS)
def test_rto_follows_the_round_trips(trips: tuple[int, ...], rto: int) -> None:
    stage = Stage(delay=f"{trips[0] // 2}ms", **PLAIN, **PATIENT)  # the handshake is the first sample
    for trip in trips[1:]:
        for ends in (("client", "server"), ("server", "client")):
            stage.sim.weather(*ends, delay=f"{trip // 2}ms")
        stage.conn.send(b"x")
        stage.run(f"{trip}ms")
    assert rto_now(stage) == rto


@requirement("EXT-6298-4", "MUST-18")
def test_karn_what_was_sent_twice_measures_nothing() -> None:
    """The ACK of a repeated segment leaves the estimate alone; the backed-off RTO stays until something is measured."""
    stage = Stage(delay="400ms", **PLAIN, **PATIENT)  # RTO 2.4 s
    stage.forget().conn.send(b"x")
    stage.drop("client")
    stage.run("3300ms")  # repeated at 2.4 s, acknowledged at 3.2 s
    assert stage.seen("client")[-1].t - stage.seen("client")[0].t == 2400 * MS
    assert stage.seen("server")[-1].ack == 2
    srtt = stage.conn.tcb.srtt
    assert srtt == 800 * MS


@requirement("EXT-6298-5", "EXT-6298-7", "LC-26")
def test_the_retransmission_timer() -> None:
    stage = Stage(**PLAIN, **PATIENT)
    stage.run("1s")
    stage.forget().conn.send(bytes(500))
    begun = stage.now
    stage.run("500ms")  # acknowledged: nothing is outstanding, and nothing runs
    stage.run("100s")
    assert len(stage.seen("client")) == 1
    stage.cut("client")
    stage.forget().conn.send(bytes(500))
    begun = stage.now
    stage.run("400ms")
    stage.conn.send(bytes(300))  # does not restart the timer
    stage.run("8s")
    again = stage.seen("client")[1:]
    oldest = [(seen.t - begun) // SECOND for seen in again if seen.seq == 501]
    assert oldest == [1, 3, 7]
    sent: dict[int, int] = {}
    for seen in stage.seen("client"):
        assert seen.t - sent.get(seen.seq, -SECOND) >= SECOND  # never earlier than one RTO after the last time
        sent[seen.seq] = seen.t


@requirement("EXT-6298-5")
def test_a_new_ack_restarts_the_timer() -> None:
    stage = Stage(**{**PLAIN, "rcv_buf": 3000}, **PATIENT, nagle=False)
    stage.cut("client")
    stage.conn.send(bytes(500))
    stage.conn.send(bytes(500))
    begun = stage.now
    stage.run("900ms")
    stage.forge("client", ". 1:1(0) ack 501 win 3000").forget()
    # The handshake took 20 ms, this 900: RTTVAR 3/4 10 + 1/4 880 = 227.5, SRTT 7/8 20 + 1/8 900 = 130, RTO 1040.
    stage.run("1039ms")
    assert stage.seen("client") == []
    stage.run("1ms")
    again = stage.seen("client")[0]
    assert (again.seq, again.t - begun) == (501, 1940 * MS)


@requirement("EXT-6298-6")
def test_after_a_lost_syn_the_first_rto_for_data_is_three_seconds() -> None:
    stage = Stage(opened=False, **PLAIN, **PATIENT)
    stage.cut("client")
    listener = stage.server.listen(80)
    stage.conn = stage.client.connect("server", 80, local_port=5000)
    stage.run("500ms")
    stage.mend("client")
    stage.run("1s")
    stage.peer, _ = listener.accept()
    assert rto_now(stage) == 3 * SECOND


@requirement("MUST-20", "MUST-21", "SHLD-9", "SHLD-10", "SHLD-11")
@pytest.mark.parametrize("r2", [None, 5, 100, 1000])
def test_r1_and_r2(r2: int | None) -> None:
    stage = Stage(**PLAIN)
    stage.set(stage.conn, user_timeout=None)
    if r2 != 100:  # the default
        stage.set(stage.conn, r2=None if r2 is None else r2 * SECOND)
    stage.cut("client")
    stage.conn.send(b"x")
    begun = stage.now
    stage.run("3s")
    told = stage.signals("client").count("signal delivery trouble")
    assert told == 0  # two retransmissions so far
    if r2 is None:
        stage.run("20h")
        assert stage.conn.state is State.ESTABLISHED
        assert stage.seen("client")[-1].t > 71_000 * SECOND
        assert stage.signals("client").count("signal delivery trouble") == 1
        return
    stage.run("2h")
    ended = next(record.t for record in stage.sim.trace.of("fired", conn=stage.conn)[2:])
    assert stage.conn.state is State.CLOSED
    assert r2 * SECOND <= ended - begun <= (r2 + 60) * SECOND
    refused(Code.TIMED_OUT, stage.conn.recv)
    assert stage.signals("client").count("signal delivery trouble") == (1 if r2 > 5 else 0)


@requirement("EXT-6298-3")
def test_the_rto_stays_between_its_bounds() -> None:
    stage = Stage(**PLAIN, **PATIENT)
    stage.cut("client")
    stage.conn.send(b"x")
    stage.run("1h")
    times = [seen.t for seen in stage.seen("client")]
    gaps = [(later - sooner) // SECOND for sooner, later in pairwise(times)]
    assert gaps[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert set(gaps[6:]) == {60}
