"""The same socket programs on simulated sockets and on this machine's: they see the same."""

from __future__ import annotations

import inspect
import socket
import sys
from types import ModuleType

import pytest

from . import ending, opening, options, transfer, waiting
from .apis import Program, RealApi, SimulatedApi, run


def programs_of(module: ModuleType) -> list[Program]:
    """The programs of a module: its functions that take an api and nothing else."""
    return [
        function
        for _, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and list(inspect.signature(function).parameters) == ["api"]
    ]


PROGRAMS = {
    f"{module.__name__.rpartition('.')[2]}.{program.__name__}": program
    for module in (opening, transfer, ending, waiting, options)
    for program in programs_of(module)
}

#: Where a simulated socket differs on purpose: what it gives instead, and why.
DIFFERENCES: dict[str, tuple[object, str]] = {
    "ending.shutdown_both_and_data_comes": (
        (8, b"", "BrokenPipeError EPIPE", ["POLLIN", "POLLOUT", "POLLHUP"]),
        "the side that answers late data with a reset is not told of it: it has shut both halves, and RFC 9293 has "
        "no signal there; Linux sets ECONNRESET on its socket too",
    ),
}

needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the contract is with Linux's sockets")


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


@needs_linux
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_sees_the_same_in_both_worlds(name: str) -> None:
    if "v6" in inspect.getsource(PROGRAMS[name]) and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    real = run(PROGRAMS[name], RealApi())
    simulated = run(PROGRAMS[name], SimulatedApi())
    if name in DIFFERENCES:
        assert simulated == DIFFERENCES[name][0] != real
    else:
        assert simulated == real


def test_there_are_enough() -> None:
    assert len(PROGRAMS) >= 60
    assert set(DIFFERENCES) <= set(PROGRAMS)
    assert all(reason for _, reason in DIFFERENCES.values())


if __name__ == "__main__":  # a look at both, side by side
    for name in sys.argv[1:] or PROGRAMS:
        print(name, run(PROGRAMS[name], RealApi()), run(PROGRAMS[name], SimulatedApi()), sep="\n    ")
