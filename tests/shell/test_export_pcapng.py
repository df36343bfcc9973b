"""``tcpsim export -o x.pcapng``: taps, saved traces, and what it says without the package."""

from pathlib import Path

import pytest

from tcpsim.render import pcapng
from tcpsim.scenarios import play

from .running import ROOT, one_line, tcpsim


def test_a_scenario_and_its_saved_trace_give_the_same_capture(tmp_path: Path) -> None:
    done = tcpsim("export", "lost-fin", "-o", "a.pcapng", "--tap", "both", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a.pcapng\n", "")
    assert (tmp_path / "a.pcapng").read_bytes() == pcapng(play("lost-fin", trace="full").trace, "both")
    assert tcpsim("play", "lost-fin", "-o", "a.jsonl", cwd=tmp_path).returncode == 0
    assert tcpsim("export", "a.jsonl", "-o", "b.pcapng", "--tap", "both", cwd=tmp_path).returncode == 0
    assert (tmp_path / "b.pcapng").read_bytes() == (tmp_path / "a.pcapng").read_bytes()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--tap", "router"), "no tap 'router'; choose one of: client, server, both"),
        (("--numbers", "relative"), "no option 'numbers' for a capture"),
    ],
)
def test_what_cannot_be_leaves_no_file(args: tuple[str, ...], words: str, tmp_path: Path) -> None:
    done = tcpsim("export", "lost-fin", "-o", "x.pcapng", *args, cwd=tmp_path)
    assert done.returncode == 2
    assert words in one_line(done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_it_says_what_to_install(tmp_path: Path) -> None:
    missing, folder = tmp_path / "missing", tmp_path / "out"
    missing.mkdir()
    folder.mkdir()
    (missing / "pcapng.py").write_text("raise ImportError", encoding="utf-8")
    path = f"{missing}:{ROOT}"
    done = tcpsim("export", "lost-fin", "-o", "x.pcapng", cwd=folder, env={"PYTHONPATH": path})
    assert done.returncode != 0
    assert "pip install 'tcpsim[pcap]'" in one_line(done.stderr)
    assert list(folder.iterdir()) == []
