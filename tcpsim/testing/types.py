"""Which strategies hypothesis's ``from_type`` takes for tcpsim's types.  They are imported when they are drawn."""

from __future__ import annotations

from typing import Any

from ..net.link import Weather
from ..tcp.profiles import Profile
from ..tcp.segment import Segment
from .weather import Fault


def register() -> None:
    """Tell hypothesis; what was registered before is replaced."""
    from hypothesis import strategies as st

    st.register_type_strategy(Segment, _later("segments"))
    st.register_type_strategy(Profile, _later("profiles"))
    st.register_type_strategy(Weather, _later("weathers"))
    st.register_type_strategy(Fault, _later("single_faults"))


def _later(name: str) -> Any:
    """A function that gives the strategy of that name."""

    def strategy(_: type) -> Any:
        from . import strategies

        return getattr(strategies, name)()

    return strategy
