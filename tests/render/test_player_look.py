"""The player in a browser, for everybody: heard, printed, in any window, in the dark, without script, unharmed."""

import base64
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from tcpsim import pair
from tcpsim.render import player
from tcpsim.scenarios import SCENARIOS
from tcpsim.trace import Trace
from tests.render.player_window import WALK, Open, scenario, states

GOLDEN = Path(__file__).parent / "golden" / "player.png"

FIGURES = (
    "three-way-handshake", "simultaneous-open", "old-duplicate-syn", "half-open", "half-open-live-side-sends",
    "old-duplicate-syn-two-listeners", "normal-close", "simultaneous-close",
)  # fmt: skip


def test_a_screen_reader_is_told(look: Open, lost_fin: str) -> None:
    page = look(lost_fin, "#step=6")
    now = page.get_by_role("status")
    assert now.inner_text() == "0.020 s client gets #2 SYN,ACK SEQ=299 ACK=100; client SYN_SENT → ESTABLISHED"
    assert now.get_attribute("aria-live") == "polite"
    page.keyboard.press(" ")
    assert now.get_attribute("aria-live") == "off"
    page.keyboard.press(" ")
    assert page.get_by_role("slider", name="Step").count() == 1
    assert page.get_by_role(
        "img", name="client is in ESTABLISHED; it went CLOSED → SYN_SENT, SYN_SENT → ESTABLISHED"
    ).count()
    assert page.get_by_role("button", name="packet 4, FIN,ACK SEQ=100 ACK=300, to server, lost").count() == 1
    assert page.locator("#steps [aria-current=step]").inner_text().startswith("0.020 client gets #2")
    nameless = page.evaluate(
        "[...document.querySelectorAll('button,input,select,a,[role=button]')].filter(one => !(one.ariaLabel"
        " || one.textContent.trim() || one.labels && one.labels.length)).length"
    )
    assert nameless == 0


CONTRAST = """() => {
  const light = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const behind = one => {
    for (; one; one = one.parentElement) {
      if (one.matches(".s")) return rgb(getComputedStyle(one.querySelector("rect")).fill);
      const found = rgb(getComputedStyle(one).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const all = [...document.querySelectorAll("body *")].filter(one => one.checkVisibility({visibilityProperty: true})
    && !one.closest(".ahead, script, option") && !one.disabled
    && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return all.map(one => {
    const style = getComputedStyle(one), svg = one instanceof SVGElement;
    const [a, b] = [light(rgb(svg ? style.fill : style.color)), light(behind(one))].sort((x, y) => y - x);
    const kind = one.className.baseVal ?? one.className;
    return [(a + .05) / (b + .05), `${one.tagName}.${kind} ${one.textContent.slice(0, 30)}`];
  });
}"""


def test_words_stand_out_from_what_is_behind_them(look: Open, lost_fin: str) -> None:
    page = look(lost_fin, "#step=24&packet=4", color_scheme="light")
    papers = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        papers.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        found = page.evaluate(CONTRAST)
        assert len(found) > 100
        assert [(round(contrast, 2), what) for contrast, what in found if contrast < 4.5] == []
    assert papers[0] != papers[1]


OVERLAPS = """selector => {
  const boxes = [...document.querySelectorAll(selector)].map(one => {
    const box = one.getBBox(), matrix = one.getScreenCTM(), by = 1.5;
    const [x0, y0, x1, y1] = [box.x + by, box.y + by, box.x + box.width - by, box.y + box.height - by];
    const corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
    return [one.textContent, corners.map(([x, y]) => new DOMPoint(x, y).matrixTransform(matrix))];
  });
  const apart = (a, b) => [a, b].some(box => [0, 1].some(i => {
    const nx = box[i + 1].y - box[i].y, ny = box[i].x - box[i + 1].x;
    const span = points => points.map(p => p.x * nx + p.y * ny);
    const one = span(a), other = span(b);
    return Math.max(...one) <= Math.min(...other) || Math.max(...other) <= Math.min(...one);
  }));
  return boxes.flatMap(([a, one], i) => boxes.slice(i + 1).filter(([, other]) => !apart(one, other)).map(([b]) => [a, b]));
}"""


@pytest.mark.parametrize("name", FIGURES)
def test_no_words_lie_on_others(look: Open, name: str) -> None:
    page = look(scenario(name), "#step=99")
    assert page.locator("#ladder text").count() > 10
    assert page.evaluate(OVERLAPS, "#ladder text") == []
    assert page.evaluate(OVERLAPS, "#states0 text") == []


def test_the_page_fits_its_window(look: Open, lost_fin: str) -> None:
    page = look(lost_fin, "#step=12")
    for width in (390, 800, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = page.evaluate(BOXES)
        assert all(wide > 60 and x >= 0 for x, wide in boxes), (width, boxes)


BOXES = """() => ["play", "states0", "states1", "ladder", "packet"].map(id => {
  const box = document.getElementById(id).getBoundingClientRect();
  return [box.x, box.width];
})"""


def test_paper_has_everything_and_no_buttons(look: Open, lost_fin: str) -> None:
    page = look(lost_fin, "#step=3", color_scheme="dark")
    page.emulate_media(media="print")
    assert not page.locator("#bar").is_visible()
    faint = (
        "[...document.querySelectorAll('#ladder [data-s]')].filter(one => getComputedStyle(one).opacity < 1).length"
    )
    assert page.evaluate(faint) == 0
    assert all(page.locator(f"#p{n} .head").is_visible() for n in (1, 2, 3, 5))
    cut = "(one => one.scrollHeight > one.clientHeight + 2)(document.getElementById('steps'))"
    assert not page.evaluate(cut)


def test_what_is_to_come_can_be_hidden(look: Open, lost_fin: str) -> None:
    page = look(lost_fin, "#step=3")
    assert page.locator("#p5 .shaft").is_visible()
    page.get_by_label("Hide what is to come").check()
    assert not page.locator("#p5 .shaft").is_visible()
    assert page.locator("#p1 .shaft").is_visible()


def test_without_javascript_it_is_a_still_picture(look: Open, lost_fin: str) -> None:
    page = look(lost_fin, java_script_enabled=False)
    assert not page.locator("#bar").is_visible()
    assert page.locator("#p5 .shaft").is_visible()
    assert page.locator("#steps li").count() == 24
    assert "stands still" in page.locator("#packet").inner_text()


def test_a_hostile_payload_is_shown_and_not_run(look: Open) -> None:
    sim, client, server = pair(trace="full")
    server.listen(80)
    conn = client.connect("server", 80)
    sim.run()
    conn.send(b"</script><img src=http://10.0.0.9/x onerror=alert(1)>")
    sim.run()
    page = look(player(sim.trace, title="<b>bold</b>", text="</p><script>alert(1)</script>"), "#step=99")
    page.locator("[data-p='4'] .hit").click(force=True)
    assert "</script><img src=http" in page.locator("#fields").inner_text()
    assert page.locator("h1").inner_text() == "<b>bold</b>"
    assert page.locator("img").count() == 0


def test_a_trace_of_one_host_or_of_nothing_opens(look: Open) -> None:
    assert "Nothing has happened" in look(player(Trace())).locator("header").inner_text()
    page = look(scenario("black-hole"), "#step=99")
    assert states(page)[0] == "CLOSED"


def test_windows_of_a_long_trace_count_as_the_whole_does(look: Open) -> None:
    page = look(scenario("lost-fin", first=10, most=5), "#step=12")
    assert "Shown are steps 10 to 14 of 24" in page.locator("header").inner_text()
    assert page.locator("#where").inner_text() == "step 12 of 24, 0.100 s"
    assert states(page) == ["FIN_WAIT_1", "ESTABLISHED"]


def opens(look: Open, names: Iterable[str]) -> None:
    for name in names:
        page = look(scenario(name), "#step=999", width=1200, height=700)
        assert page.evaluate(WALK), name


def test_scenarios_open_and_can_be_walked_through(look: Open) -> None:
    opens(look, list(SCENARIOS)[::15])


@pytest.mark.deep
def test_every_scenario_opens_and_can_be_walked_through(look: Open) -> None:
    opens(look, SCENARIOS)


# -- the look


COMPARE = """async ([one, other]) => {
  const pixels = async data => {
    const image = new Image();
    image.src = "data:image/png;base64," + data;
    await image.decode();
    const canvas = new OffscreenCanvas(120, 72), context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, 120, 72);
    return context.getImageData(0, 0, 120, 72).data;
  };
  const [a, b] = [await pixels(one), await pixels(other)];
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
}"""

#: Mean difference of a colour value, of 255: fonts differ from system to system.  With UPDATE_GOLDEN in the environment
#: the picture is taken anew.
TOLERANCE = 3.0


def test_it_looks_as_it_did(look: Open, lost_fin: str) -> None:
    size = {"width": 1200, "height": 720, "reduced_motion": "reduce", "device_scale_factor": 0.5}
    shot = look(lost_fin, "#step=12", **size).screenshot()
    dark = look(lost_fin, "#step=12", color_scheme="dark", **size).screenshot()
    if "UPDATE_GOLDEN" in os.environ:
        GOLDEN.write_bytes(shot)
    golden, same, other = (base64.b64encode(one).decode() for one in (GOLDEN.read_bytes(), shot, dark))
    page = look("<p>to compare in")
    assert page.evaluate(COMPARE, [golden, same]) < TOLERANCE
    assert page.evaluate(COMPARE, [golden, other]) > TOLERANCE
