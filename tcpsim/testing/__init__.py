"""Property-based testing of TCP, and of what runs over it.

``invariants``: what holds whatever the network does.  ``watch``: all of them after every move.  ``weather``:
chosen faults.  ``replay``: a simulation as a script.  These need nothing else; ``strategies`` and ``machine`` need
hypothesis (``pip install tcpsim[testing]``) and are loaded when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .failures import told
from .invariants import InvariantBroken, check_world, everything_closed
from .replay import replay_script
from .watch import Watch, check_run
from .weather import Fault, play

if TYPE_CHECKING:
    from .coverage import RuleCoverage
    from .machine import TcpStateMachine
    from .recorder import recording
    from .strategies import Programs, faults, resets, scripts, segments, seqnums

__all__ = [
    "Fault",
    "InvariantBroken",
    "Programs",
    "RuleCoverage",
    "TcpStateMachine",
    "Watch",
    "check_run",
    "check_world",
    "everything_closed",
    "faults",
    "play",
    "recording",
    "replay_script",
    "resets",
    "scripts",
    "segments",
    "seqnums",
    "told",
]

_LATER = dict.fromkeys(("Programs", "faults", "resets", "scripts", "segments", "seqnums"), "strategies") | {
    "RuleCoverage": "coverage",
    "TcpStateMachine": "machine",
    "recording": "recorder",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
