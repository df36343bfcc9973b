"""The library of scenarios: each goes as it says, says something, and would notice if it did not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tcpsim.scenarios import SCENARIOS, Scenario, ScenarioFailed, get_scenario
from tcpsim.scenarios.model import Line
from tcpsim.tcp.errors import TcpsimError
from tcpsim.tcp.profiles import RFC9293, RFC9293_LITERAL
from tcpsim.tcp.states import State

CHAPTERS = ["Opening", "Data", "Closing", "Resets and half-open", "Attacks", "Time"]

SIDS = {*range(1, 16), *range(17, 57)}


def each(scenarios: dict[str, Scenario]) -> list[Any]:
    return [pytest.param(scenario, id=name) for name, scenario in scenarios.items()]


SOUND = list(SCENARIOS.values())


# -- each scenario


@pytest.mark.parametrize("scenario", each(SCENARIOS))
def test_a_scenario_goes_as_it_says(scenario: Scenario) -> None:
    sim = scenario.play()
    assert list(scenario.problems(sim.trace)) == []
    scenario.check(sim)


@pytest.mark.parametrize("scenario", SOUND, ids=lambda scenario: scenario.name)
def test_a_scenario_goes_the_same_way_whatever_the_seed_and_the_level_of_its_trace(scenario: Scenario) -> None:
    assert scenario.play().trace.raw == scenario.play().trace.raw
    for options in ({"seed": 7}, {"trace": "full"}):
        sim = scenario.play(**options)
        assert list(scenario.problems(sim.trace)) == []


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_can_be_wound_back_and_played_again(scenario: Scenario) -> None:
    sim = scenario.play()
    trace, position = list(sim.trace.raw), sim.position
    sim.goto(0)
    sim.goto(position)
    assert sim.trace.raw == trace


def test_another_process_plays_the_same_segments() -> None:
    program = (
        "import hashlib; from tcpsim.scenarios import SCENARIOS\n"
        "for scenario in SCENARIOS.values():\n"
        "    print(scenario.name, hashlib.sha256(repr(scenario.play().trace.raw).encode()).hexdigest())"
    )
    root = Path(__file__).resolve().parents[2]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert outputs.pop().count("\n") == len(SCENARIOS)


# -- whether a wrong expectation would be noticed


def wrong_lines(line: Line) -> Iterator[Line]:
    """The line with one field changed."""
    direction, flags, seq, ack, octets, left, right = line
    yield {"->": "-x", "-x": "->", "<-": "x-", "x-": "<-"}[direction], *line[1:]
    yield direction, "URG", seq, ack, octets, left, right
    yield direction, flags, range(1) if isinstance(seq, range) else seq + 1, ack, octets, left, right
    yield direction, flags, seq, 12345 if ack is None else None, octets, left, right
    yield direction, flags, seq, ack, octets + 1, left, right
    yield direction, flags, seq, ack, octets, "LAST_ACK" if left == "CLOSED" else "CLOSED", right
    yield direction, flags, seq, ack, octets, left, "LAST_ACK" if right == "CLOSED" else "CLOSED"


def wrong(scenario: Scenario) -> Iterator[tuple[str, Scenario]]:
    """The scenario with one expectation changed, in one way after the other."""
    for n, line in enumerate(scenario.lines):
        mutants = list(wrong_lines(line))
        last = n == len(scenario.lines) - 1
        for mutant in mutants if last else [mutants[n % len(mutants)]]:  # every kind on some line
            yield f"line {n}", replace(scenario, lines=(*scenario.lines[:n], mutant, *scenario.lines[n + 1 :]))
    if scenario.lines:
        yield "one line less", replace(scenario, lines=scenario.lines[:-1])
        yield "one line more", replace(scenario, lines=(*scenario.lines, scenario.lines[0]))
    for host, state in scenario.end.items():
        if isinstance(state, tuple):
            yield "one connection less", replace(scenario, end={**scenario.end, host: state[:-1]})
            yield "states swapped", replace(scenario, end={**scenario.end, host: (State.LISTEN, *state[1:])})
        else:
            end = State.CLOSING if state is State.CLOSED else State.CLOSED
            yield f"end of {host}", replace(scenario, end={**scenario.end, host: end})
    yield "one notice more", replace(scenario, told=(*scenario.told, ("client", "signal reset")))
    if scenario.told:
        yield "one notice less", replace(scenario, told=scenario.told[:-1])
        yield "other words", replace(scenario, told=(*scenario.told[:-1], (scenario.told[-1][0], "no such words")))
        yield "another host", replace(scenario, told=(*scenario.told[:-1], ("nobody", scenario.told[-1][1])))
    for n, (host, what, when) in enumerate(scenario.times):
        for changed_times in ((*when[:-1], "17h"), when[:-1], (*when, "17h")):
            entry = (host, what, changed_times)
            yield f"time {n}", replace(scenario, times=(*scenario.times[:n], entry, *scenario.times[n + 1 :]))
    for host, octets in scenario.delivered.items():
        yield f"octets at {host}", replace(scenario, delivered={**scenario.delivered, host: octets + 1})


@pytest.mark.parametrize("scenario", SOUND, ids=lambda scenario: scenario.name)
def test_a_wrong_expectation_is_noticed(scenario: Scenario) -> None:
    sim = scenario.play()
    mutants = list(wrong(scenario))
    assert mutants
    for what, mutant in mutants:
        assert list(mutant.problems(sim.trace)), f"{scenario.name}: nobody notices the wrong {what}"


def test_a_failure_says_what_is_wrong_in_one_line_and_shows_the_ladder() -> None:
    scenario = SCENARIOS["half-open"]
    mutant = replace(scenario, end={"client": State.SYN_SENT, "server": State.LISTEN})
    with pytest.raises(ScenarioFailed) as failure:
        mutant.check(scenario.play())
    first, *ladder = str(failure.value).splitlines()
    assert first == "half-open: server ended in CLOSED, not in LISTEN"
    assert any("SEQ=400" in line for line in ladder)


def test_a_number_that_a_stack_may_choose_is_compared_with_its_range() -> None:
    scenario = SCENARIOS["port-reuse-reopens"]
    sim = scenario.play()
    (chosen,) = {seg.seq for seg in sim.trace.sent(where="server", flags="S.")} - {99}
    assert 101 < chosen < 1 << 31
    lines = list(scenario.lines)
    for n, line in enumerate(lines):
        if isinstance(line[2], range):
            lines[n] = (line[0], line[1], range(102, chosen), *line[3:])
    assert list(replace(scenario, lines=tuple(lines)).problems(sim.trace))


# -- the library as a whole


def test_every_reference_scenario_of_these_chapters_is_there() -> None:
    assert {int(scenario.sid.removeprefix("S-")) for scenario in SCENARIOS.values()} == SIDS


def test_the_library_is_ordered_by_chapter() -> None:
    chapters = [CHAPTERS.index(scenario.chapter) for scenario in SCENARIOS.values()]
    assert chapters == sorted(chapters)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_tells_what_it_is(scenario: Scenario) -> None:
    assert SCENARIOS[scenario.name] is scenario
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", scenario.name)
    assert re.fullmatch(r"S-\d\d", scenario.sid)
    assert "RFC" in scenario.source
    remark = scenario.look.replace("  (The client is played by hand.)", "").replace(
        "  (The server is played by hand.)", ""
    )
    sentences = remark.split(".  ")
    assert len(sentences) == 2, sentences
    assert remark.endswith(".")
    assert set(scenario.end) <= {host.name for host in scenario.hosts}
    assert scenario.lines


def test_titles_differ() -> None:
    assert len({scenario.title for scenario in SCENARIOS.values()}) == len(SCENARIOS)


def test_scenarios_are_values() -> None:
    for scenario in SCENARIOS.values():
        assert replace(scenario) == scenario
        with pytest.raises(AttributeError):
            scenario.sid = "S-99"  # type: ignore[misc]


def test_a_number_finds_its_first_variant() -> None:
    assert get_scenario("S-02").name == "simultaneous-open"
    assert get_scenario("s-14").name == "lost-final-ack"


def test_an_unknown_name_gets_a_hint() -> None:
    with pytest.raises(TcpsimError, match="did you mean 'half-open'"):
        get_scenario("half-opened")
    with pytest.raises(TcpsimError, match="lists them"):
        get_scenario("zzz")


def test_a_scenario_keeps_its_own_profile_unless_another_is_asked_for() -> None:
    literal = SCENARIOS["simultaneous-open-literal"]
    assert literal.play().profile == RFC9293_LITERAL
    assert literal.play(profile=RFC9293).profile == RFC9293_LITERAL
    plain = SCENARIOS["simultaneous-open"]
    sim = plain.play(profile=RFC9293_LITERAL)
    assert sim.profile == RFC9293_LITERAL
    assert list(plain.problems(sim.trace))
