"""Fault soak: any topology, any clients, any weather that lets packets through in the end.

Every stream arrives whole, every connection ends, nothing is left behind, and the same seed gives the same trace.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcpsim import Simulator, Socket, State
from tcpsim.tcp.units import MS, SECOND
from tests.helpers.stories import PATIENT


class Client(NamedTuple):
    """``host`` connects to ``server`` at ``at`` and sends ``octets``, in ``parts`` calls."""

    host: int
    server: int
    at: int
    octets: int
    parts: int


class Plan(NamedTuple):
    """``routers``: for each but the first, to which one before it is linked; ``homes``: each host's router.

    Without routers, two hosts are linked to each other.  ``weathers``: of the links in the order in which they are
    made; ``corrupted``: the one link that also flips bits (two flips of one packet may go unnoticed).
    """

    seed: int
    six: bool
    routers: tuple[int, ...]
    homes: tuple[int, ...]
    weathers: tuple[dict[str, Any], ...]
    corrupted: int
    clients: tuple[Client, ...]

    def build(self) -> Simulator:
        sim = Simulator(self.seed)
        base = "fd00::{:x}" if self.six else "10.0.0.{}"
        hosts = [sim.host(f"h{n}", base.format(n + 1), **PATIENT) for n in range(max(2, len(self.homes)))]
        pairs: list[tuple[Any, Any]] = [(hosts[0], hosts[1])]
        if self.homes:
            routers = [sim.router(f"r{n}", base.format(n + 100)) for n in range(len(self.routers) + 1)]
            pairs = [(routers[n + 1], routers[to]) for n, to in enumerate(self.routers)]
            pairs += [(host, routers[home]) for host, home in zip(hosts, self.homes, strict=True)]
        for n, (ends, weather) in enumerate(zip(pairs, self.weathers, strict=False)):
            damage = {"corrupt": 0.1} if n == self.corrupted else {}
            mtu = {"mtu": max(1280, weather["mtu"])} if self.six and "mtu" in weather else {}
            sim.link(*ends, **weather | damage | mtu)
        for k, client in enumerate(self.clients):
            data = payload(k, client.octets)
            size = max(1, -(-len(data) // client.parts))
            sends = [("send", data[i : i + size]) for i in range(0, len(data), size)]
            sim.script(hosts[client.host], f"connect h{client.server} 80", *sends, "close", at=client.at)
        return sim

    def play(self) -> tuple[Simulator, list[bytes]]:
        """The simulation when nothing is left to happen, and what the servers have read."""
        sim = self.build()
        listeners = [sim.hosts[name].listen(80) for name in sim.hosts if name.startswith("h")]
        sim.run()
        streams = []
        for listener in listeners:
            while listener.sim.world.conns[listener.number].queue:
                peer, _ = listener.accept()
                streams.append(whole(peer))
                peer.close()
        sim.run()
        return sim, streams


def payload(k: int, octets: int) -> bytes:
    """Octets of which each place is told from its neighbours, and each client's from the others'."""
    return bytes([k]) + bytes((i * 7 + i // 251 + k) % 256 for i in range(octets))


def whole(peer: Socket) -> bytes:
    octets = b""
    while part := peer.recv(1 << 20):
        octets += part
    return octets


WEATHERS = st.fixed_dictionaries(
    {"delay": st.sampled_from([0, MS, 10 * MS, 40 * MS])},
    optional={
        "loss": st.sampled_from([0.05, 0.2]),
        "jitter": st.sampled_from([MS, 30 * MS]),
        "reorders": st.booleans(),
        "rate": st.sampled_from(["200kbit", "10Mbit"]),
        "queue": st.sampled_from([1, 5, 50]),
        "mtu": st.sampled_from([400, 1000, 1500]),
        "duplicate": st.sampled_from([0.1]),
        "reorder": st.sampled_from([0.1]),
        "down": st.lists(
            st.sampled_from([(0, 5 * MS), (30 * MS, SECOND), (2 * SECOND, 20 * SECOND)]), max_size=2, unique=True
        ),
        "faults": st.sampled_from([[(1, "lose")], [("SYN", 1, "delay", "2s")], [("FIN", 1, "lose"), (3, "corrupt")]]),
        "back": st.sampled_from([{"delay": "3ms"}, {"loss": 0.3}, {"rate": "100kbit", "queue": 3}]),
    },
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    routers = draw(st.integers(0, 3))
    tree = tuple(draw(st.integers(0, n)) for n in range(routers - 1)) if routers else ()
    hosts = draw(st.integers(2, 6 - routers)) if routers else 2
    homes = tuple(draw(st.integers(0, routers - 1)) for _ in range(hosts)) if routers else ()
    links = len(tree) + len(homes) if routers else 1
    weathers = tuple(draw(WEATHERS) for _ in range(links))
    clients = st.builds(
        Client,
        host=st.integers(0, hosts - 1),
        server=st.integers(0, hosts - 1),
        at=st.sampled_from([0, 0, 5 * MS, SECOND]),
        octets=st.sampled_from([0, 1, 1460, 5000, 20_000]),
        parts=st.integers(1, 3),
    )
    return Plan(
        seed=draw(st.integers(0, 99)),
        six=draw(st.booleans()),
        routers=tree,
        homes=homes,
        weathers=weathers,
        corrupted=draw(st.integers(-1, links - 1)),
        clients=tuple(draw(st.lists(clients, min_size=1, max_size=4))),
    )


def check(plan: Plan) -> None:
    sim, streams = plan.play()
    sent = [payload(k, client.octets) for k, client in enumerate(plan.clients)]
    assert sorted(streams) == sorted(sent), "streams arrive whole, each once"
    world = sim.world
    states = [conn.tcb.state for conn in world.conns.values()]
    hosts = [host for host in world.hosts if host.name.startswith("h")]
    assert states == [State.LISTEN] * len(hosts), "every connection has ended"
    for host in hosts:
        assert len(host.fds) == 1, "no descriptor is left but the listener's"
        assert host.conns == {}, "no port is left"
    for left in (world.flight, world.icmp, world.damaged, world.headers, world.heard, world.scripts):
        assert not left
    assert world.next_due() == 1 << 62, "no timer is left"
    again, _ = plan.play()
    assert again.trace.raw == sim.trace.raw
    assert again.world.key() == world.key()


@settings(max_examples=15)
@given(plan=plans())
def test_any_topology_any_scripts_any_weather(plan: Plan) -> None:
    check(plan)


@pytest.mark.deep
@settings(max_examples=1_500)
@given(plan=plans())
def test_any_topology_for_long(plan: Plan) -> None:
    check(plan)
