"""All verbs of the REPL, chapter by chapter in the order in which help() shows them."""

from __future__ import annotations

from . import going, library, looking, network, travel
from .registry import CHAPTERS, VERBS

#: The modules of the chapters, in order; importing them has filled the table.
MODULES = (going, travel, network, looking, library)
_ORDER = [module.__name__ for module in MODULES]
for _name in sorted(VERBS, key=lambda name: _ORDER.index(VERBS[name].__module__)):
    VERBS[_name] = VERBS.pop(_name)

__all__ = ["CHAPTERS", "MODULES", "VERBS"]
