"""The ladder as a picture: what it shows of a run, and that nothing in it touches anything else."""

import re
from xml.etree import ElementTree

import pytest

import tcpsim
from tcpsim.render import UnknownChoice, ladder_svg
from tcpsim.render.ladder_arrows import resent
from tcpsim.render.ladder_spans import spans_of
from tcpsim.render.ladder_svg import ladder_drawing
from tcpsim.render.shapes import Drawing, Mark, Plate, Stroke, Text
from tcpsim.render.story import read_story
from tcpsim.scenarios import SCENARIOS, play
from tcpsim.trace import Trace

from .geometry import faults
from .traces import handshake


def three_hosts() -> Trace:
    """Two clients of one server, a duplicate, a loss, a slow packet, one that passes by, one in flight."""
    sim = tcpsim.Simulator(seed=3, trace="full")
    alice, server, carol = sim.host("alice"), sim.host("server"), sim.host("carol")
    sim.link(alice, server, delay="10ms", faults=[(3, "duplicate"), (4, "lose"), (6, "delay", "35ms")])
    sim.link(carol, server, delay="25ms")
    sim.link(alice, carol, delay="15ms")
    listener = server.listen(80)
    one, other = alice.connect("server", 80), carol.connect("server", 80)
    sim.run()
    peer, _ = listener.accept()
    one.send(b"a" * 1200)
    one.send(b"b" * 700)
    other.send(b"hello")
    sim.run(for_="3s")
    carol.listen(90)
    alice.connect("carol", 90)
    sim.run(for_="1s")
    one.close()
    sim.run(for_="1s")
    peer.recv(4000)
    peer.close()
    sim.run(for_="100ms")
    other.abort()
    sim.run(for_="15ms")
    return sim.trace


BUSY = three_hosts()
#: One of each kind: plain, crossing, forged, lost, a socket connected to itself, many timers.
SAMPLES = (
    "normal-close", "simultaneous-open", "old-duplicate-syn", "lost-syn-ack", "self-connect-echo", "half-close",
    "time-wait-assassination-foiled",
)  # fmt: skip


def texts(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Text)]


def strokes(drawing: Drawing, of: str) -> list[Stroke]:
    return [shape for shape in drawing.shapes if isinstance(shape, Stroke) and shape.of.startswith(of)]


@pytest.mark.parametrize("scale", ["compressed", "true"])
@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_touches_anything(name: str, scale: str) -> None:
    trace = play(name, trace="full").trace
    assert faults(ladder_drawing(trace, scale=scale, variables=("snd_una", "rcv_nxt"))) == []


@pytest.mark.deep
@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_touches_anything_in_the_whole_library(name: str) -> None:
    trace = SCENARIOS[name].play(trace="full").trace
    for options in ({}, {"scale": "true"}, {"numbers": "relative", "names": "rfc", "variables": ("snd_nxt",)}):
        assert faults(ladder_drawing(trace, **options)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", ["compressed", "true"])
def test_three_hosts_touch_nothing_either(scale: str) -> None:
    drawing = ladder_drawing(BUSY, scale=scale, numbers="relative", variables=("snd_una", "rcv_nxt"))
    assert faults(drawing) == []
    assert sum(isinstance(shape, Plate) and shape.of == "lifeline 1" for shape in drawing.shapes) == 1
    assert {"alice", "server", "carol", "alice:49152 SYN_RECV", "carol:49152 SYN_RECV"} <= set(texts(drawing))


def test_every_segment_of_a_plain_run_is_drawn_and_told() -> None:
    trace = play("normal-close", trace="full").trace
    drawing = ladder_drawing(trace)
    told = [text for text in texts(drawing) if "SEQ=" in text]
    assert len(told) == len(strokes(drawing, "packet")) == len(trace.sent()) == 7
    assert "FIN,ACK  SEQ=100  ACK=300  WND=1000" in told
    assert {"connect(10.0.0.2, 80)", "SYN_SENT", "TIME_WAIT", "2MSL timer runs out"} <= set(texts(drawing))


def test_arrows_slant_downwards_by_their_delay_and_cross() -> None:
    drawing = ladder_drawing(play("old-duplicate-syn").trace, scale="true")
    drops = {stroke.of: stroke.points[1][1] - stroke.points[0][1] for stroke in strokes(drawing, "packet")}
    assert all(drop > 0 for drop in drops.values())
    assert max(drops.values()) > 4 * min(drops.values())


def test_a_lost_packet_ends_in_a_cross_between_the_lifelines() -> None:
    drawing = ladder_drawing(play("lost-syn-ack").trace)
    (cross,) = [shape for shape in drawing.shapes if isinstance(shape, Mark) and shape.kind == "cross"]
    left, right = (stroke.points[0][0] for stroke in strokes(drawing, "lifeline"))
    assert left < cross.at[0] < right
    (arrow,) = strokes(drawing, cross.of)
    assert arrow.head == 0


def test_duplicates_and_what_was_sent_again_look_different_without_colour() -> None:
    drawing = ladder_drawing(BUSY)
    dashes = {stroke.dash for stroke in strokes(drawing, "packet")}
    assert dashes == {"", "8 4", "2 3"}
    assert {"segment", "sent again", "duplicate made by the network"} <= set(texts(drawing))


def test_what_is_sent_again_is_found_by_its_numbers() -> None:
    story = read_story(play("lost-syn-ack").trace)
    again = [story.packets[number].seg.names for number in sorted(resent(story))]
    assert again == ["SYN", "SYN,ACK"]
    assert resent(read_story(play("normal-close").trace)) == set()


def test_timers_are_spans_with_a_letter() -> None:
    trace = play("normal-close", trace="full").trace
    drawing = ladder_drawing(trace)
    assert [text for text in texts(drawing) if text in ("R", "T")] == ["R", "R", "R", "R", "T"]
    assert {"R  retransmission timer", "T  2MSL timer"} <= set(texts(drawing))
    spans = spans_of(trace, read_story(trace))
    assert [(span.name, span.how) for span in spans][-1] == ("2MSL", "runs out")
    assert all(span.end is None or span.end > span.start for span in spans)
    assert strokes(ladder_drawing(trace, timers=False), "timer") == []


def test_variables_stand_along_the_lifelines_in_the_numbers_asked_for() -> None:
    trace = play("normal-close", trace="full").trace
    assert "snd_una=100" in texts(ladder_drawing(trace, variables=("snd_una",)))
    assert "snd_una=1" in texts(ladder_drawing(trace, variables=("snd_una",), numbers="relative"))
    assert not any("snd_una" in text for text in texts(ladder_drawing(trace)))


def test_a_long_wait_is_cut_and_says_how_long_it_was() -> None:
    drawing = ladder_drawing(play("normal-close").trace)
    assert "239.990 s" in texts(drawing)
    assert drawing.height < 1200


def test_a_window_and_a_bound_and_what_they_leave_out() -> None:
    trace = play("normal-close").trace
    whole = len(read_story(trace).events)
    drawing = ladder_drawing(trace, start="100ms", end="200ms", most=4)
    (remark,) = [text for text in texts(drawing) if "lie outside" in text]
    outside = int(re.findall(r"(\d+) events lie outside", remark)[0])
    assert f"{whole - outside - 4} more events follow" in remark
    assert "240.140" not in texts(drawing)
    with pytest.raises(UnknownChoice, match="draw one event at least"):
        ladder_drawing(trace, most=0)


def test_the_picture_of_a_long_trace_is_bounded() -> None:
    sizes = []
    for count in (2000, 4000):
        story = handshake()
        for n in range(count):
            packet = story.sent(40 + n, "client", ".", 101 + n, 301, octets=1)
            story.arrived(45 + n, "server", packet)
        sizes.append(len(ladder_svg(story.trace)))
    assert abs(sizes[0] - sizes[1]) < 10
    assert sizes[0] < 300_000


def test_an_empty_trace_is_a_picture_too() -> None:
    assert "nothing has happened" in ladder_svg(Trace())


def test_the_document_is_well_formed_whatever_the_hosts_are_called() -> None:
    sim, _, _ = tcpsim.pair()
    other = tcpsim.Simulator()
    other.host('<"&\x00>', "10.0.0.1")
    for trace in (sim.trace, other.trace, BUSY):
        root = ElementTree.fromstring(ladder_svg(trace, title="a < b & c"))
        assert root.attrib["role"] == "img"
        assert root[0].text == "a < b & c"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hosts": ("alice",)}, "name two hosts or more"),
        ({"hosts": ("alice", "bob")}, "no host 'bob'"),
        ({"scale": "log"}, "no scale 'log'"),
        ({"numbers": "roman"}, "no way to count"),
    ],
)
def test_wrong_choices(options: dict[str, object], words: str) -> None:
    with pytest.raises(UnknownChoice, match=words):
        ladder_svg(BUSY, **options)  # type: ignore[arg-type]


def test_hosts_may_be_chosen_and_ordered() -> None:
    drawing = ladder_drawing(BUSY, hosts=("carol", "server"))
    names = [text for text in texts(drawing) if text in ("alice", "server", "carol")]
    assert names == ["carol", "server"]
