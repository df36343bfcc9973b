"""Which picture of a trace an .svg or an .mmd holds."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from ..trace.trace import Trace
from .errors import UnknownChoice, check_choice

#: The pictures of a trace as SVG: module, function, and the options it takes.  The first is the default.
PICTURES: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "ladder": (
        "ladder_svg",
        "ladder_svg",
        ("numbers", "names", "hosts", "conn", "scale", "variables", "start", "end", "most"),
    ),
    "sequence": ("sequence_plot", "sequence_svg", ("conn", "start", "end", "most")),
    "variables": ("variables_plot", "variables_svg", ("variables", "conn", "start", "end")),
    "states": ("state_svg", "states_of", ("names",)),
    "joint": ("joint_svg", "joint_diagram_svg", ("names",)),
}

#: The same for Mermaid.
MERMAID: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "ladder": ("mermaid", "sequence_mmd", ("numbers", "names", "hosts", "conn")),
    "states": ("state_mmd", "states_mmd", ("names",)),
}


def picture_svg(trace: Trace, *, picture: str = "ladder", **options: Any) -> str:
    """``trace`` as an SVG document; ``picture``: one of ``PICTURES``.  Raises ``UnknownChoice``."""
    return _draw(PICTURES, trace, picture, options)


def picture_mmd(trace: Trace, *, picture: str = "ladder", **options: Any) -> str:
    """``trace`` in Mermaid's language; ``picture``: one of ``MERMAID``.  Raises ``UnknownChoice``."""
    return _draw(MERMAID, trace, picture, options)


def _draw(
    known: dict[str, tuple[str, str, tuple[str, ...]]], trace: Trace, picture: str, options: dict[str, Any]
) -> str:
    check_choice("picture", picture, known)
    module, function, takes = known[picture]
    for name in options:
        if name not in takes:
            raise UnknownChoice(f"no option {name!r} for the picture {picture!r}: it takes {', '.join(takes)}")
    drawn: str = getattr(import_module(f"{__package__}.{module}"), function)(trace, **options)
    return drawn
