"""The lines of a scenario against a second, small computation that uses nothing of the drawing code.

And the numbers of the RFC's figures 6, 12 and 13, typed in from the RFC, against both.
"""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim import Simulator
from tcpsim.scenarios import SCENARIOS, Scenario, ScenarioFailed, get_scenario
from tcpsim.tcp.segment import ACK, FIN, PSH, RST, SYN, URG
from tcpsim.tcp.states import BY_ID, State
from tests.helpers.promises import check_promises

#: (direction, flags, SEQ, ACK, octets, left, right), as a scenario states them.
Row = tuple[str, str, int, int | None, int, str, str]

#: RFC 9293, Figure 6, lines 2 to 4; Figures 12 and 13 begin with such a handshake, ISS 99 and 299.
FIGURE_6: list[Row] = [
    ("->", "SYN", 100, None, 0, "SYN_SENT", "SYN_RECV"),
    ("<-", "SYN,ACK", 300, 101, 0, "ESTABLISHED", "SYN_RECV"),
    ("->", "ACK", 101, 301, 0, "ESTABLISHED", "ESTABLISHED"),
]
OPENED: list[Row] = [
    ("->", "SYN", 99, None, 0, "SYN_SENT", "SYN_RECV"),
    ("<-", "SYN,ACK", 299, 100, 0, "ESTABLISHED", "SYN_RECV"),
    ("->", "ACK", 100, 300, 0, "ESTABLISHED", "ESTABLISHED"),
]
#: Lines 2 to 5; line 6 is 2MSL.
FIGURE_12: list[Row] = [
    ("->", "FIN,ACK", 100, 300, 0, "FIN_WAIT_1", "CLOSE_WAIT"),
    ("<-", "ACK", 300, 101, 0, "FIN_WAIT_2", "CLOSE_WAIT"),
    ("<-", "FIN,ACK", 300, 101, 0, "TIME_WAIT", "LAST_ACK"),
    ("->", "ACK", 101, 301, 0, "TIME_WAIT", "CLOSED"),
]
#: Lines 2 and 3: both FINs are under way before either arrives, and so are both ACKs.
FIGURE_13 = {
    ("->", "FIN,ACK", 100, 300),
    ("<-", "FIN,ACK", 300, 100),
    ("->", "ACK", 101, 301),
    ("<-", "ACK", 301, 101),
}

NAMES = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (URG, "URG"), (ACK, "ACK"))


def arrivals(sim: Simulator, left: str, right: str) -> list[Row]:
    """One row for each segment that arrives, with the states that follow from it before a user calls again."""
    raw = sim.trace.raw
    states = {left: "CLOSED", right: "CLOSED"}
    rows: list[Row] = []
    n = 0
    while n < len(raw):
        begin = n
        n += 1
        while n < len(raw) and raw[n][4] is not None:
            n += 1
        after = None
        for record in raw[begin:n]:
            if record[0] == "call" and after is None:
                after = states[left], states[right]
            if record[0] == "fired":
                states[record[2]] = BY_ID[record[5]].dst.name
        if raw[begin][0] == "arrived":
            seg = next(record[6] for record in raw if record[0] == "sent" and record[5] == raw[begin][5])
            direction = "->" if raw[begin][2] == right else "<-"
            flags = ",".join(name for bit, name in NAMES if seg[3] & bit)
            ack = seg[2] if seg[3] & ACK else None
            rows.append((direction, flags, seg[1], ack, seg[8], *(after or (states[left], states[right]))))
    return rows


def is_plain(scenario: Scenario) -> bool:
    """Two hosts with one connection each, nothing lost, doubled or made by hand: the small computation suffices."""
    return (
        len(scenario.hosts) == 2
        and not scenario.acts
        and all(line[0] in ("->", "<-") for line in scenario.lines)
        and sum(line[1] == "SYN" and line[0] == "->" for line in scenario.lines) == 1
        and not any("duplicate" in fault for fault in (*scenario.faults, *scenario.faults_back))
    )


PLAIN = [scenario for scenario in SCENARIOS.values() if is_plain(scenario)]


def test_the_three_first_scenarios_are_plain() -> None:
    assert {"three-way-handshake", "normal-close", "simultaneous-close"} <= {scenario.name for scenario in PLAIN}


@pytest.mark.parametrize("scenario", PLAIN, ids=lambda scenario: scenario.name)
def test_the_lines_are_what_happened(scenario: Scenario) -> None:
    sim = scenario.play()
    left, right = (host.name for host in scenario.hosts)
    assert arrivals(sim, left, right) == list(scenario.lines)


def test_figure_6() -> None:
    scenario = get_scenario("three-way-handshake")
    assert list(scenario.lines) == FIGURE_6
    assert arrivals(scenario.play(), "client", "server") == FIGURE_6


def test_figure_12() -> None:
    scenario = get_scenario("normal-close")
    assert list(scenario.lines) == OPENED + FIGURE_12
    sim = scenario.play()
    assert arrivals(sim, "client", "server") == OPENED + FIGURE_12
    times = {record.rule: record.t for record in sim.trace.of("fired", where="client")}  # type: ignore[union-attr]
    assert times["time_wait.timeout_2msl"] - times["fin_wait_2.fin"] == 240 * 10**9


def test_figure_13() -> None:
    """The figure's states stand after departure and after arrival; CLOSING and TIME_WAIT on both sides."""
    scenario = get_scenario("simultaneous-close")
    rows = arrivals(scenario.play(), "client", "server")
    assert rows == list(scenario.lines)
    assert rows[:3] == OPENED
    assert {row[:4] for row in rows[3:]} == FIGURE_13
    assert len(rows) == 7
    assert rows[4][5:] == ("CLOSING", "CLOSING")
    assert rows[6][5:] == ("TIME_WAIT", "TIME_WAIT")


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_every_scenario_keeps_the_promises_of_its_rows(scenario: Scenario) -> None:
    sim = scenario.play(trace="full")
    check_promises(sim.trace)


@pytest.mark.parametrize("name", ["three-way-handshake", "normal-close"])
def test_a_wrong_end_is_noticed(name: str) -> None:
    scenario = get_scenario(name)
    sim = scenario.play()
    scenario.check(sim)
    for end in ({"client": State.LISTEN}, {"server": State.SYN_RECV}, {"nobody": State.ESTABLISHED}):
        fields: dict[str, Any] = {field: getattr(scenario, field) for field in type(scenario).__dataclass_fields__}
        wrong = Scenario(**{**fields, "end": end})
        with pytest.raises(ScenarioFailed, match=f"^{name}: .* ended in .*, not in {next(iter(end.values()))}"):
            wrong.check(sim)


def test_a_story_that_has_not_been_played_is_noticed() -> None:
    scenario = get_scenario("normal-close")
    for sim in (scenario.build(), scenario.play(trace="off")):
        with pytest.raises(ScenarioFailed):
            scenario.check(sim)
