"""Crash and reboot: connections forgotten, peers unaware, new numbers, and the quiet time (S-43)."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from tcpsim import CallError, Simulator, State, TcpsimError
from tcpsim.net.moves import Reboot
from tcpsim.tcp import Code
from tcpsim.tcp.units import MINUTE, SECOND
from tcpsim.testing.replay import replay_script

LATE = 3 * SECOND


def crashing(*, iss: int | None, quiet: int = 0, trace: str = "brief") -> tuple[Simulator, list[bytes]]:
    """A client whose first data is late, reboots, and connects again from the same port; what the server has read.

    With the same initial number as before, the late octets fit into the new connection.
    """
    sim = Simulator(trace=trace)
    client = sim.host("client", iss=iss, quiet_time=quiet)
    server = sim.host("server", iss=300)
    sim.link(client, server, faults=[("len > 0", "delay", LATE)])
    listener = server.listen(80)
    conn = client.connect(server, 80, local_port=5000)
    sim.run(until="50ms")
    half_open, _ = listener.accept()
    conn.send(b"old data")
    sim.run(until="100ms")
    sim.reboot(client)
    half_open.abort()  # else its challenge ACK would fit the same number, and the handshake never end
    again = client.connect(server, 80, local_port=5000)
    sim.run(until="2s")
    assert again.state is State.ESTABLISHED
    peer, _ = listener.accept()
    sim.run(until="20s")
    read = []
    if peer.tcb.rcv_buf.size:
        read.append(peer.recv(100))
    return sim, read


def test_without_quiet_time_and_with_the_same_number_old_data_is_taken_for_new() -> None:
    assert crashing(iss=100)[1] == [b"old data"]


def test_another_number_keeps_old_data_out() -> None:
    sim, read = crashing(iss=None)
    assert read == []
    first, again = (seg.seq for seg in sim.trace.sent(where="client", flags="S"))
    assert (again - first) % 2**32 > 2**20


def test_with_quiet_time_nothing_opens_until_old_data_is_gone() -> None:
    with pytest.raises(CallError, match=r"client: it keeps quiet until 120\.100 s") as raised:
        crashing(iss=100, quiet=2 * MINUTE)
    assert raised.value.code is Code.INSUFFICIENT_RESOURCES


def test_after_the_quiet_time_connections_open_again() -> None:
    sim = Simulator()
    client = sim.host("client", quiet_time=SECOND)
    server = sim.host("server", quiet_time=SECOND)
    sim.link(client, server)
    listener = server.listen(80)
    sim.reboot(client)
    sim.reboot(server)
    server.listen(80)
    before = sim.world.key(), len(sim.trace)
    with pytest.raises(CallError, match="keeps quiet until 1.000 s"):
        client.connect(server, 80)
    assert (sim.world.key(), len(sim.trace)) == before
    sim.run(until="1s")
    conn = client.connect(server, 80)
    sim.run(until="2s")
    assert conn.state is State.ESTABLISHED
    assert listener.state is State.CLOSED


def test_who_keeps_quiet_answers_no_syn_and_still_resets_what_is_unknown() -> None:
    sim = Simulator()
    client, server = sim.host("client"), sim.host("server", quiet_time=SECOND)
    sim.link(client, server)
    server.listen(80)
    conn = client.connect(server, 80)
    sim.run(until="100ms")
    sim.reboot(server)
    server.listen(80)
    other = client.connect(server, 80)
    conn.send(b"x")
    sim.run(until="900ms")
    assert conn.state is State.CLOSED
    assert other.state is State.SYN_SENT
    assert [record.by for record in sim.trace.of("refused")] == ["quiet time"]  # type: ignore[union-attr]
    sim.run(until="2s")
    assert other.state is State.ESTABLISHED


def test_a_host_that_is_off_hears_nothing_and_its_scripts_begin_at_every_start() -> None:
    sim = Simulator(trace="full")
    sim.host("client")
    sim.host("server")
    sim.link("client", "server")
    sim.script("server", "listen 80", ("serve", "recv_to_end", "close"), restarts=True)
    sim.script("client", "connect server 80", at="1s")
    sim.run(until="500ms")
    sim.reboot("server", down="1s")
    with pytest.raises(TcpsimError, match=r"listen\(\): server is off until 1.500 s"):
        sim.hosts["server"].listen(81)
    sim.run(until="1400ms")
    assert [record.by for record in sim.trace.of("refused")] == ["host is off"]  # type: ignore[union-attr]
    sim.run(until="3s")
    states = {row["state"] for row in sim.hosts["client"].sockets()}
    assert states == {State.ESTABLISHED}
    position, raw = sim.position, list(sim.trace.raw)
    copy = pickle.loads(pickle.dumps(sim.world.copy()))
    assert copy.key() == sim.world.key()
    sim.goto(1)
    sim.goto(position)
    assert sim.trace.raw == raw
    namespace: dict[str, Any] = {}
    exec(replay_script(sim), namespace)
    assert namespace["sim"].trace.raw == raw


def test_a_host_is_back_at_once_unless_it_is_told_how_long_it_is_off() -> None:
    sim = Simulator()
    client, server = sim.host("client"), sim.host("server")
    sim.link(client, server)
    sim.apply(Reboot("server"))
    assert not sim.world.off
    conn = client.connect(server, 80)
    sim.run()
    assert conn.tcb.error is Code.REFUSED, "a host that is off would say nothing"
    keys = set()
    for down in ("1s", "2s"):
        sim.goto(0)
        sim.reboot(server, down=down)
        keys.add(sim.world.key())
    assert len(keys) == 2, "worlds in which somebody is off for another time are not the same"


def test_time_does_not_run_backwards() -> None:
    sim = Simulator()
    sim.host("client")
    with pytest.raises(TcpsimError, match="time does not run backwards"):
        sim.apply(Reboot("client", -1))
