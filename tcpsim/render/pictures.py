"""Which picture of a trace an .svg holds."""

from __future__ import annotations

from typing import Any, Final

from ..trace.trace import Trace
from .errors import check_choice
from .state_svg import state_diagram_svg

#: The pictures that a trace can be drawn as; the first is the default.
PICTURES: Final = ("states",)


def picture_svg(trace: Trace, *, picture: str = PICTURES[0], names: str = "tcpsim", **options: Any) -> str:
    """``trace`` as an SVG document; ``picture``: one of ``PICTURES``."""
    check_choice("picture", picture, PICTURES)
    return state_diagram_svg(names=names, highlight=trace)
