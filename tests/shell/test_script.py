"""Standard input that is no terminal: a script."""

import io
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tcpsim.shell import cli
from tcpsim.shell.errors import ScriptStopped
from tcpsim.shell.progress import progress
from tcpsim.shell.script import run_script, statements
from tcpsim.shell.session import Session
from tcpsim.shell.verbs import VERBS
from tests.shell.running import COMMAND, environment, one_line, tcpsim


def test_a_handshake_from_a_pipe(tmp_path: Path) -> None:
    script = """\
conn = connect()
step()
step()
conn.state
run()
ladder()
ss()
drop
back(2)
"""
    done = tcpsim("repl", cwd=tmp_path, script=script)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("SYN_RECV") >= 2
    assert "ESTABLISHED" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("step 3, 0.010 s: client SYN_SENT, server SYN_RECV")
    assert "drop(n=None): " in done.stdout
    assert "*:80" in done.stdout
    assert "\x1b" not in done.stdout


def test_no_verb_reads_a_script_too(tmp_path: Path) -> None:
    assert tcpsim(cwd=tmp_path, script="1 + 1").stdout == "2\n"
    assert tcpsim("--seed", "7", cwd=tmp_path, script="sim.world.seed").stdout == "7\n"
    done = tcpsim("--profile", "rfc9293_literal", "--shell", "plain", cwd=tmp_path, script="sim.profile.name")
    assert done.stdout == "'rfc9293_literal'\n"


def test_a_mistake_of_the_real_program(tmp_path: Path) -> None:
    for script, said in (
        ("1\nconnect('nowhere', 80)", "no host 'nowhere'"),
        ("2\nconnect(port=65536)", "port 65536"),
        (b"3\n\xff\n", "not UTF-8"),
    ):
        done = tcpsim("repl", cwd=tmp_path, script=script)
        assert done.returncode == 2
        assert len(done.stdout.splitlines()) == 1
        told = one_line(done.stderr)
        assert told.startswith("tcpsim: <stdin> line 2: ")
        assert said in told


@pytest.mark.parametrize(
    ("script", "line", "said"),
    [
        ("step()\nconnect(port=70000)\n", 2, "port 70000 is not in 1 .. 65535"),
        ("client.connect('server', 0)\n", 1, "port 0 is not in 1 .. 65535"),
        ("server.listen(-1)\n", 1, "port -1"),
        ("\n\nconnect('nowhere')\nprint('never')", 3, "no host 'nowhere'; the hosts are client, server"),
        ("client.connect('10.0.0.300', 80)\n", 1, "no host '10.0.0.300'"),
        ("stpe()", 1, "NameError: name 'stpe' is not defined; did you mean step?"),
        ("xyzzy", 1, "help() lists what there is"),
        ("step()\nfor i in range(3):\n    back()\n    step(0)\n", 4, "step(): n 0 is not a whole number"),
        ("def f():\n    return 1 / 0\n\nx = 1\nf()", 2, "ZeroDivisionError: division by zero"),
        ("drop()", 1, "nothing is in flight"),
        ("connect()\ndrop(9)", 2, "packet 9 is not in flight; in flight: 1"),
        ("deliver(3)", 1, "packet 3 is not in flight"),
        ("back(5)", 1, "only 1 move"),
        ("back('x')", 1, "'x' is not a whole number"),
        ("goto(99)", 1, "step 99 was never reached"),
        ("until('SHUT')", 1, "'SHUT' is no condition; give a state such as"),
        ("until(3.5)", 1, "3.5 is no condition"),
        ("run(until='soon')", 1, "until 'soon' is not a time"),
        ("run(limit=0)", 1, "limit 0"),
        ("connect(); run(limit=2)", 1, "2 events and still not quiet"),
        ("play('normal-clsoe')", 1, "did you mean 'normal-close'?"),
        ("play(1)", 1, "scenarios()"),
        ("use(client)", 1, "is no simulation"),
        ("sim = None\nstep()", 2, "sim is None and no simulation"),
        ("ss('router')", 1, "no host 'router'; the hosts are client, server"),
        ("ladder(numbers='roman')", 1, "'roman'"),
        ("ladder(colour=True)", 1, "no option 'colour'"),
        ("diagram('x.bmp')", 1, "'.bmp'"),
        ("diagram('missing/x.svg')", 1, "no folder missing"),
        ("diagram(style='comic')", 1, "'comic'"),
        ("step(1, 2)", 1, "step(n=1): too many positional arguments"),
        ("help('stpe')", 1, "no verb 'stpe'"),
        ("x = (1,\n\n2", 1, "SyntaxError: '(' was never closed"),
        ("step()\nx = = 1\nstep()", 2, "SyntaxError: invalid syntax"),
        ("if True:\nstep()", 2, "IndentationError"),
        ("step()\n  step()", 2, "IndentationError: unexpected indent"),
        ("x = '''a\nb", 1, "SyntaxError: unterminated triple-quoted string"),
        ("a\0b", 1, "null bytes"),
        (b"\xff\n", 1, "not UTF-8"),
        ("assert sim.position == 2", 1, "AssertionError"),
    ],
)
def test_the_first_error_stops_the_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | bytes, line: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli.main, ["repl"], input=script)
    assert done.exit_code == 2
    told = one_line(done.stderr)
    assert told.startswith(f"tcpsim: <stdin> line {line}: ")
    assert said in told
    assert "never" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_what_ran_before_the_error_has_run(tmp_path: Path) -> None:
    done = tcpsim(cwd=tmp_path, script="1\nfor i in (2, 3):\n  i\n\n4; oops\n5")
    assert done.stdout.split() == ["1", "2", "3", "4"]
    assert "line 5" in one_line(done.stderr)


def test_a_script_may_end_itself(tmp_path: Path) -> None:
    assert tcpsim(cwd=tmp_path, script="exit()\noops").returncode == 0
    assert tcpsim(cwd=tmp_path, script="raise SystemExit(1)").returncode == 1


def test_an_empty_script_is_fine(tmp_path: Path) -> None:
    for script in ("", "\n\n", "# nothing\n"):
        done = tcpsim(cwd=tmp_path, script=script)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_script_runs_line_by_line_as_it_comes(tmp_path: Path) -> None:
    process = subprocess.Popen(
        COMMAND,
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONUNBUFFERED="1"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"6 * 7\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"42\n"  # before the script has ended
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_a_script_in_one_line(tmp_path: Path) -> None:
    process = subprocess.Popen(
        COMMAND,
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONUNBUFFERED="1"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"print('ready')\nwhile True: pass\n\nstep()\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert process.stderr.read().decode().strip() == "tcpsim: interrupted"


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_goes_away_ends_a_script_without_a_word(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = tcpsim(cwd=tmp_path, script="ladder()\n" * 500, stdout=writer)
    finally:
        os.close(writer)
    assert done.stderr == ""
    assert done.returncode == -signal.SIGPIPE  # as any other filter


def test_a_simulated_broken_pipe_is_an_error_like_any_other(tmp_path: Path) -> None:
    done = tcpsim(cwd=tmp_path, script="raise BrokenPipeError(32, 'Broken pipe')")
    assert done.returncode == 2
    assert "line 1: BrokenPipeError" in one_line(done.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_a_script(tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = tcpsim(cwd=tmp_path, script="ladder()", stdout=full.fileno())
    assert done.returncode == 2
    assert "o space left" in one_line(done.stderr)


# -- what belongs together


@pytest.mark.parametrize(
    ("script", "groups"),
    [
        ("a\nb\n", ["a\n", "b\n"]),
        ("a; b", ["a; b\n"]),
        ("\n\na\n\n", ["a\n"]),
        ("# only a remark\n", ["# only a remark\n"]),
        ("if x:\n  a\nelse:\n  b\nc", ["if x:\n  a\nelse:\n  b\n", "c\n"]),
        ("for x in y:\n  a\n\n  b\nc", ["for x in y:\n  a\n\n  b\n", "c\n"]),
        ("try:\n  a\nexcept E:\n  b\nfinally:\n  c\n", ["try:\n  a\nexcept E:\n  b\nfinally:\n  c\n"]),
        ("def f():\n  a\n# b\nf()", ["def f():\n  a\n# b\n", "f()\n"]),
        ("@d\ndef f():\n  a\n\nf()", ["@d\ndef f():\n  a\n\n", "f()\n"]),
        ("x = '''\na\n\nb'''\ny", ["x = '''\na\n\nb'''\n", "y\n"]),
        ("x = (1,\n2)\ny", ["x = (1,\n2)\n", "y\n"]),
        ("a + \\\nb\nc", ["a + \\\nb\n", "c\n"]),
        ("if x: a\nb", ["if x: a\n", "b\n"]),
        ("match x:\n  case 1:\n    a\nb", ["match x:\n  case 1:\n    a\n", "b\n"]),
        ("with a:\n\tb\nelsewhere", ["with a:\n\tb\n", "elsewhere\n"]),
    ],
)
def test_lines_that_belong_together(script: str, groups: list[str]) -> None:
    found = list(statements(script.splitlines(keepends=True)))
    assert [source for _, source in found] == groups
    lines = script.splitlines()
    for first, source in found:
        assert lines[first - 1] == source.splitlines()[0]


def test_a_statement_runs_before_the_next_line_is_asked_for() -> None:
    seen: list[object] = []

    def lines() -> Iterator[str]:
        yield "seen.append(1)\n"
        assert seen == [1]
        yield "for i in (2,):\n"
        yield "    seen.append(i)\n"
        assert seen == [1]  # the block may go on
        yield "seen.append(3)\n"
        assert seen == [1, 2, 3]

    run_script(lines(), {"seen": seen})


def test_the_script_sees_the_names_it_is_given() -> None:
    names: dict[str, object] = {"x": 1}
    run_script(["y = x + 1\n"], names)
    assert names["y"] == 2
    with pytest.raises(ScriptStopped, match="line 1: ZeroDivisionError"):
        run_script(["x / 0"], names)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("step 3", "step(3)"),
        ("explain TIME_WAIT", 'explain("TIME_WAIT")'),
        ("play normal-close", 'play("normal-close")'),
        ("drop 1, 2", "drop(1, 2)"),
        ("help run", "help(run)"),
        ("run until=3", "run(until=3)"),
        ('inject client "R 1:1(0)"', "inject(...)"),
    ],
)
def test_who_writes_a_verb_as_a_command_is_told_what_to_write(line: str, meant: str) -> None:
    session = Session(VERBS)
    with pytest.raises(ScriptStopped) as caught:
        run_script(["connect()\n", f"{line}\n"], session.namespace, session.meant)
    assert str(caught.value) == f"<stdin> line 2: a verb is a function; write {meant}"
    assert session.meant("x = 3 +") is None
    assert session.meant("step = 3 3") is None


def test_progress_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    with progress("playing") as tell:
        assert tell is None
    monkeypatch.setattr(stream, "isatty", lambda: True)
    with progress("playing") as tell:
        assert tell is not None
        tell(4096, 10_000)
        assert stream.getvalue() == "\rplaying: 4,096 of 10,000"
    assert stream.getvalue().endswith(f"\r{'':<24}\r")
