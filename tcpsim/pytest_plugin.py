"""What the pytest plugin does; pytest itself loads ``_tcpsim_pytest``, which comes here when there is something to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from .net.handles import Host
from .net.simulator import Simulator
from .tcp.errors import TcpsimError
from .testing.coverage import Item, RuleCoverage, floor_percent, unreachable_items
from .testing.coverage_files import check_suffix, content
from .testing.coverage_table import coverage_table
from .testing.failures import FOLDER, ladder_of, save, script_of
from .testing.recorder import start

#: The simulation of a test, for its report.
SIM: Final = pytest.StashKey[Simulator]()

#: Under which name xdist's workers send their counts.
OUTPUT: Final = "tcpsim_coverage"

#: How many missing rules the terminal names; files have all.
MOST: Final = 12

_OF_A_SIMULATOR: Final = ("seed", "profile", "trace")


# -- fixtures


def _wanted(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the markers of a test say, the closest last."""
    wanted: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("tcpsim"))):
        if marker.args:
            pytest.fail("the marker tcpsim takes names: write tcpsim(seed=1)", pytrace=False)
        wanted |= marker.kwargs
    return wanted


def simulator_for(request: pytest.FixtureRequest) -> Simulator:
    """What the fixture ``tcp_sim`` gives; the test's report will tell of it."""
    wanted = {name: value for name, value in _wanted(request).items() if name in _OF_A_SIMULATOR}
    try:
        request.node.stash[SIM] = sim = Simulator(**wanted)
    except TcpsimError as error:
        pytest.fail(f"the marker tcpsim: {error}", pytrace=False)
    return sim


def pair_for(request: pytest.FixtureRequest, sim: Simulator) -> tuple[Simulator, Host, Host]:
    """What the fixture ``tcp_pair`` gives."""
    link = {name: value for name, value in _wanted(request).items() if name not in _OF_A_SIMULATOR}
    client, server = sim.host("client", "10.0.0.1"), sim.host("server", "10.0.0.2")
    try:
        sim.link(client, server, **link)
    except TcpsimError as error:
        pytest.fail(f"the marker tcpsim: {error}", pytrace=False)
    return sim, client, server


# -- reports


def keep_failures(config: pytest.Config) -> None:
    """Let runs of ``TcpStateMachine`` that fail be written to files, too, as long as this session lasts."""
    before = os.environ.get(FOLDER)
    os.environ[FOLDER] = str(_folder(config))

    def restore() -> None:
        os.environ.pop(FOLDER, None)
        if before is not None:
            os.environ[FOLDER] = before

    config.add_cleanup(restore)


def _folder(config: pytest.Config) -> Path:
    return Path(config.invocation_params.dir, config.option.tcpsim_trace_dir)


def tell(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Add the ladder and a replay script to the report of a test that has failed; write files if they are wanted."""
    sim = item.stash.get(SIM, None)
    if report.when != "call" or sim is None:
        return
    if report.failed:
        error = call.excinfo.value if call.excinfo is not None else None
        report.sections.append(("tcpsim ladder", ladder_of(sim)))
        report.sections.append(("tcpsim script, to run it again", script_of(sim, error)))
    wanted = item.config.option.tcpsim_trace
    if wanted == "all" or (wanted == "failed" and report.failed):
        report.sections.append(("tcpsim files", "\n".join(save(sim, str(_folder(item.config)), item.nodeid))))


# -- coverage


class RuleCounting:
    """Counts rules in this process; with xdist, the controller adds up what its workers have counted."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.coverage = RuleCoverage()
        self.failed = ""
        try:
            self.unreachable: dict[Item, str] = unreachable_items(config.getini("tcpsim_cov_unreachable"))
            for file in config.option.tcpsim_cov_report:
                check_suffix(Path(file).suffix.lower())
        except TcpsimError as error:
            raise pytest.UsageError(f"tcpsim: {error}") from None
        self._stop: Callable[[], None] = start(self.coverage)

    def pytest_unconfigure(self) -> None:
        self._stop()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        counted = getattr(node, "workeroutput", {}).get(OUTPUT)
        if counted is not None:
            self.coverage.merge(RuleCoverage.from_data(counted))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output[OUTPUT] = self.coverage.to_data()
            return
        for file in self.config.option.tcpsim_cov_report:
            path = self.config.invocation_params.dir / file
            path.write_text(content(self.coverage, path.suffix.lower(), self.unreachable), encoding="utf-8")
        least = self.config.option.tcpsim_cov_fail_under
        if self.config.option.collectonly:
            return
        if least is not None and self.coverage.percent(self.unreachable) < least:
            self.failed = (
                f"{floor_percent(self.coverage, self.unreachable)} of the rules ran, and {least:g} % are asked for"
            )
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.section("tcpsim rule coverage")
        terminalreporter.write(coverage_table(self.coverage, self.unreachable, most=MOST))
        for file in self.config.option.tcpsim_cov_report:
            terminalreporter.write_line(f"Written: {file}")
        if self.failed:
            terminalreporter.write_line(f"FAIL: {self.failed}", red=True)
