"""``tcpsim packetdrill``: lines, summary, JSON, JUnit, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from tcpsim.packetdrill.folders import NoScripts, find_scripts, run_files
from tcpsim.shell.cli import main

PASSES = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
FAILS = PASSES + "+0 listen(3, 1) = -1 EINVAL\n"
NOT_SUPPORTED = PASSES + "+0 splice(3, 4) = 0\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / "good.pkt").write_text(PASSES)
    (tmp_path / "b" / "bad.pkt").write_text(FAILS)
    (tmp_path / "b" / "deep" / "odd.pkt").write_text(NOT_SUPPORTED)
    (tmp_path / "b" / "broken.pkt").write_text("0 socket(\n")
    (tmp_path / "b" / "notes.txt").write_text("no script")
    return tmp_path


def invoke(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["packetdrill", *map(str, args)])


def test_a_line_for_each_and_a_summary(folder: Path) -> None:
    result = invoke(folder, "--brief")
    assert result.exit_code == 1
    assert f"FAIL         {folder}/b/bad.pkt:2: listen() returned 0, not -1 EINVAL\n" in result.stdout
    assert f"UNSUPPORTED  {folder}/b/deep/odd.pkt:2: not supported: the system call splice()\n" in result.stdout
    assert f"PARSE-ERROR  {folder}/b/broken.pkt:2:1: expected a value" in result.stdout
    assert f"PASS         {folder}/good.pkt\n" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines()[-4:]]
    assert rows == [
        [str(folder), "1", "0", "0", "0"],
        [f"{folder}/b", "0", "1", "0", "1"],
        [f"{folder}/b/deep", "0", "0", "1", "0"],
        ["all", "1", "1", "1", "1"],
    ]
    assert "2 of 4 scripts failed or cannot be parsed" in result.stderr


def test_json(folder: Path) -> None:
    result = invoke(folder, "--json")
    assert result.exit_code == 1
    assert [(Path(row["file"]).name, row["verdict"], row["line"]) for row in json.loads(result.stdout)] == [
        ("bad.pkt", "FAIL", 2),
        ("broken.pkt", "PARSE-ERROR", 2),
        ("odd.pkt", "UNSUPPORTED", 2),
        ("good.pkt", "PASS", 0),
    ]
    assert all(set(row) == {"file", "verdict", "line", "reason"} for row in json.loads(result.stdout))


def test_junit(folder: Path) -> None:
    report = folder / "report.xml"
    assert invoke(folder, "--junit", report).exit_code == 1
    suites = {suite.get("name"): suite for suite in ElementTree.parse(report).getroot()}
    b = suites[f"{folder}/b"]
    assert (b.get("tests"), b.get("failures"), b.get("errors")) == ("2", "1", "1")
    failure = b.find("testcase[@name='bad.pkt']/failure")
    assert failure is not None
    assert "listen() returned 0" in str(failure.get("message"))
    assert suites[f"{folder}/b/deep"].find("testcase/skipped") is not None


def test_what_passes_exits_0_and_quietly(folder: Path) -> None:
    result = invoke(folder / "good.pkt", "-q")
    assert (result.exit_code, result.output) == (0, "")
    out = folder / "out.txt"
    assert invoke(folder / "good.pkt", "-o", out).exit_code == 0
    assert out.read_text() == f"PASS         {folder}/good.pkt\n"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nothing.pkt"], "there is no such file or folder"),
        (["EMPTY"], "no .pkt file is in this folder"),
        (["good.pkt", "--profile", "plan9"], "no profile 'plan9'"),
        (["good.pkt", "--junit", "no/such/x.xml"], "there is no folder"),
    ],
)
def test_wrong_use_is_told_in_one_line(folder: Path, args: list[str], words: str) -> None:
    (folder / "EMPTY").mkdir()
    result = invoke(*[folder / arg if arg in ("nothing.pkt", "EMPTY", "good.pkt") else arg for arg in args])
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_many_scripts_run_in_several_processes_in_order(tmp_path: Path) -> None:
    for n in range(50):
        (tmp_path / f"{n:02}.pkt").write_text(PASSES if n % 10 else FAILS)
    outcomes = list(run_files(find_scripts([str(tmp_path)]), jobs=2))
    assert [Path(outcome.file).stem for outcome in outcomes] == [f"{n:02}" for n in range(50)]
    assert [outcome.verdict == "FAIL" for outcome in outcomes] == [n % 10 == 0 for n in range(50)]


def test_files_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "octets.pkt").write_bytes(bytes(range(256)))
    assert invoke(tmp_path / "octets.pkt", "--brief").exit_code == 1
    with pytest.raises(NoScripts, match="cannot be read"):
        list(run_files([str(tmp_path)]))


def test_a_script_can_be_played(folder: Path) -> None:
    def play(name: str) -> Result:
        return CliRunner().invoke(main, ["play", str(folder / name)])

    good = play("good.pkt")
    assert good.exit_code == 0
    assert "socket()" in good.stdout
    bad = play("b/bad.pkt")
    assert bad.exit_code == 1
    assert "listen(" in bad.stdout
    assert "bad.pkt:2: listen() returned 0, not -1 EINVAL" in bad.stderr
    assert play("b/broken.pkt").exit_code == 2
    assert play("none.pkt").exit_code == 2
