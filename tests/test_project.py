"""The rules of the house, checked on the source itself."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tcpsim._version import __version__

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tcpsim"

# Top to bottom. A module imports its own floor and lower ones, anywhere in its text, and
# whether at run time or for its annotations only. "__init__" is tcpsim/__init__.py.
FLOORS = [
    "__main__",
    "shell",
    "pytest_plugin",
    "__init__",
    "profiles",
    "packetdrill",
    "explore",
    "testing",
    "scenarios",
    "net",
    "render",
    "explain",
    "trace",
    "tcp",
    "_version",
]

# Bottom up, within tcpsim.tcp. A module imports only earlier ones.
TCP_ORDER = [
    "errors",
    "units",
    "seq",
    "segment",
    "notation",
    "options",
    "wire",
    "states",
    "verdicts",
    "because",
    "profiles",
    "ambiguities",
    "habits",
    "isn",
    "buffers",
    "rto",
    "scoreboard",
    "rack",
    "hystart",
    "tcb",
    "cubic_segments",
    "congestion",
    "core",
    "bursts",
    "limits",
    "probes",
    "spurious",
    "recovery",
    "output",
    "acks",
    "text",
    "predict",
    "time_wait",
    "arrives",
    "calls",
    "settings",
    "notices",
    "info",
    "timeouts",
    "connection",
    "__init__",
]

LONGEST_MODULE = 500

# Everything that could make two runs differ. Time and chance come in as arguments.
IMPURE_MODULES = {"time", "random", "datetime", "secrets", "uuid"}
IMPURE_ATTRIBUTES = {"urandom", "getrandom"}

# Path below tcpsim/ -> what it may use all the same. Only for what never reaches a result,
# such as a progress bar in shell/.
IMPURITY_ALLOWED: dict[str, set[str]] = {}


def module_files() -> dict[str, Path]:
    """Dotted name -> file; a package goes by the name of its ``__init__`` module."""
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sorted(PACKAGE.rglob("*.py"))}


MODULES = module_files()


def imported_modules(name: str, source: str, known: set[str]) -> Iterator[tuple[int, str]]:
    """Line and name of each module of tcpsim that the module ``name`` imports."""

    def resolve(dotted: str) -> str:
        return dotted if dotted in known else f"{dotted}.__init__"

    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found = [resolve(alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*name.split(".")[: -node.level], *base.split(".")]).strip(".")
            # "from package import x" takes a module if there is one by that name.
            submodules = {
                alias.name: resolve(f"{base}.{alias.name}")
                for alias in node.names
                if {f"{base}.{alias.name}", f"{base}.{alias.name}.__init__"} & known
            }
            found = list(submodules.values())
            if len(submodules) < len(node.names):
                found.append(resolve(base))
        elif (
            isinstance(node, ast.Call)
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
            and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__")
        ):
            found = [resolve(node.args[0].value)]
        else:
            continue
        yield from ((node.lineno, module) for module in found if module.startswith("tcpsim."))


def import_faults(name: str, source: str, known: set[str]) -> Iterator[str]:
    """What is wrong with the imports of one module, in words."""
    own = name.split(".")
    if own[1] not in FLOORS:
        yield f"{name} is on no floor: add {own[1]!r} to FLOORS in tests/test_project.py"
        return
    in_tcp = own[1] == "tcp"
    if in_tcp and own[2] not in TCP_ORDER:
        yield f"{name} has no place: add {own[2]!r} to TCP_ORDER in tests/test_project.py"
        return
    for line, target in imported_modules(name, source, known):
        parts = target.split(".")
        if parts[1] not in FLOORS:
            yield f"{name}:{line} imports {target}, which is on no floor"
        elif FLOORS.index(parts[1]) < FLOORS.index(own[1]):
            yield f"{name}:{line} imports {target}: {parts[1]} is above {own[1]}"
        elif in_tcp and parts[1] == "tcp" and parts[2] != own[2]:
            if parts[2] not in TCP_ORDER:
                yield f"{name}:{line} imports {target}, which has no place in TCP_ORDER"
            elif TCP_ORDER.index(parts[2]) > TCP_ORDER.index(own[2]):
                yield f"{name}:{line} imports {target}: {parts[2]} comes after {own[2]}"


def impurities(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of each use of a clock or of chance."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            roots = {alias.name.split(".")[0] for alias in node.names}
            yield from ((node.lineno, root) for root in sorted(roots & IMPURE_MODULES))
        elif isinstance(node, ast.ImportFrom) and not node.level:
            root = (node.module or "").split(".")[0]
            if root in IMPURE_MODULES:
                yield node.lineno, root
            names = {alias.name for alias in node.names}
            yield from ((node.lineno, name) for name in sorted(names & IMPURE_ATTRIBUTES))
        elif isinstance(node, ast.Attribute) and node.attr in IMPURE_ATTRIBUTES:
            yield node.lineno, node.attr


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_only_down(name: str) -> None:
    source = MODULES[name].read_text(encoding="utf-8")
    faults = list(import_faults(name, source, set(MODULES)))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", MODULES)
def test_no_module_is_too_long_to_read(name: str) -> None:
    lines = len(MODULES[name].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_MODULE, f"{name} has {lines} lines: split it"


@pytest.mark.parametrize("name", MODULES)
def test_no_module_uses_a_clock_or_chance(name: str) -> None:
    path = MODULES[name]
    allowed = IMPURITY_ALLOWED.get(path.relative_to(PACKAGE).as_posix(), set())
    found = list(impurities(path.read_text(encoding="utf-8")))
    assert [use for use in found if use[1] not in allowed] == []
    assert allowed <= {what for _, what in found}, "IMPURITY_ALLOWED allows more than is used"


def test_everything_allowed_to_be_impure_exists() -> None:
    assert [path for path in IMPURITY_ALLOWED if not (PACKAGE / path).is_file()] == []


def test_importing_tcpsim_brings_in_the_standard_library_only() -> None:
    # What the interpreter itself loads at start, .pth files included, is not our doing.
    script = (
        "import sys; before = set(sys.modules); import tcpsim; "
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    env = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "tcpsim" in loaded
    # This covers click, graphviz, hypothesis, IPython, pytest, rich and all to come.
    assert loaded - {"tcpsim"} - set(sys.stdlib_module_names) == set()


def test_the_changelog_knows_the_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {__version__, "Unreleased"} & set(headings)


KNOWN = {
    "tcpsim.__init__",
    "tcpsim._version",
    "tcpsim.shell.__init__",
    "tcpsim.shell.cli",
    "tcpsim.net.__init__",
    "tcpsim.net.link",
    "tcpsim.render.__init__",
    "tcpsim.render.ladder",
    "tcpsim.tcp.__init__",
    "tcpsim.tcp.seq",
    "tcpsim.tcp.segment",
    "tcpsim.tcp.connection",
}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("tcpsim.net.link", "import tcpsim.render.ladder"),
        ("tcpsim.net.link", "from tcpsim.tcp import Connection, seq"),
        ("tcpsim.net.link", "from . import helper"),
        ("tcpsim.shell.cli", "import tcpsim"),
        ("tcpsim.shell.cli", "from .. import __version__, net"),
        ("tcpsim.__init__", "from .net import link\nfrom tcpsim._version import __version__"),
        ("tcpsim.tcp.segment", "from .seq import Seq\nimport rich"),
        ("tcpsim.tcp.__init__", "from . import connection"),
        ("tcpsim.tcp.connection", "from tcpsim.tcp import seq, segment"),
    ],
)
def test_the_import_rule_lets_pass(name: str, source: str) -> None:
    assert list(import_faults(name, source, KNOWN)) == []


@pytest.mark.parametrize(
    ("name", "source", "fault"),
    [
        ("tcpsim.render.ladder", "import tcpsim.net.link", "net is above render"),
        ("tcpsim.render.ladder", "from tcpsim import net", "net is above render"),
        ("tcpsim.render.ladder", "from ..net.link import Link", "net is above render"),
        ("tcpsim.render.ladder", "def f():\n    from ..net import link", "net is above render"),
        ("tcpsim.net.link", "import importlib\nimportlib.import_module('tcpsim.shell')", "above"),
        ("tcpsim.net.link", "from tcpsim import Connection", "__init__ is above net"),
        ("tcpsim.net.link", "import tcpsim", "__init__ is above net"),
        ("tcpsim.__init__", "from .shell import cli", "shell is above __init__"),
        ("tcpsim.__init__", "from . import attic", None),
        ("tcpsim.__init__", "import tcpsim.attic", "on no floor"),
        ("tcpsim.attic", "", "add 'attic' to FLOORS"),
        ("tcpsim.tcp.attic", "", "add 'attic' to TCP_ORDER"),
        ("tcpsim.tcp.seq", "from .segment import Segment", "segment comes after seq"),
        ("tcpsim.tcp.seq", "from tcpsim.tcp import Segment", "__init__ comes after seq"),
        ("tcpsim.tcp.seq", "from . import connection", "connection comes after seq"),
        ("tcpsim.tcp.seq", "from tcpsim.tcp.attic import x", "no place in TCP_ORDER"),
    ],
)
def test_the_import_rule_objects(name: str, source: str, fault: str | None) -> None:
    faults = list(import_faults(name, source, KNOWN))
    if fault is None:
        # A name the package defines for itself, for all that can be seen.
        assert faults == []
    else:
        assert len(faults) == 1
        assert fault in faults[0]


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import os, random",
        "from datetime import timedelta",
        "from os import urandom as bytes_of_chance",
        "import os as o\ndef f():\n    return o.urandom(4)",
    ],
)
def test_the_purity_rule_objects(source: str) -> None:
    assert len(list(impurities(source))) == 1


def test_the_purity_rule_lets_a_namesake_pass() -> None:
    assert list(impurities("from .time import Clock\nnow = world.time\nimport timeit_")) == []
