"""packetdrill scripts: read, printed and run without a kernel, without root, in virtual time."""

from __future__ import annotations

from .emitting import CannotTell, emit
from .parser import parse
from .printer import format_script
from .reading import ScriptError
from .scripts import run_file, run_script
from .tree import PacketdrillScript, plain
from .verdicts import Outcome

__all__ = [
    "CannotTell",
    "Outcome",
    "PacketdrillScript",
    "ScriptError",
    "emit",
    "format_script",
    "parse",
    "plain",
    "run_file",
    "run_script",
]
