"""``tcpsim export``: every format from a scenario and from a saved trace, and what it says when it cannot."""

from pathlib import Path

import pytest

from tcpsim.render import UnknownChoice, ladder
from tcpsim.render.exports import FORMATS, Format, export
from tcpsim.render.pictures import MERMAID, PICTURES
from tcpsim.scenarios import play

from .running import one_line, tcpsim


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_saved_trace_exports_as_the_scenario_does(suffix: str) -> None:
    trace = play("normal-close", trace="full").trace
    content = export(trace, f"x{suffix.upper()}")
    assert content
    assert content == export(trace, f"x{suffix}")


@pytest.mark.parametrize(("suffix", "known"), [(".svg", PICTURES), (".mmd", MERMAID)])
def test_every_picture_of_a_trace_is_an_export(suffix: str, known: dict[str, object]) -> None:
    trace = play("lost-fin", trace="full").trace
    made = [export(trace, f"x{suffix}", picture=name) for name in known]
    assert all(made)
    assert len(set(made)) == len(known)
    assert export(trace, f"x{suffix}") == made[0]


def test_a_plot_from_the_command_line(tmp_path: Path) -> None:
    done = tcpsim("export", "S-17", "-o", "v.svg", "--picture", "variables", "--vars", "snd_una,rto", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "v.svg\n", "")
    assert "snd_una" in (tmp_path / "v.svg").read_text(encoding="utf-8")


def test_from_a_scenario_to_a_file_to_another(tmp_path: Path) -> None:
    done = tcpsim("export", "S-08", "-o", "close.jsonl", "--no-data", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "close.jsonl\n", "")
    done = tcpsim("export", "close.jsonl", "-o", "-", "--format", "txt", "--numbers", "relative", cwd=tmp_path)
    assert done.stdout == ladder(play("S-08").trace, numbers="relative")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("S-08", "-o", "x.doc"), "no export format with the suffix '.doc'; choose one of: .svg"),
        (("S-08", "-o", "x"), "the suffix of a file says its format"),
        (("S-08", "-o", "-"), "the suffix of a file says its format"),
        (("S-808", "-o", "x.txt"), "no scenario 'S-808'"),
        (("no.jsonl", "-o", "x.txt"), "cannot read no.jsonl: no such file"),
        (("made.jsonl", "-o", "x.txt"), "cannot read made.jsonl, line 1 is not JSON"),
        (("noise.jsonl", "-o", "x.txt"), "it is no text in UTF-8"),
        (("S-08", "-o", "x.jsonl", "--numbers", "relative"), "no option 'numbers' for the trace itself"),
        (("S-08", "-o", "x.svg", "--picture", "oil"), "no picture 'oil'; choose one of"),
        (("S-08", "-o", "x.svg", "--picture", "states", "--scale", "true"), "no option 'scale' for the picture"),
        (("S-08", "-o", "x.svg", "--start", "noon"), "start"),
        (("S-08", "-o", "x.svg", "--scale", "log"), "no scale 'log'; choose one of: compressed, true"),
        (("S-08", "-o", "no/x.svg"), "there is no folder no"),
        (("S-08", "-o", "x.txt", "--hosts", "client,nobody"), "no host 'nobody'"),
        (("S-08", "-o", "x.txt", "--conn", "99"), "no connection '99'"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_leaves_no_file(
    args: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    (tmp_path / "made.jsonl").write_text("made by hand", encoding="utf-8")
    (tmp_path / "noise.jsonl").write_bytes(b"\xff\xfe")
    done = tcpsim("export", *args, cwd=tmp_path)
    assert done.returncode == 2
    assert words in one_line(done.stderr)
    assert {path.name for path in tmp_path.iterdir()} == {"made.jsonl", "noise.jsonl"}


def test_help_lists_every_format(tmp_path: Path) -> None:
    text = tcpsim("export", "--help", cwd=tmp_path).stdout
    assert all(f"  {suffix} " in text for suffix in FORMATS)


def test_a_format_names_the_options_that_it_takes() -> None:
    with pytest.raises(UnknownChoice, match="no option 'tap' for a painting: this format takes no options"):
        Format("none", "none", "a painting").check(["tap"])
