"""A state diagram to hold: shows itself in Jupyter, saves itself to a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from ..trace.shown import bundle
from ..trace.trace import Trace
from .errors import UnknownChoice, check_choice
from .highlight import Heat
from .joint import Joint, joint_diagram_dot
from .joint_svg import joint_diagram_svg
from .state_dot import FORMATS, render_dot, state_diagram_dot
from .state_svg import state_diagram_svg

#: Our own layout, or Graphviz's.
ENGINES: Final = ("svg", "graphviz")


class Diagram:
    """A drawn diagram.  ``source``: the SVG document, or the DOT text that Graphviz is to draw; ``name``: what it is."""

    def __init__(self, source: str, engine: str, name: str = "TCP state diagram") -> None:
        self.source = source
        self.engine = engine
        self.name = name

    def svg(self) -> str:
        """The picture as SVG.  With Graphviz raises ``MissingTool`` where it is not installed."""
        if self.engine == "svg":
            return self.source
        return render_dot(self.source, "svg").decode()

    def save(self, path: str | Path) -> Path:
        """Write the picture; the suffix decides how: .svg, or with Graphviz also .gv, .png, .pdf and others.

        Nothing is written unless the picture is complete.  Raises ``UnknownChoice`` for a suffix that this
        engine cannot write, ``MissingTool`` where Graphviz is needed and missing, OSError.
        """
        path = Path(path)
        path.write_bytes(self._as(path.suffix.lower().removeprefix(".")))
        return path

    def _as(self, format: str) -> bytes:
        if self.engine == "svg":
            if format != "svg":
                raise UnknownChoice(
                    f"no {format or 'file without suffix'} from engine 'svg': "
                    "save it as .svg, or use engine='graphviz'"
                )
            return self.source.encode()
        if format in ("gv", "dot"):
            return self.source.encode()
        return render_dot(self.source, format)

    def _repr_svg_(self) -> str | None:
        return self._repr_mimebundle_().get("image/svg+xml")

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        """What Jupyter shows; text alone where Graphviz is missing.  Never raises."""
        return bundle(repr(self), self.svg, include, exclude)

    def __repr__(self) -> str:
        return f"<{self.name}, engine {self.engine}>"


def state_diagram(
    engine: str = "svg",
    *,
    style: str = "stevens",
    names: str = "tcpsim",
    highlight: Trace | None = None,
    heat: Heat | None = None,
    all: bool = False,
) -> Diagram:
    """The state diagram as an object.

    ``engine``: "svg" is our own layout and needs nothing; "graphviz" lets the ``dot`` program lay it out.
    Other parameters and errors as for ``state_diagram_svg``.
    """
    check_choice("engine", engine, ENGINES)
    options: dict[str, Any] = {"style": style, "names": names, "highlight": highlight, "heat": heat, "all": all}
    draw = state_diagram_svg if engine == "svg" else state_diagram_dot
    return Diagram(draw(**options), engine)


def joint_diagram(source: Joint | Trace | Iterable[Trace], engine: str = "svg", *, names: str = "tcpsim") -> Diagram:
    """The joint diagram as an object: of traces, or of data (see ``joint_data``).  ``engine`` as above."""
    check_choice("engine", engine, ENGINES)
    draw = joint_diagram_svg if engine == "svg" else joint_diagram_dot
    return Diagram(draw(source, names=names), engine, "TCP joint state diagram")


__all__ = ["ENGINES", "FORMATS", "Diagram", "joint_diagram", "state_diagram"]
