"""The state diagram for Graphviz, and diagrams as objects."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tcpsim.render import (
    Diagram,
    DrawingFailed,
    MissingTool,
    UnknownChoice,
    render_dot,
    state_diagram,
    state_diagram_dot,
    state_diagram_svg,
)
from tcpsim.tcp.errors import TcpsimError
from tcpsim.tcp.states import TRANSITIONS, State
from tests.helpers.tools import require_tool

from .traces import handshake

FIGURE5 = {(row.src.name, row.dst.name) for row in TRANSITIONS if row.figure5}


@pytest.mark.parametrize("style", ["stevens", "rfc"])
def test_the_source_has_the_edges_of_figure_5(style: str) -> None:
    source = state_diagram_dot(style=style)
    edges = re.findall(r"^  (\w+) -> (\w+) \[", source, re.MULTILINE)
    assert len(edges) == 20
    assert set(edges) == FIGURE5
    assert set(re.findall(r"^  ([A-Z_0-9]+) \[", source, re.MULTILINE)) == set(State.__members__)


def test_the_paths_are_told_apart_by_dashes_too() -> None:
    source = state_diagram_dot()
    (server,) = re.findall(r"^  LISTEN -> SYN_RECV \[.*$", source, re.MULTILINE)
    (client,) = re.findall(r"^  SYN_SENT -> ESTABLISHED \[.*$", source, re.MULTILINE)
    assert "style=dashed" in server
    assert "style=dashed" not in client
    assert "penwidth" in client


@pytest.mark.parametrize("style", ["stevens", "rfc"])
def test_graphviz_draws_it(style: str) -> None:
    require_tool("dot")
    source = state_diagram_dot(style=style, names="rfc", highlight=handshake().trace)
    svg = ElementTree.fromstring(render_dot(source))
    ns = "{http://www.w3.org/2000/svg}"
    titles = [
        group.findtext(f"{ns}title") or "" for group in svg.iter(f"{ns}g") if group.attrib.get("class") == "edge"
    ]
    assert {tuple(title.split("->")) for title in titles} == FIGURE5
    assert render_dot(source, "png").startswith(b"\x89PNG")


def test_graphviz_refuses_nonsense_in_its_own_words() -> None:
    require_tool("dot")
    with pytest.raises(DrawingFailed, match="syntax error"):
        render_dot("digraph {")


def test_without_dot_it_says_in_one_line_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool) as caught:
        render_dot(state_diagram_dot())
    message = str(caught.value)
    assert "apt install graphviz" in message
    assert "brew install graphviz" in message
    assert "\n" not in message
    assert isinstance(caught.value, TcpsimError)
    target = tmp_path / "picture.png"
    with pytest.raises(MissingTool):
        state_diagram("graphviz").save(target)
    assert not target.exists()


def test_an_unknown_format_says_which_there_are() -> None:
    with pytest.raises(UnknownChoice, match=r"no format 'docx'; .*svg, png, pdf"):
        render_dot(state_diagram_dot(), "docx")


def test_our_own_diagram_shows_and_saves_itself(tmp_path: Path) -> None:
    diagram = state_diagram()
    assert diagram.source == state_diagram_svg() == diagram._repr_svg_()
    assert diagram._repr_mimebundle_()["image/svg+xml"] == diagram.source
    path = diagram.save(tmp_path / "states.svg")
    assert path.read_text(encoding="utf-8") == diagram.source
    with pytest.raises(UnknownChoice, match="use engine='graphviz'"):
        diagram.save(tmp_path / "states.png")
    assert not (tmp_path / "states.png").exists()


def test_a_graphviz_diagram_saves_its_source_without_graphviz(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    diagram = state_diagram("graphviz", style="rfc")
    assert isinstance(diagram, Diagram)
    saved = diagram.save(tmp_path / "states.gv").read_text(encoding="utf-8")
    assert saved == state_diagram_dot(style="rfc")
    bundle = diagram._repr_mimebundle_()  # never raises: Jupyter would show a traceback
    assert "image/svg+xml" not in bundle
    assert "apt install graphviz" in bundle["text/plain"]


def test_a_wrong_engine_says_which_there_are() -> None:
    with pytest.raises(UnknownChoice, match="svg, graphviz"):
        state_diagram("crayon")
