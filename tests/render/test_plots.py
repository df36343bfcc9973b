"""The plots: their numbers are the trace's, their lines are bounded, and nothing in them touches anything."""

import re
from xml.etree import ElementTree

import pytest

import tcpsim
from tcpsim.render import UnknownChoice, sequence_svg, variables_svg
from tcpsim.render.chart import Panel, ticks
from tcpsim.render.sequence_plot import sequence_drawing, sequence_graph
from tcpsim.render.shapes import Mark, Rect, Stroke, Text
from tcpsim.render.variables_plot import courses_of, variables_drawing
from tcpsim.scenarios import play
from tcpsim.trace import Trace

from .geometry import faults
from .traces import handshake


def transfer() -> Trace:
    """A transfer through a small window, with two losses and a slow segment."""
    sim = tcpsim.Simulator(seed=5, trace="full")
    client, server = sim.host("client"), sim.host("server", rcv_buf=8000)
    sim.link(client, server, delay="20ms", faults=[(9, "lose"), (20, "lose"), (21, "delay", "50ms")])
    listener = server.listen(80)
    conn = client.connect("server", 80)
    sim.run()
    peer, _ = listener.accept()
    for _ in range(8):
        conn.send(b"x" * 4000)
        sim.run(for_="60ms")
        peer.recv(3000)
    sim.run(for_="3s")
    peer.recv(99_999)
    sim.run(for_="2s")
    return sim.trace


BUSY = transfer()


def test_the_numbers_are_the_traces() -> None:
    graph = sequence_graph(BUSY)
    assert (graph.segments[0].low, graph.segments[0].high) == (0, 1)  # the SYN takes one number
    assert max(one.high for one in graph.segments) == 32_000 + 1
    assert sum(one.lost for one in graph.segments) == 2
    assert sum(one.again for one in graph.segments) == 2
    assert graph.acks[-1][1] == max(one.high for one in graph.segments)
    numbers = [ack for _, ack in graph.acks]
    assert numbers == sorted(numbers)
    assert all(edge >= ack for (_, edge), (_, ack) in zip(graph.edges, graph.acks, strict=True))


def test_numbers_wrap() -> None:
    story = handshake(client_iss=2**32 - 2)
    story.sent(40, "client", "P.", 2**32 - 1, 301, octets=10)
    story.sent(50, "client", "P.", 9, 301, octets=10)
    assert [(one.low, one.high) for one in sequence_graph(story.trace).segments] == [(0, 1), (1, 11), (11, 21)]


def test_windows_are_scaled_only_when_both_syns_offer_it() -> None:
    def edges(*offers: int | None) -> list[int]:
        sim = tcpsim.Simulator(trace="full")
        for name, offer in zip(("client", "server"), offers, strict=True):
            sim.host(name, window_scale=offer, rcv_buf=1 << 20)
        sim.link("client", "server")
        sim.hosts["server"].listen(80)
        sim.hosts["client"].connect("server", 80).send(b"x")
        sim.run()
        return [edge for _, edge in sequence_graph(sim.trace).edges]

    assert max(edges(5, 5)) > 500_000
    assert max(edges(None, 5)) <= 70_000


def test_the_senders_end_is_chosen_or_named() -> None:
    assert sequence_graph(BUSY).who.startswith("10.0.0.1:")
    other = next(record.conn for record in BUSY.of("sent", where="server"))
    assert sequence_graph(BUSY, conn=other).who.startswith("10.0.0.2:80")
    with pytest.raises(UnknownChoice, match="no connection '77'"):
        sequence_svg(BUSY, conn=77)
    with pytest.raises(UnknownChoice, match="no segments"):
        sequence_svg(Trace())


def test_losses_and_repeats_are_signs_not_colours_only() -> None:
    marks = [shape for shape in sequence_drawing(BUSY).shapes if isinstance(shape, Mark) and shape.of == "segment"]
    assert [mark.kind for mark in marks].count("cross") == 2 + 1  # and the legend's
    assert [mark.kind for mark in marks].count("ring") == 2 + 1


@pytest.mark.parametrize("options", [{}, {"most": 3}, {"start": "100ms", "end": "1s"}])
def test_nothing_touches_anything_in_the_graph(options: dict[str, object]) -> None:
    drawing = sequence_drawing(BUSY, **options)  # type: ignore[arg-type]
    assert faults(drawing) == []
    ElementTree.fromstring(sequence_svg(BUSY, **options))  # type: ignore[arg-type]


def test_a_crowd_becomes_a_summary_that_says_so() -> None:
    story = handshake()
    for n in range(4000):
        story.sent(40 + n, "client", ".", 101 + 10 * n, 301, octets=10)
    drawing = sequence_drawing(story.trace)
    assert any("4001 segments" in shape.text for shape in drawing.shapes if isinstance(shape, Text))
    assert len(drawing.shapes) < 1200
    assert len(sequence_svg(story.trace)) < 300_000


def test_variables_step_from_value_to_value() -> None:
    number, where, courses, last = courses_of(BUSY, ("snd_una", "srtt"))
    assert (where, number) == ("client", next(record.conn for record in BUSY.of("sent", where="client")))
    una = dict(courses[0].points)
    assert list(una.values())[-1] - next(iter(una.values())) == 32_001
    times = [value for _, value in courses[1].points]
    assert len(set(times)) > 2
    assert last <= 5


def test_variables_have_a_panel_for_octets_and_one_for_times() -> None:
    drawing = variables_drawing(BUSY, variables=("cwnd", "srtt", "rttvar"))
    assert faults(drawing) == []
    words = [shape.text for shape in drawing.shapes if isinstance(shape, Text)]
    assert {"octets, or as they are counted", "time (ms)", "cwnd", "srtt", "rttvar"} <= set(words)
    lines = [
        shape for shape in drawing.shapes if isinstance(shape, Stroke) and shape.of in ("cwnd", "srtt", "rttvar")
    ]
    assert len({line.dash for line in lines}) == 3
    ElementTree.fromstring(variables_svg(BUSY))


def test_what_has_no_bound_does_not_decide_the_scale() -> None:
    trace = Trace(level="full")
    for t, cwnd, ssthresh in ((0, 1000, 2**30), (1, 2000, 2**30), (2, 1000, 1000)):
        changed = {"cwnd": (0, cwnd), "ssthresh": (2**30, ssthresh)}
        trace.raw.append(("vars", t * 10**9, "client", 1, None, changed))
    words = [shape.text for shape in variables_drawing(trace).shapes if isinstance(shape, Text)]
    assert "2\N{NO-BREAK SPACE}000" in words
    assert not any(len(word) > 12 and word[0].isdigit() for word in words)


@pytest.mark.parametrize(
    ("trace", "options", "words"),
    [
        (play("normal-close").trace, {}, "only a trace of level full"),
        (BUSY, {"variables": ("state",)}, "no variable 'state'"),
        (BUSY, {"variables": ("snd_una", "mood")}, "no variable 'mood'.*snd_nxt"),
        (BUSY, {"conn": 99}, "no connection '99'"),
    ],
)
def test_what_cannot_be_plotted(trace: Trace, options: dict[str, object], words: str) -> None:
    with pytest.raises(UnknownChoice, match=words):
        variables_svg(trace, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 0.004), (3, 3), (0, 123_456_789), (-5, 5), (0.1, 0.1001)])
def test_ticks_are_round_within_bounds_and_few(low: float, high: float) -> None:
    found = ticks(low, high, 6)
    assert len(found) <= 7
    assert all(low - 1e-9 <= value <= high + 1e-9 for value, _ in found)
    assert len({words for _, words in found}) == len(found)
    assert all(re.fullmatch(r"-?[\d\N{NO-BREAK SPACE}]+(\.\d+)?", words) for _, words in found)


def test_a_thinned_line_keeps_its_extremes() -> None:
    panel = Panel(Rect(0, 0, 100, 100), (0, 100_000), (0, 1000), "")
    points = [(float(n), 1000.0 if n == 50_001 else 0.0 if n == 50_003 else 500.0) for n in range(100_000)]
    way = panel.steps(points, 100_000)
    assert len(way) < 1700
    assert {0.0, 100.0} <= {y for _, y in way}
