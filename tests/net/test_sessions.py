"""A saved session plays again: the same world, the same trace, the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from tcpsim import Simulator, TcpsimError
from tcpsim.net.asking import is_full_only
from tcpsim.net.moves import Corrupt, from_data, to_data
from tcpsim.net.sessions import CannotReplay, again, replayed, session_lines
from tcpsim.scenarios import SCENARIOS
from tcpsim.trace.reading import from_lines
from tests.helpers.stories import ACTS, STORIES, TALK, Act, Story, act
from tests.net.test_history import snapshot


def saved(sim: Simulator, *, data: bool = True) -> str:
    return "".join(session_lines(sim, data=data))


def loaded(text: str, **options: Any) -> Simulator:
    return replayed(from_lines(text.splitlines(keepends=True)), **options)


@given(STORIES, ACTS)
def test_a_saved_session_reproduces_byte_for_byte(story: Story, acts: list[Act]) -> None:
    sim = story.build()
    for what in acts:
        act(sim, what)
    text = saved(sim)
    twin = loaded(text)
    assert saved(twin) == text
    assert snapshot(twin)[:2] == snapshot(sim)[:2]
    here = snapshot(twin)
    twin.goto(0)
    twin.goto(here[0])
    assert snapshot(twin) == here


@pytest.mark.parametrize("name", list(SCENARIOS)[::3])
def test_scenarios_play_again(name: str) -> None:
    sim = SCENARIOS[name].play()
    text = saved(sim)
    twin = loaded(text)
    assert saved(twin) == text
    assert twin.world.key() == sim.world.key()
    full = loaded(text, level="full")
    assert full.world.key() == sim.world.key()
    assert full.trace.level == "full"
    assert [raw[:4] for raw in full.trace.raw if not is_full_only(raw)] == [raw[:4] for raw in sim.trace.raw]
    assert len(again(sim).trace) == len(full.trace) >= len(sim.trace)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("normal-close", id="nothing is done by hand"),
        pytest.param("old-duplicate-syn", id="more follows what is done by hand"),
        pytest.param("half-open", id="the last thing is done by hand"),
    ],
)
def test_a_trace_without_the_number_of_moves_plays_as_far_as_it_tells(name: str) -> None:
    sim = SCENARIOS[name].play()
    lines = saved(sim).splitlines(keepends=True)
    header = json.loads(lines[0])
    del header["moves"]
    twin = loaded(json.dumps(header) + "\n" + "".join(lines[1:]))
    assert saved(twin) == "".join(lines)
    beginning = loaded(json.dumps(header) + "\n")
    assert (beginning.position, len(beginning.trace)) == (0, 0), "nothing was told, so nothing happens"


def test_weather_routes_and_every_move_play_again() -> None:
    sim = Simulator(7)
    for name, address in (("client", "10.0.0.1"), ("server", "10.0.1.2")):
        sim.host(name, address)
    sim.router("middle", "10.0.0.254")
    sim.link("client", "middle", delay="3ms", jitter="2ms", duplicate=0.2, back={"rate": "1Mbit", "queue": 4})
    sim.link("middle", "server", loss=0.1, faults=[("SYN", "delay", "1ms")], down=[("1s", "2s")])
    sim.firewall("server", "web: accept in port 80", "reject in")
    sim.route("client", "10.0.1.0/24", "middle")
    sim.script("server", "listen 80", "accept", "recv_to_end", "close")
    conn = sim.hosts["client"].connect("server", 80)
    sim.run(for_="50ms")
    conn.send(bytes(range(250)) * 9)
    sim.duplicate()
    sim.delay(by="9ms")
    sim.corrupt()
    sim.weather("client", "middle", delay="5ms", loss=0.5)
    sim.run(for_="3s")
    sim.reboot("server")
    sim.run(for_="30s")
    text = saved(sim)
    twin = loaded(text)
    assert saved(twin) == text
    assert twin.world.key() == sim.world.key()
    assert from_data({"move": "corrupt", "packet": 3}) == Corrupt(3)


def talk() -> str:
    sim = TALK.build("brief")
    sim.step(4)
    sim.drop()
    sim.inject("client", "R 101:101(0) win 0")
    sim.run()
    return saved(sim)


def with_header(**changes: Any) -> str:
    first, rest = talk().split("\n", 1)
    return json.dumps(json.loads(first) | changes) + "\n" + rest


def with_record(n: int, change: Callable[[dict[str, Any]], object]) -> str:
    lines = talk().splitlines()
    record = json.loads(lines[n + 1])
    change(record)
    lines[n + 1] = json.dumps(record)
    return "\n".join(lines) + "\n"


def first_move() -> int:
    return next(json.loads(line)["n"] for line in talk().splitlines()[1:] if '"kind":"move"' in line)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (lambda: with_header(hosts=[]), "does not tell the initial world"),
        (lambda: with_header(links=[]), "record"),
        (lambda: with_header(links=[{"delay": 3}]), "does not tell the initial world: lacks 'ends'"),
        (lambda: with_header(scripts=[3]), "does not tell the initial world"),
        (lambda: with_header(profile="windows"), "no profile 'windows'"),
        (lambda: with_record(0, lambda one: one.update(t=5)), "record 0 differs"),
        (lambda: with_record(first_move(), lambda one: one["move"].update(packet=77)), "packet 77 is not in flight"),
        (lambda: with_record(first_move(), lambda one: one["move"].update(packet="x")), "packet cannot be 'x'"),
        (lambda: with_record(first_move(), lambda one: one.update(t=1)), "the move was made at 1 ns"),
        (lambda: talk().rsplit("\n", 2)[0] + "\n", "records came of it"),
    ],
)
def test_what_cannot_be_played_again(text: Callable[[], str], says: str) -> None:
    with pytest.raises(TcpsimError) as caught:
        loaded(text())
    assert says in str(caught.value)


def test_without_payload_it_can_be_read_but_not_played() -> None:
    sim = TALK.build()
    sim.run()
    text = saved(sim, data=False)
    assert "base64" not in text
    assert len(from_lines(text.splitlines(keepends=True))) == len(sim.trace)
    with pytest.raises(CannotReplay, match=r"payload was left out of this file \(--no-data\)"):
        loaded(text)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ([], "is no move; write an object"),
        ({}, "is no move; the moves are"),
        ({"move": "fly"}, "the moves are deliver, drop"),
        ({"move": "drop"}, "drop has the fields packet"),
        ({"move": "drop", "packet": 1, "why": 2}, "not 'why'"),
        ({"move": "drop", "packet": True}, "packet cannot be True"),
        ({"move": "drop", "packet": -1}, "packet cannot be -1"),
        ({"move": "deliver", "packets": 3}, "packets cannot be 3"),
        ({"move": "deliver", "packets": [1, "2"]}, "packets cannot be"),
        ({"move": "delay", "packet": 1, "by": 1.5}, "by cannot be 1.5"),
        ({"move": "call", "host": "client", "name": "send", "args": [1, {"base64": "%"}]}, "is no value"),
        ({"move": "call", "host": "client", "name": "send", "args": [1, {"octets": 3}]}, "payload was left out"),
        ({"move": "call", "host": 3, "name": "send", "args": []}, "host cannot be 3"),
        ({"move": "inject", "fields": [1, 2], "delay": 0}, "fields cannot be"),
        ({"move": "inject", "fields": [["a", 1, "b", 2], 0, 0, 0, 0, 0, None, None, "x", []], "delay": 0}, "fields"),
        ({"move": "setlink", "a": "x", "b": "y", "changes": [["loss", 1, 2]]}, "changes cannot be"),
        ({"move": "corrupt", "packet": 1, "bit": "x"}, "bit cannot be 'x'"),
    ],
)
def test_a_move_is_checked_when_it_is_read(line: Any, says: str) -> None:
    with pytest.raises(TcpsimError) as caught:
        from_data(line)
    assert says in str(caught.value)


def forged(**changes: int) -> dict[str, Any]:
    """An injected segment as it is saved, every number the largest its field has room for, but for ``changes``."""
    most = {"port": 2**16 - 1, "seq": 2**32 - 1, "ack": 2**32 - 1, "flags": 255, "wnd": 2**16 - 1, "up": 2**16 - 1}
    port, *numbers = (most | {"tsval": 2**32 - 1, "tsecr": 2**32 - 1} | changes).values()
    flow = ["10.0.0.1", port, "10.0.0.2", port]
    return {"move": "inject", "fields": [flow, *numbers, {"base64": ""}, []], "delay": 0, "host": ""}


def test_a_forged_segment_holds_what_its_header_has_room_for() -> None:
    """RFC 9293 3.1, RFC 7323 3.2."""
    assert to_data(from_data(forged())) == forged()
    bits_of = {"port": 16, "seq": 32, "ack": 32, "flags": 8, "wnd": 16, "up": 16, "tsval": 32, "tsecr": 32}
    for name, bits in bits_of.items():
        with pytest.raises(TcpsimError, match="fields cannot be"):
            from_data(forged(**{name: 1 << bits}))


def test_a_long_replay_tells_now_and_then_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tcpsim.net.sessions.TOLD_EVERY", 5)
    sim = SCENARIOS["half-open"].play()
    told: list[tuple[int, int]] = []
    loaded(saved(sim), progress=lambda there, total: told.append((there, total)))
    assert len(told) == sim.position // 5 > 1
    assert [there for there, _ in told] == sorted({there for there, _ in told})
    assert {total for _, total in told} == {len(sim.trace)}
    assert loaded(saved(sim)).position == sim.position, "nobody has to listen"


def test_moves_come_back_as_they_were() -> None:
    for move in SCENARIOS["half-open"].play().recorded():
        assert from_data(json.loads(json.dumps(to_data(move[2])))) == move[2]
