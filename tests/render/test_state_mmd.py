"""The state diagram for Mermaid, and the sequence diagram beside it."""

import re

import pytest

import tcpsim
from tcpsim.render import state_diagram_mmd
from tcpsim.render.edges import STYLES, edges_of, figure5_rows
from tcpsim.render.mermaid import MOST_LINES, NOT_SHOWN, sequence_mmd
from tcpsim.scenarios import play
from tcpsim.tcp.states import TRANSITIONS, State

from .traces import handshake

EDGE = re.compile(r"^    (\w+) --> (\w+) : (.+)$", re.MULTILINE)


@pytest.mark.parametrize("style", STYLES)
def test_every_edge_of_the_figure_stands_in_it_with_words(style: str) -> None:
    text = state_diagram_mmd(style=style)
    assert text.startswith("stateDiagram-v2\n")
    found = EDGE.findall(text)
    assert {(src, dst) for src, dst, _ in found} == {
        (str(edge.src), str(edge.dst)) for edge in edges_of(figure5_rows())
    }
    # A colon would end the label, and a semicolon the line.
    assert not any(re.search(r":|;(?<!#58;)(?<!#59;)(?<!#35;)", words) for _, _, words in found)
    assert "%% Mermaid cannot show" in text


def test_all_edges_and_what_the_figure_lacks() -> None:
    found = EDGE.findall(state_diagram_mmd(all=True))
    assert {(src, dst) for src, dst, _ in found} == {(str(row.src), str(row.dst)) for row in TRANSITIONS}
    marked = [(src, dst) for src, dst, words in found if "not in Figure 5" in words]
    assert ("ESTABLISHED", "CLOSED") in marked
    assert len(marked) == len(found) - 20


def test_a_trace_and_heat_are_told_in_words() -> None:
    trace = handshake().trace
    text = state_diagram_mmd(highlight=trace, names="rfc")
    assert "4#58; client" in text
    assert 'state "SYN-RECEIVED" as SYN_RECV' in text
    assert f"class {State.ESTABLISHED} now" in text
    assert "×1" in state_diagram_mmd(heat=trace)


def test_a_sequence_diagram_says_what_it_cannot_show() -> None:
    text = sequence_mmd(handshake().trace)
    assert text.startswith("sequenceDiagram\n")
    assert all(f"%% {line}" in text for line in NOT_SHOWN)
    assert "h0->>h1: 0.000 → 0.010  SYN SEQ=100 WND=1000" in text
    assert "h1->>h0: 0.010 → 0.020  SYN,ACK SEQ=300 ACK=101 WND=1000" in text
    assert "Some packets are slow" not in text


def test_losses_and_slow_packets_stand_out() -> None:
    story = handshake()
    lost = story.sent(40, "client", ".", 101, 301, octets=5)
    story.lost(40, lost)
    story.sent(50, "client", "F.", 101, 301)
    text = sequence_mmd(story.trace)
    assert re.search(r"h0-xh1: .*\(lost\)", text)
    assert "Some packets are slow" in text


def test_packets_that_cross_are_told_of() -> None:
    assert "cross" in sequence_mmd(play("simultaneous-open").trace).split("participant h1")[1]
    for name in ("normal-close", "lost-syn-ack"):
        assert "cross" not in sequence_mmd(play(name).trace).split("participant h1")[1]


def test_more_than_two_hosts_each_have_a_line() -> None:
    sim = tcpsim.Simulator()
    for name in ("alice", "server", "carol"):
        sim.host(name)
    for name in ("alice", "carol"):
        sim.link(name, "server")
    sim.hosts["server"].listen(80)
    for name in ("alice", "carol"):
        sim.hosts[name].connect("server", 80)
    sim.run()
    text = sequence_mmd(sim.trace, numbers="relative")
    assert "participant h2 as carol 10.0.0.3" in text
    assert re.search(r"h2->>h1: 0\.000 → 0\.010  SYN SEQ=0 ", text)
    assert "Note over h1: SYN_RECV" in text
    assert text.count("participant") == 3


def test_a_long_trace_is_cut_and_says_so() -> None:
    story = handshake()
    for n in range(MOST_LINES):
        packet = story.sent(40 + n, "client", ".", 101, 301)
        story.arrived(40.5 + n, "server", packet)
    text = sequence_mmd(story.trace)
    assert "more events are left out" in text
    assert text.count("->>") <= MOST_LINES


def test_names_cannot_break_the_diagram() -> None:
    from .traces import Story

    story = Story(("end; Note over h1: gotcha", "10.0.0.1"), ("server", "10.0.0.2"))
    text = sequence_mmd(story.trace)
    assert "participant h0 as end#59; Note over h1: gotcha 10.0.0.1" in text
