"""More than two hosts: routers, routes given by hand, and what each host takes for itself."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim import Simulator, TcpsimError
from tcpsim.net.outbound import Mark
from tcpsim.net.route import source_for
from tcpsim.tcp.units import MS
from tests.helpers.stories import PATIENT


def chain(routers: int = 2, **options: Any) -> Simulator:
    """client - r1 - r2 ... - server."""
    sim = Simulator(**options)
    sim.host("client", "10.0.0.1", **PATIENT)
    names = [f"r{n}" for n in range(1, routers + 1)]
    for n, name in enumerate(names):
        sim.router(name, f"10.0.{n + 1}.1")
    sim.host("server", "10.9.0.1", **PATIENT)
    for a, b in zip(["client", *names], [*names, "server"], strict=True):
        sim.link(a, b, delay="1ms")
    sim.script("server", "listen 80", ("serve", "recv_to_end", "close"))
    return sim


def by(sim: Simulator, *kinds: str) -> list[Any]:
    return [record.by for record in sim.trace.of(*kinds)]  # type: ignore[union-attr]


def test_packets_pass_through_routers_hop_by_hop() -> None:
    sim = chain()
    sim.script("client", "connect server 80", ("send", b"x" * 4000), "close")
    sim.run()
    syn = sim.trace.of("sent", where="client")[0].packet  # type: ignore[union-attr]
    hops = [record for record in sim.trace.of("forwarded", "arrived") if record.packet == syn]  # type: ignore[union-attr]
    assert [(record.where, record.t) for record in hops] == [("r1", 1 * MS), ("r2", 2 * MS), ("server", 3 * MS)]
    assert [record.ttl for record in hops[:2]] == [63, 62]  # type: ignore[union-attr]
    assert sim.trace.fired(where="client")[-1] == "time_wait.timeout_2msl"
    assert sim.world.headers == {}


def test_the_way_with_the_fewest_links_and_of_equals_the_first() -> None:
    sim = Simulator()
    for name in ("client", "server"):
        sim.host(name)
    for name in ("left", "right", "long"):
        sim.router(name)
    for a, b in (("client", "long"), ("long", "left"), ("client", "right"), ("client", "left"),
                 ("left", "server"), ("right", "server")):  # fmt: skip
        sim.link(a, b)
    sim.script("client", "connect server 80")
    sim.run(until="1s")
    assert {record.where for record in sim.trace.of("forwarded")} == {"right", "left"}
    assert [record.where for record in sim.trace.of("forwarded")] == ["right", "left"]  # back: left's link was first


def test_asymmetric_routes() -> None:
    sim = Simulator()
    client, server = sim.host("client"), sim.host("server")
    for name in ("one", "two"):
        sim.router(name)
        sim.link(client, name)
        sim.link(name, server)
    sim.route("client", "server", via="two")
    sim.route("server", "10.0.0.0/24", via="one")
    server.listen(80)
    conn = client.connect(server, 80)
    sim.run(until="1s")
    assert [record.where for record in sim.trace.of("forwarded")] == ["two", "one", "two"]
    assert conn.state.name == "ESTABLISHED"


def test_the_longest_prefix_decides() -> None:
    sim = Simulator()
    client, server = sim.host("client", "10.0.0.1"), sim.host("server", "10.1.2.3")
    for name, network in (("wide", "10.0.0.0/8"), ("narrow", "10.1.2.0/24"), ("other", "10.1.0.0/16")):
        sim.router(name)
        sim.link(client, name)
        sim.link(name, server)
        sim.route("client", network, via=name)
    client.connect(server, 80)
    sim.step()
    assert [record.where for record in sim.trace.of("forwarded")] == ["narrow"]


def test_hosts_do_not_forward() -> None:
    sim = Simulator()
    for name in ("client", "middle", "server"):
        sim.host(name)
    sim.link("client", "middle")
    sim.link("middle", "server")
    with pytest.raises(OSError, match="client has no route there"):
        sim.hosts["client"].connect("server", 80)


def test_a_host_that_is_led_to_by_mistake_drops_what_is_not_its_own() -> None:
    sim = Simulator()
    for name in ("client", "middle", "server"):
        sim.host(name)
    sim.link("client", "middle")
    sim.link("middle", "server")
    sim.route("client", "server", via="middle")
    sim.hosts["client"].connect("server", 80)
    sim.run(until="100ms")
    assert by(sim, "refused") == ["not for this host"]


def test_a_loop_ends_when_the_hops_are_used_up() -> None:
    sim = Simulator()
    for name in ("client", "server"):
        sim.host(name)
    for name in ("one", "two"):
        sim.router(name)
    sim.link("client", "one", delay=0)
    sim.link("one", "two", delay=0)
    sim.link("two", "server", delay=0)
    sim.route("one", "server", via="two")
    sim.route("two", "server", via="one")
    sim.hosts["client"].connect("server", 80)
    sim.run(until="100ms")
    assert len(sim.trace.of("forwarded")) == 63
    assert by(sim, "refused") == ["TTL"]
    assert not sim.world.flight
    assert not sim.world.headers


def test_a_router_notices_a_damaged_ip_header_and_leaves_the_rest_to_the_receiver() -> None:
    def where_refused(bit: int) -> list[tuple[str, str]]:
        sim = chain()
        sim.hosts["client"].connect("server", 80)
        sim.corrupt(bit=bit)
        sim.run(until="10ms")
        return [(record.where, record.by) for record in sim.trace.of("refused")]  # type: ignore[union-attr]

    assert where_refused(100) == [("r1", "IPv4 header checksum")]
    assert where_refused(200) == [("server", "TCP checksum")]


def test_weather_holds_on_every_link() -> None:
    sim = Simulator(3)
    for name in ("client", "server"):
        sim.host(name, **PATIENT)
    sim.router("gate")
    sim.link("client", "gate", delay="1ms", loss=0.2)
    sim.link("gate", "server", delay="1ms", corrupt=0.2, duplicate=0.2)
    sim.script("server", "listen 80", ("serve", "recv_to_end", "close"))
    sim.script("client", "connect server 80", ("send", bytes(30_000)), "close")
    sim.run()
    assert sim.unused() == []
    assert sum(record.octets for record in sim.trace.of("delivered", where="server")) == 30_000  # type: ignore[union-attr]


def test_routes_are_part_of_copies_and_forks() -> None:
    sim = chain()
    sim.script("client", "connect server 80", ("send", b"x" * 4000), "close")
    sim.step(10)
    fork = sim.fork()
    copy = sim.world.copy()
    assert copy.key() == sim.world.key()
    sim.run()
    fork.run()
    assert fork.trace == sim.trace
    sim.goto(5)
    sim.run()
    assert fork.trace == sim.trace


@pytest.mark.parametrize(
    ("addresses", "to", "expected"),
    [
        (("10.0.0.1", "192.168.1.1"), "192.168.1.7", "192.168.1.1"),
        (("10.0.0.1", "192.168.1.1"), "10.9.9.9", "10.0.0.1"),
        (("192.168.1.1", "10.0.0.1"), "127.0.0.9", "127.0.0.1"),
        (("10.0.0.1", "10.0.0.2"), "10.0.0.2", "10.0.0.2"),
        (("172.16.0.1", "10.0.0.1"), "192.0.2.1", "172.16.0.1"),
        (("10.0.0.1", "fd00::1", "fd00:1::1"), "fd00:1::9", "fd00:1::1"),
        (("10.0.0.1", "fd00::1"), "::1", "::1"),
    ],
)
def test_the_source_address(addresses: tuple[str, ...], to: str, expected: str) -> None:
    sim = Simulator()
    host = sim.host("host", *addresses)
    assert source_for(host.data, to) == expected


def test_a_host_without_an_address_of_that_version_has_no_source() -> None:
    sim = Simulator()
    host = sim.host("host", "10.0.0.1")
    with pytest.raises(TcpsimError, match="host host has no IPv6 address to reach fd00::1 from"):
        source_for(host.data, "fd00::1")


def test_marks_travel_and_are_heard() -> None:
    sim = Simulator()
    sim.host("client", "10.0.0.1", ttl=9, dscp=46)
    sim.router("r1")
    sim.host("server", "10.9.0.1")
    sim.link("client", "r1")
    sim.link("r1", "server")
    sim.script("server", "listen 80")
    sim.hosts["client"].connect("server", 80)
    sim.run(until="1s")
    (child,) = (conn for conn in sim.world.conns.values() if conn.host == 2 and conn.tcb.flow[3])
    (opener,) = (conn for conn in sim.world.conns.values() if conn.host == 0)
    assert sim.world.heard == {child.number: Mark(ttl=8, dscp=46), opener.number: Mark(ttl=63)}


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        (("client", "server", "server"), "route of client via server: there is no link between them"),
        (("client", "nowhere", "r1"), "'nowhere' is no address or network"),
        (("client", "10.0.0.0/40", "r1"), "'10.0.0.0/40' is no address or network"),
        (("nobody", "server", "r1"), "no host 'nobody'"),
    ],
)
def test_a_wrong_route_is_refused_and_nothing_has_changed(route: tuple[str, str, str], problem: str) -> None:
    sim = chain()
    before = sim.world.key(), repr(sim.trace.header)
    with pytest.raises(TcpsimError, match=problem):
        sim.route(*route)
    assert (sim.world.key(), repr(sim.trace.header)) == before
