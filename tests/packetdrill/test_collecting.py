"""Scripts as items of pytest."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

PASSES = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
FAILS = PASSES + "+0 listen(3, 1) = -1 EINVAL\n"
NOT_SUPPORTED = PASSES + "+0 splice(3, 4) = 0\n"


@pytest.fixture
def scripts(pytester: pytest.Pytester) -> pytest.Pytester:
    for name, text in (("good", PASSES), ("bad", FAILS), ("odd", NOT_SUPPORTED), ("broken", "0 socket(\n")):
        pytester.path.joinpath(f"{name}.pkt").write_text(text)
    return pytester


def test_one_item_a_script(scripts: pytest.Pytester) -> None:
    result = scripts.runpytest("--tcpsim-pkt", "-rs")
    result.assert_outcomes(passed=1, failed=2, skipped=1)
    result.stdout.fnmatch_lines(
        ["FAIL *bad.pkt:2: listen() returned 0, not -1 EINVAL", "*expected: listen(3, 1) = -1 EINVAL*"]
    )
    result.stdout.fnmatch_lines(["*odd.pkt:2: not supported: the system call splice()"])


def test_only_on_request_and_under_a_profile(scripts: pytest.Pytester) -> None:
    assert scripts.runpytest().ret == pytest.ExitCode.NO_TESTS_COLLECTED
    scripts.runpytest("--tcpsim-pkt", "good.pkt", "--tcpsim-pkt-profile=freebsd").assert_outcomes(passed=1)
    result = scripts.runpytest("--tcpsim-pkt", "good.pkt", "--tcpsim-pkt-profile=plan9")
    result.stdout.fnmatch_lines(["*no profile 'plan9'*"])
