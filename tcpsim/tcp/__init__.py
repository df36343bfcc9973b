"""RFC 9293 and its companions, sans-IO: no clock, no randomness, no I/O, no network."""

from .connection import Connection
from .errors import CallError, Code, MissingRow, NotationError, TcpsimError
from .notation import format_segment, parse_segment
from .profiles import PROFILES, RFC9293, RFC9293_LITERAL, Profile, get_profile
from .segment import Flags, Segment
from .states import TRANSITIONS, Cue, Do, State, Transition
from .tcb import Tcb

__all__ = [
    "PROFILES",
    "RFC9293",
    "RFC9293_LITERAL",
    "TRANSITIONS",
    "CallError",
    "Code",
    "Connection",
    "Cue",
    "Do",
    "Flags",
    "MissingRow",
    "NotationError",
    "Profile",
    "Segment",
    "State",
    "Tcb",
    "TcpsimError",
    "Transition",
    "format_segment",
    "get_profile",
    "parse_segment",
]
