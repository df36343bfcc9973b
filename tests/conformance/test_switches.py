"""Every switch of a profile does something, and the two named profiles do what their values say."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.tcp import RFC9293, RFC9293_LITERAL, Profile
from tcpsim.tcp.ambiguities import AMBIGUITIES, of_switch
from tests.conformance.all_switches import SWITCHES

#: What the literal profile shows where more than one of its switches has a say.
LITERALLY: dict[str, Any] = {
    "challenge_limit": 30,
    "challenge_period": 60,
}


def test_every_switch_is_shown() -> None:
    assert SWITCHES.keys() == set(Profile._fields) - {"name"}


@pytest.mark.parametrize("name", SWITCHES)
def test_switch(name: str) -> None:
    flip, default, flipped, show = SWITCHES[name]
    assert flip != getattr(RFC9293, name)
    assert default != flipped
    assert show(RFC9293) == default
    assert show(RFC9293.but(**{name: flip})) == flipped


@pytest.mark.parametrize("name", SWITCHES)
def test_switch_in_the_literal_profile(name: str) -> None:
    _, default, flipped, show = SWITCHES[name]
    same = getattr(RFC9293_LITERAL, name) == getattr(RFC9293, name)
    assert show(RFC9293_LITERAL) == LITERALLY.get(name, default if same else flipped)


def test_the_forty_ambiguities() -> None:
    assert [entry.id for entry in AMBIGUITIES] == [f"A-{n}" for n in range(1, 41)]
    named = [switch for entry in AMBIGUITIES for switch in entry.switches]
    assert len(set(named)) == len(named)
    assert set(named) <= SWITCHES.keys()
    for entry in AMBIGUITIES:
        assert entry.switches or entry.note, f"{entry.id}: no switch, and no word why"
        assert len(entry.values(RFC9293)) == len(entry.switches)


def test_what_the_literal_profile_changes_is_an_ambiguity() -> None:
    for name in Profile._fields:
        if name != "name" and getattr(RFC9293, name) != getattr(RFC9293_LITERAL, name):
            assert of_switch(name) is not None, name
