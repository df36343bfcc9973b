"""The player in a browser: keys, buttons, scrub, click and the address."""

from typing import Any

import pytest

from tcpsim.render import player
from tcpsim.render.story import read_story
from tcpsim.scenarios import play
from tcpsim.tcp.states import BY_ID
from tcpsim.trace import Trace
from tests.render.player_window import WALK, Open, at, states

# -- moving


def test_keys_step_jump_and_stop_at_the_ends(look: Open, lost_fin: str) -> None:
    page = look(lost_fin)
    places = [at(page)]
    for key in (
        "ArrowLeft",
        "ArrowRight",
        "ArrowRight",
        "ArrowLeft",
        "PageDown",
        "End",
        "ArrowRight",
        "PageUp",
        "Home",
    ):
        page.keyboard.press(key)
        places.append(at(page))
    assert places == [1, 1, 2, 3, 2, 12, 24, 24, 14, 1]


def test_every_step_shows_the_states_that_the_trace_has_then(look: Open) -> None:
    for name in ("lost-fin", "simultaneous-close", "half-open"):
        trace = play(name, trace="full").trace
        page = look(player(trace))
        seen = page.evaluate(WALK)
        assert len(seen) == len(read_story(trace).events)
        assert [pair for i, pair in enumerate(seen) if not i or pair != seen[i - 1]] == changes(trace)


def changes(trace: Trace) -> list[list[str]]:
    """The pairs of states that a trace of one connection goes through, read off its firings and reboots."""
    hosts = [host["name"] for host in trace.header["hosts"]]
    listeners = {record.conn for record in trace.of("fired") if getattr(record, "rule", "") == "closed.open_passive"}
    now = dict.fromkeys(hosts, "CLOSED")
    found = [[now[host] for host in hosts]]
    talking = set()
    for n, (kind, _, where, conn, cause, *body) in enumerate(trace.raw):
        if kind == "fired" and not (conn in listeners and where in talking):
            now[where] = BY_ID[body[0]].dst.name
            if conn not in listeners:
                talking.add(where)
        elif kind == "rebooted":
            now[where] = "CLOSED"
        else:
            continue
        following = trace.raw[n + 1] if n + 1 < len(trace.raw) else None
        if following and following[0] == "fired" and following[4] == cause:
            continue  # two rows in one event are one step
        found.append([now[host] for host in hosts])
    first = next(i for i, one in enumerate(found) if one != found[0])
    return found[first:]


def test_buttons_do_what_they_say(look: Open, lost_fin: str) -> None:
    page = look(lost_fin)
    for name, place in (("One step on", 2), ("Last", 24), ("One step back", 23), ("First", 1)):
        page.get_by_role("button", name=name, exact=True).click()
        assert at(page) == place
    assert page.get_by_role("button", name="One step back").is_disabled()
    assert page.get_by_role("button", name="One step on").is_enabled()


def test_scrubbing(look: Open, lost_fin: str) -> None:
    page = look(lost_fin)
    page.locator("#scrub").fill("9")
    assert page.locator("#where").inner_text() == "step 10 of 24, 0.100 s"
    assert states(page) == ["FIN_WAIT_1", "ESTABLISHED"]
    assert page.locator("#scrub").get_attribute("aria-valuetext") == "step 10, 0.100 seconds: client: close()"
    page.locator("#scrub").focus()
    page.keyboard.press("ArrowRight")
    assert at(page) == 11


def test_playing_goes_on_by_itself_until_the_end(look: Open, lost_fin: str) -> None:
    page = look_with_clock(look, lost_fin)
    page.keyboard.press(" ")
    assert page.locator("#play").inner_text() == "Pause"
    page.clock.run_for(4000)
    assert 4 <= at(page) <= 6
    page.keyboard.press(" ")
    place = at(page)
    page.clock.run_for(4000)
    assert (at(page), page.locator("#play").inner_text()) == (place, "Play")
    page.locator("#speed").select_option("4")
    page.locator("#play").click()
    page.clock.run_for(10_000)
    assert (at(page), page.locator("#play").inner_text()) == (24, "Play")
    assert page.url.endswith("#step=24")


def look_with_clock(look: Open, content: str, fragment: str = "", **options: Any) -> Any:
    """The content in a window whose clock is moved by hand."""
    options = {"reduced_motion": "no-preference"} | options
    look("<p>wait", **options).clock.install()
    return look(content, fragment)


@pytest.mark.parametrize(("motion", "moves"), [("no-preference", True), ("reduce", False)])
def test_what_is_in_flight_moves_unless_the_reader_wants_no_motion(
    look: Open, lost_fin: str, motion: str, moves: bool
) -> None:
    page = look_with_clock(look, lost_fin, "#step=3", reduced_motion=motion)
    dot = page.locator("#p1 .dot")
    before = float(dot.get_attribute("cx"))
    page.keyboard.press(" ")
    page.clock.run_for(400)
    assert at(page) == 3
    assert (float(dot.get_attribute("cx")) > before + 20) is moves


# -- the details


def test_a_click_on_a_packet_shows_its_fields_and_why(look: Open, lost_fin: str) -> None:
    page = look(lost_fin, "#step=24")
    page.locator("#p5 .hit").click()
    assert page.locator("#title").inner_text() == "Packet #5 FIN,ACK SEQ=100 ACK=300, from client to server"
    fields = dict(
        zip(page.locator("#fields dt").all_inner_texts(), page.locator("#fields dd").all_inner_texts(), strict=True)
    )
    assert fields["from"] == "10.0.0.1:49152"
    assert fields["SEQ"] == "100, relative 1"
    assert fields["flags"] == "FIN,ACK"
    reasons = page.locator("#reasons").inner_text()
    assert "rtx timer ran out" in reasons
    assert "established.fin" in reasons
    assert page.url.endswith("#step=24&packet=5")
    assert page.locator("#p5").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert page.url.endswith("#step=24")


def test_a_lost_packet_says_so(look: Open, lost_fin: str) -> None:
    page = look(lost_fin, "#step=13&packet=4")
    assert "lost" in page.locator("#reasons").inner_text()
    assert page.locator("#p4 .cross").is_visible()
    assert "lost" in page.locator("#p4").get_attribute("aria-label")


def test_packets_are_reached_by_keys_alone(look: Open, lost_fin: str) -> None:
    page = look(lost_fin, "#step=8")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.pk')"):
            break
    assert page.evaluate("document.activeElement.id") == "p3"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.id") == "p4"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert page.locator("#title").inner_text().startswith("Packet #2 SYN,ACK")
    assert at(page) == 8


def test_what_stands_below_a_machine_is_the_rule_and_the_variables(look: Open, lost_fin: str) -> None:
    page = look(lost_fin, "#step=10")
    assert page.locator("#rule0").inner_text().startswith("ESTABLISHED → FIN_WAIT_1: close")
    values = page.locator("#values0").inner_text().split("\n")
    assert values[values.index("SND.NXT") + 1] == "101"
    assert page.locator("#states0 .e.now").get_attribute("data-edge") == "ESTABLISHED>FIN_WAIT_1"
    assert page.locator("#states0 .e.been").count() == 3


# -- the address


def test_the_fragment_is_the_place(look: Open, lost_fin: str) -> None:
    page = look(lost_fin, "#step=7&packet=2")
    assert (at(page), page.locator("#title").inner_text()[:9]) == (7, "Packet #2")
    page.keyboard.press("ArrowRight")
    assert page.url.endswith("#step=8")
    page.locator("#steps li").nth(14).locator("a").click()
    assert (at(page), page.url.partition("#")[2]) == (15, "step=15")
    page.reload()
    assert at(page) == 15


def test_a_fragment_that_names_no_place_does_no_harm(look: Open, lost_fin: str) -> None:
    page = look(lost_fin, "#step=x")
    assert at(page) == 1
    for fragment in (
        "#step=-4",
        "#step=1e9",
        "#packet=99",
        "#step=2&packet=__proto__",
        "#%",
        "#step=3&packet=constructor",
    ):
        page.evaluate("words => { location.hash = words; }", fragment)
        assert 1 <= at(page) <= 24
    page.keyboard.press("End")
    assert at(page) == 24
