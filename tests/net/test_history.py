"""Going back, going forward again, replaying, forking."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim import Simulator, TcpsimError, Trace, pair
from tcpsim.net.moves import Move, from_data
from tcpsim.trace.jsonl import to_lines
from tests.helpers.promises import check_promises
from tests.helpers.stories import ACTS, MS, STORIES, STORMY, TALK, Act, Story, act

Snapshot = tuple[int, tuple[Any, ...], list[tuple[Any, ...]]]


def snapshot(sim: Simulator) -> Snapshot:
    """Position, world and trace as values."""
    return sim.position, sim.world.key(), list(sim.trace.raw)


def drive(sim: Simulator, acts: list[Act]) -> dict[int, Snapshot]:
    """Do the acts; what was the case at each position where a person looked."""
    seen = {0: snapshot(sim)}
    for what in acts:
        before = snapshot(sim)
        if not act(sim, what):
            assert snapshot(sim) == before, f"{what} could not be done, and changed something"
        seen[sim.position] = snapshot(sim)
    return seen


def replay(sim: Simulator, moves: dict[int, Move], position: int) -> None:
    """Make recorded moves at their positions, and let the clock decide at the others."""
    while sim.position < position:
        move = moves.get(sim.position)
        if move is not None:
            sim.apply(move)
            continue
        before = sim.position
        sim.step()
        assert sim.position == before + 1, "nothing was due where something was due before"


def recorded(trace: Trace) -> dict[int, Move]:
    """The moves made by hand by position, as they come out of a trace file."""
    lines = [json.loads(line) for line in to_lines(trace)]
    return {line["position"]: from_data(line["move"]) for line in lines if line.get("kind") == "move"}


@given(STORIES, ACTS, st.lists(st.integers(0, 1000), min_size=1, max_size=4))
def test_going_back_and_forth_restores_world_and_trace(story: Story, acts: list[Act], targets: list[int]) -> None:
    sim = story.build()
    seen = drive(sim, acts)
    check_promises(sim.trace)
    positions = sorted(seen)
    for position in [*(positions[target % len(positions)] for target in targets), positions[-1]]:
        sim.goto(position)
        assert snapshot(sim) == seen[position]


@given(STORIES, ACTS)
def test_replaying_the_recorded_moves_gives_the_same_world_and_trace(story: Story, acts: list[Act]) -> None:
    sim = story.build()
    drive(sim, acts)
    again = story.build()
    replay(again, recorded(sim.trace), sim.position)
    assert snapshot(again) == snapshot(sim)
    assert again.trace == sim.trace


@given(STORIES, ACTS, ACTS)
def test_a_fork_never_influences_its_origin_nor_the_other_way_round(
    story: Story, acts: list[Act], more: list[Act]
) -> None:
    sim = story.build()
    drive(sim, acts)
    fork = sim.fork()
    assert snapshot(fork) == snapshot(sim)
    before = snapshot(sim)
    drive(fork, more)
    fork.goto(0)
    assert snapshot(sim) == before
    sim.goto(0)
    sim.goto(before[0])
    assert snapshot(sim) == before
    there = snapshot(fork)
    drive(sim, more)
    assert snapshot(fork) == there
    # The fork has the same future, if the same is done.
    fork = story.build()
    drive(fork, acts)
    twin = fork.fork()
    assert drive(twin, more) == drive(fork, more)


@given(STORIES, ACTS, st.integers(1, 30))
def test_stepping_back_undoes_stepping(story: Story, acts: list[Act], n: int) -> None:
    sim = story.build()
    drive(sim, acts)
    before = snapshot(sim)
    sim.step(n)
    made = sim.position - before[0]
    after = snapshot(sim)
    sim.back(made)
    assert snapshot(sim) == before
    sim.goto(after[0])
    assert snapshot(sim) == after


@pytest.mark.parametrize("story", [TALK, STORMY])
@pytest.mark.parametrize("level", ["brief", "full"])
def test_every_position_of_a_whole_story(story: Story, level: str) -> None:
    """Beyond the checkpoints, which lie hundreds of moves apart."""
    sim = story.build(level)
    seen = [snapshot(sim)]
    while sim.step():
        seen.append(snapshot(sim))
    assert [shot[0] for shot in seen] == list(range(len(seen)))
    for position in [*range(len(seen) - 1, -1, -7), len(seen) - 1, len(seen) // 2, 0, 1]:
        sim.goto(position)
        assert snapshot(sim) == seen[position]
    sim.goto(len(seen) - 1)
    assert snapshot(sim) == seen[-1]


def test_a_long_story_goes_back_over_many_checkpoints() -> None:
    story = TALK.but(
        client=("connect server 80", ("send", bytes(300_000)), "close"),
        server=("listen 80", "accept", "recv_to_end", "close"),
        switches={"mss": 100},
    )
    sim = story.build("brief")
    marks = {}
    while sim.step(97):
        marks[sim.position] = sim.world.key(), len(sim.trace)
    assert sim.position > 4000
    end = sim.world.key(), len(sim.trace)
    for position in [4000 - 4000 % 97, 97, 2910, 970]:
        sim.goto(position)
        assert (sim.world.key(), len(sim.trace)) == marks[position]
    sim.run()
    assert (sim.world.key(), len(sim.trace)) == end


def test_the_clock_that_ran_on_is_restored_too() -> None:
    sim = TALK.build()
    sim.run(until="15ms")
    before = snapshot(sim)
    assert sim.now == 15 * MS
    assert sim.trace.of("move") == sim.trace[-1:]
    sim.step()
    sim.back()
    assert snapshot(sim) == before


def test_a_move_by_hand_is_repeated_at_its_own_time() -> None:
    sim = TALK.but(client=()).build()
    sim.run(until="1s")
    sim.hosts["client"].connect("server", 80)
    assert [record.t for record in sim.trace.of("sent")] == [1000 * MS]
    sim.step()
    after = snapshot(sim)
    sim.goto(0)
    sim.goto(after[0])
    assert snapshot(sim) == after


def test_a_timer_and_a_packet_due_at_once_keep_their_order() -> None:
    """A timer that was moved is put in its place by whoever looks first; what follows must not depend on who did.

    The client's octet is lost. At 1.5 s its timer runs out, and an acknowledgment forged at 1 s arrives.
    """
    sim = TALK.but(
        client=("connect server 80", "sleep 480ms", ("send", b"x")),
        server=("listen 80", "sleep 1s"),  # it wakes just before the heap comes to where the timer was
        faults=((3, "lose"),),
    ).build()
    sim.run(until="1s")
    assert [record.t for record in sim.trace.of("lost")] == [500 * MS]
    assert (sim.now, sim.trace.of("move")) == (1000 * MS, [])
    sim.inject("client", ". 1:1(0) ack 2 win 2000", delay="500ms")
    sim.run(for_="600ms")
    at_once = [record.kind for record in sim.trace.of("timer_fired", "arrived") if record.t == 1500 * MS]
    assert at_once == ["timer_fired", "arrived"]
    after = snapshot(sim)
    for position in (0, 4, 2):
        sim.goto(position)
        sim.goto(after[0])
        assert snapshot(sim) == after


# -- what cannot be


@pytest.mark.parametrize("target", [-1, 6, 1000])
def test_a_position_that_was_never_reached(target: int) -> None:
    sim = TALK.build()
    sim.step(5)
    before = snapshot(sim)
    with pytest.raises(TcpsimError, match=rf"^step {target} was never reached; there are steps 0 .. 5$"):
        sim.goto(target)
    with pytest.raises(TcpsimError, match="was never reached"):
        sim.back(6)
    assert snapshot(sim) == before


def test_another_move_makes_another_future() -> None:
    sim = TALK.build()
    sim.step(5)
    sim.back(2)
    sim.drop()
    assert sim.position == 4
    with pytest.raises(TcpsimError, match="there are steps 0 .. 4"):
        sim.goto(5)


def test_the_same_step_keeps_the_future() -> None:
    sim = TALK.build()
    sim.step(3)
    sim.drop()
    sim.step(2)
    after = snapshot(sim)
    sim.goto(1)
    sim.step(2)
    sim.goto(after[0])
    assert snapshot(sim) == after


def test_a_step_instead_of_a_move_by_hand_makes_another_future() -> None:
    sim = TALK.build()
    sim.step(3)
    sim.drop()
    sim.step(2)
    sim.goto(3)
    sim.step()
    with pytest.raises(TcpsimError, match="there are steps 0 .. 4"):
        sim.goto(5)


def test_without_a_trace_there_is_no_way_back() -> None:
    sim = TALK.build("off")
    sim.step(5)
    with pytest.raises(TcpsimError, match="keeps no history: it was made with trace='off'"):
        sim.back()
    assert sim.position == 5


def test_a_mistake_before_the_first_step_is_no_checkpoint() -> None:
    """What is set up after a refused call belongs to step 0 as well."""
    sim = Simulator(trace="full")
    client, server = sim.host("client"), sim.host("server")
    with pytest.raises(TcpsimError):
        client.connect(server, 0)
    assert not sim.step()
    sim.link(client, server)
    listener = server.listen(80)
    conn = client.connect(server, 80)
    sim.run()
    after = snapshot(sim)
    sim.back(sim.position)
    assert sim.position == 0
    sim.goto(after[0])
    assert snapshot(sim) == after
    assert (conn.state.name, listener.state.name) == ("ESTABLISHED", "LISTEN")


def test_another_past_of_a_fork_is_not_its_origins() -> None:
    sim = TALK.build()
    sim.step(3)
    sim.drop()
    sim.step(2)
    after = snapshot(sim)
    fork = sim.fork()
    fork.goto(2)
    fork.duplicate()
    fork.run()
    sim.goto(0)
    sim.goto(after[0])
    assert snapshot(sim) == after


def test_what_is_set_up_in_a_fork_is_not_in_its_origin() -> None:
    sim = TALK.build()
    before = dict(sim.trace.header), snapshot(sim), list(sim.hosts)
    hosts = list(sim.trace.header["hosts"])
    fork = sim.fork()
    fork.host("third", "10.0.0.3")
    fork.link("third", "server")
    fork.script("third", "connect server 80")
    fork.run()
    assert (dict(sim.trace.header), snapshot(sim), list(sim.hosts)) == before
    assert sim.trace.header["hosts"] == hosts
    sim.host("fourth", "10.0.0.3")
    assert len(sim.trace.header["hosts"]) == 3


# -- Ctrl-C


@pytest.mark.parametrize("call", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("how", ["run", "call"])
def test_an_interruption_in_the_middle_of_an_event_leaves_no_half_of_it(
    monkeypatch: pytest.MonkeyPatch, call: int, how: str
) -> None:
    """A user's program may catch KeyboardInterrupt and go on: the event that was interrupted has not begun."""
    from tcpsim.net import world

    sim, client, server = pair(trace="full")
    listener = server.listen(80)
    conn = client.connect(server, 80)
    sim.run()
    peer, _ = listener.accept()
    if how == "run":
        conn.send(b"x" * 10_000)
    real = world.output
    calls = 0

    def interrupted(conn: object) -> None:
        nonlocal calls
        calls += 1
        real(conn)  # type: ignore[arg-type]
        if calls == call:
            raise KeyboardInterrupt

    monkeypatch.setattr(world, "output", interrupted)
    before: list[Any] = []

    def go_on() -> None:
        while True:
            before[:] = sim.position, sim.world.key(), list(sim.trace.raw)
            if how == "call":
                conn.send(b"y" * 100)
            else:
                sim.step()

    with pytest.raises(KeyboardInterrupt):
        go_on()
    monkeypatch.undo()
    assert [sim.position, sim.world.key(), list(sim.trace.raw)] == before
    sent = (call - 1) * 100 if how == "call" else 10_000
    received = b""
    while len(received) < sent:
        received += peer.recv()
    sim.run()
    assert len(received) == sent
