"""What pytest is given: which lines each test runs, or which tests to run and for how long.

``TCPSIM_REACH``: a file; coverage.py writes there which test runs which line, and beside it how long each takes.
``TCPSIM_CHOSEN``: a file with ``{test: seconds}``; only these tests run, in this order, and a test that takes longer
than that ends the run with the exit code ``HUNG``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import coverage
import pytest
from hypothesis import Phase, settings

HUNG: Final = 9

#: The examples are those of every run in CI, and a failure is not made smaller: that it fails is enough.
settings.register_profile(
    "mutation",
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=settings.get_profile("default").suppress_health_check,
    phases=[Phase.explicit, Phase.generate],
)


class Measure:
    """Which test runs which line of the engine."""

    def __init__(self, file: str) -> None:
        self.file = Path(file)
        self.coverage = coverage.Coverage(data_file=file, source=["tcpsim/tcp", "tcpsim/net"], config_file=False)
        self.seconds: dict[str, float] = {}
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        if sys.gettrace() is None:  # the test before has used the one place there is for a tracer
            self.coverage.stop()
            self.coverage.start()
        self.coverage.switch_context(item.nodeid)
        start = time.perf_counter()
        result = yield
        self.seconds[item.nodeid] = time.perf_counter() - start
        self.coverage.switch_context("")
        return result

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        self.coverage.save()
        self.file.with_suffix(".json").write_text(json.dumps(self.seconds), encoding="utf-8")


class Choose:
    """The chosen tests, in their order, each within its time."""

    def __init__(self, file: str) -> None:
        self.limits: dict[str, float] = json.loads(Path(file).read_text(encoding="utf-8"))
        signal.signal(signal.SIGALRM, lambda *_: os._exit(HUNG))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        found = {item.nodeid: item for item in items}
        items[:] = [found[test] for test in self.limits if test in found]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        signal.setitimer(signal.ITIMER_REAL, self.limits[item.nodeid])
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


#: Made here, for the engine is imported soon after.
_MEASURE = Measure(os.environ["TCPSIM_REACH"]) if "TCPSIM_REACH" in os.environ else None


def pytest_configure(config: Any) -> None:
    if _MEASURE is not None:
        config.pluginmanager.register(_MEASURE)
    if "TCPSIM_CHOSEN" in os.environ:
        config.pluginmanager.register(Choose(os.environ["TCPSIM_CHOSEN"]))
