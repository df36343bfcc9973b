"""The same seed gives the same story: in this process, in another, under another hash seed, at every level."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given

from tcpsim import Simulator, pair
from tcpsim.net.chance import draw, stream
from tcpsim.trace.jsonl import to_lines
from tests.helpers.promises import check_promises
from tests.helpers.stories import ACTS, MOD, STORIES, STORMY, TALK, Act, Story, act

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys
from tcpsim.trace.jsonl import to_lines
from tests.helpers.stories import STORMY, act
sim = STORMY.but(seed=int(sys.argv[1])).build("full")
for what in [("step", 3, 0), ("connect", 0, 1), ("step", 6, 0), ("send", 0, 3), ("duplicate", 1, 0)]:
    act(sim, what)
sim.run(limit=20000)
sys.stdout.reconfigure(encoding="utf-8", newline="")
sys.stdout.writelines(to_lines(sim.trace))
"""


def in_another_process(hash_seed: str, seed: int) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, str(seed)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8")


def test_byte_equal_in_another_process_with_another_hash_seed() -> None:
    texts = [in_another_process(hash_seed, 7) for hash_seed in ("0", "1", "12345")]
    assert texts[0] == texts[1] == texts[2]
    assert texts[0].count("\n") > 200
    assert '"kind":"lost"' in texts[0]
    assert '"data":"' in texts[0]
    assert in_another_process("0", 8) != texts[0]


@pytest.mark.parametrize("level", ["brief", "full"])
def test_equal_in_the_same_process(level: str) -> None:
    texts = []
    for _ in range(2):
        sim = STORMY.build(level)
        sim.run()
        texts.append("".join(to_lines(sim.trace)))
    assert texts[0] == texts[1]


def stripped(sim: Simulator) -> list[tuple[object, ...]]:
    """What a trace of level full has in common with one of level brief: no places, no payload."""
    rows = []
    for kind, t, where, conn, _, *body in sim.trace.raw:
        if kind in ("vars", "timer_set", "timer_stopped") or (kind == "checked" and body[2] is None):
            continue  # level full alone
        if kind in ("sent", "injected", "duplicated"):
            body[1] = body[1][:10]
        rows.append((kind, t, where, conn, *body))
    return rows


@given(STORIES, ACTS)
def test_levels_do_not_influence_the_world_and_brief_is_a_part_of_full(story: Story, acts: list[Act]) -> None:
    sims = {level: story.build(level) for level in ("off", "brief", "full")}
    for what in acts:
        assert len({act(sim, what) for sim in sims.values()}) == 1
        assert len({sim.world.key() for sim in sims.values()}) == 1
        assert len({sim.position for sim in sims.values()}) == 1
    assert sims["off"].trace.raw == []
    assert stripped(sims["brief"]) == stripped(sims["full"])
    assert len(sims["brief"].trace) == len(stripped(sims["full"]))
    check_promises(sims["full"].trace)


def test_full_has_every_check_and_variable_and_brief_has_none_of_it() -> None:
    counts = {}
    for level in ("brief", "full"):
        sim = TALK.build(level)
        sim.run()
        passed = [record for record in sim.trace.of("checked") if record.verdict is None]  # type: ignore[union-attr]
        counts[level] = len(passed), len(sim.trace.of("vars")), len(sim.trace.of("timer_set"))
    assert counts["brief"] == (0, 0, 0)
    assert min(counts["full"]) > 5


# -- chance


def test_a_draw_is_a_function_of_what_it_is_for() -> None:
    start = stream(1, "a->b loss")
    draws = [draw(start, n) for n in range(1, 2001)]
    assert draws == [draw(start, n) for n in range(1, 2001)]
    assert all(0 <= number < 1 for number in draws)
    assert len(set(draws)) == 2000
    assert 0.45 < sum(draws) / 2000 < 0.55
    assert 150 < sum(number < 0.1 for number in draws) < 250
    assert {stream(1, "a->b loss"), stream(2, "a->b loss"), stream(1, "b->a loss")} != {start}
    assert draw(stream(2, "a->b loss"), 1) != draws[0]
    assert all(0 <= stream(seed, "a->b loss") < 2**64 for seed in range(20))


def test_draws_are_splitmix64s() -> None:
    """The outputs that are published for the seed 1234567, of which a draw has the upper 53 bits."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [draw(1234567, n) for n in range(1, 5)] == [(number >> 11) / 2**53 for number in published]


def test_taking_one_packet_away_does_not_reshuffle_the_others() -> None:
    """The n-th packet of a link meets the same fate whatever became of those before it."""

    def fates(story: Story) -> list[bool]:
        sim = story.build("brief")
        sim.run(limit=20000)
        lost = {record.packet for record in sim.trace.of("lost")}  # type: ignore[union-attr]
        return [record.packet in lost for record in sim.trace.of("sent", where="client")]  # type: ignore[union-attr]

    before = fates(STORMY)
    taken = before.index(False)
    after = fates(STORMY.but(faults=((taken + 1, "lose"),)))
    n = min(len(before), len(after))
    assert n > taken + 5
    assert after[:n] == [*before[:taken], True, *before[taken + 1 : n]]
    assert True in before[taken + 1 : n]


@pytest.mark.parametrize(("loss", "arrive"), [(0.0, True), (1.0, False)])
def test_nothing_and_everything_is_lost(loss: float, arrive: bool) -> None:
    sim = TALK.but(loss=loss).build("brief")
    sim.run()
    assert bool(sim.trace.arrived()) == arrive
    assert bool(sim.trace.of("lost")) != arrive


def test_isns_come_from_the_seed_unless_they_are_given() -> None:
    def first(seed: int, iss: int | None) -> int:
        sim = TALK.but(seed=seed, client_iss=iss).build("brief")
        sim.run()
        return sim.trace.sent(where="client")[0].seq

    assert first(1, None) == first(1, None) != first(2, None)
    assert first(1, MOD - 1) == MOD - 1


def test_given_isns_are_taken_one_after_the_other() -> None:
    sim = Simulator()
    client = sim.host("client", iss=[5, MOD - 1])
    server = sim.host("server")
    sim.link(client, server)
    for _ in range(3):
        client.connect(server, 80)
    numbers = [seg.seq for seg in sim.trace.sent(where="client")]
    assert numbers[:2] == [5, MOD - 1]
    assert numbers[2] not in (5, MOD - 1)


def test_a_pair_has_seed_0_unless_another_is_given() -> None:
    seeds = [sim.trace.header["seed"] for sim in (pair()[0], Simulator(), pair(seed=3)[0], Simulator(3))]
    assert seeds == [0, 0, 3, 3]
