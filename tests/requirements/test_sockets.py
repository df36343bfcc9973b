"""What a program meets: local addresses, wrong peers, reports that come by themselves (RFC 9293 3.9.1)."""

from __future__ import annotations

import socket

import pytest

from tcpsim import Simulator, State
from tests.requirements.registry import requirement
from tests.requirements.stage import PATIENT, PLAIN, Stage


@requirement("MUST-43", "MUST-45")
def test_the_local_address_may_be_chosen() -> None:
    sim = Simulator(trace="full")
    client = sim.host("client", "10.0.0.1", "10.0.0.9")
    server = sim.host("server", "10.0.0.2", "10.0.0.8")
    sim.link(client, server)
    here = server.listen(80, "10.0.0.8")
    conn = client.socket()
    conn.bind(("10.0.0.9", 5000))
    conn.connect(("10.0.0.8", 80))
    peer, address = here.accept()
    assert (address[:2], peer.getsockname()[:2]) == (("10.0.0.9", 5000), ("10.0.0.8", 80))
    with pytest.raises(ConnectionRefusedError):  # nobody listens on the other address
        client.socket().connect(("10.0.0.2", 80))
    conn.send(bytes(100))
    sim.run(for_="1s")
    assert {seg.src for seg in sim.trace.sent(conn)} == {"10.0.0.9:5000"}


@requirement("MUST-44")
def test_without_a_choice_the_network_decides_on_the_source() -> None:
    sim = Simulator(trace="full")
    client = sim.host("client", "10.0.0.1", "fd00::1")
    server = sim.host("server", "10.0.0.2", "fd00::2")
    sim.link(client, server)
    for address in ("10.0.0.2", "fd00::2", "127.0.0.1"):
        client.connect(address, 80)
        sim.run(for_="1s")
    sources = [seg.flow[2] for seg in sim.trace.sent(where="client", flags="S")]
    assert sources == ["10.0.0.1", "fd00::1", "127.0.0.1"]


@requirement("MUST-46")
@pytest.mark.parametrize("address", ["255.255.255.255", "224.0.0.1", "239.1.2.3", "ff02::1"])
def test_a_connection_to_many_is_refused_here(address: str) -> None:
    sim = Simulator(trace="full")
    client = sim.host("client", "10.0.0.1", "fd00::1")
    sim.host("server")
    sim.link("client", "server")
    with pytest.raises(OSError, match=address):
        client.connect(address, 80)
    sim.run()
    assert sim.trace.sent() == []
    assert client.sockets() == []


@requirement("MUST-47", "UNL-1", "MUST-32", "SHLD-9")
def test_reports_come_by_themselves() -> None:
    """An ICMP error, trouble with delivery, urgent data: a queue that the owner looks into when it wants."""
    stage = Stage(**PLAIN, **PATIENT)
    stage.peer.notices()
    stage.conn.notices()
    stage.send_urgent(stage.conn, b"!")
    stage.run("1s")
    assert [notice.text for notice in stage.peer.notices()] == ["urgent data"]
    stage.cut("client")
    stage.conn.send(b"x")
    stage.sim.inject_icmp("client", "host-unreachable", conn=stage.conn)
    stage.run("60s")
    told = [notice.text for notice in stage.conn.notices()]
    assert len(told) == 2
    assert "host-unreachable" in told[0]
    assert told[1].startswith("delivery trouble")
    assert stage.conn.notices() == ()  # each is told once
    assert stage.conn.state is State.ESTABLISHED


@requirement("MUST-47")
def test_reports_that_nobody_reads_do_not_fill_the_memory() -> None:
    stage = Stage(trace="brief", **PLAIN)
    for up in range(1, 400):
        stage.forge("server", f"U. 1:1(0) ack 1 win 1000 urg {up}")
    assert len(stage.peer.notices()) == 64


@requirement("SHLD-20")
def test_reports_of_soft_errors_can_be_switched_off() -> None:
    """Urgent data is no error, and is told all the same."""
    stage = Stage(**PLAIN)
    stage.conn.setsockopt(socket.IPPROTO_IP, 11, 0)  # IP_RECVERR
    stage.cut("client")
    stage.conn.send(b"into the void")
    stage.sim.inject_icmp("client", "net-unreachable", conn=stage.conn)
    stage.run("15s")
    stage.send_urgent(stage.peer, b"!")
    stage.run("1s")
    assert [notice.text for notice in stage.conn.notices()] == ["urgent data"]
