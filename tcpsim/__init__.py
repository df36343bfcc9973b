"""tcpsim: the executable, explainable model of TCP."""

import sys

from . import profiles
from ._version import __version__
from .net import Deadlock, Host, Simulator, Socket, pair
from .tcp import TRANSITIONS, CallError, Code, Flags, Profile, Segment, State, TcpsimError
from .trace import Trace

__all__ = [
    "TRANSITIONS",
    "CallError",
    "Code",
    "Deadlock",
    "Flags",
    "Host",
    "Profile",
    "Segment",
    "Simulator",
    "Socket",
    "State",
    "TcpsimError",
    "Trace",
    "__version__",
    "pair",
    "profiles",
]

if "hypothesis" in sys.modules:  # loaded first: its entry point has found no tcpsim to register types of
    from .testing.types import register

    register()
    del register
