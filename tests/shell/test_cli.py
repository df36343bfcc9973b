"""The verbs, when all is well."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tcpsim._version import __version__
from tcpsim.render.edges import NAMES, STYLES
from tcpsim.render.story import NUMBERS
from tcpsim.scenarios import LESSONS, SCENARIOS
from tcpsim.shell import cli
from tests.helpers.tools import require_tool
from tests.shell.running import COMMAND, ROOT, environment, one_line, tcpsim


def invoke(*args: str, **options: Any) -> Result:
    return CliRunner().invoke(cli.main, list(args), catch_exceptions=False, **options)


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# -- scenarios


def test_scenarios_are_listed_by_chapter_one_line_each() -> None:
    result = invoke("scenarios")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    for scenario in SCENARIOS.values():
        (line,) = [line for line in lines if f" {scenario.name} " in line]
        assert line.split()[0] == scenario.sid
        chapter = [line for line in lines[: lines.index(line)] if line and not line.startswith(" ")][-1]
        assert chapter == scenario.chapter
        assert scenario.title in line


def test_scenarios_as_json() -> None:
    rows = json.loads(invoke("scenarios", "--json").output)
    assert [row["name"] for row in rows] == [*LESSONS, *SCENARIOS]
    for row in rows:
        assert set(row) == {"name", "sid", "title", "chapter", "source", "look"}
        assert all(isinstance(value, str) and value for value in row.values())


# -- play


@pytest.mark.parametrize("name", ["three-way-handshake", "normal-close", "simultaneous-close"])
def test_play_prints_title_ladder_and_both_ends(name: str) -> None:
    scenario = SCENARIOS[name]
    result = invoke("play", scenario.name)
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.output.splitlines()
    assert lines[0].startswith(f"{scenario.sid}  {scenario.title}")
    assert lines[-1] == ", ".join(f"{host} ends in {state}" for host, state in scenario.end.items())
    assert scenario.play().ladder() in result.output
    for _, flags, seq, _, _, left, right in scenario.lines:
        assert any(flags in line and f"SEQ={seq}" in line for line in lines)
        assert any(left in line for line in lines)
        assert any(right in line for line in lines)


def test_play_takes_the_number_of_a_scenario_too() -> None:
    assert invoke("play", "s-01").output == invoke("play", "three-way-handshake").output


def test_play_with_relative_numbers_and_the_rfcs_names() -> None:
    output = invoke("play", "S-01", "--numbers", "relative", "--names", "rfc").output
    assert "SEQ=0" in output
    assert "SYN-RECEIVED" in output
    assert "SYN_RECV" not in output


@pytest.mark.parametrize("name", ["three-way-handshake", "normal-close", "simultaneous-close"])
def test_play_json_is_the_trace_at_level_full(name: str) -> None:
    scenario = SCENARIOS[name]
    header, *records = objects(invoke("play", scenario.name, "--json").output)
    assert header["schema"] == 1
    assert header["version"] == __version__
    assert header["level"] == "full"
    assert (header["seed"], header["profile"], header["scenario"]) == (0, "rfc9293", scenario.name)
    assert [host["name"] for host in header["hosts"]] == [host.name for host in scenario.hosts]
    assert header["links"]
    kinds = {record["kind"] for record in records}
    assert {"call", "sent", "arrived", "fired", "checked", "vars", "timer_set"} <= kinds
    for n, record in enumerate(records):
        assert record["n"] == n
        check_record(record)


PACKETS = {"sent", "arrived", "lost", "duplicated", "refused", "injected"}
HEADER = {"src", "dst", "seq", "ack", "flags", "wnd", "up", "len", "options"}
#: What a record of each kind has besides n, t, where, kind, cause, conn.
KEYS = {
    **{kind: {"packet", "seg"} for kind in PACKETS},
    "fired": {"rule", "from", "to"},
    "checked": {"check", "verdict", "because"},
    "vars": {"changed"},
    "call": {"name", "args", "result"},
    "timer_set": {"timer"},
    "timer_stopped": {"timer"},
    "timer_fired": {"timer"},
    "delivered": {"octets"},
    "move": {"move"},
    "note": {"text"},
    "rebooted": {"text"},
}


def check_record(record: dict[str, Any]) -> None:
    """A record has what the file format promises for its kind."""
    kind = record["kind"]
    assert {"n", "t", "where", "kind", "cause"} | KEYS[kind] <= set(record)
    assert record["cause"] is None or 0 <= record["cause"] < record["n"]
    assert isinstance(record["t"], int)
    if kind in PACKETS:
        seg = record["seg"]
        assert set(seg) - {"data"} == HEADER
        assert re.fullmatch(r"[FSRPUEWN.]+|-", seg["flags"])
        assert (seg["ack"] is None) == ("." not in seg["flags"])
    if kind == "vars":
        assert all(len(pair) == 2 for pair in record["changed"].values())


def test_play_brief_tells_less() -> None:
    full = objects(invoke("play", "S-08", "--level", "full").output)
    brief = objects(invoke("play", "S-08", "--level", "brief").output)
    assert brief[0]["level"] == "brief"
    assert len(brief) < len(full)
    assert "vars" not in {record.get("kind") for record in brief}


def test_play_without_data_leaves_the_payload_out() -> None:
    header, *records = objects(invoke("play", "data-on-syn", "--json").output)
    assert any("data" in record.get("seg", {}) for record in records)
    without = invoke("play", "data-on-syn", "--no-data").output
    assert objects(without)[0]["hosts"] == header["hosts"]
    assert "base64" not in without
    for record, other in zip(records, objects(without)[1:], strict=True):
        record.get("seg", {}).pop("data", None)
        assert record == other or record["kind"] == other["kind"] == "move"
    assert invoke("play", "data-on-syn", "--no-data", "--json", "--level", "full").output == without
    brief = objects(invoke("play", "data-on-syn", "--no-data", "--level", "brief").output)
    assert brief[0]["level"] == "brief"
    assert not any("data" in record.get("seg", {}) for record in brief)


@pytest.mark.parametrize("name", ["ladder", ".hidden", "LADDER.TXT", "dotted.folder/ladder"])
def test_play_writes_the_ladder_under_names_that_promise_nothing_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "dotted.folder").mkdir()
    assert invoke("play", "S-01", "-o", str(tmp_path / name)).exit_code == 0
    assert (tmp_path / name).read_text(encoding="utf-8") == invoke("play", "S-01").output


def test_play_reads_the_suffix_in_any_case(tmp_path: Path) -> None:
    path = tmp_path / "trace.JSONL"
    assert invoke("play", "S-01", "-o", str(path)).exit_code == 0
    assert path.read_text(encoding="utf-8") == invoke("play", "S-01", "--json").output


def test_play_writes_files(tmp_path: Path) -> None:
    ladder, trace = tmp_path / "ladder.txt", tmp_path / "trace.jsonl"
    result = invoke("play", "S-01", "-o", str(ladder))
    assert (result.exit_code, result.output) == (0, f"{ladder}\n")
    assert ladder.read_text(encoding="utf-8") == invoke("play", "S-01").output
    assert invoke("play", "S-01", "-o", str(trace)).exit_code == 0
    assert trace.read_text(encoding="utf-8") == invoke("play", "S-01", "--json", "-o", "-").output
    assert sorted(tmp_path.iterdir()) == [ladder, trace]


def test_play_under_another_profile() -> None:
    header, *_ = objects(invoke("play", "S-08", "--profile", "RFC9293-literal", "--seed", "7", "--json").output)
    assert header["profile"] == "rfc9293_literal"
    assert header["seed"] == 7


def test_a_scenario_that_does_not_end_as_it_says_exits_1(monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    from tcpsim import State

    good = SCENARIOS["normal-close"]
    monkeypatch.setitem(SCENARIOS, "normal-close", dataclasses.replace(good, end={"server": State.LISTEN}))
    result = invoke("play", "normal-close")
    assert result.exit_code == 1
    line = one_line(result.stderr)
    assert "server" in line
    assert "CLOSED" in line
    assert "LISTEN" in line
    assert "TIME_WAIT" in result.stdout  # the ladder is there all the same
    assert invoke("play", "normal-close", "--profile", "rfc9293_literal").exit_code == 0


# -- diagram


def test_diagram_writes_its_default_file_and_prints_the_path(tmp_path: Path) -> None:
    done = tcpsim("diagram", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "tcp-state-diagram.svg\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["tcp-state-diagram.svg"]
    text = (tmp_path / "tcp-state-diagram.svg").read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert text == invoke("diagram", "-o", "-").output


def test_diagram_in_other_words(tmp_path: Path) -> None:
    path = tmp_path / "states.SVG"
    assert invoke("diagram", "tcp", "--style", "rfc", "--names", "rfc", "-o", str(path)).exit_code == 0
    text = path.read_text(encoding="utf-8")
    assert "SYN-RECEIVED" in text
    assert "SYN_RECV" not in re.sub(r'data-\w+="[^"]*"', "", text)


@pytest.mark.parametrize("suffix", [".gv", ".dot"])
def test_diagram_as_graphviz_source_needs_no_graphviz(tmp_path: Path, suffix: str) -> None:
    done = tcpsim("diagram", "-o", f"states{suffix}", cwd=tmp_path, env={"PATH": "/nowhere"})
    assert (done.returncode, done.stdout) == (0, f"states{suffix}\n")
    assert "digraph" in (tmp_path / f"states{suffix}").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "magic"), [("s.png", b"\x89PNG"), ("s.pdf", b"%PDF"), ("s.svg", b"<?xml")])
def test_diagram_through_graphviz(tmp_path: Path, name: str, magic: bytes) -> None:
    require_tool("dot")
    path = tmp_path / name
    assert invoke("diagram", "--engine", "graphviz", "-o", str(path)).output == f"{path}\n"
    assert path.read_bytes().startswith(magic)
    assert list(tmp_path.iterdir()) == [path]


def test_the_options_offer_what_the_renderers_know() -> None:
    def choices(verb: str, option: str) -> set[str]:
        params = {param.name: param for param in cli.main.commands[verb].params}
        return set(params[option].type.choices)  # type: ignore[attr-defined]

    assert choices("diagram", "style") == set(STYLES)
    assert choices("diagram", "names") == set(NAMES)
    assert choices("play", "names") == set(NAMES)
    assert choices("play", "numbers") == set(NUMBERS)


# -- doctor, version, help


def test_doctor_names_what_is_here_and_what_is_missing(tmp_path: Path) -> None:
    done = tcpsim("doctor", cwd=tmp_path, env={"PATH": "/nowhere"})
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert __version__ in lines["tcpsim"]
    assert "missing: " in lines["dot"]
    assert "graphviz" in lines["dot"]
    rows = json.loads(tcpsim("doctor", "--json", cwd=tmp_path).stdout)
    assert [row["name"] for row in rows] == list(lines)


def test_doctor_exits_1_when_something_necessary_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from tcpsim.shell import doctor

    monkeypatch.setattr(doctor, "_version", lambda name: "" if name == "rich" else "1")
    result = invoke("doctor")
    assert result.exit_code == 1
    assert "rich" in one_line(result.stderr)


@pytest.mark.parametrize("args", [["--version"], ["-h"], ["play", "--help"], ["scenarios"], ["play", "S-09"]])
def test_python_m_tcpsim_is_the_same(tmp_path: Path, args: list[str]) -> None:
    done = tcpsim(*args, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    # Help is as wide as the terminal, and these two have different ones.
    assert done.stdout.split() == invoke(*args, prog_name="python -m tcpsim").output.split()


def test_version() -> None:
    assert invoke("--version").output == f"tcpsim {__version__}\n"


@pytest.mark.parametrize("verb", [None, *cli.main.commands])
def test_help_has_a_summary(verb: str | None) -> None:
    result = invoke(*([verb] if verb else []), "--help")
    assert result.exit_code == 0
    assert "..." not in result.output.replace("[ARGS]...", "").replace("FILES...", "")  # nothing is cut short
    if verb != "doctor":
        assert "Examples:" in result.output


def test_help_is_quick_for_it_imports_no_engine(tmp_path: Path) -> None:
    script = (
        "import sys; from tcpsim.shell.cli import main; sys.argv = ['tcpsim', 'diagram', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(*[name for name in ('rich', 'IPython', 'graphviz', 'code') if name in sys.modules])"
    )
    done = subprocess.run(
        [COMMAND[0], "-c", script], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == ""


def test_completion_knows_the_scenarios(tmp_path: Path) -> None:
    env = {"_TCPSIM_COMPLETE": "bash_complete", "COMP_WORDS": "tcpsim play thr", "COMP_CWORD": "2"}
    script = "from tcpsim.shell.cli import main; main(prog_name='tcpsim')"
    done = subprocess.run(
        [COMMAND[0], "-c", script], cwd=tmp_path, env=environment(tmp_path, **env), capture_output=True, text=True
    )
    found = done.stdout.splitlines()
    assert found == [f"plain,{name}" for name in (*LESSONS, *SCENARIOS) if name.startswith("thr")]
    assert "plain,three-way-handshake" in found


# -- who reads it


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    for args in (["play", "S-08"], ["play", "S-08", "--json"], ["scenarios"], ["diagram", "-o", "-"]):
        reader, writer = os.pipe()
        os.close(reader)
        try:
            done = tcpsim(*args, cwd=tmp_path, stdout=writer)
        finally:
            os.close(writer)
        assert (done.returncode, done.stderr) == (0, "")


def test_no_colour_and_no_escape_codes_in_a_pipe(tmp_path: Path) -> None:
    assert "\x1b" not in tcpsim("play", "S-01", cwd=tmp_path, env={"TERM": "xterm-256color"}).stdout


def test_a_reader_without_utf8_gets_the_ascii_ladder(tmp_path: Path) -> None:
    done = tcpsim("play", "S-01", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "SYN" in done.stdout


def test_json_is_utf8_for_everybody(tmp_path: Path) -> None:
    for args in (["play", "S-01", "--json"], ["scenarios", "--json"], ["diagram", "-o", "-"]):
        plain = tcpsim(*args, cwd=tmp_path)
        assert plain.returncode == 0
        assert tcpsim(*args, cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"}).stdout == plain.stdout


def test_the_same_seed_gives_the_same_trace_in_any_process(tmp_path: Path) -> None:
    runs = {
        tcpsim("play", "S-08", "--json", "--seed", "5", cwd=tmp_path, env={"PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
    assert ROOT.name not in next(iter(runs))


# -- explain


def test_explain_a_state() -> None:
    result = invoke("explain", "time-wait")
    assert result.exit_code == 0
    for words in ("TIME_WAIT (state)", "old duplicates die out", "time_wait.timeout_2msl", "RFC 9293 3.3.2, MUST-13"):
        assert words in result.output
    assert max(map(len, result.output.splitlines())) <= 100


def test_explain_several_and_as_json() -> None:
    (state, variable) = json.loads(invoke("explain", "ESTABLISHED", "SND.UNA", "--json").output)
    assert (state["kind"], state["name"], state["refs"]) == ("state", "ESTABLISHED", ["RFC 9293 3.3.2"])
    assert (variable["kind"], variable["name"]) == ("variable", "snd_una")


def test_explain_words_that_are_one_term() -> None:
    assert "check_sequence (check)" in invoke("explain", "first", "check", "sequence", "number").output


def test_explain_an_unknown_term() -> None:
    result = invoke("explain", "TIME_WIAT")
    assert result.exit_code == 2
    assert result.stderr.startswith("tcpsim: nothing is called 'TIME_WIAT'; did you mean TIME_WAIT")
    assert result.stderr.count("\n") == 1


def test_explain_a_scenario_says_how_to_see_it() -> None:
    result = invoke("explain", "s-08")
    assert result.exit_code == 2
    assert result.stderr == "tcpsim: s-08 is a scenario, Normal close; 'tcpsim play normal-close' shows it\n"


# -- files that play


MINE = """
from dataclasses import replace
from tcpsim.scenarios import get_scenario

MINE = replace(get_scenario("S-01"), name="mine", title="My handshake")
"""


def test_play_a_scenario_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    result = invoke("play", str(path))
    assert result.exit_code == 0
    assert "My handshake" in result.output
    assert "client ends in ESTABLISHED" in result.output
    assert [one["name"] for one in json.loads(invoke("scenarios", str(path), "--json").output)] == ["mine"]
    path.write_text(MINE + 'OTHERS = [replace(MINE, name="other")]\n')
    result = invoke("play", str(path))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "has several scenarios, mine, other; say which: " in result.stderr
    assert invoke("play", f"{path}:other").exit_code == 0
    assert "did you mean 'other'" in invoke("play", f"{path}:othr").stderr


def test_a_scenario_of_ones_own_that_does_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(MINE.replace("title=", "end={'client': 'CLOSED'}, title="))
    result = invoke("play", str(path))
    assert result.exit_code == 1
    assert result.stderr == "tcpsim: mine: client ended in ESTABLISHED, not in CLOSED\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1\n\n1 / 0\n", ", line 3: ZeroDivisionError"),
        ("def f(:\n", ", line 1: SyntaxError"),
        ("import nosuchmodule\n", ", line 1: ModuleNotFoundError"),
        ("x = 3\n", "defines no scenario; write NAME = Scenario"),
    ],
)
def test_a_scenario_file_with_mistakes(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    result = invoke("play", str(path))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert f"{path}{says}" in result.stderr or (says in result.stderr and str(path) in result.stderr)


def test_a_saved_trace_plays_again(tmp_path: Path) -> None:
    path = tmp_path / "close.jsonl"
    assert invoke("play", "normal-close", "-o", str(path), "--level", "brief").exit_code == 0
    again = invoke("play", str(path))
    assert again.exit_code == 0
    assert again.output in invoke("play", "normal-close").output
    assert invoke("play", str(path), "--level", "brief").output == path.read_text(encoding="utf-8")
    full = objects(invoke("play", str(path), "--level", "full").output)
    assert full == objects(invoke("play", "normal-close", "--json").output)


def test_a_saved_session_has_its_own_settings(tmp_path: Path) -> None:
    path = tmp_path / "close.jsonl"
    assert invoke("play", "normal-close", "-o", str(path)).exit_code == 0
    for option in (("--seed", "3"), ("--profile", "rfc9293")):
        result = invoke("play", str(path), *option)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"leave {option[0]} out" in result.stderr


def test_a_saved_trace_that_goes_another_way(tmp_path: Path) -> None:
    path = tmp_path / "close.jsonl"
    path.write_text(invoke("play", "normal-close", "--json").output.replace('"delay":10000000', '"delay":20000000'))
    result = invoke("play", str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"tcpsim: {path}: record ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["nosuch.py", "nosuch.jsonl", "folder/nosuch"])
def test_files_that_are_not_there(name: str) -> None:
    result = invoke("play", name)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert name in result.stderr


@pytest.mark.parametrize(
    ("words", "offers"),
    [
        ("tcpsim explain MUST-1", "plain,MUST-13"),
        ("tcpsim play three", "plain,three-way-handshake"),
        ("tcpsim play ./mine", "file,./mine"),
        ("tcpsim ex", "plain,explain"),
        ("tcpsim play S-01 --pro", "plain,--profile"),
        ("tcpsim play S-01 --profile rfc", "plain,rfc9293_literal"),
    ],
)
def test_shell_completion(tmp_path: Path, words: str, offers: str) -> None:
    env = {"_TCPSIM_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = CliRunner().invoke(cli.main, prog_name="tcpsim", env=env)
    assert offers in done.output.splitlines()
