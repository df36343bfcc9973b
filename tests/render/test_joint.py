"""The joint diagram: what it says of traces, what it takes from others, and how it looks."""

import random
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tcpsim.render import joint_data, joint_diagram, joint_diagram_dot, joint_diagram_svg, joint_of, render_dot
from tcpsim.render.errors import UnknownChoice
from tcpsim.render.joint import Joint
from tcpsim.render.joint_svg import joint_drawing
from tcpsim.render.shapes import MARK
from tcpsim.scenarios import SCENARIOS, play
from tcpsim.tcp.states import CLOSED, ESTABLISHED, LISTEN, SYN_RECV, SYN_SENT, State
from tests.helpers.tools import require_tool
from tests.shell.running import one_line, tcpsim

from .geometry import faults, ways_apart

LIBRARY = joint_of(scenario.play().trace for scenario in SCENARIOS.values())


def any_joint(seed: int, steps: int) -> Joint:
    """Pairs and moves of no real run, so that every kind of way is drawn."""
    draw = random.Random(seed)
    states = list(State)

    def pair() -> tuple[State, State]:
        return draw.choice(states), draw.choice(states)

    return joint_data(
        [pair() for _ in range(4)],
        [(pair(), pair(), f"move {draw.randrange(40)}") for _ in range(steps)],
        ends=("left end", "right end"),
        marked=[pair()],
    )


def test_a_handshake_and_close_visit_the_pairs_of_the_book() -> None:
    found = joint_of(play("three-way-handshake").trace)
    assert list(found.pairs) == [
        (CLOSED, CLOSED),
        (CLOSED, LISTEN),
        (SYN_SENT, LISTEN),
        (SYN_SENT, SYN_RECV),
        (ESTABLISHED, SYN_RECV),
        (ESTABLISHED, ESTABLISHED),
    ]
    assert ((SYN_SENT, SYN_RECV), (ESTABLISHED, SYN_RECV), "rcv SYN,ACK / snd ACK") in found.steps
    assert len(found.steps) == 5


def test_who_opens_is_the_first_end_whatever_its_host() -> None:
    for name in SCENARIOS:
        assert (LISTEN, SYN_SENT) not in joint_of(SCENARIOS[name].play().trace).pairs, name


def test_several_traces_and_connections_add_up() -> None:
    one = play("three-way-handshake").trace
    assert joint_of([one, one]).pairs[ESTABLISHED, ESTABLISHED] == 2
    assert joint_of([one, one]).steps == joint_of(one).steps
    assert joint_of([]).pairs == {(CLOSED, CLOSED): 0}


def test_it_needs_no_trace() -> None:
    found = joint_data(
        [(ESTABLISHED, ESTABLISHED)],
        [((SYN_SENT, LISTEN), (SYN_SENT, SYN_RECV), "deliver #1"), ((CLOSED, CLOSED), (CLOSED, CLOSED), "wait")],
        ends=("a", "b"),
        marked=[(ESTABLISHED, CLOSED)],
    )
    assert (ESTABLISHED, CLOSED) in found.pairs
    assert [step.label for step in found.steps] == ["deliver #1"]
    text = joint_diagram_svg(found, title="Two ends")
    assert "deliver #1" in text
    assert "Two ends" in text
    with pytest.raises(UnknownChoice, match="a joint diagram has two"):
        joint_data(ends=("a", "b", "c"))


def test_the_library_as_svg() -> None:
    text = joint_diagram_svg(LIBRARY, names="rfc")
    root = ElementTree.fromstring(text)
    assert root.attrib["role"] == "img"
    words = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert words.count("SYN-RECEIVED") >= 2
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize(
    "data",
    [LIBRARY, joint_data(), *(any_joint(seed, steps) for seed, steps in enumerate((1, 5, 20, 40)))],
    ids=lambda data: f"{len(data.pairs)}-pairs-{len(data.steps)}-moves",
)
def test_nothing_touches_anything(data: Joint) -> None:
    drawing = joint_drawing(data)
    assert faults(drawing) == []
    assert ways_apart(drawing) == []


def test_moves_are_told_apart_without_colour() -> None:
    text = joint_diagram_svg(any_joint(1, 40))
    assert "both move" in text
    assert len(set(re.findall(r'stroke-dasharray="([^"]*)"', text))) == 2


def test_graphviz_takes_it_too() -> None:
    dot = joint_diagram_dot(joint_data([], [((CLOSED, CLOSED), (CLOSED, LISTEN), 'say "hello"')]))
    assert '\\"hello\\"' in dot
    assert joint_diagram_dot(LIBRARY).count(" -> ") == len(LIBRARY.steps)
    require_tool("dot")
    assert render_dot(dot, "svg").startswith(b"<?xml")


def test_it_is_an_object_to_hold_too(tmp_path: Path) -> None:
    trace = play("normal-close").trace
    diagram = joint_diagram(trace)
    assert diagram.svg() == joint_diagram_svg(trace)
    assert repr(diagram) == "<TCP joint state diagram, engine svg>"
    saved = joint_diagram(trace, "graphviz").save(tmp_path / "pairs.gv")
    assert saved.read_text(encoding="utf-8") == joint_diagram_dot(trace)
    with pytest.raises(UnknownChoice, match="svg, graphviz"):
        joint_diagram(trace, "crayon")


def test_from_the_command_line(tmp_path: Path) -> None:
    done = tcpsim("diagram", "pair", "--highlight", "S-08", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "tcp-joint-diagram.svg\n")
    assert f'fill="{MARK}"' in (tmp_path / "tcp-joint-diagram.svg").read_text(encoding="utf-8")
    done = tcpsim("diagram", "pair", "--all", cwd=tmp_path)
    assert done.returncode == 2
    assert "--all has no meaning for the joint diagram" in one_line(done.stderr)


def test_without_dot_it_says_what_to_install_and_leaves_the_source(tmp_path: Path) -> None:
    done = tcpsim("diagram", "pair", "-o", "pairs.png", cwd=tmp_path, env={"PATH": str(tmp_path)})
    assert done.returncode == 2
    line = one_line(done.stderr)
    assert all(words in line for words in ("apt install graphviz", "brew install", "winget install", "pairs.gv"))
    assert [path.name for path in tmp_path.iterdir()] == ["pairs.gv"]
