"""``tcpsim explore`` as a person types it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shell.running import environment, one_line, tcpsim


def test_without_a_name_it_lists_the_setups(tmp_path: Path) -> None:
    done = tcpsim("explore", cwd=tmp_path)
    assert done.returncode == 0
    assert "handshake-and-close  " in done.stdout


def test_readable_defaults(tmp_path: Path) -> None:
    done = tcpsim("explore", "handshake-and-close", "--loss", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Every state inside the bounds was visited." in done.stdout
    assert "BROKEN" not in done.stdout
    assert done.stderr == ""


def test_a_broken_property_exits_1_with_the_ladder(tmp_path: Path) -> None:
    done = tcpsim(
        "explore", "handshake-and-close", "--profile", "rfc9293_literal", "--property", "fin_restarts_2msl",
        "--save", "found", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert one_line(done.stderr) == "tcpsim: does not hold: fin_restarts_2msl"
    assert "BROKEN  fin_restarts_2msl" in done.stdout
    assert "TIME_WAIT" in done.stdout
    stem = tmp_path / "found" / "handshake-and-close-fin_restarts_2msl"
    assert "rtx timer runs out" in Path(f"{stem}.txt").read_text(encoding="utf-8")
    assert json.loads(Path(f"{stem}.jsonl").read_text(encoding="utf-8").splitlines()[0])
    program = Path(f"{stem}-replay.py").read_text() + "\nprint(*(str(c.state) for c in sim.world.conns.values()))\n"
    Path(f"{stem}-replay.py").write_text(program)
    ran = subprocess.run(
        [sys.executable, f"{stem}-replay.py"], env=environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["LISTEN", "LAST_ACK", "TIME_WAIT"]


def test_json(tmp_path: Path) -> None:
    done = tcpsim("explore", "handshake-and-close", "--loss", "0", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert told["complete"] is True
    assert told["bounds"]["loss"] == 0
    assert sum(told["depths"]) == told["states"]
    assert {verdict["found"] for verdict in told["verdicts"]} == {"holds"}


def test_a_limit_says_so_and_keeps_what_was_found(tmp_path: Path) -> None:
    done = tcpsim("explore", "handshake-and-close", "--states", "40", cwd=tmp_path)
    assert done.returncode == 0
    assert "Stopped by the limit of 40 states" in done.stdout
    assert "40 states, " in done.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("no-such",), "no set-up 'no-such'"),
        (("handshake-and-close", "--loss", "many"), "'many' is neither a number from 0 nor 'any'"),
        (("handshake-and-close", "--early", "x"), "they are time_wait"),
        (("handshake-and-close", "--property", "x"), "no property 'x'"),
        (("handshake-and-close", "--profile", "x"), "no profile 'x'"),
    ],
)
def test_wrong_use(args: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = tcpsim("explore", *args, cwd=tmp_path)
    assert done.returncode == 2
    assert said in one_line(done.stderr)
