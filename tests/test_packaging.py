"""What a user gets: the built wheel and sdist, and the wheel installed and run."""

import os
import re
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tcpsim._version import __version__
from tests.helpers.tools import unavailable

ROOT = Path(__file__).resolve().parent.parent

# pip says one of these, whatever else it says, when it reaches no package index.
UNREACHABLE = (
    "Retrying (Retry(",
    "Failed to establish a new connection",
    "NewConnectionError",
    "Temporary failure in name resolution",
    "ProxyError",
)


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    # The checkout must not be importable by accident, or the wheel would go untested.
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    env["PYTHONUTF8"] = "1"
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the sdist, and with the wheel built from that sdist."""
    out = tmp_path_factory.mktemp("dist")
    # Not in ROOT, where the build/ directory of `make demo` could pass for the module.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT]
    done = run(*command, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return built / f"tcpsim-{__version__}-py3-none-any.whl"


def source_files() -> set[str]:
    """The package's code and data."""
    found = {path.relative_to(ROOT) for path in (ROOT / "tcpsim").rglob("*") if path.is_file()}
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {PurePosixPath(name).parts[0] for name in names} == {
        "_tcpsim_hypothesis.py",
        "_tcpsim_pytest.py",
        "tcpsim",
        f"tcpsim-{__version__}.dist-info",
    }
    assert "tcpsim/py.typed" in names
    assert f"tcpsim-{__version__}.dist-info/licenses/LICENSE" in names
    assert {"tcpsim/render/player_page/player.css", "tcpsim/render/player_page/player.js"} <= source_files()
    assert source_files() - names == set()


def test_the_sdist_holds_what_the_checks_need(built: Path) -> None:
    with tarfile.open(built / f"tcpsim-{__version__}.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = {
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "constraints.txt",
        "_tcpsim_hypothesis.py",
        "_tcpsim_pytest.py",
        "pyproject.toml",
        "tcpsim/py.typed",
        "tests/conftest.py",
        "tests/helpers/tools.py",
    }
    assert expected | source_files() <= names
    tops = {PurePosixPath(name).parts[0] for name in names}
    for folder in ("docs", "diagrams", "benchmarks", "tools"):
        assert folder in tops or not any((ROOT / folder).glob("*"))
    assert not {name for name in names if "__pycache__" in name or name.startswith(".venv")}


def test_the_installed_wheel_plays_a_scenario(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    done = run(sys.executable, "-m", "venv", venv, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr

    constraints = ROOT / "constraints.txt"
    python = venv / "bin" / "python"
    done = run(python, "-m", "pip", "install", "-c", constraints, wheel, cwd=tmp_path)
    output = done.stdout + done.stderr
    if done.returncode != 0 and any(sign in output for sign in UNREACHABLE):
        unavailable("no package index can be reached")
    assert done.returncode == 0, output

    done = run(venv / "bin" / "tcpsim", "play", "three-way-handshake", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ESTABLISHED" in done.stdout
    done = run(venv / "bin" / "tcpsim", "explain", "MUST-13", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TIME-WAIT" in done.stdout


PROPERTY = """
import tcpsim
from hypothesis import Phase, settings
from hypothesis.stateful import invariant
from tcpsim.testing import TcpStateMachine

class Wrong(TcpStateMachine):
    @invariant()
    def nobody_is_established(self):
        states = {conn.state.name for conn in self.sim.world.conns.values()}
        assert "ESTABLISHED" not in states, f"in {sorted(states)}"

TestWrong = Wrong.TestCase
TestWrong.settings = settings(
    max_examples=20, stateful_step_count=5, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink]
)

def test_which_tcpsim():
    print("It is", tcpsim.__file__)
"""


@pytest.fixture(scope="module")
def site(wheel: Path) -> Path:
    """A folder with the wheel installed; what it depends on is here already, and only tcpsim has to be that one."""
    site = wheel.parent / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", site, wheel]
    done = run(*pip, cwd=wheel.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return site


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_an_empty_project_gets_a_failure_that_can_be_run_again(
    site: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(site))
    # Compiling is most of the time: once will do.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(site.parent / "compiled"))
    pytester.makepyfile(test_mine=PROPERTY)
    result = pytester.runpytest_subprocess("-rA", "--tcpsim-trace=failed", *workers, "test_mine.py")
    result.assert_outcomes(passed=1, failed=1)
    told = result.stdout.str()
    assert f"It is {site / 'tcpsim'}" in told
    assert re.search(r"SYN_RECV.*SYN,ACK|SYN,ACK.*SYN_RECV", told), "there is no ladder"
    assert len(list(pytester.path.glob("tcpsim-traces/Wrong.*"))) == 3

    lines = told.partition("To run it again:")[2].partition("Written:")[0].splitlines()
    script = textwrap.dedent("\n".join(line.removeprefix("E") for line in lines))
    assert "Wrong.judge(sim)" in script
    again = pytester.makepyfile(again=script)
    done = subprocess.run([sys.executable, str(again)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    problem = re.search(r"AssertionError: (in \[.*\])", told)
    assert problem
    assert done.stderr.splitlines()[-1] == problem[0]
