"""The pytest plugin, as somebody's empty project sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tcpsim.testing.coverage import RuleCoverage

OPENS = """
import pytest

@pytest.mark.tcpsim(seed=7, profile="linux", delay="5ms")
def test_opens(tcp_pair):
    sim, client, server = tcp_pair
    server.listen(80)
    conn = client.connect("server", 80)
    sim.run()
    assert sim.world.seed == 7
    assert conn.state.name == {state!r}
"""


def test_fixtures_follow_the_marker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.tcpsim(seed=3, trace="full")

        def test_sim(tcp_sim):
            assert (tcp_sim.world.seed, tcp_sim.trace.level, tcp_sim.hosts) == (3, "full", {})

        @pytest.mark.tcpsim(seed=4, profile="linux", delay="7ms", mtu=600)
        def test_pair(tcp_pair, tcp_sim):
            sim, client, server = tcp_pair
            assert sim is tcp_sim
            assert (sim.world.seed, sim.trace.level, sim.profile.name) == (4, "full", "linux")
            assert [path.weather.mtu for path in sim.world.paths] == [600, 600]

        @pytest.mark.tcpsim(5)
        def test_no_name(tcp_sim):
            pass

        @pytest.mark.tcpsim(profile="windows")
        def test_no_profile(tcp_sim):
            pass

        @pytest.mark.tcpsim(dealy="1ms")
        def test_no_option(tcp_pair):
            pass
        """
    )
    result = pytester.runpytest_inprocess("--strict-markers", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, errors=3)
    result.stdout.fnmatch_lines(
        [
            "the marker tcpsim takes names: write tcpsim(seed=1)",
            "the marker tcpsim: no profile 'windows'; there are rfc9293,*",
            "the marker tcpsim: link client-server: no option 'dealy'; the options are delay,*",
        ]
    )
    assert "Traceback" not in result.stdout.str()


def test_a_failure_shows_ladder_and_script(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(OPENS.format(state="CLOSED"))
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- tcpsim ladder -*", "*ESTABLISHED*SYN,ACK*", "*tcpsim script, to run it again*"])
    text = result.stdout.str()
    script = text[text.index("import tcpsim\n") :].partition("\n===")[0]
    space: dict[str, object] = {}
    exec(script, space)
    assert space["sim"].trace.fired()[-1] == "syn_recv.ack_of_syn"  # type: ignore[attr-defined]
    assert not (pytester.path / "tcpsim-traces").exists()


def test_without_a_trace_there_is_nothing_to_show(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(OPENS.format(state="CLOSED").replace("seed=7", "seed=7, trace='off'"))
    result = pytester.runpytest_inprocess("--tcpsim-trace=failed")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["There is no ladder: *", "nothing: this simulation keeps no trace*"])
    assert not (pytester.path / "tcpsim-traces").exists()


@pytest.mark.parametrize(("which", "files"), [("failed", 1), ("all", 2)])
def test_files_are_written_if_asked_for(pytester: pytest.Pytester, which: str, files: int) -> None:
    pytester.makepyfile(OPENS.format(state="CLOSED") + OPENS.format(state="ESTABLISHED").replace("_opens", "_fine"))
    result = pytester.runpytest_inprocess(f"--tcpsim-trace={which}", "--tcpsim-trace-dir=out")
    result.assert_outcomes(failed=1, passed=1)
    for suffix in (".jsonl", ".pcapng", ".html"):
        assert len(list((pytester.path / "out").glob(f"*{suffix}"))) == files
    trace = pytester.path / "out" / "test_files_are_written_if_asked_for.py-test_opens.jsonl"
    assert json.loads(trace.read_text(encoding="utf-8").splitlines()[0])["level"] == "full"


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_rules_are_counted(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    pytester.makepyfile(
        OPENS.format(state="ESTABLISHED") + OPENS.format(state="ESTABLISHED").replace("_opens", "_two")
    )
    options = ("--tcpsim-cov-report=c.json", "--tcpsim-cov-report=c.html", "--tcpsim-cov-fail-under=90")
    result = pytester.runpytest_subprocess("-q", *workers, *options)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["*tcpsim rule coverage*", "rows of LISTEN *", "Not reached:", "*FAIL: *90 % are asked for"]
    )
    counted = RuleCoverage.from_json((pytester.path / "c.json").read_text(encoding="utf-8"))
    assert counted.counts["row"]["listen.rcv_syn"] == 2
    assert (pytester.path / "c.html").stat().st_size > 50_000


def test_what_is_out_of_reach_stands_in_the_configuration(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(OPENS.format(state="ESTABLISHED"))
    pytester.runpytest_inprocess("--tcpsim-cov-report=c.json")
    missing = RuleCoverage.from_json((pytester.path / "c.json").read_text(encoding="utf-8")).missing()
    lines = "\n".join(f"    {item}: not ours" for item in missing)
    pytester.makeini(f"[pytest]\ntcpsim_cov_unreachable =\n{lines}\n")
    assert pytester.runpytest_inprocess("--tcpsim-cov-fail-under=100").ret == 0
    assert pytester.runpytest_inprocess("--collect-only", "--tcpsim-cov-fail-under=100").ret == 0
    pytester.makeini("[pytest]\ntcpsim_cov_unreachable = row nothing: why\n")
    result = pytester.runpytest_inprocess("--tcpsim-cov")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*ID: REASON*")


def test_a_report_of_an_unknown_kind_is_refused_at_once(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--tcpsim-cov-report=c.pdf")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*no coverage as .pdf; write .txt, .json, .html*")


def test_who_does_not_use_it_does_not_load_it(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text(
        "import sys\ndef test_it():\n    import hypothesis\n    assert 'tcpsim' not in sys.modules\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
