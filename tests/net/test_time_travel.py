"""Far positions cost little, interrupted events are mended, futures are compared, conditions stop a run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tcpsim
from tcpsim import Simulator, State, TcpsimError
from tcpsim.explain import why as why_in
from tcpsim.net.world import World
from tcpsim.scenarios import SCENARIOS
from tests.helpers.stories import ACTS, STORIES, TALK, Act, Story, act
from tests.net.test_history import snapshot

MS = 1_000_000
LONG = TALK.but(
    client=("connect server 80", ("send", bytes(150_000)), "close"),
    server=("listen 80", "accept", "recv_to_end", "close"),
    switches={"mss": 100},
)


class Counted:
    """Counts the moves that worlds make."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moves = 0
        step, apply = World.step, World.apply

        def counting_step(world: World, *args: Any) -> Any:
            self.moves += 1
            return step(world, *args)

        def counting_apply(world: World, *args: Any, **options: Any) -> Any:
            self.moves += 1
            return apply(world, *args, **options)

        monkeypatch.setattr(World, "step", counting_step)
        monkeypatch.setattr(World, "apply", counting_apply)


def test_no_position_of_a_long_history_costs_more_than_256_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = LONG.build("brief")
    marks = {}
    while sim.step(111):
        marks[sim.position] = snapshot(sim)
    end = sim.position
    assert end > 2000
    counted = Counted(monkeypatch)
    targets = [end, 0, 111 * 9, 111, end, 111 * 15, 111 * 3, 1, end - 1, 255, 256, 257, 512, end]
    for target in targets:
        counted.moves = 0
        sim.goto(target)
        assert sim.position == target
        assert counted.moves <= 256, f"goto({target}) of {end}"
        if target in marks:
            assert snapshot(sim) == marks[target]


def test_a_history_goes_on_where_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = LONG.build("brief")
    sim.step(1200)
    there = snapshot(sim)
    sim.goto(300)
    sim.step(400)  # the same as before
    sim.goto(1200)
    assert snapshot(sim) == there
    sim.goto(500)
    sim.drop()  # another future
    sim.step(600)
    other = snapshot(sim)
    counted = Counted(monkeypatch)
    for target in (0, 1101, 501, 1101):
        counted.moves = 0
        sim.goto(target)
        assert counted.moves <= 256
    assert snapshot(sim) == other
    assert other[2][: len(there[2])] != there[2]


@given(STORIES, ACTS, st.integers(0, 1000))
def test_mending_changes_nothing_that_is_whole(story: Story, acts: list[Act], back: int) -> None:
    sim = story.build()
    for what in acts:
        act(sim, what)
    after = snapshot(sim)
    sim.goto(back % (sim.position + 1))
    here = snapshot(sim)
    sim.mend()
    assert snapshot(sim) == here
    sim.goto(after[0])
    assert snapshot(sim) == after


@pytest.mark.parametrize("position", [0, 1, 3, 300])
def test_an_interrupted_event_is_mended(position: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = LONG.build("full")
    sim.step(position + 20)
    ahead = snapshot(sim)
    sim.goto(position)
    here = snapshot(sim)

    finish = World.finish
    presses = [True]

    def interrupted(world: World) -> None:
        if presses:  # once: what mends the event makes events of its own
            presses.clear()
            raise KeyboardInterrupt
        finish(world)

    with monkeypatch.context() as patch:
        patch.setattr(World, "finish", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sim.step()
    assert snapshot(sim) == here
    sim.goto(ahead[0])
    assert snapshot(sim) == ahead


def test_mending_without_a_history_is_no_error() -> None:
    sim = TALK.build("off")
    sim.step(3)
    sim.mend()
    assert sim.position == 3


@pytest.mark.parametrize("name", list(SCENARIOS)[::2])
def test_every_position_of_a_scenario_is_restored(name: str) -> None:
    sim = SCENARIOS[name].play()
    end = sim.position
    last = snapshot(sim)
    forwards = {}
    for position in range(end + 1):
        sim.goto(position)
        forwards[position] = snapshot(sim)
    assert forwards[end] == last
    fork = sim.fork()
    for position in (*range(end, -1, -2), 0, end, *range(1, end, 3)):
        sim.goto(position)
        assert snapshot(sim) == forwards[position]
    assert snapshot(fork) == last


# -- until


def handshake() -> Simulator:
    sim, client, server = tcpsim.pair()
    server.listen(80)
    client.connect("server", 80)
    return sim


@pytest.mark.parametrize(
    ("condition", "now"),
    [
        ("ESTABLISHED", 20),
        ("syn-received", 10),
        (State.SYN_RECV, 10),
        ("syn_recv.ack_of_syn", 30),
        ("listen.rcv_syn", 10),
        ("SYN,ACK", 10),
        ("S.", 10),
        ("15ms", 15),
        (25 * MS, 25),
        (lambda sim: sim.now >= 20 * MS, 20),
    ],
)
def test_until(condition: Any, now: int) -> None:
    sim = handshake()
    assert sim.until(condition)
    assert sim.now == now * MS


def test_until_sees_a_state_that_is_only_passed_through() -> None:
    sim = SCENARIOS["fin-with-ack"].build() if "fin-with-ack" in SCENARIOS else None
    found = [name for name in SCENARIOS if "FIN_WAIT_2" in _states_of(name)]
    assert found
    sim = SCENARIOS[found[0]].build()
    assert sim.until("FIN_WAIT_2")


def _states_of(name: str) -> set[str]:
    scenario = SCENARIOS[name]
    return (
        set()
        if scenario.acts
        else {raw[5] for raw in scenario.play().trace.raw if raw[0] == "fired"}
        and {
            str(record.dst)
            for record in scenario.play().trace.of("fired")  # type: ignore[union-attr]
        }
    )


@pytest.mark.parametrize("condition", ["LAST_ACK", "RST", "time_wait.timeout_2msl"])
def test_what_never_comes(condition: str) -> None:
    sim = handshake()
    assert not sim.until(condition)
    assert not sim.in_flight


@pytest.mark.parametrize("condition", ["SHUT", "", None, 1.5, True, -3, "3 parsecs"])
def test_no_condition(condition: Any) -> None:
    sim = handshake()
    before = snapshot(sim)
    with pytest.raises(TcpsimError):
        sim.until(condition)
    assert snapshot(sim) == before


def test_rules_and_flags_need_a_trace() -> None:
    sim = TALK.build("off")
    with pytest.raises(TcpsimError, match="trace='off'"):
        sim.until("FIN")
    assert sim.until("ESTABLISHED")


# -- diff


def test_two_futures_are_compared() -> None:
    sim = handshake()
    sim.step(2)
    other = sim.fork()
    assert not sim.diff(other)
    assert "no difference" in str(sim.diff(other))
    other.drop()
    sim.step()
    found = sim.diff(other)
    assert found
    assert found.step == sim.position - 1
    assert found.t == 20 * MS
    assert [None if one is None else one.kind for one in found.first] == ["arrived", "move"]
    assert found.ends[("server", 3)]["state"] == ("ESTABLISHED", "SYN_RECV")
    assert found.situation["time"] == ("0.030 s", "0.020 s")
    text = str(found)
    for words in ("they part at step 4, 0.020 s", "drop packet 3", "server, connection 3", "SND.UNA"):
        assert words in text, text


def test_one_future_is_only_longer() -> None:
    sim = handshake()
    other = sim.fork()
    other.run()
    found = sim.diff(other)
    assert found.step is None
    assert found.first[0] is None
    assert "one has gone further" in str(found)
    assert found.situation["in flight"] == ("#1", "nothing")


def test_other_hosts_have_no_past_in_common() -> None:
    assert handshake().diff(TALK.build()).step == 0


# -- why, at level brief


@pytest.mark.parametrize("name", list(SCENARIOS)[::6])
def test_why_at_level_brief_tells_what_level_full_does(name: str) -> None:
    brief, full = SCENARIOS[name].play(), SCENARIOS[name].play(trace="full")
    before = snapshot(brief)
    at = iter(full.trace)
    for record in brief.trace[::3]:
        twin = next(one for one in at if _same(one, record))
        answer = brief.why(record)
        assert answer.record[1:4] == twin[1:4]
        assert [step[1:4] for step in answer.steps] == [step[1:4] for step in why_in(full.trace, twin).steps]
    assert snapshot(brief) == before


def test_why_at_level_full_is_what_the_trace_tells() -> None:
    sim = TALK.build("full")
    sim.run()
    for n in range(0, len(sim.trace), 7):
        assert sim.why(n) == why_in(sim.trace, n)


def _same(one: Any, record: Any) -> bool:
    names = [name for name in ("packet", "rule", "name", "timer", "check", "text", "octets") if hasattr(record, name)]
    return (one.kind, one.t, one.where, one.conn) == (record.kind, record.t, record.where, record.conn) and all(
        getattr(one, name) == getattr(record, name) for name in names
    )


def test_why_in_a_long_history_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = LONG.build("brief")
    sim.step(1500)
    counted = Counted(monkeypatch)
    assert sim.why(2000).steps
    assert counted.moves <= 3 * 256
