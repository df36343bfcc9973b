"""Keep-alive, and the timer of FIN-WAIT-2 (RFC 9293 3.8.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim import Code, State
from tests.requirements.registry import requirement
from tests.requirements.stage import PLAIN, SECOND, Stage, refused

HOUR = 3600 * SECOND


@requirement("MUST-25", "MAY-5")
def test_keepalive_is_off_unless_asked_for() -> None:
    stage = Stage(**PLAIN).run("24h")
    assert stage.seen() == []
    assert stage.states() == (State.ESTABLISHED, State.ESTABLISHED)


@requirement("MUST-24", "MUST-28", "SHLD-12", "MAY-5")
def test_keepalive_by_connection_and_after_two_hours() -> None:
    stage = Stage(**PLAIN)
    stage.set(stage.conn, keepalive=True)
    begun = stage.now
    stage.run("7199s")
    assert stage.seen() == []
    stage.run("2s")
    probe, answer = stage.seen()
    assert 7200 * SECOND <= probe.t - begun <= 7201 * SECOND
    assert (probe.host, probe.letters, probe.seq, probe.ack, probe.len) == ("client", ".", 0, 1, 0)
    assert str(answer) == "server . 1:1(0) ack 1"
    stage.forget().run("7200s")
    assert len(stage.seen()) == 2  # and so on every two hours
    stage.set(stage.conn, keepalive=False)
    stage.forget().run("10h")
    assert stage.seen() == []


@requirement("MUST-27")
@pytest.mark.parametrize("idle", [60, 1, 600])
def test_the_interval_can_be_set(idle: int) -> None:
    stage = Stage(**PLAIN)
    begun = stage.now
    stage.set(stage.conn, keepalive=(idle * SECOND, 75 * SECOND, 9))
    stage.run("601s")
    assert stage.seen("client")[0].t - begun == idle * SECOND


@requirement("MUST-26")
def test_anything_that_arrives_postpones_the_probe_and_outstanding_data_suppresses_it() -> None:
    stage = Stage(**PLAIN)
    stage.set(stage.conn, keepalive=(60 * SECOND, 10 * SECOND, 9))
    for _ in range(5):
        stage.run("50s")
        stage.peer.send(b"x")
    stage.run("100ms")
    stage.read(stage.conn)
    assert not [seen for seen in stage.seen("client") if seen.seq == 0]
    stage.forget().run("59s")
    assert stage.seen() == []
    stage.run("1s")
    assert [seen.seq for seen in stage.seen("client")] == [0]
    busy = Stage(**PLAIN, client={"r2": None, "user_timeout": None})
    busy.set(busy.conn, keepalive=(60 * SECOND, 10 * SECOND, 9))
    busy.cut("client")
    busy.conn.send(b"unanswered")
    busy.run("1h")
    assert {seen.seq for seen in busy.seen("client")} == {1}  # the data again, and no probe
    assert busy.conn.state is State.ESTABLISHED


@requirement("MUST-29")
@pytest.mark.parametrize("lost", ["client", "server"])
def test_one_lost_probe_is_not_death(lost: str) -> None:
    stage = Stage(**PLAIN)
    stage.set(stage.conn, keepalive=(60 * SECOND, 10 * SECOND, 3))
    stage.cut(lost)
    stage.run("65s")
    stage.mend(lost)
    stage.run("1h")
    assert stage.states() == (State.ESTABLISHED, State.ESTABLISHED)


@requirement("MUST-29", "MUST-26")
@pytest.mark.parametrize("probes", [2, 3, 9])
def test_a_dead_peer_is_given_up_after_the_last_probe(probes: int) -> None:
    stage = Stage(**PLAIN)
    begun = stage.now
    stage.set(stage.conn, keepalive=(60 * SECOND, 10 * SECOND, probes))
    stage.cut("client", "server")
    stage.run("30min")
    sent = [(seen.t - begun) // SECOND for seen in stage.seen("client")]
    assert sent == [60 + 10 * n for n in range(probes)]
    assert stage.conn.state is State.CLOSED
    refused(Code.TIMED_OUT, stage.conn.recv)


@requirement("MAY-6")
def test_a_probe_may_carry_one_octet() -> None:
    stage = Stage(**PLAIN, client={"keepalive_octet": True})
    stage.set(stage.conn, keepalive=(60 * SECOND, 10 * SECOND, 3))
    stage.run("61s")
    probe, answer = stage.seen()
    assert (probe.seq, probe.len, answer.ack) == (0, 1, 1)
    assert stage.read(stage.peer) is None


@requirement("MUST-24")
def test_a_rebooted_peer_resets() -> None:
    stage = Stage(**PLAIN)
    stage.set(stage.conn, keepalive=(60 * SECOND, 10 * SECOND, 3))
    stage.sim.reboot("server")
    stage.run("61s")
    assert stage.conn.state is State.CLOSED
    refused(Code.RESET, stage.conn.recv)


def halfway(**client: Any) -> Stage:
    """The client in FIN-WAIT-2, the server never closes."""
    stage = Stage(**PLAIN, client=client)
    stage.conn.shutdown()
    stage.run("100ms")
    assert stage.conn.state is State.FIN_WAIT_2
    return stage.forget()


def test_fin_wait_2_may_be_given_a_limit() -> None:
    """A-22: the standard gives it none."""
    assert halfway().run("240h").conn.state is State.FIN_WAIT_2
    limited = halfway(fin_wait_2_timeout=60 * SECOND)
    limited.run("59800ms")
    assert limited.conn.state is State.FIN_WAIT_2
    limited.run("200ms")
    assert limited.conn.state is State.CLOSED
    assert limited.lines() == []
    detached = halfway(fin_wait_2_timeout=60 * SECOND, fin_wait_2_detached_only=True)
    detached.run("1h")
    assert detached.conn.state is State.FIN_WAIT_2
