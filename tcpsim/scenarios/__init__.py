"""The library: the RFC's figures and the classics, as data.

One module for a chapter, or for part of one; ``model`` says what a scenario is, ``parts`` what they share.
"""

from __future__ import annotations

from ..net.simulator import Simulator
from ..tcp.errors import TcpsimError
from ..tcp.profiles import RFC9293, Profile
from .attacks import ATTACKS
from .closing import CLOSE
from .lesson import Lesson
from .lessons_firewall import FIREWALL
from .lessons_life import LIFE
from .lessons_sockets import SOCKETS
from .lessons_trouble import TROUBLE
from .losses import LOSSES
from .model import HostSpec, Scenario, ScenarioFailed, ScriptSpec
from .network import NETWORK
from .opening import OPENING
from .resets import RESETS
from .transfer import TRANSFER
from .unusual import UNUSUAL
from .waiting import TIME
from .windows import WINDOWS

#: Every scenario by name, in the order of the chapters.
SCENARIOS = {
    scenario.name: scenario
    for scenario in (*OPENING, *UNUSUAL, *WINDOWS, *TRANSFER, *LOSSES, *CLOSE, *RESETS, *NETWORK, *ATTACKS, *TIME)
}


#: Every lesson by name: stories with text, for people who begin.
LESSONS = {
    lesson.name: lesson for lesson in sorted((*SOCKETS, FIREWALL, *LIFE, *TROUBLE), key=lambda lesson: lesson.sid)
}


def get_scenario(name: str) -> Scenario:
    """The scenario or lesson of that name or number (``S-08``).  Raises TcpsimError that suggests a near one."""
    known: tuple[Scenario, ...] = (*SCENARIOS.values(), *LESSONS.values())
    for scenario in known:
        if name.lower() in (scenario.name, scenario.sid.lower()):
            return scenario
    from difflib import get_close_matches

    near = get_close_matches(name, [*SCENARIOS, *LESSONS], 1)
    hint = f"did you mean {near[0]!r}?" if near else "'tcpsim scenarios' lists them"
    raise TcpsimError(f"no scenario {name!r}; {hint}")


def play(name: str, *, profile: Profile = RFC9293, seed: int = 0, trace: str = "brief") -> Simulator:
    """The scenario of that name, run to its end."""
    return get_scenario(name).play(profile=profile, seed=seed, trace=trace)


__all__ = [
    "LESSONS",
    "SCENARIOS",
    "HostSpec",
    "Lesson",
    "Scenario",
    "ScenarioFailed",
    "ScriptSpec",
    "get_scenario",
    "play",
]
