"""State diagrams as files: the suffix decides the format."""

from __future__ import annotations

import os
from typing import Any, Final

from . import output
from .errors import ShellError

DEFAULT_FILE: Final = "tcp-state-diagram.svg"
DEFAULT_FILES: Final = {"tcp": DEFAULT_FILE, "pair": "tcp-joint-diagram.svg"}
ENGINES: Final = ("svg", "graphviz")

#: Suffix -> format.  All but SVG, Mermaid and the DOT source itself need Graphviz.
FORMATS: Final = {".svg": "svg", ".mmd": "mmd", ".gv": "gv", ".dot": "gv", ".png": "png", ".pdf": "pdf"}

#: By kind of diagram: what writes it as SVG, in Graphviz's language, in Mermaid's.
_WRITERS: Final = {
    "tcp": {"svg": "state_diagram_svg", "gv": "state_diagram_dot", "mmd": "state_diagram_mmd"},
    "pair": {"svg": "joint_diagram_svg", "gv": "joint_diagram_dot"},
}


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


def picture(form: str, engine: str = "svg", kind: str = "tcp", **options: Any) -> bytes:
    """The diagram as svg, mmd, gv, png or pdf.  ``kind``: "tcp" or "pair"; ``options``: those of what draws it.

    Raises MissingTool where the format or the engine needs Graphviz and it is not installed, ShellError for a
    format that this kind of diagram does not have.
    """
    from .. import render

    writers = _WRITERS[kind]
    if form == "mmd" or (form == "svg" and engine == "svg"):
        if form not in writers:
            raise ShellError(f"no {form} of the joint diagram; there are svg, gv, png, pdf")
        drawn: str = getattr(render, writers[form])(**options)
        return drawn.encode()
    source: str = getattr(render, writers["gv"])(**options)
    return source.encode() if form == "gv" else render.render_dot(source, form)


def draw(file: str, *, engine: str | None = None, kind: str = "tcp", remark: str = "", **options: Any) -> Drawn:
    """Write a diagram to ``file``; ``kind`` and ``options`` as for ``picture``.

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
        engine = "svg" if form in ("svg", "mmd") else "graphviz"
    if engine not in ENGINES:
        raise ShellError(f"no engine {engine!r}; there are {', '.join(ENGINES)}")
    if engine == "svg" and form in ("png", "pdf"):
        raise ShellError(
            f"cannot write {output.shown(file)}: the engine svg writes .svg only; leave it out, or write {stem}.svg"
        )
    try:
        content = picture(form, engine, kind, **options)
    except MissingTool as error:
        source = f"{stem}.gv"
        output.write_file(source, picture("gv", engine, kind, **options))
        raise MissingTool(f"{error}; wrote its source to {source}") from None
    output.write_file(file, content)
    return Drawn(file, content, remark)
