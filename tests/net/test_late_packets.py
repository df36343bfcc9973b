"""Faults that delay single packets, so that later ones overtake them."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.net.simulator import Simulator
from tcpsim.tcp.errors import TcpsimError


def connect(**faults: Any) -> Simulator:
    sim = Simulator()
    client, server = sim.host("client"), sim.host("server")
    sim.link(client, server, delay="10ms", **faults)
    server.listen(80)
    client.connect("server", 80)
    return sim


def arrivals(sim: Simulator, where: str) -> list[tuple[int, str]]:
    """(ms, flags) of what arrived."""
    records: list[Any] = sim.trace.of("arrived", where=where)
    return [(record.t // 10**6, record.seg.names) for record in records]


def test_a_late_packet_arrives_later_and_once() -> None:
    sim = connect(faults=[(1, "delay", "5ms")])
    sim.run(until="50ms")
    assert arrivals(sim, "server") == [(15, "SYN"), (35, "ACK")]
    assert arrivals(sim, "client") == [(25, "SYN,ACK")]


def test_the_other_direction_counts_by_itself() -> None:
    sim = connect(faults_back=[(1, "delay", 7_000_000)])
    sim.run(until="50ms")
    assert arrivals(sim, "client") == [(27, "SYN,ACK")]


def test_a_late_packet_is_overtaken() -> None:
    sim = connect(faults=[(2, "delay", "30ms")])
    sim.run(until="25ms")
    sim.call("client", "close", 3)
    sim.run(until="100ms")
    assert [flags for _, flags in arrivals(sim, "server")] == ["SYN", "FIN,ACK", "ACK"]


def test_the_way_back_and_forth_leads_to_the_same_trace() -> None:
    sim = connect(faults=[(1, "delay", "5ms"), (2, "lose")])
    sim.run()
    trace, position = list(sim.trace.raw), sim.position
    sim.goto(2)
    sim.goto(position)
    assert sim.trace.raw == trace


@pytest.mark.parametrize(
    "fault", [(1, "delay"), (1, "delay", "soon"), (0, "delay", "5ms"), (1, "lose", "5ms"), (1, "vanish"), "lose"]
)
def test_a_fault_that_is_none_is_refused(fault: Any) -> None:
    with pytest.raises(TcpsimError):
        connect(faults=[fault])
