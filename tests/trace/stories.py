"""One simulation in which a record of every kind is made."""

from __future__ import annotations

from tcpsim import Simulator
from tests.helpers.stories import MOD, TALK


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
