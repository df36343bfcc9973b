"""What forks share, what a reboot ends, and what is remembered of damage and of long pasts."""

from __future__ import annotations

import pytest

from tcpsim import Simulator
from tests.helpers.stories import TALK


def with_a_syn_in_flight() -> Simulator:
    sim = TALK.build()
    sim.step(2)
    assert len(sim.in_flight) == 1
    return sim


def refused(sim: Simulator) -> list[object]:
    """What refused the packets that were refused."""
    return [record.by for record in sim.trace.of("refused")]  # type: ignore[union-attr]


@pytest.mark.parametrize("by_fork", [True, False], ids=["in the fork", "in its origin"])
def test_damage_on_one_side_of_a_fork_leaves_the_other_side_alone(by_fork: bool) -> None:
    sim = with_a_syn_in_flight()
    fork = sim.fork()
    hurt, whole = (fork, sim) if by_fork else (sim, fork)
    hurt.corrupt()
    whole.step()
    hurt.step()
    assert (refused(hurt), refused(whole)) == (["TCP checksum"], [])


def test_a_fork_keeps_the_damage_done_before_it() -> None:
    sim = with_a_syn_in_flight()
    sim.corrupt()
    fork = sim.fork()
    sim.step()  # there the damaged packet has arrived and is forgotten
    fork.step()
    assert refused(sim) == refused(fork) == ["TCP checksum"]


def test_the_twin_of_a_damaged_packet_is_damaged() -> None:
    sim = with_a_syn_in_flight()
    sim.corrupt()
    sim.duplicate()
    sim.step(2)
    assert refused(sim) == ["TCP checksum", "TCP checksum"]
    assert sim.world.damaged == {}


def test_damage_done_to_a_twin_leaves_the_original_alone() -> None:
    sim = with_a_syn_in_flight()
    sim.duplicate()
    original, twin = sim.in_flight
    sim.corrupt(twin)
    assert sim.world.damaged == {twin: (160,)}
    sim.step(2)
    assert [record.packet for record in sim.trace.of("arrived")] == [original]  # type: ignore[union-attr]
    assert refused(sim) == ["TCP checksum"]


def test_a_damaged_packet_that_is_lost_is_forgotten() -> None:
    sim = with_a_syn_in_flight()
    fork = sim.fork()
    sim.corrupt()
    sim.drop()
    fork.drop()
    assert sim.world.damaged == {}
    assert sim.world.key() == fork.world.key()


def test_a_script_that_sleeps_through_a_reboot_never_wakes() -> None:
    sim = TALK.but(client=("sleep 1s", "connect server 80")).build()
    sim.run(until="500ms")
    sim.reboot("client")
    sim.run()
    assert sim.trace.sent(where="client") == []
    assert [script.host for script in sim.world.scripts.values()] == [sim.hosts["server"].data.index]


def test_a_script_on_another_host_goes_on_after_a_reboot() -> None:
    sim = TALK.but(client=("sleep 1s", "connect server 80")).build()
    sim.run(until="500ms")
    sim.reboot("server")
    sim.run()
    assert [seg.letters for seg in sim.trace.sent(where="client")] == ["S"]
