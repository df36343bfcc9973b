"""No segment whatever, in any state and profile, raises or breaks an invariant."""

from __future__ import annotations

import pytest

from tcpsim.tcp import RFC9293, RFC9293_LITERAL, Profile
from tests.conformance.all_switches import SWITCHES
from tests.helpers.fuzz import Broken, Fuzzer

#: The two profiles, often, and every single switch turned over in each.
OPTIONS = {"timestamps": True, "window_scale": 2}
PROFILES: list[Profile] = [RFC9293, RFC9293_LITERAL] * 20 + [
    RFC9293.but(name="rfc9293 with options", **OPTIONS),
    RFC9293.but(name="rfc9293 with options, reopening", reopen_time_wait="6191", **OPTIONS),
    RFC9293.but(name="half-duplex", half_duplex_close=True, fin_wait_2_timeout=1_000_000_000),
] * 10
for _name, _switch in SWITCHES.items():
    PROFILES += [
        RFC9293.but(name=f"rfc9293 with {_name}={_switch.flip!r}", **{_name: _switch.flip}),
        RFC9293_LITERAL.but(name=f"rfc9293_literal with {_name}={_switch.flip!r}", **{_name: _switch.flip}),
    ]

EPISODE = 30


def play(first_seed: int, segments: int) -> int:
    """Episodes until so many segments have arrived; how many episodes."""
    seed, arrived = first_seed, 0
    while arrived < segments:
        fuzzer = Fuzzer(seed, PROFILES)
        try:
            arrived += sum(1 for _ in fuzzer.segments(EPISODE))
        except Broken:
            raise
        except Exception as error:
            raise fuzzer.broken(f"{type(error).__name__}: {error}") from error
        seed += 1
    return seed - first_seed


@pytest.mark.parametrize("part", range(4))
def test_fuzzed_segments(part: int) -> None:
    play(part * 1_000_000, 25_000)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(100))
def test_many_fuzzed_segments(part: int) -> None:
    play(10_000_000 + part * 1_000_000, 100_000)


def test_an_episode_is_the_same_every_time() -> None:
    stories = []
    for _ in range(2):
        fuzzer = Fuzzer(7, PROFILES)
        assert sum(1 for _ in fuzzer.segments(200)) > 100
        stories.append((fuzzer.story, fuzzer.conn.key()))
    assert stories[0] == stories[1]
