"""State diagrams as files: the suffix decides the format."""

from __future__ import annotations

import os
from typing import Any, Final

from . import output
from .errors import ShellError

DEFAULT_FILE: Final = "tcp-state-diagram.svg"
ENGINES: Final = ("svg", "graphviz")

#: Suffix -> format.  All but SVG and the DOT source itself need Graphviz.
FORMATS: Final = {".svg": "svg", ".gv": "gv", ".dot": "gv", ".png": "png", ".pdf": "pdf"}


class Drawn:
    """A picture that was written to ``path``.  A notebook shows it where it is SVG."""

    def __init__(self, path: str, content: bytes, remark: str = "") -> None:
        self.path = path
        self.content = content
        self.remark = remark

    def _repr_svg_(self) -> str | None:
        return self.content.decode() if self.path.endswith(".svg") else None

    def __repr__(self) -> str:
        return f"wrote {self.path}" + (f" ({self.remark})" if self.remark else "")


def picture(form: str, engine: str = "svg", **options: Any) -> bytes:
    """The state diagram as svg, gv, png or pdf.  ``options``: style, names, highlight.

    Raises MissingTool where the format or the engine needs Graphviz and it is not installed.
    """
    from ..render import render_dot, state_diagram_dot, state_diagram_svg

    if form == "svg" and engine == "svg":
        return state_diagram_svg(**options).encode()
    source = state_diagram_dot(**options)
    return source.encode() if form == "gv" else render_dot(source, form)


def draw(file: str, *, engine: str | None = None, remark: str = "", **options: Any) -> Drawn:
    """Write the state diagram to ``file``.

    Raises ShellError for a suffix without a format, CannotWrite, and MissingTool where Graphviz is needed
    and missing; its source is then left beside, as ``.gv``.
    """
    from ..render.errors import MissingTool

    output.check_writable(file)
    stem, suffix = os.path.splitext(file)
    form = FORMATS.get(suffix.lower())
    if form is None:
        what = f"no picture format has the suffix {suffix!r}" if suffix else "a suffix has to say the format"
        raise ShellError(f"cannot write {output.shown(file)}: {what}; end it in one of {', '.join(FORMATS)}")
    if engine is None:
        engine = "svg" if form == "svg" else "graphviz"
    if engine not in ENGINES:
        raise ShellError(f"no engine {engine!r}; there are {', '.join(ENGINES)}")
    if engine == "svg" and form in ("png", "pdf"):
        raise ShellError(
            f"cannot write {output.shown(file)}: the engine svg writes .svg only; leave it out, or write {stem}.svg"
        )
    try:
        content = picture(form, engine, **options)
    except MissingTool as error:
        source = f"{stem}.gv"
        output.write_file(source, picture("gv", engine, **options))
        raise MissingTool(f"{error}; wrote its source to {source}") from None
    output.write_file(file, content)
    return Drawn(file, content, remark)
