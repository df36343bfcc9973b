"""What TCP asks of IP: addresses, TTL, DSCP, and ICMP errors (RFC 9293 3.9.1, 3.9.2)."""

from __future__ import annotations

import socket
from itertools import pairwise

import pytest

from tcpsim import CallError, Flags, Segment, Simulator, Socket, State, TcpsimError, pair
from tcpsim.net.moves import Inject
from tcpsim.net.outbound import Mark
from tcpsim.tcp.notices import ERRORS
from tests.requirements.registry import requirement
from tests.requirements.stage import Stage

SOFT = ("net-unreachable", "host-unreachable", "source-route-failed", "ttl-exceeded", "reassembly-exceeded",
        "parameter-problem")  # fmt: skip


@requirement("MUST-44", "MUST-45")
def test_the_source_address_is_chosen_once_by_the_way_the_packets_go() -> None:
    sim = Simulator()
    client = sim.host("client", "10.0.0.1", "192.168.7.1", "fd00:7::1")
    server = sim.host("server", "192.168.7.2", "10.0.0.2", "fd00:7::2")
    sim.link(client, server)
    server.listen(80)
    for address, source in (("192.168.7.2", "192.168.7.1"), ("10.0.0.2", "10.0.0.1"), ("fd00:7::2", "fd00:7::1")):
        conn = client.connect(address, 80)
        sim.run()
        conn.send(b"x" * 3000)
        conn.close()
        sim.run()
        sent = sim.trace.sent(conn)
        assert {seg.flow[2] for seg in sent} == {source}
        assert len(sent) > 3


@requirement("MUST-48", "SHLD-21", "SHLD-22", "MAY-9")
def test_the_dscp_of_a_connection_is_set_changed_and_seen_by_the_peer() -> None:
    stage = Stage()
    for dscp in (46, 10, 0):
        stage.sim.mark(stage.conn, dscp=dscp)
        stage.conn.send(b"x")
        packet = max(stage.sim.in_flight)
        assert stage.sim.ip_header(packet) == Mark(64, dscp)
        stage.sim.run(for_="1s")
        assert stage.sim.heard(stage.peer) == Mark(64, dscp)
    assert stage.sim.heard(stage.conn) == Mark(64, 0)  # the other way is the peer's own matter


@requirement("MUST-48", "MUST-49")
def test_a_socket_option_sets_both() -> None:
    stage = Stage()
    conn = stage.conn
    conn.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 9)
    conn.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0xB8)
    assert (conn.getsockopt(socket.IPPROTO_IP, socket.IP_TTL), stage.sim.marked(conn)) == (9, Mark(9, 46))
    conn.send(b"x")
    stage.sim.run(for_="1s")
    assert stage.sim.heard(stage.peer) == Mark(9, 46)
    for name, value in ((socket.IP_TTL, 0), (socket.IP_TTL, 256), (socket.IP_TOS, 256)):
        with pytest.raises(OSError, match="give "):
            conn.setsockopt(socket.IPPROTO_IP, name, value)
    assert stage.sim.marked(conn) == Mark(9, 46)


@requirement("MUST-49")
def test_the_ttl_is_set_and_a_way_with_more_hops_is_too_long() -> None:
    def arrives(ttl: int) -> tuple[bool, int]:
        sim = Simulator()
        names = ["client", "r1", "r2", "r3", "server"]
        sim.host("client", ttl=ttl)
        for name in names[1:-1]:
            sim.router(name)
        sim.host("server")
        for a, b in pairwise(names):
            sim.link(a, b)
        sim.script("server", "listen 80")
        conn = sim.hosts["client"].connect("server", 80)
        assert sim.ip_header(min(sim.in_flight)).ttl == ttl
        sim.run(until="500ms")
        dropped = [record.where for record in sim.trace.of("refused") if record.by == "TTL"]  # type: ignore[union-attr]
        assert dropped == ([f"r{ttl}"] if ttl < 4 else [])
        peer = next((fd for fd in sim.world.conns.values() if fd.host == 4 and fd.tcb.flow[3]), None)
        heard = 0 if peer is None else sim.world.heard[peer.number].ttl
        return conn.state is State.ESTABLISHED, heard

    assert [arrives(ttl) for ttl in (1, 3, 4, 255)] == [(False, 0), (False, 0), (True, 1), (True, 252)]


@pytest.mark.parametrize("mark", [{"ttl": 0}, {"ttl": 256}, {"dscp": 64}, {"dscp": -1}, {"ttl": True}])
def test_marks_that_no_header_can_hold(mark: dict[str, int]) -> None:
    stage = Stage()
    before = stage.sim.world.key()
    with pytest.raises(TcpsimError, match=r"(ttl|dscp) .* is not in"):
        stage.sim.mark(stage.conn, **mark)
    assert stage.sim.world.key() == before
    with pytest.raises(TcpsimError, match="host other: (ttl|dscp) .* is not in"):
        Simulator().host("other", **mark)  # type: ignore[arg-type]


def three() -> tuple[Simulator, list[Socket], list[Socket]]:
    """Three connections of one client to one server, both ends."""
    sim, client, server = pair()
    listener = server.listen(80)
    conns = [client.connect("server", 80) for _ in range(3)]
    sim.run()
    return sim, conns, [listener.accept()[0] for _ in conns]


@requirement("MUST-54")
@pytest.mark.parametrize("name", [name for name, error in ERRORS.items() if error.hard or name in SOFT])
def test_only_the_connection_that_caused_an_error_hears_of_it(name: str) -> None:
    sim, conns, _ = three()
    before = [conn.tcb.key() for conn in conns]
    sim.inject_icmp("client", name, conn=conns[1])
    sim.run()
    assert [conn.tcb.key() == key for conn, key in zip(conns, before, strict=True)] == [True, False, True]


@requirement("MUST-55")
def test_a_source_quench_changes_nothing() -> None:
    sim, conns, peers = three()
    conns[0].send(bytes(5000))
    before, notes = conns[0].tcb.key(), len(sim.trace.of("note"))
    sim.inject_icmp("client", "source-quench", conn=conns[0])
    sim.deliver(max(sim.world.icmp))
    assert (conns[0].tcb.key(), len(sim.trace.of("note"))) == (before, notes)
    sim.run()
    assert peers[0].recv(5000) == bytes(5000)


@requirement("MUST-56", "SHLD-25")
@pytest.mark.parametrize("name", SOFT)
def test_a_soft_error_is_told_and_data_still_flows(name: str) -> None:
    sim, conns, peers = three()
    sim.inject_icmp("client", name, conn=conns[0])
    sim.run()
    assert (conns[0].state, conns[0].tcb.soft_error) == (State.ESTABLISHED, name)
    assert [(record.where, record.text) for record in sim.trace.of("note", conn=conns[0])][-1] == (  # type: ignore[union-attr]
        "client",
        "signal soft error",
    )
    conns[0].send(b"hello")
    sim.run()
    assert peers[0].recv(5) == b"hello"


@requirement("SHLD-26")
@pytest.mark.parametrize("name", ["protocol-unreachable", "port-unreachable", "prohibited"])
def test_a_hard_error_fails_a_connect_at_once_and_ends_what_is_open(name: str) -> None:
    sim, client, _ = pair()
    conn = client.connect("server", 80)
    sim.drop()
    sim.inject_icmp("client", name)
    sim.run()
    assert (sim.now, conn.state) == (0, State.CLOSED)
    sim, conns, _ = three()
    sim.inject_icmp("client", name, conn=conns[2])
    sim.run()
    assert [conn.state for conn in conns] == [State.ESTABLISHED, State.ESTABLISHED, State.CLOSED]
    with pytest.raises((CallError, OSError)):
        conns[2].send(b"x")


def syn_to(sim: Simulator, destination: str, source: str, flags: int = Flags.SYN) -> list[str]:
    """The kinds of what a segment between these addresses leads to on a listening server."""
    before = len(sim.trace)
    sim.apply(Inject(Segment((destination, 80, source, 5000), 100, 0, flags, 1000).key(), 0, "server"))
    sim.run(for_="1ms")
    return [record.kind for record in sim.trace[before:] if record.kind not in ("move", "injected")]


@requirement("MUST-57")
@pytest.mark.parametrize("address", ["255.255.255.255", "224.0.0.1", "239.1.2.3", "ff02::1"])
@pytest.mark.parametrize("flags", [Flags.SYN, Flags.ACK, Flags.SYN | Flags.ACK])
def test_a_segment_to_many_hosts_is_dropped_in_silence(address: str, flags: int) -> None:
    sim, _, server = pair()
    server.listen(80)
    assert syn_to(sim, address, "fd00::1" if ":" in address else "10.0.0.1", flags) == ["refused"]
    assert len(server.sockets()) == 1


@requirement("MUST-63")
@pytest.mark.parametrize("address", ["255.255.255.255", "224.0.0.1", "0.0.0.0", "240.0.0.1"])
def test_a_syn_from_what_is_no_host_is_ignored(address: str) -> None:
    sim, _, server = pair()
    server.listen(80)
    assert syn_to(sim, "10.0.0.2", address) == ["refused"]
    assert len(server.sockets()) == 1
    assert "fired" in syn_to(sim, "10.0.0.2", "10.0.0.9")
