"""How large segments are: MSS, MTU and the room that options take (RFC 9293 3.7.1)."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim import Simulator
from tests.requirements.registry import requirement
from tests.requirements.stage import PATIENT, Stage


def largest(stage: Stage, host: str) -> int:
    """The largest payload that a host sends when it has plenty to send."""
    sock = stage.conn if host == "client" else stage.peer
    stage.forget()
    sock.send(bytes(20_000))
    stage.run("1s")
    return max(seen.len for seen in stage.seen(host))


@requirement("MUST-15")
def test_without_an_mss_option_536_are_assumed() -> None:
    stage = Stage(server={"mss_option": False})
    assert largest(stage, "client") == 536
    assert largest(stage, "server") == 1460  # the client's SYN had one


@requirement("MUST-15", "SHLD-5")
def test_over_ipv6_1220_are_assumed_and_1440_offered() -> None:
    for option in (True, False):
        sim = Simulator(trace="full")
        client = sim.host("client", "fd00::1")
        server = sim.host("server", "fd00::2", mss_option=option)
        sim.link(client, server)
        listener = server.listen(80)
        conn = client.connect("fd00::2", 80)
        listener.accept()
        conn.send(bytes(20_000))
        sim.run(for_="1s")
        sent = sim.trace.sent(where="client")
        assert max(seg.len for seg in sent) == (1440 if option else 1220)
        assert ("mss", 1440) in sent[0].options


@requirement("MUST-16", "MUST-14")
@pytest.mark.parametrize(("client", "server"), [(1460, 500), (500, 1460), (1000, 1000), (1460, 1460)])
def test_each_is_limited_by_the_other_and_by_itself(client: int, server: int) -> None:
    stage = Stage(client={"mss": client}, server={"mss": server})
    assert largest(stage, "client") == min(client, server)
    assert largest(stage, "server") == min(client, server)


@requirement("MUST-16", "SHLD-28")
def test_options_take_room_from_the_data() -> None:
    stage = Stage(timestamps=True)
    assert largest(stage, "client") == 1448
    for seen in stage.seen("client"):
        assert seen.len <= 1448


@requirement("MUST-16", "MUST-67", "SHLD-5")
@pytest.mark.parametrize("stamps", [False, True])
@pytest.mark.parametrize("mtu", [1500, 1000, 576, 300])
def test_the_mtu_limits_the_segments(mtu: int, stamps: bool) -> None:
    """What is offered and what is sent fits the link: MTU less 40, less 12 for timestamps."""
    stage = Stage(timestamps=stamps, link={"mtu": mtu}, **PATIENT)
    for seen in [seg for seg in stage.sim.trace.sent() if seg.letters.startswith("S")]:
        assert ("mss", mtu - 40) in seen.options
    assert largest(stage, "client") == mtu - 40 - 12 * stamps
    assert largest(stage, "server") == mtu - 40 - 12 * stamps


@requirement("MUST-16")
@pytest.mark.parametrize("stamps", [False, True])
def test_the_smaller_of_both_limits_counts(stamps: bool) -> None:
    """The peer offers 1460, the way to it takes packets of 1000: 960 octets, 12 fewer with timestamps."""
    stage = Stage(timestamps=stamps, **PATIENT)
    stage.set(stage.conn, mtu=1000)
    assert largest(stage, "client") == 960 - 12 * stamps


@requirement("MUST-45")
def test_the_local_address_stays() -> None:
    sim = Simulator(trace="full")
    client = sim.host("client", "10.0.0.1", "10.0.0.9")
    server = sim.host("server", "10.0.0.2", "10.0.0.8")
    sim.link(client, server)
    listener = server.listen(80)
    conn: Any = client.connect("10.0.0.8", 80)
    peer, _ = listener.accept()
    conn.send(bytes(5000))
    sim.run(for_="1s")
    peer.recv()
    peer.close()
    conn.close()
    sim.run()
    assert {seg.src for seg in sim.trace.sent(where="server")} == {"10.0.0.8:80"}
    assert len({seg.src for seg in sim.trace.sent(where="client")}) == 1
