"""Every test here runs twice: with small initial sequence numbers, and with ones that wrap at once."""

import pytest

pytest.register_assert_rewrite("tests.requirements.stage")

from tests.requirements.stage import Stage  # noqa: E402

MOD = 2**32
NUMBERS = {"plain": (100, 300), "wrap": (MOD - 3, MOD - 7)}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if not metafunc.module.__name__.endswith("test_table"):  # the table has no sequence numbers
        metafunc.fixturenames.insert(0, "numbers")
        metafunc.parametrize("numbers", NUMBERS.values(), ids=list(NUMBERS), indirect=True)


@pytest.fixture
def numbers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stage, "iss", request.param)
