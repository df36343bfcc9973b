"""The front of the pytest plugin: what pytest loads at every start, wherever tcpsim is installed.

It lies outside the package, so that a session which does not use it never imports tcpsim; the work is done in
``tcpsim.pytest_plugin``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tcpsim import Host, Simulator

MARKER = (
    "tcpsim(seed=0, profile='rfc9293', trace='brief', **link): how the fixtures tcp_sim and tcp_pair set a "
    "simulation up; link: the options of Simulator.link, for tcp_pair."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tcpsim", "tcpsim: simulated TCP")
    group.addoption(
        "--tcpsim-trace",
        choices=["failed", "all"],
        help="write trace (.jsonl), capture (.pcapng) and player (.html) of every test that fails, or of all tests, "
        "that use tcp_sim or tcp_pair; also of runs of TcpStateMachine that fail",
    )
    group.addoption("--tcpsim-trace-dir", default="tcpsim-traces", metavar="DIR", help="where to; tcpsim-traces")
    group.addoption(
        "--tcpsim-cov", action="store_true", help="count which rules of TCP run, and show which never did"
    )
    group.addoption(
        "--tcpsim-cov-report",
        action="append",
        default=[],
        metavar="FILE",
        help="write the counts to FILE.json, a page to FILE.html, a table to FILE.txt; implies --tcpsim-cov",
    )
    group.addoption(
        "--tcpsim-cov-fail-under",
        type=float,
        metavar="N",
        help="fail if less than N %% of the rules that can be reached ran; implies --tcpsim-cov",
    )
    group.addoption(
        "--tcpsim-pkt", action="store_true", help="collect packetdrill scripts (*.pkt), one item a script"
    )
    group.addoption(
        "--tcpsim-pkt-profile", default="linux", metavar="NAME", help="the stack that scripts test; linux"
    )
    parser.addini(
        "tcpsim_cov_unreachable",
        "rules that are not counted: lines 'row listen.user_timeout: why it cannot be reached'",
        type="linelist",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    option = config.option
    if option.tcpsim_cov or option.tcpsim_cov_report or option.tcpsim_cov_fail_under is not None:
        from tcpsim.pytest_plugin import RuleCounting

        config.pluginmanager.register(RuleCounting(config), "tcpsim-cov")
    if option.tcpsim_trace:
        from tcpsim.pytest_plugin import keep_failures

        keep_failures(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".pkt" or not parent.config.option.tcpsim_pkt:
        return None
    from tcpsim.packetdrill.collecting import collect

    return collect(file_path, parent)


@pytest.fixture
def tcp_sim(request: pytest.FixtureRequest) -> Simulator:
    """A simulator without hosts; seed, profile and trace level by the marker ``tcpsim``."""
    from tcpsim.pytest_plugin import simulator_for

    return simulator_for(request)


@pytest.fixture
def tcp_pair(request: pytest.FixtureRequest, tcp_sim: Simulator) -> tuple[Simulator, Host, Host]:
    """(tcp_sim, client, server): two hosts on a link whose options the marker ``tcpsim`` gives."""
    from tcpsim.pytest_plugin import pair_for

    return pair_for(request, tcp_sim)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if "tcp_sim" in getattr(item, "fixturenames", ()):
        from tcpsim.pytest_plugin import tell

        tell(item, call, report)
    return report
