"""What a notebook shows of a trace."""

from __future__ import annotations

from typing import Final

from ..trace.trace import Trace
from .pictures import picture_svg

#: Records of a trace that is drawn in full whenever somebody looks; a longer one is shown by the states it went through.
LONGEST: Final = 2_000


def trace_svg(trace: Trace) -> str:
    """The picture of ``trace`` that a display can afford, however long the trace is."""
    return picture_svg(trace) if len(trace) <= LONGEST else picture_svg(trace, picture="states")
