"""Which strategies hypothesis's ``from_type`` takes for tcpsim's types.  They are imported when they are drawn."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from ..net.link import Weather
from ..tcp.profiles import Profile
from ..tcp.segment import Segment
from .playing import Fault
from .schedule import Choice

#: Type -> (module, strategy).
TYPES: Final[dict[type, tuple[str, str]]] = {
    Choice: ("worlds", "choices"),
    Fault: ("strategies", "single_faults"),
    Profile: ("worlds", "profiles"),
    Segment: ("strategies", "segments"),
    Weather: ("worlds", "weathers"),
}


def register() -> None:
    """Tell hypothesis; what was registered before is replaced."""
    from hypothesis import strategies as st

    for type, (module, name) in TYPES.items():
        st.register_type_strategy(type, _later(module, name))


def _later(module: str, name: str) -> Any:
    """A function that gives the strategy of that name."""
    return lambda _: getattr(import_module(f"{__package__}.{module}"), name)()
