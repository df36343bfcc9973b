"""What Jupyter shows of a simulation, a trace and a diagram: a picture and text, and never a traceback."""

from typing import Any
from xml.etree import ElementTree

import pytest

from tcpsim import Simulator, Trace, pair
from tcpsim.render import state_diagram
from tcpsim.render.notebook import LONGEST, trace_svg
from tcpsim.scenarios import SCENARIOS, play
from tcpsim.trace.shown import bundle
from tests.render.test_player import transfer

SVG, TEXT = "image/svg+xml", "text/plain"


def objects() -> dict[str, Any]:
    sim = play("lost-fin")
    bare, *_ = pair()
    return {
        "a simulator": sim,
        "a simulator before its first step": bare,
        "a simulator without hosts": Simulator(),
        "a trace": sim.trace,
        "an empty trace": Trace(),
        "a diagram": sim.diagram(),
        "a diagram of nothing": state_diagram(),
    }


@pytest.mark.parametrize("what", objects())
def test_a_picture_and_text(what: str) -> None:
    shown = objects()[what]
    found = shown._repr_mimebundle_()
    assert found[TEXT] == repr(shown)
    root = ElementTree.fromstring(found[SVG])
    assert root.tag.endswith("svg")


def test_only_what_is_wanted() -> None:
    sim = play("lost-fin")
    assert set(sim._repr_mimebundle_(include=[TEXT])) == {TEXT}
    assert set(sim.trace._repr_mimebundle_(exclude=[TEXT])) == {SVG}
    assert set(sim.diagram()._repr_mimebundle_(include=["text/html"])) == set()


def test_a_simulator_without_a_trace_shows_text() -> None:
    sim, *_ = pair(trace="off")
    assert sim._repr_mimebundle_()[TEXT] == repr(sim)


def test_a_picture_that_cannot_be_drawn_is_a_remark() -> None:
    def broken() -> str:
        raise ZeroDivisionError("no paper")

    assert bundle("a thing", broken) == {TEXT: "a thing: no picture, ZeroDivisionError: no paper"}


def test_a_trace_that_makes_no_sense_is_shown_all_the_same() -> None:
    trace = Trace({"hosts": "none"})
    trace.raw.append(("fired", 0, "client", 1, None, "no such rule"))
    found = trace._repr_mimebundle_()
    assert SVG not in found
    assert found[TEXT].startswith(repr(trace))


def test_a_long_trace_is_shown_by_its_states() -> None:
    short, long = transfer(3).trace, transfer(700).trace
    assert len(short) < LONGEST < len(long)
    assert len(trace_svg(long)) < 40_000
    assert "ESTABLISHED" in trace_svg(long)


def test_ipython_shows_it(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython is not installed")
    format = formatters.DisplayFormatter().format
    for name in ("lost-fin", next(iter(SCENARIOS))):
        sim = play(name)
        for shown in (sim, sim.trace, sim.diagram()):
            data, _ = format(shown)
            assert data[TEXT] == repr(shown)
            assert data[SVG].startswith("<svg")
