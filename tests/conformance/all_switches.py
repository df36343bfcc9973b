"""Every switch of a profile, always in the same order: each module registers those it is about."""

from __future__ import annotations

from . import (  # noqa: F401
    switches_habits,
    switches_options,
    switches_recovery,
    switches_sockets,
    switches_stacks,
)
from .switches import SWITCHES

__all__ = ["SWITCHES"]
