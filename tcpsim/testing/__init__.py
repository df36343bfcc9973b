"""Property-based testing of TCP, and of what runs over it.

- Strategies (``strategies``, ``worlds``): ``seqnums``, ``options``, ``segments``, ``resets``; ``faults`` for ``play``,
  ``weather`` and ``links`` for ``Simulator.link``, ``schedules`` for ``follow``; ``scripts``, ``topologies``, ``profiles``
  and whole ``scenarios``.  ``from_type`` knows them too.
- Invariants (``invariants``, ``streams``, ``watch``): what holds whatever the network does, one by one or all of them
  after every move (``check_world``, ``Watch``, ``check_run``).
- ``TcpStateMachine``: hypothesis plays the network and both users.
- ``told``, ``replay_script``, ``shorten``: a failure as a ladder and as a script that repeats it, in few moves.
- ``RuleCoverage``, ``recording``: which rules have run.

What needs hypothesis (``pip install tcpsim[testing]``) is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .failures import told
from .invariants import InvariantBroken, check_world, everything_closed
from .playing import Fault, play
from .replay import replay_script
from .schedule import Choice, follow
from .shorten import shorten
from .watch import Watch, check_run

if TYPE_CHECKING:
    from .coverage import RuleCoverage
    from .machine import TcpStateMachine
    from .recorder import recording
    from .strategies import Programs, faults, options, resets, scripts, segments, seqnums, single_faults
    from .worlds import (
        PATIENT,
        Topology,
        choices,
        links,
        profiles,
        scenarios,
        schedules,
        topologies,
        weather,
        weathers,
    )

__all__ = [
    "PATIENT",
    "Choice",
    "Fault",
    "InvariantBroken",
    "Programs",
    "RuleCoverage",
    "TcpStateMachine",
    "Topology",
    "Watch",
    "check_run",
    "check_world",
    "choices",
    "everything_closed",
    "faults",
    "follow",
    "links",
    "options",
    "play",
    "profiles",
    "recording",
    "replay_script",
    "resets",
    "scenarios",
    "schedules",
    "scripts",
    "segments",
    "seqnums",
    "shorten",
    "single_faults",
    "told",
    "topologies",
    "weather",
    "weathers",
]

_STRATEGIES = ("Programs", "faults", "options", "resets", "scripts", "segments", "seqnums", "single_faults")
_WORLDS = (
    "PATIENT", "Topology", "choices", "links", "profiles", "scenarios", "schedules", "topologies", "weather", "weathers"
)  # fmt: skip
_LATER = (
    dict.fromkeys(_STRATEGIES, "strategies")
    | dict.fromkeys(_WORLDS, "worlds")
    | {
        "RuleCoverage": "coverage",
        "TcpStateMachine": "machine",
        "recording": "recorder",
    }
)


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
