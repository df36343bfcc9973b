"""Profiles: frozen values with named switches."""

from __future__ import annotations

import pickle

import pytest

import tcpsim
from tcpsim.tcp import PROFILES, RFC9293, RFC9293_LITERAL, Profile, TcpsimError, get_profile

SWITCHES = [name for name in Profile._fields if name != "name"]


def other_value(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return "other" if isinstance(value, str) else 12_345


@pytest.mark.parametrize("name", SWITCHES)
def test_but_changes_one_switch_of_a_new_profile(name: str) -> None:
    before = pickle.dumps(RFC9293)
    new = RFC9293.but(**{name: other_value(getattr(RFC9293, name))})
    assert getattr(new, name) != getattr(RFC9293, name)
    assert all(getattr(new, other) == getattr(RFC9293, other) for other in SWITCHES if other != name)
    assert new != RFC9293
    assert pickle.dumps(RFC9293) == before


def test_the_name_says_that_it_was_changed() -> None:
    once = RFC9293.but(msl=1)
    assert (RFC9293.name, once.name, once.but(msl=2).name) == ("rfc9293", "rfc9293+", "rfc9293+")
    assert RFC9293.but(name="mine", msl=1).name == "mine"


def test_an_unknown_switch_is_named() -> None:
    with pytest.raises(TcpsimError, match=r"^profile rfc9293 has no switch 'nagel'; it has .*nagle"):
        RFC9293.but(nagel=False)


def test_frozen_and_hashable() -> None:
    with pytest.raises(AttributeError):
        RFC9293.msl = 1  # type: ignore[misc]
    assert hash(RFC9293) == hash(Profile())
    assert Profile() == RFC9293
    assert len({RFC9293, RFC9293_LITERAL, RFC9293.but(), RFC9293.but()}) == 3


@pytest.mark.parametrize("spelling", ["rfc9293", "RFC9293", "rfc9293_literal", "RFC9293-literal"])
def test_found_by_name(spelling: str) -> None:
    profile = get_profile(spelling)
    assert profile is PROFILES[profile.name]
    assert profile.name == spelling.lower().replace("-", "_")


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(TcpsimError, match="no profile 'bsd'; there are rfc9293, rfc9293_literal"):
        get_profile("bsd")


def test_the_defaults_of_the_standard() -> None:
    """MUST-13 and 3.4.2, RFC 6298 2.1, 2.4, MUST-15, SHLD-11, MUST-23, MUST-40, 3.9.1.1."""
    second = 10**9
    profile = RFC9293
    assert profile.msl == 120 * second
    assert (profile.rto_initial, profile.rto_min) == (second, second)
    assert profile.rto_max >= 60 * second
    assert profile.mss_default == 536
    assert profile.r1 >= 3
    assert profile.r2 is not None
    assert profile.r2 >= 100 * second
    assert profile.r2_syn is not None
    assert profile.r2_syn >= 180 * second
    assert 0 < profile.ack_delay < second // 2
    assert profile.user_timeout == 300 * second


def test_public_under_the_package() -> None:
    assert tcpsim.profiles.RFC9293 is RFC9293
    assert tcpsim.profiles.get_profile is get_profile
