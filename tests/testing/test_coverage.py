"""Rule coverage: what is counted, added up, written and read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import tcpsim
from tcpsim.scenarios import get_scenario
from tcpsim.shell.cli import main
from tcpsim.tcp import TRANSITIONS, arrives
from tcpsim.tcp.core import Core
from tcpsim.tcp.states import BY_ID, State
from tcpsim.tcp.verdicts import VERDICTS
from tcpsim.testing import recording
from tcpsim.testing.coverage import CannotRead, Item, RuleCoverage, unreachable_items
from tcpsim.testing.coverage_page import coverage_page
from tcpsim.testing.coverage_table import coverage_table

HANDSHAKE = [
    "closed.open_passive",
    "closed.open_active",
    "listen.rcv_syn",
    "syn_recv.ack_of_syn",
    "syn_sent.rcv_synack",
]


def handshake(trace: str = "brief") -> tcpsim.Simulator:
    sim, client, server = tcpsim.pair(trace=trace)
    server.listen(80)
    client.connect("server", 80)
    sim.run()
    return sim


def ran(coverage: RuleCoverage, kind: str) -> dict[str, int]:
    return {item.id: times for item, times in coverage.items(kind) if times}


@pytest.mark.parametrize("level", ["off", "brief", "full"])
def test_a_recording_counts_whatever_the_trace_keeps(level: str) -> None:
    with recording() as coverage:
        handshake(level)
    assert sorted(ran(coverage, "row")) == sorted(HANDSHAKE)
    assert set(ran(coverage, "row").values()) == {1}
    assert ran(coverage, "verdict") == {"listen.taken": 1}
    assert ran(coverage, "check")["check_syn_in_listen"] == 1
    handshake()
    assert sum(ran(coverage, "row").values()) == 5, "it has counted after its end"


def test_a_recording_leaves_the_engine_as_it_was() -> None:
    fire, checks, module = Core.fire, dict(arrives.CHECKS), dict(vars(arrives))
    with recording():
        assert Core.fire is not fire
        assert arrives.CHECKS[State.ESTABLISHED] is arrives.OTHER_STATES
        with recording() as inner:
            handshake()
    assert ran(inner, "row")
    assert Core.fire is fire
    assert checks == arrives.CHECKS
    assert vars(arrives) == module


def test_a_host_without_connection_counts_as_closed() -> None:
    with recording() as coverage:
        sim, client, _ = tcpsim.pair()
        client.connect("server", 80)
        sim.run()
    assert ran(coverage, "verdict") == {"closed.no_ack": 1, "syn_sent.rst": 1}
    assert ran(coverage, "check")["check_closed"] == 1


def test_a_full_trace_tells_what_a_recording_counts() -> None:
    with recording() as coverage:
        sim = get_scenario("simultaneous-close").play(trace="full")
    assert RuleCoverage([sim.trace]) == coverage
    brief = RuleCoverage([get_scenario("simultaneous-close").play().trace])
    assert brief.counts["row"] == coverage.counts["row"]
    assert brief.counts["verdict"] == coverage.counts["verdict"]


def test_every_row_and_verdict_is_known() -> None:
    nothing = RuleCoverage()
    assert {item.id for item, _ in nothing.items("row")} == {row.id for row in TRANSITIONS}
    assert {item.id for item, _ in nothing.items("verdict")} == set(VERDICTS)
    assert nothing.percent() == 0
    assert len(nothing.missing()) == sum(1 for _ in nothing.items())


def test_coverages_add_up_and_survive_a_file() -> None:
    one, other = (RuleCoverage([get_scenario(name).play().trace]) for name in ("normal-close", "simultaneous-close"))
    both = one + other
    assert both.counts["row"]["established.close"] == one.counts["row"]["established.close"] + 2
    assert RuleCoverage.from_json(both.to_json()) == both
    assert one != both
    assert both.percent() > max(one.percent(), other.percent())


def test_what_cannot_be_reached_does_not_count() -> None:
    coverage = RuleCoverage([handshake().trace])
    listed = unreachable_items([f"{item}: not here" for item in coverage.missing()])
    assert coverage.percent(listed) == 100
    assert coverage.missing(listed) == []
    wrong = unreachable_items(["row listen.rcv_syn: they say"])
    assert coverage.surprises(wrong) == [Item("row", "listen.rcv_syn")]
    assert "row listen.rcv_syn is listed as out of reach, and has run" in coverage_table(coverage, wrong)


@pytest.mark.parametrize(
    "line", ["row listen.rcv_syn", "row nothing.at_all: why", "verdict listen.rcv_syn: why", "x: y"]
)
def test_a_line_without_reason_or_rule_is_refused(line: str) -> None:
    with pytest.raises(tcpsim.TcpsimError, match="ID: REASON"):
        unreachable_items([line])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "no coverage"),
        ("{", "no JSON"),
        ('{"tcpsim_coverage": 7}', "schema 7"),
        ('{"tcpsim_coverage": 1}', "not by row"),
        ('{"tcpsim_coverage": 1, "counts": {"row": {"a.b": 1}}}', "no row 'a.b'"),
        ('{"tcpsim_coverage": 1, "counts": {"row": {"listen.rcv_syn": -1}}}', "not numbers"),
    ],
)
def test_what_is_no_coverage_is_refused(text: str, problem: str) -> None:
    with pytest.raises(CannotRead, match=problem):
        RuleCoverage.from_json(text)


def test_the_table_counts_by_state() -> None:
    text = coverage_table(RuleCoverage([handshake().trace]), most=3)
    lines = dict(line.rsplit(None, 2)[0::2] for line in text.splitlines()[1:13])
    assert lines["rows of CLOSED"] == "2"
    assert "rows of CLOSED           2     2\n" in text
    assert "... and " in text
    assert text.count("\n  row ") == 3


def test_the_page_needs_nothing_else() -> None:
    coverage = RuleCoverage([handshake().trace])
    listed = unreachable_items(["row listen.user_timeout: only the literal reading"])
    page = coverage_page(coverage, listed, names="rfc")
    outside = [part.split('"')[0] for part in page.split('"http')[1:]]
    assert outside == ["://www.w3.org/2000/svg"]
    assert "<script" not in page
    assert "only the literal reading" in page
    assert "SYN-RECEIVED" in page
    for id in BY_ID:
        assert f"<code>{id}</code>" in page
    assert page.count('class="missing"') > len(coverage.missing(listed))  # once in the list, once in its table


def run(*args: str) -> Any:
    return CliRunner().invoke(main, ["coverage", *args])


def test_the_command_adds_up_traces_scenarios_and_sessions(tmp_path: Path) -> None:
    counts, page = tmp_path / "counts.json", tmp_path / "rules.html"
    counts.write_text(RuleCoverage([handshake().trace]).to_json())
    trace = tmp_path / "close.jsonl"
    CliRunner().invoke(main, ["play", "normal-close", "-o", str(trace)])
    told = run(str(counts), str(trace), "simultaneous-close", "--json")
    both = RuleCoverage.from_json(told.stdout)
    assert both.counts["row"]["closed.open_active"] == 3
    assert both.counts["row"]["fin_wait_1.fin"] == 2
    again = run(str(counts), "-o", str(page))
    assert (again.exit_code, again.stdout) == (0, f"{page}\n")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_command_can_ask_for_more(tmp_path: Path) -> None:
    done = run("three-way-handshake", "--fail-under", "50")
    assert done.exit_code == 1
    assert "--fail-under asks for 50 %" in done.stderr
    listed = tmp_path / "unreachable.txt"
    counts = json.loads(run("three-way-handshake", "--json").stdout)["counts"]
    missing = [f"{kind} {id}: not today\n" for kind, ids in counts.items() for id, times in ids.items() if not times]
    listed.write_text("".join(missing))
    done = run("three-way-handshake", "--fail-under", "100", "--unreachable", str(listed))
    assert done.exit_code == 0
    assert "100 %" in done.stdout


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("no-such-thing",), "a saved trace ends in .jsonl"),
        (("none.json",), "cannot read none.json"),
        (("three-way-handshake", "-o", "x.pdf"), "coverage writes .txt, .json and .html"),
        (("three-way-handshake", "--unreachable", "none.txt"), "cannot read none.txt"),
    ],
)
def test_bad_use_is_told_in_a_line(args: tuple[str, ...], problem: str) -> None:
    done = run(*args)
    assert done.exit_code == 2
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
