"""Every set-up comes out as it says, under every profile that it speaks about."""

import pytest

from tcpsim.explore import Expect, Setup, explore
from tcpsim.explore.library import SETUPS

CASES = [(setup, expect) for setup in SETUPS.values() for expect in setup.expects]


def name_of(value: object) -> str:
    if isinstance(value, Setup):
        return value.name
    assert isinstance(value, Expect)
    return "+".join([value.profile, *value.switches, *value.bounds])


@pytest.mark.parametrize(("setup", "expect"), CASES, ids=name_of)
def test_a_setup_comes_out_as_stated(setup: Setup, expect: Expect) -> None:
    changed = setup.but(switches={**setup.switches, **expect.switches})
    result = explore(changed, profile=expect.profile, records=False, **expect.bounds)
    assert result.complete
    assert result.graph.error is None
    assert {verdict.asked.name for verdict in result.verdicts if verdict.broken} == set(expect.fails)


@pytest.mark.deep
@pytest.mark.parametrize("name", ["handshake-and-close", "abort", "half-open", "forged-fin"])
def test_with_more_faults_too(name: str) -> None:
    setup = SETUPS[name]
    result = explore(name, loss=2, duplicate=1, records=False)
    assert result.complete
    assert {verdict.asked.name for verdict in result.verdicts if verdict.broken} == set(setup.expects[0].fails)
