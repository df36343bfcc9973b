"""What hypothesis loads at every start, wherever tcpsim is installed: it imports nothing.

Whichever of the two is imported last, hypothesis or tcpsim, lets ``from_type`` know tcpsim's types.
"""

from __future__ import annotations

import sys


def register() -> None:
    """Register the strategies if tcpsim is there; if it comes later, it does so itself."""
    if "tcpsim" in sys.modules:
        from tcpsim.testing.types import register

        register()
