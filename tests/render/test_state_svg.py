"""The state diagram as SVG: its content, and that nothing in it touches anything else."""

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest

from tcpsim.render import UnknownChoice, state_diagram_svg
from tcpsim.render.edges import NAMES, STYLES, drawn_rows, edges_of, figure5_rows, label
from tcpsim.render.highlight import NO_HIGHLIGHT, Highlight, heat_of, highlight_of
from tcpsim.render.layout import ROUTES, STUBS, box_of, sampled
from tcpsim.render.legend import notes_of
from tcpsim.render.pens import PENS
from tcpsim.render.scene import Scene, compose
from tcpsim.render.shapes import MARK, PAPER, SHADE, Rect, Text
from tcpsim.render.state_svg import scene_of
from tcpsim.tcp.states import TRANSITIONS, State

from .traces import handshake

SVG = "{http://www.w3.org/2000/svg}"
FIGURE5 = {(row.src.name, row.dst.name) for row in TRANSITIONS if row.figure5}
ALL_EDGES = edges_of(drawn_rows(all=True))
HOSTS = ("a-client-of-some-length", "b")
EVERYWHERE = Highlight(
    dict.fromkeys(State, HOSTS),
    {(edge.src, edge.dst): ((HOSTS[0], n), (HOSTS[1], 100 + n)) for n, edge in enumerate(ALL_EDGES, 1)},
    HOSTS,
)


def parsed(**options: object) -> ElementTree.Element:
    return ElementTree.fromstring(state_diagram_svg(**options))  # type: ignore[arg-type]


def drawn_edges(svg: ElementTree.Element) -> list[tuple[str, str]]:
    groups = svg.iter(f"{SVG}g")
    return [(group.attrib["data-src"], group.attrib["data-dst"]) for group in groups if "data-src" in group.attrib]


# --- content -----------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_it_draws_exactly_the_edges_of_figure_5(style: str) -> None:
    edges = drawn_edges(parsed(style=style))
    assert len(edges) == 20
    assert set(edges) == FIGURE5


@pytest.mark.parametrize("style", STYLES)
def test_every_label_of_the_table_is_there(style: str) -> None:
    texts = [text.text for text in parsed(style=style).iter(f"{SVG}text")]
    for edge in edges_of(figure5_rows()):
        for line in (line for pair in label(edge, style) for line in pair if line):
            assert line in texts or f"{line} /" in texts


@pytest.mark.parametrize(("names", "spelling"), [("tcpsim", "SYN_RECV"), ("rfc", "SYN-RECEIVED")])
def test_the_states_in_either_spelling(names: str, spelling: str) -> None:
    svg = parsed(names=names)
    texts = [text.text for text in svg.iter(f"{SVG}text")]
    assert spelling in texts
    boxes = [rect.attrib["data-state"] for rect in svg.iter(f"{SVG}rect") if "data-state" in rect.attrib]
    assert boxes == [state.name for state in State]


def test_it_is_titled_described_and_scales() -> None:
    svg = parsed()
    title, desc = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-labelledby"].split() == [title.attrib["id"], desc.attrib["id"]]
    assert "CLOSED to LISTEN" in (desc.text or "")
    left, top, width, height = map(float, svg.attrib["viewBox"].split())
    assert (left, top) == (0, 0)
    assert (width, height) == (float(svg.attrib["width"]), float(svg.attrib["height"]))


def test_it_needs_nothing_from_outside() -> None:
    text = state_diagram_svg()
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert "<script" not in text
    assert "<style" not in text  # inlined in a page, it would restyle the page


def test_the_same_call_gives_the_same_bytes() -> None:
    assert state_diagram_svg() == state_diagram_svg()


@pytest.mark.parametrize(("option", "words"), [("style", "stevens, rfc, uml"), ("names", "tcpsim, rfc")])
def test_a_wrong_choice_says_what_there_is(option: str, words: str) -> None:
    with pytest.raises(UnknownChoice, match=words):
        state_diagram_svg(**{option: "comic"})  # type: ignore[arg-type]


def test_an_edge_without_a_route_is_a_defect() -> None:
    row = next(iter(figure5_rows()))
    rows = [row._replace(src=State.CLOSED, dst=State.TIME_WAIT)]
    with pytest.raises(LookupError, match=r"layout\.ROUTES has no way"):
        compose(edges_of(rows), style="stevens", names="tcpsim")


# --- a trace on it -----------------------------------------------------------------------


def test_a_trace_shows_where_everybody_is_and_how_they_got_there() -> None:
    trace = handshake().trace
    marked = highlight_of(trace)
    assert marked.now == {State.ESTABLISHED: ("server", "client")}
    assert marked.taken[State.SYN_SENT, State.ESTABLISHED] == (("client", 4),)
    assert len(marked.taken) == 5
    assert marked.hosts == ("client", "server")
    text = state_diagram_svg(highlight=trace)
    assert "● server, client" in text
    assert "Now: server, client in ESTABLISHED." in text
    assert text.count(f'stroke="{MARK}"') == 5 + 1  # and the legend's
    assert f'stroke="{MARK}"' not in state_diagram_svg()


def test_an_aborted_run_shows_the_edge_of_the_abort() -> None:
    story = handshake()
    story.call(40, "client", "abort")
    story.fired(40, "client", "established.abort")
    svg = parsed(highlight=story.trace)
    assert ("ESTABLISHED", "CLOSED") in drawn_edges(svg)
    texts = [text.text for text in svg.iter(f"{SVG}text")]
    assert "ESTABLISHED → CLOSED:\N{NO-BREAK SPACE} abort / snd RST" in texts
    assert "6" in texts


def test_all_draws_every_edge_of_the_table_and_marks_what_the_figure_lacks() -> None:
    svg = parsed(all=True)
    edges = drawn_edges(svg)
    assert set(edges) == {(row.src.name, row.dst.name) for row in TRANSITIONS}
    extra = [group for group in svg.iter(f"{SVG}g") if group.attrib.get("data-rules")]
    dotted = {
        (group.attrib["data-src"], group.attrib["data-dst"])
        for group in extra
        if any(path.attrib.get("stroke-dasharray") == "2 3" for path in group.iter(f"{SVG}path"))
    }
    assert dotted == set(edges) - FIGURE5
    told = " ".join(text.text or "" for text in svg.iter(f"{SVG}text"))
    assert "in the RFC's text, not in its figure" in told
    assert "TIME_WAIT → SYN_RECV:" in told


def test_heat_is_told_by_width_and_in_numbers() -> None:
    heat = heat_of([handshake().trace, handshake().trace])
    assert heat["syn_sent.rcv_synack"] == 2
    scene = scene_of(heat=heat)
    widths = {(arrow.edge.src, arrow.edge.dst): arrow.pen.width for arrow in scene.arrows if arrow.edge}
    assert widths[State.SYN_SENT, State.ESTABLISHED] > widths[State.SYN_SENT, State.CLOSED]
    assert [tag.text.text for tag in scene.tags] == ["×2"] * 5
    with pytest.raises(UnknownChoice, match="there is no row 'closed.sing' in the table"):
        state_diagram_svg(heat={"closed.sing": 1})


# --- geometry ----------------------------------------------------------------------------

SCENES = {
    f"{style}-{names}-{'marked' if highlight.now else 'plain'}-{'all' if edges is ALL_EDGES else 'figure'}": compose(
        edges, style=style, names=names, highlight=highlight, notes=notes_of(edges, names)
    )
    for style in STYLES
    for names in NAMES
    for edges in (ALL_EDGES, edges_of(figure5_rows()))
    for highlight in (NO_HIGHLIGHT, EVERYWHERE)
} | {
    f"heat-{most}": scene_of(heat={row.id: 1 + n * most for n, row in enumerate(TRANSITIONS) if n % 3})
    for most in (0, 1, 1000)
}
scenes = pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)


def show(text: Text) -> str:
    return f"{text.text!r} of {text.of}"


@scenes
def test_texts_keep_clear_of_each_other(scene: Scene) -> None:
    bounded = [(text, text.bounds) for text in scene.texts]
    hits = [(show(a), show(b)) for (a, one), (b, other) in combinations(bounded, 2) if one.overlaps(other)]
    assert hits == []


@scenes
def test_tags_and_plates_hide_nothing(scene: Scene) -> None:
    drawn = [(tag.rect, tag.text.text) for tag in scene.tags]
    hits = [(one[1], other[1]) for one, other in combinations(drawn, 2) if one[0].overlaps(other[0])]
    assert hits == []
    for rect, words in drawn:
        assert [show(text) for text in scene.texts if rect.overlaps(text.bounds)] == [], words
        assert not any(rect.overlaps(box.rect) for box in scene.boxes), words
        assert not any(rect.overlaps(plate) for plate in scene.plates), words
    for tag in scene.tags:
        bounds = tag.text.bounds
        assert tag.rect.left <= bounds.left
        assert bounds.right <= tag.rect.right
        assert contrast(tag.text.colour, tag.fill) >= 4.5
    for plate in scene.plates:
        (name,) = [text for text in scene.texts if text.bounds.overlaps(plate)]
        assert name.bounds.left >= plate.left
        assert name.bounds.right <= plate.right
        for arrow in scene.arrows:
            assert not any(plate.grown(-1).holds(point) for point in sampled(arrow.points)), show(name)


@pytest.mark.parametrize("style", STYLES)
def test_every_tag_finds_a_place_or_is_told_below(style: str) -> None:
    scene = compose(ALL_EDGES, style=style, names="tcpsim", highlight=EVERYWHERE)
    notes = [text.text for text in scene.texts if text.of == "notes"]
    assert len(scene.tags) > 1.5 * len(ALL_EDGES)
    assert len({tag.radius for tag in scene.tags}) == 2
    for edge in ALL_EDGES:
        tags = [tag for tag in scene.tags if tag.text.of == f"{edge.src}->{edge.dst}"]
        assert len(tags) == 2 or any(note.startswith(f"{edge.src} → {edge.dst}:") for note in notes)


@scenes
def test_texts_keep_clear_of_boxes_or_lie_in_their_own(scene: Scene) -> None:
    for box in scene.boxes:
        for text in scene.texts:
            if text.of == str(box.state):
                inner = box.rect.grown(-3)
                bounds = text.bounds
                assert inner.left <= bounds.left, show(text)
                assert bounds.right <= inner.right, show(text)
                assert inner.top <= bounds.top, show(text)
                assert bounds.bottom <= inner.bottom, show(text)
            else:
                assert not box.rect.grown(3).overlaps(text.bounds), (show(text), box.state)


@scenes
def test_texts_keep_clear_of_edges_and_rules(scene: Scene) -> None:
    hits = []
    bounds = {text: text.bounds for text in scene.texts}
    for arrow in scene.arrows:
        points = sampled(arrow.points)
        for text, rect in bounds.items():
            margin = rect.grown(arrow.pen.width / 2 + 1)
            if any(margin.holds(point) for point in points):
                hits.append((show(text), arrow.edge and f"{arrow.edge.src}->{arrow.edge.dst}"))
    assert hits == []
    for (left, y), (right, _) in scene.rules:
        line = Rect(left, y - 0.4, right, y + 0.4)
        assert [show(text) for text in scene.texts if text.bounds.overlaps(line)] == []


@scenes
def test_texts_lie_inside_or_outside_a_region_and_on_the_canvas(scene: Scene) -> None:
    canvas = Rect(4, 4, scene.width - 4, scene.height - 4)
    for text in scene.texts:
        left, top, right, bottom = text.bounds
        corners = [(left, top), (right, top), (left, bottom), (right, bottom)]
        assert all(canvas.holds(corner) for corner in corners), show(text)
        for region in scene.regions:
            assert len({region.holds(corner) for corner in corners}) == 1, show(text)


@scenes
def test_texts_are_large_and_dark_enough(scene: Scene) -> None:
    for text in scene.texts:
        assert text.size >= 11
        assert contrast(text.colour, text.background) >= 4.5, show(text)
        inside = any(region.holds((text.x, text.y)) for region in scene.regions)
        own_box = text.of in State.__members__ or any(plate.overlaps(text.bounds) for plate in scene.plates)
        assert text.background == (SHADE if inside else PAPER) or own_box, show(text)


def test_edges_are_told_apart_without_colour_and_dark_enough() -> None:
    looks = {(pen.width, bool(pen.dash)) for pen in PENS.values()}
    assert len(looks) == len(PENS)
    assert all(contrast(pen.colour, ground) >= 4.5 for pen in PENS.values() for ground in (PAPER, SHADE, MARK))


WAYS = {ends: route.points for ends, route in ROUTES.items()} | {ends: stub.points for ends, stub in STUBS.items()}


def test_there_is_a_way_for_every_edge_of_the_table() -> None:
    assert set(WAYS) == {(row.src, row.dst) for row in TRANSITIONS}


@pytest.mark.parametrize("ends", ROUTES, ids=lambda ends: f"{ends[0]}-{ends[1]}")
def test_edges_run_from_box_to_box_and_through_none(ends: tuple[State, State]) -> None:
    points = sampled(ROUTES[ends].points)
    for state, point in zip(ends, (points[0], points[-1]), strict=True):
        assert box_of(state).grown(0.1).holds(point)
        assert not box_of(state).grown(-0.1).holds(point)
    for state in State:
        assert not any(box_of(state).grown(-0.1).holds(point) for point in points), state
        if state not in ends:
            assert not any(box_of(state).grown(8).holds(point) for point in points), state


def test_edges_never_cross_nor_run_close_together() -> None:
    nearest = 12
    cells: dict[tuple[int, int], set[tuple[State, State]]] = {}
    for ends, points in WAYS.items():
        for x, y in sampled(points):
            cells.setdefault((int(x // nearest), int(y // nearest)), set()).add(ends)
    hits = [others for others in cells.values() if len(others) > 1]
    assert hits == []


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG 2 defines it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
