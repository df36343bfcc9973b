"""Mistakes on the command line: exit 2, one line on stderr, nothing half-written."""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from tcpsim.shell import cli, output
from tcpsim.shell.errors import CannotWrite
from tests.shell.running import COMMAND, environment, one_line, tcpsim


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["play", "normal-clsoe"], ["'normal-clsoe'", "did you mean 'normal-close'?"]),
        (["play", "zebra"], ["'zebra'", "scenario"]),
        (["play", "S-99"], ["'S-99'"]),
        (["play"], ["NAME", "tcpsim play --help"]),
        (["play", "S-01", "S-08"], ["S-08", "tcpsim play --help"]),
        (["play", "S-01", "--profile", "linx"], ["'linx'", "rfc9293", "rfc9293_literal"]),
        (["repl", "--profile", "linx"], ["'linx'", "rfc9293", "rfc9293_literal"]),
        (["play", "S-01", "--seed", "x"], ["--seed", "'x'"]),
        (["play", "S-01", "--numbers", "roman"], ["--numbers", "absolute", "relative"]),
        (["play", "S-01", "--names", "stevens"], ["--names", "tcpsim", "rfc"]),
        (["play", "S-01", "--level", "loud"], ["--level", "brief", "full"]),
        (["play", "S-01", "-o", ""], ["without a name"]),
        (["play", "S-01", "-o", "x.svg"], ["cannot write x.svg", ".txt", ".jsonl", "without suffix"]),
        (["play", "S-01", "-o", "x.bad"], ["cannot write x.bad", ".txt", ".jsonl", "without suffix"]),
        (["play", "S-01", "--json", "-o", "x.json"], ["cannot write x.json", ".jsonl"]),
        (["--seed", "3", "play", "S-01"], ["options go after the verb: tcpsim play S-01 --seed 3"]),
        (["--seed=3", "play", "S-01", "--json"], ["verb: tcpsim play S-01 --json --seed=3"]),
        (["-ox y.txt", "play", "S-01"], ["verb: tcpsim play S-01 '-ox y.txt'"]),
        (["--seed", "-3", "-h", "play", "S-01"], ["verb: tcpsim play S-01 --seed -3 -h"]),
        (["--json", "scenarios"], ["verb: tcpsim scenarios --json"]),
        (["--shell", "plain", "play", "S-01"], ["'--shell'", "'play'", "see 'tcpsim play --help'"]),
        (["--seed", "play"], ["--seed", "'play'"]),
        (["diagram", "poster"], ["no scenario 'poster'", ".jsonl"]),
        (["diagram", "--style", "comic"], ["--style", "stevens", "rfc", "uml"]),
        (["diagram", "--engine", "dot"], ["--engine", "svg", "graphviz"]),
        (["diagram", "-o", "x.bmp"], ["x.bmp", "'.bmp'", ".svg, .mmd, .gv, .dot, .png, .pdf"]),
        (["diagram", "-o", "x"], ["x", "suffix", ".svg"]),
        (["diagram", "-o", ""], ["without a name"]),
        (["diagram", "--engine", "svg", "-o", "x.png"], ["x.png", "x.svg"]),
        (["paly"], ["'paly'", "did you mean 'play'?"]),
        (["zebra"], ["'zebra'", "scenarios", "play", "diagram"]),
        (["normal-close"], ["did you mean 'tcpsim play normal-close'?"]),
        (["s-08"], ["did you mean 'tcpsim play s-08'?"]),
        (["--loud"], ["--loud"]),
        (["--shell", "zsh"], ["--shell", "ipython", "plain"]),
        (["repl", "now"], ["now"]),
        (["scenarios", "--xml"], ["--xml", "tcpsim scenarios --help"]),
    ],
)
def test_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], said: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli.main, args, prog_name="tcpsim")
    assert list(tmp_path.iterdir()) == []
    assert result.exit_code == 2
    assert result.stdout == ""
    line = one_line(result.stderr)
    for words in said:
        assert words in line


def test_wrong_usage_of_the_real_program(tmp_path: Path) -> None:
    done = tcpsim("play", "nothing-like-it", "-o", "out.txt", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing-like-it" in one_line(done.stderr)
    assert list(tmp_path.iterdir()) == []


WRITERS = [["play", "S-08"], ["play", "S-08", "--json"], ["diagram"]]


def fitting(name: str, args: list[str]) -> str:
    """``name``, which ends in .svg, with a suffix that the verb writes."""
    return name.replace(".svg", ".txt") if args[0] == "play" else name


@pytest.mark.parametrize("args", WRITERS, ids=" ".join)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing/out.svg", "no folder missing"),
        ("folder.svg", "it is a folder"),
        ("file.svg/out.svg", "no folder file.svg"),
        ("x" * 300 + ".svg", "too long"),
        ("nul\0.svg", "nul"),
        ("new\nline/out.svg", "no folder 'new\\nline'"),
    ],
)
def test_output_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, file = (tmp_path / fitting(one, args) for one in ("folder.svg", "file.svg"))
    folder.mkdir()
    file.write_text("mine")
    result = CliRunner().invoke(cli.main, [*args, "-o", fitting(name, args)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert fitting(said, args) in one_line(result.stderr)
    assert sorted(tmp_path.iterdir()) == [file, folder]
    assert file.read_text() == "mine"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("args", WRITERS, ids=" ".join)
def test_a_folder_without_permission(tmp_path: Path, args: list[str]) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    if os.access(locked, os.W_OK):  # root, whom only the kernel's own folders stop
        locked = Path("/sys")
        if not locked.is_dir():
            pytest.skip("root may write everywhere here")
    before = sorted(locked.iterdir())
    result = CliRunner().invoke(cli.main, [*args, "-o", str(locked / fitting("out.svg", args))])
    assert result.exit_code == 2
    assert re.search("permission denied|read-only", one_line(result.stderr))
    assert sorted(locked.iterdir()) == before


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("args", WRITERS, ids=" ".join)
def test_a_disk_that_fills_up_leaves_what_was_there(tmp_path: Path, args: list[str]) -> None:
    out = tmp_path / fitting("out.svg", args)
    out.write_text("the last one")
    # The limit is set in the child by way of a small program, for preexec_fn and threads do not mix.
    script = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512)); "
        "sys.dont_write_bytecode = True; sys.argv[0] = 'tcpsim'; runpy.run_module('tcpsim', run_name='__main__')"
    )
    done = subprocess.run(
        [COMMAND[0], "-c", script, *args, "-o", out.name],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert f"cannot write {out.name}: file too large" in one_line(done.stderr)
    assert list(tmp_path.iterdir()) == [out]
    assert out.read_text() == "the last one"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("args", [*WRITERS[:2], ["diagram", "-o", "-"], ["scenarios"], ["doctor"]], ids=" ".join)
def test_a_full_disk_behind_standard_output(tmp_path: Path, args: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = tcpsim(*args, cwd=tmp_path, stdout=full.fileno())
    assert done.returncode == 2
    assert "no space left" in one_line(done.stderr)


def test_without_dot_the_source_is_left_and_nothing_else(tmp_path: Path) -> None:
    for args in (["-o", "states.png"], ["-o", "states.pdf"], ["-o", "states.svg", "--engine", "graphviz"]):
        done = tcpsim("diagram", *args, cwd=tmp_path, env={"PATH": "/nowhere"})
        assert (done.returncode, done.stdout) == (2, "")
        line = one_line(done.stderr)
        assert "install graphviz" in line
        assert "states.gv" in line
        assert [path.name for path in tmp_path.iterdir()] == ["states.gv"]
        assert "digraph" in (tmp_path / "states.gv").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name != "posix", reason="closes descriptors through a POSIX shell")
def test_closed_standard_streams(tmp_path: Path) -> None:
    for close, said in ((">&-", "standard output is closed"), ("<&-", "standard input is closed")):
        verb = "scenarios" if close == ">&-" else "repl"
        done = subprocess.run(
            ["/bin/sh", "-c", f'exec "$@" {close}', "sh", *COMMAND, verb],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2
        assert said in one_line(done.stderr)


# -- files appear whole or not at all


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        output.write_file(str(tmp_path / "new"), "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text("old")
    path.chmod(0o600)
    output.write_file(str(path), "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    link = tmp_path / "link"
    link.symlink_to("real")
    output.write_file(str(link), "new")
    assert link.is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "out"
    path.write_text("old")
    monkeypatch.setattr(output.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        output.write_file(str(path), "new")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "old"


def test_devices_are_written_in_place(tmp_path: Path) -> None:
    output.write_file(os.devnull, "text")
    assert os.path.exists(os.devnull)
    if Path("/dev/full").exists():
        with pytest.raises(CannotWrite, match="no space left"):
            output.write_file("/dev/full", "text")
