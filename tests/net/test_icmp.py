"""ICMP errors on the network: who sends them, whom they reach, and what the connections do (S-53)."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from tcpsim import Simulator, Socket, State, TcpsimError, pair
from tcpsim.net.moves import InjectIcmp
from tcpsim.net.outbound import Mark
from tcpsim.tcp import Code
from tcpsim.tcp.units import MS, SECOND
from tests.helpers.promises import check_promises
from tests.net.test_routes import by, chain

SOFT = ("net-unreachable", "host-unreachable", "source-route-failed", "ttl-exceeded", "reassembly-exceeded",
        "parameter-problem")  # fmt: skip


def icmp(sim: Simulator) -> list[tuple[str, str, str]]:
    """(what, where, name) of every message."""
    return [(record.what, record.where, record.name) for record in sim.trace.of("icmp")]  # type: ignore[union-attr]


def opening() -> tuple[Simulator, Socket]:
    """A client whose SYNs nobody answers."""
    sim, client, _ = pair(trace="full")
    conn = client.connect("server", 80)
    sim.weather("client", "server", loss=1.0)
    sim.drop()
    return sim, conn


@pytest.mark.parametrize("name", SOFT)
def test_a_soft_error_while_opening_is_told_and_the_retries_go_on(name: str) -> None:
    sim, conn = opening()
    sim.inject_icmp("client", name)
    sim.run(until="4s")
    assert conn.state is State.SYN_SENT
    assert conn.tcb.soft_error == name
    assert [record.t // SECOND for record in sim.trace.of("sent", where="client")] == [0, 1, 3]
    assert [record.text for record in sim.trace.of("note")] == ["signal soft error"]  # type: ignore[union-attr]
    sim.weather("client", "server", loss=0.0)
    sim.hosts["server"].listen(80)
    sim.run(until="10s")
    assert conn.state is State.ESTABLISHED
    check_promises(sim.trace)


@pytest.mark.parametrize("name", ["protocol-unreachable", "port-unreachable", "prohibited"])
def test_a_hard_error_while_opening_ends_it_at_once(name: str) -> None:
    sim, conn = opening()
    sim.inject_icmp("client", name, delay="5ms")
    sim.run()
    assert sim.now == 5 * MS
    assert conn.state is State.CLOSED
    assert conn.tcb.error is (Code.REFUSED if name == "port-unreachable" else Code.UNREACHABLE)
    assert sim.trace.fired(where="client") == ["closed.open_active", "syn_sent.icmp_hard"]
    check_promises(sim.trace)


@pytest.mark.parametrize("name", [*SOFT, "source-quench"])
def test_soft_errors_and_source_quench_do_nothing_to_what_is_open(name: str) -> None:
    sim, client, server = pair(trace="full")
    listener = server.listen(80)
    conn = client.connect("server", 80)
    peer, _ = listener.accept()
    sim.run()
    sent = len(sim.trace.sent())
    sim.inject_icmp("client", name)
    sim.run()
    assert (conn.state, len(sim.trace.sent())) == (State.ESTABLISHED, sent)
    assert conn.tcb.soft_error == (None if name == "source-quench" else name)
    conn.send(b"hello")
    sim.run()
    assert peer.recv(5) == b"hello"


def test_only_the_connection_that_caused_the_error_hears_of_it() -> None:
    sim, client, server = pair()
    server.listen(80)
    conns = [client.connect("server", 80) for _ in range(3)]
    sim.run()
    sim.inject_icmp("client", "prohibited", conn=conns[1])
    sim.run()
    assert [conn.state for conn in conns] == [State.ESTABLISHED, State.CLOSED, State.ESTABLISHED]


def test_an_error_about_no_connection_reaches_nobody() -> None:
    sim, client, _ = pair()
    conn = client.connect("server", 80)
    address, port, remote, remote_port = conn.tcb.flow
    sim.inject_icmp("client", "prohibited", seq=conn.tcb.snd_una + 5)
    sim.step()
    assert conn.state is State.SYN_SENT

    sim.apply(InjectIcmp("prohibited", (remote, remote_port, address, port + 1), conn.tcb.iss, 0, 0))
    sim.step()
    assert conn.state is State.SYN_SENT
    assert icmp(sim)[-1] == ("arrived", "client", "prohibited")


def test_path_mtu_discovery() -> None:
    sim = Simulator(trace="full")
    for name in ("client", "server"):
        sim.host(name, mss=None)
    for name in ("one", "two"):
        sim.router(name)
    sim.link("client", "one", delay="1ms")
    sim.link("one", "two", delay="1ms", mtu=1000)
    sim.link("two", "server", delay="1ms", mtu=1400)
    sim.script("server", "listen 80", ("serve", "recv_to_end", "close"))
    sim.script("client", "connect server 80", ("send", bytes(20_000)), "close")
    sim.run()
    assert sum(record.octets for record in sim.trace.of("delivered", where="server")) == 20_000  # type: ignore[union-attr]
    arrived = [record for record in sim.trace.of("icmp") if record.what == "arrived"]  # type: ignore[union-attr]
    assert {(record.where, record.name, record.mtu) for record in arrived} == {  # type: ignore[union-attr]
        ("client", "fragmentation-needed", 1000)
    }
    assert set(by(sim, "refused")) == {"MTU 1000"}
    first = arrived[0].t
    late = [record.seg.len for record in sim.trace.of("sent", where="client") if record.t >= first]  # type: ignore[union-attr]
    assert max(late) <= 960
    assert sim.now < 300 * SECOND, "nobody had to wait for a retransmission timer"
    assert not any(record.timer == "rtx" for record in sim.trace.of("timer_fired"))  # type: ignore[union-attr]
    check_promises(sim.trace)


def test_a_router_tells_of_used_up_hops_and_of_missing_routes() -> None:
    sim = chain()
    sim.world.marks["client"] = Mark(ttl=2)
    conn = sim.hosts["client"].connect("server", 80)
    sim.run(until="500ms")
    assert icmp(sim) == [("sent", "r2", "ttl-exceeded"), ("arrived", "client", "ttl-exceeded")]
    assert (conn.state, conn.tcb.soft_error) == (State.SYN_SENT, "ttl-exceeded")

    sim = chain(1)
    sim.route("client", "192.0.2.1", via="r1")
    conn = sim.hosts["client"].connect("192.0.2.1", 80)
    sim.run(until="500ms")
    assert icmp(sim) == [("sent", "r1", "net-unreachable"), ("arrived", "client", "net-unreachable")]
    assert sim.trace.of("icmp")[1].source == "10.0.1.1"  # type: ignore[union-attr]
    assert conn.tcb.soft_error == "net-unreachable"


def test_messages_pass_routers_and_meet_their_weather() -> None:
    sim = chain(2)
    sim.route("client", "192.0.2.1", via="r1")
    sim.route("r1", "192.0.2.1", via="r2")
    sim.hosts["client"].connect("192.0.2.1", 80)
    sim.run(until="2ms")
    assert icmp(sim) == [("sent", "r2", "net-unreachable")]
    sim.weather("r1", "client", loss=1.0)
    sim.run(until="500ms")
    assert icmp(sim)[1:] == [("lost", "", "net-unreachable")]
    assert sim.world.icmp == {}


def test_a_message_in_flight_is_lost_or_delivered_by_hand_and_is_part_of_the_world() -> None:
    sim = chain(1)
    sim.route("client", "192.0.2.1", via="r1")
    sim.hosts["client"].connect("192.0.2.1", 80)
    sim.step(2)
    ((number, _),) = sim.world.icmp.items()
    copy: Any = pickle.loads(pickle.dumps(sim.world.copy()))
    assert copy.key() == sim.world.key()
    fork, delivered = sim.fork(), sim.fork()
    fork.drop(number)
    delivered.deliver(number)
    assert fork.world.key() != copy.key()
    assert icmp(fork)[-1] == ("lost", "", "net-unreachable")
    assert icmp(delivered)[-1] == ("arrived", "client", "net-unreachable")
    sim.step()
    position, raw = sim.position, list(sim.trace.raw)
    sim.back(2)
    sim.goto(position)
    assert sim.trace.raw == raw
    with pytest.raises(TcpsimError, match=f"packet {number} is not in flight"):
        sim.drop(number)


def test_the_ladder_and_the_explanation_tell_of_it() -> None:
    sim, conn = opening()
    sim.inject_icmp("client", "prohibited")
    sim.step()
    assert conn.state is State.CLOSED
    assert "ICMP administratively prohibited, from 10.0.0.2" in sim.ladder()
    assert "ICMP administratively prohibited" in repr(sim.back() or sim.step())


@pytest.mark.parametrize(
    ("name", "host", "problem"),
    [
        ("echo", "client", "no ICMP error 'echo'; there are net-unreachable"),
        ("prohibited", "server", "server has no such connection"),
        ("prohibited", "nobody", "no host 'nobody'"),
    ],
)
def test_a_wrong_forgery_is_refused_and_nothing_has_changed(name: str, host: str, problem: str) -> None:
    sim, _ = opening()
    before, length = sim.world.key(), len(sim.trace)
    with pytest.raises(TcpsimError, match=problem):
        sim.inject_icmp(host, name)
    assert (sim.world.key(), len(sim.trace)) == (before, length)
