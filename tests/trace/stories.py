"""One simulation in which a record of every kind is made."""

from __future__ import annotations

from tcpsim import Simulator
from tests.helpers.stories import MOD, TALK


def routed(level: str = "full") -> Simulator:
    """Two hosts behind a router, in bad weather: the records that take a third host."""
    sim = Simulator(trace=level)
    for name in ("near", "far"):
        sim.host(name, ecn="offer")
    sim.router("gate")
    sim.link("near", "gate", delay="1ms")
    sim.link("gate", "far", delay="1ms", corrupt=0.2, mark=0.3)
    sim.script("far", "listen 80", ("serve", "recv_to_end", "close"))
    sim.script("near", "connect far 80", ("send", bytes(3000)), "close")
    sim.script("far", "connect 10.9.9.9 80", at="1s")  # which is nobody
    sim.firewall("far", "web: accept in port 80")
    sim.route("far", "10.9.9.9", via="gate")
    sim.run()
    return sim


def everything(level: str = "full") -> Simulator:
    """Data each way across the wrap, a loss, a duplicate, a refusal, a forgery, moves by hand, a reboot."""
    story = TALK.but(
        client_iss=MOD - 3,
        client=("connect server 80", ("send", b"ping" * 300), "sleep 5s", "close"),
        faults=((2, "lose"),),
        faults_back=((2, "duplicate"),),
    )
    sim = story.build(level)
    sim.step(2)
    sim.corrupt()
    sim.run(until="4s")
    sim.inject("server", ". 9:12(3) ack 1 win 500", delay="1ms")
    sim.step()
    sim.hosts["client"].connect("server", 81)
    sim.drop()
    sim.run(until="10s")
    sim.reboot("server")
    sim.run()
    return sim
