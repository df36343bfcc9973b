"""The player as a file: self-contained, bounded, complete, and made of nothing but the trace."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tcpsim import Simulator, pair
from tcpsim.render import UnknownChoice, player
from tcpsim.render.player import part
from tcpsim.render.player_machine import BOX_HEIGHT, BOX_WIDTH, HEIGHT, WIDTH, machine
from tcpsim.scenarios import SCENARIOS, play
from tcpsim.tcp.states import State
from tcpsim.trace import Trace
from tests.render.traces import Story, handshake
from tests.shell.running import one_line, tcpsim

VOID = {"meta", "link", "input", "br", "img", "hr"}


class Reader(HTMLParser):
    """Checks that elements nest, and gathers ids and what would be loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.loaded += [str(given[name]) for name in ("src", "href", "srcset", "action", "data") if name in given]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def transfer(packets: int, **options: Any) -> Simulator:
    sim, client, server = pair(**options)
    sim.script(server, "listen 80", "accept", "recv_to_end", "close")
    sim.script(client, "connect server 80", ("send", bytes(1460 * packets)), "close")
    sim.run()
    return sim


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_has_a_page_that_holds_together(name: str) -> None:
    trace = play(name, trace="full").trace
    page = player(trace, most=10_000)
    reader = read(page)
    assert reader.open == []
    assert len(set(reader.ids)) == len(reader.ids)
    assert all(target.startswith(("#", "data:,")) for target in reader.loaded)
    data = data_of(page)
    numbers = {record.packet for record in trace.of("sent", "duplicated", "injected")}
    assert {int(number) for number in data["packets"]} == numbers
    assert all(step["why"]["says"] for step in data["steps"])
    moved = [edge for step in data["steps"] for _, edge, *_ in step.get("moves", ())]
    fired = {f"{record.src}>{record.dst}" for record in trace.of("fired")}
    assert set(moved) == fired
    assert all(f'data-edge="{edge}"' in page for edge in fired if len(set(edge.split(">"))) == 2)


def test_nothing_in_it_reaches_for_a_network() -> None:
    page = player(play("normal-close", trace="full").trace)
    assert "http://" not in page
    assert "https://" not in page
    assert "url(" not in page
    assert not re.search(r"@import|\bimport\(|fetch\(|XMLHttp", part("player.css") + part("player.js"))
    assert "default-src 'none'" in page


def test_the_same_trace_gives_the_same_page() -> None:
    pages = {player(play("lost-fin", trace="full").trace) for _ in range(2)}
    assert len(pages) == 1


def test_a_brief_trace_has_a_page_too() -> None:
    data = data_of(player(play("lost-fin").trace))
    assert all(step["why"]["says"] for step in data["steps"])


def test_numbers_and_names_are_those_asked_for() -> None:
    trace = play("three-way-handshake", trace="full").trace
    page = player(trace, numbers="relative", names="rfc")
    assert "SYN,ACK SEQ=0 ACK=1" in page
    assert "SYN-RECEIVED" in page
    assert ">SYN_RECV<" not in page
    assert "SYN,ACK SEQ=300 ACK=101" in player(trace)


def test_title_and_text_are_text() -> None:
    page = player(handshake().trace, title="a < b", text="c & d")
    assert "<title>a &lt; b</title>" in page
    assert "<p>c &amp; d</p>" in page
    assert "<title>three-way-handshake</title>" in player(play("three-way-handshake").trace)


def test_a_payload_cannot_end_the_script() -> None:
    sim, client, server = pair(trace="full")
    server.listen(80)
    conn = client.connect("server", 80)
    sim.run()
    conn.send(b"</script><script>alert(1)//")
    page = player(sim.trace)
    assert page.count("</script>") == 2
    fields = dict(data_of(page)["packets"]["4"]["fields"])
    assert fields["data"] == "</script><script>alert(1)//"


def test_a_page_is_bounded_and_says_what_it_leaves_out() -> None:
    short, long = (player(transfer(n).trace, most=100) for n in (100, 400))
    assert "Shown are steps 1 to 100 of " in short
    assert len(long) < 1.05 * len(short)
    assert len(data_of(long)["steps"]) == 100
    whole = player(transfer(3).trace)
    assert "Shown are" not in whole


def test_a_window_has_the_packets_that_pass_through_it() -> None:
    trace = transfer(40).trace
    whole, window = data_of(player(trace)), data_of(player(trace, first=50, most=20))
    assert window["steps"] == [{**step, "why": step["why"]} for step in whole["steps"][49:69]]
    touched = {step["packet"] for step in window["steps"] if "packet" in step}
    assert {int(number) for number in window["packets"]} == touched


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"first": 0}, "no step 0 to begin with: the trace has steps 1 .. 8"),
        ({"first": 9}, "no step 9 to begin with"),
        ({"most": 0}, "most=0: a page holds one step at least"),
        ({"numbers": "roman"}, "no way to count 'roman'"),
        ({"names": "latin"}, "no spelling of names 'latin'"),
        ({"hosts": ("client", "nobody")}, "no host 'nobody'"),
        ({"conn": 77}, "no connection '77'"),
    ],
)
def test_what_cannot_be_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UnknownChoice, match=re.escape(words)):
        player(handshake().trace, **options)


def test_an_empty_trace_has_an_empty_page() -> None:
    page = player(Trace())
    assert "Nothing has happened" in page
    assert read(page).open == []


def test_hosts_that_are_not_shown_are_named() -> None:
    story = Story(("a", "10.0.0.1"), ("b", "10.0.0.2"), ("c", "10.0.0.3"))
    story.call(0, "a", "connect", "10.0.0.2", 80, conn=1)
    assert "Shown are a and b; the trace has c too." in player(story.trace)


# -- the machine


def test_the_squeezed_machine_has_every_state_and_edge_apart() -> None:
    drawn = machine("m", "tcpsim")
    boxes = [(float(x), float(y)) for x, y in re.findall(r'<rect x="([\d.-]+)" y="([\d.-]+)"', drawn)]
    assert len(boxes) == len(State)
    for i, (x, y) in enumerate(boxes):
        assert 0 <= x <= WIDTH - BOX_WIDTH
        assert 0 <= y <= HEIGHT - BOX_HEIGHT
        for a, b in boxes[:i]:
            assert abs(a - x) >= BOX_WIDTH + 10 or abs(b - y) >= BOX_HEIGHT + 10
    assert drawn.count('class="e ') == 20


def test_edges_that_the_figure_lacks_are_added_where_they_were_followed() -> None:
    page = player(play("blind-reset", trace="full").trace)
    assert page.count('class="e extra" data-edge="ESTABLISHED>CLOSED"') == 2
    assert 'class="e extra"' not in player(play("normal-close", trace="full").trace)


def test_the_source_is_read_without_its_writers_comments() -> None:
    lines = part("player.js").splitlines()
    assert [line for line in lines if line.startswith(("//", " ")) or not line] == []
    assert any("requestAnimationFrame" in line for line in lines)


# -- from the command line


def test_the_command_line_writes_a_page(tmp_path: Path) -> None:
    done = tcpsim("export", "S-17", "-o", "x.html", "--numbers", "relative", "--most", "9", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "x.html\n", "")
    trace = play("S-17", trace="full").trace
    assert (tmp_path / "x.html").read_text(encoding="utf-8") == player(trace, numbers="relative", most=9)
    done = tcpsim("export", "S-17", "-o", "y.html", "--first", "99", cwd=tmp_path)
    assert done.returncode == 2
    assert "no step 99 to begin with" in one_line(done.stderr)
    assert not (tmp_path / "y.html").exists()
