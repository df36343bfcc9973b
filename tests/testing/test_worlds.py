"""What the strategies for weather, links, topologies, schedules and stories give, and what they shrink to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import tcpsim
from tcpsim.net.link import Weather
from tcpsim.scenarios.model import Scenario
from tcpsim.tcp.options import encode_options
from tcpsim.tcp.segment import Segment
from tcpsim.tcp.wire import decode, encode
from tcpsim.testing import (
    PATIENT,
    Choice,
    Fault,
    Programs,
    Topology,
    check_run,
    everything_closed,
    follow,
    links,
    options,
    play,
    profiles,
    replay_script,
    scenarios,
    schedules,
    scripts,
    segments,
    topologies,
    weather,
    weathers,
)

#: Without the phase that explains failures, which takes a hundred times as long as the rest.
QUICK = settings(database=None, derandomize=True, max_examples=500, phases=[Phase.generate, Phase.shrink])


def anything(_: object) -> bool:
    return True


@pytest.mark.parametrize(
    ("strategy", "dullest"),
    [
        (options(), ()),
        (weather(), {}),
        (links(), {}),
        (weathers(), Weather()),
        (profiles(), tcpsim.profiles.RFC9293),
        (schedules(), ()),
        (topologies(), Topology(("client", "server"), (), (("client", "server", {}),))),
    ],
    ids=["options", "weather", "links", "weathers", "profiles", "schedules", "topologies"],
)
def test_everything_shrinks_to_the_dullest(strategy: Any, dullest: object) -> None:
    assert find(strategy, anything, settings=QUICK) == dullest


def test_a_story_shrinks_to_an_open_and_a_close() -> None:
    story = find(scenarios(), anything, settings=QUICK)
    assert story.faults == story.faults_back == ()
    assert [script.steps for script in story.scripts] == [
        (("listen", 80), ("accept",), ("close",)),
        (("connect", "server", 80, 40000), ("close",)),
    ]


@pytest.mark.parametrize("kind", ["lose", "duplicate", "delay", "corrupt"])
def test_a_fault_that_matters_remains_alone(kind: str) -> None:
    def has(found: dict[str, Any]) -> bool:
        return any(fault[1] == kind for fault in found.get("faults_back", ()))

    expected = (1, kind, 1_000_000) if kind == "delay" else (1, kind)
    assert find(weather(), has, settings=QUICK) == {"faults_back": (expected,)}


@pytest.mark.parametrize("what", ["deliver", "wake", "expire", "duplicate", "drop"])
def test_a_choice_that_matters_remains_alone(what: str) -> None:
    def has(schedule: tuple[Choice, ...]) -> bool:
        return any(choice.what == what for choice in schedule)

    assert find(schedules(), has, settings=QUICK) == (Choice(what),)


def test_what_needs_a_router_shrinks_to_one() -> None:
    found = find(topologies(), lambda topology: topology.routers, settings=QUICK)
    assert found == Topology(("client", "server"), ("r1",), (("client", "r1", {}), ("server", "r1", {})))


@given(options(kinds=("mss", "wscale", "sackOK", "sack", "TS", "nop", "unknown"), max_options=7))
def test_options_fit_into_a_header(several: Any) -> None:
    assert len(encode_options(several, 1, 2)) <= 40


@given(segments())
def test_segments_survive_the_wire(segment: Segment) -> None:
    again = decode(encode(segment))
    assert (again.options, again.seq, again.flags, again.data) == (
        segment.options, segment.seq, segment.flags, segment.data
    )  # fmt: skip


@given(weather(max_faults=2, packets=5, kinds=("lose", "delay"), jitter=False))
def test_weather_is_bounded(found: dict[str, Any]) -> None:
    faults = [*found.get("faults", ()), *found.get("faults_back", ())]
    assert len(faults) <= 2
    assert all(fault[0] <= 5 and fault[1] in ("lose", "delay") for fault in faults)
    assert set(found) <= {"faults", "faults_back"}


@given(schedules(max_choices=20, max_faults=1))
def test_schedules_are_bounded(schedule: tuple[Choice, ...]) -> None:
    assert sum(choice.what in ("drop", "duplicate", "delay") for choice in schedule) <= 1


@given(scripts(), schedules(), links(jitter=False))
def test_whatever_the_order_both_applications_end(programs: Programs, schedule: Any, link: dict[str, Any]) -> None:
    sim = tcpsim.Simulator(profile=PATIENT)
    sim.host("client")
    sim.host("server")
    sim.link("client", "server", **link)
    sim.script("server", *programs.server)
    sim.script("client", *programs.client)
    follow(sim, schedule)
    assert not sim.world.scripts
    check_run(sim)
    space: dict[str, Any] = {}
    exec(replay_script(sim), space)
    assert space["sim"].world.key() == sim.world.key()


@given(scenarios())
def test_stories_end_as_they_say(story: Scenario) -> None:
    story.check(story.play())


@given(topologies(), st.data())
def test_every_host_reaches_every_other(topology: Topology, data: st.DataObject) -> None:
    sim = topology.build(profile=PATIENT)
    here, there = data.draw(st.permutations(topology.hosts))[:2]
    sim.script(there, "listen 80", "accept", "recv_to_end", "close")
    sim.script(here, f"connect {there} 80", ("send", b"x" * 2000), "close")
    sim.run()
    delivered = sum(record.octets for record in sim.trace.of("delivered", where=there))  # type: ignore[union-attr]
    assert delivered == 2000
    assert not sim.world.scripts


def test_three_hosts_without_a_router_are_all_joined() -> None:
    found = find(topologies(), lambda topology: len(topology.hosts) > 2, settings=QUICK)
    assert found.routers == ()
    assert [link[:2] for link in found.links] == [("client", "server"), ("client", "host3"), ("server", "host3")]


@pytest.mark.parametrize(
    "wrong", [Choice("eat"), Choice("drop", -1), Choice("delay", 0, -5)], ids=["what", "which", "by"]
)
def test_a_choice_that_cannot_be_is_refused(wrong: Choice) -> None:
    sim, _, _ = tcpsim.pair()
    with pytest.raises(tcpsim.TcpsimError, match="write Choice"):
        follow(sim, [wrong])


@pytest.mark.parametrize("kind", [Choice, Fault, tcpsim.Profile, Programs, Scenario, Segment, Topology, Weather])
def test_hypothesis_knows_the_types(kind: type) -> None:
    assert isinstance(find(st.from_type(kind), anything, settings=QUICK), kind)


def test_a_fault_by_its_type_is_one_that_can_be() -> None:
    fault = find(st.from_type(Fault), anything, settings=QUICK)
    sim, _, _ = tcpsim.pair()
    play(sim, [fault])
    assert fault == Fault("client", 1, "drop")
    everything_closed(sim.world)
