"""A run that an exploration has found, for people and programs: ladder, script, scenario, trace."""

from __future__ import annotations

from ..net.moves import Move
from ..net.simulator import Simulator
from ..scenarios.lines import segment_lines
from ..scenarios.model import HostSpec, Scenario
from ..testing.replay import replay_script
from .joint import joint_state
from .result import Counterexample, Result, Verdict


def example_of(result: Result, verdict: Verdict | str) -> Counterexample:
    """The run that a verdict shows.  Raises KeyError for a verdict without one."""
    if isinstance(verdict, str):
        verdict = result.verdict(verdict)
    if verdict.example is None:
        raise KeyError(verdict.asked.name)
    return verdict.example


def replay(result: Result, verdict: Verdict | str, *, trace: str = "brief") -> Simulator:
    """A simulator that has made the moves of a verdict's run, one at each tick of its clock."""
    return result.replay(example_of(result, verdict), trace=trace)


def script(result: Result, verdict: Verdict | str) -> str:
    """Python that sets everything up and makes the moves again; it needs only tcpsim."""
    return replay_script(replay(result, verdict))


def scenario(result: Result, verdict: Verdict | str) -> Scenario:
    """The run as a scenario, which states the segments and the states that were seen."""
    sim = replay(result, verdict, trace="full")
    acts: list[tuple[int, Move]] = [(now, move) for _, now, move in sim.recorded() if type(move).__name__ != "Wait"]
    name = verdict if isinstance(verdict, str) else verdict.asked.name
    hosts = []
    for given in sim.trace.header["hosts"]:
        hosts.append(HostSpec(given["name"], given["addresses"][0], given["iss"]))
    states = joint_state(sim.world)
    made = Scenario(
        name=f"{result.setup.name}-{name}".replace("_", "-"),
        sid="",
        title=f"{result.setup.title}: {name}",
        chapter="Explored",
        look=result.setup.look,
        source=result.setup.source,
        hosts=tuple(hosts),
        scripts=(),
        end={},
        lines=tuple(segment_lines(sim.trace)),
        delay="1h",
        acts=tuple(acts),
        until=sim.now,
        profile=sim.profile,
    )
    assert len(states) == len(hosts)
    return made


def scenario_source(made: Scenario) -> str:
    """Python whose ``SCENARIO`` is the scenario."""
    return (
        "from tcpsim.net.moves import *\n"
        "from tcpsim.scenarios.model import HostSpec, Scenario\n"
        "from tcpsim.tcp.profiles import Profile\n\n"
        f"SCENARIO = {made!r}\n"
    )
