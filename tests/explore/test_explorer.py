"""Exploring the real engine: what is counted, what is told, and what happens when something goes wrong."""

from dataclasses import fields
from typing import Any

import pytest

from tcpsim import TcpsimError
from tcpsim.explore import PROPERTIES, Bounds, Limits, Property, Setup, explore, get_setup
from tcpsim.explore.explorer import engine_of
from tcpsim.explore.library import SETUPS
from tcpsim.net.branch import branch
from tcpsim.net.world import World
from tcpsim.tcp.states import CLOSED, CLOSING, ESTABLISHED, LISTEN, SYN_RECV, TIME_WAIT
from tcpsim.testing import InvariantBroken


def test_handshake_and_close_without_faults_holds_everything() -> None:
    result = explore("handshake-and-close", loss=0)
    assert result.ok
    assert result.complete
    assert {verdict.found for verdict in result.verdicts} == {"holds"}
    assert (CLOSING, CLOSING) in result.joints
    assert (CLOSED, CLOSED) in result.joints
    assert (TIME_WAIT, TIME_WAIT) in result.joints
    assert sum(result.depths) == result.states
    assert "syn_sent.rcv_synack" in result.rules
    assert "established.rst" not in result.rules


def test_more_faults_more_states() -> None:
    counts = [explore("handshake-and-close", loss=loss).states for loss in range(3)]
    assert counts[0] < counts[1] < counts[2]


def test_another_order_gives_the_same_counts_and_verdicts() -> None:
    one = explore("handshake-and-close", profile="rfc9293_literal")
    other = explore("handshake-and-close", profile="rfc9293_literal", order="depth")
    assert (one.states, one.transitions, set(one.joints)) == (other.states, other.transitions, set(other.joints))
    assert one.rules == other.rules
    assert [verdict.found for verdict in one.verdicts] == [verdict.found for verdict in other.verdicts]
    assert sorted(one.graph.keys, key=len) != []


def test_the_same_exploration_twice_is_the_same() -> None:
    one, other = explore("handshake-and-close"), explore("handshake-and-close")
    assert one.graph.keys == other.graph.keys
    assert one.graph.moves == other.graph.moves
    assert one.summary() == other.summary()


@pytest.mark.parametrize(
    "changes",
    [{"reorder": 0}, {"timeouts": 1}, {"calls": 2}, {"packets": 1}, {"early": ()}, {"reorder": 1, "packets": 2}],
    ids=str,
)
def test_bounds_of_every_kind(changes: dict[str, Any]) -> None:
    bounded = explore("handshake-and-close", **changes)
    assert bounded.complete
    # A run that a bound has ended is not stuck; but where only one packet flies, FINs cannot cross.
    crossing = {"CLOSING/CLOSING"} if changes in ({"packets": 1}, {"calls": 2}) else set()
    assert {verdict.asked.name for verdict in bounded.verdicts if verdict.broken} == {
        f"meet {pair}" for pair in crossing
    }
    for name, most in changes.items():
        kinds = {"timeouts": ("Expire",), "calls": ("Call",), "packets": ()}.get(name)
        for node in range(0, bounded.states, 7):
            moves = [type(move).__name__ for move in bounded.graph.path(node)]
            assert kinds is None or sum(moves.count(kind) for kind in kinds) <= most
    assert (bounded.crowded > 0) == ("packets" in changes)


def test_a_doubled_packet_is_a_new_state_and_a_bound_on_packets_counts_it() -> None:
    free, narrow = (explore("handshake-and-close", loss=0, duplicate=1, packets=most) for most in (4, 2))
    assert free.ok
    assert narrow.crowded > 0
    assert explore("handshake-and-close", loss=0).states < narrow.states < free.states


def test_without_reordering_packets_keep_their_order() -> None:
    result = explore("handshake-and-close", loss=0, reorder=0)
    world = result.setup.build(result.profile).world
    for node in range(result.states):
        sim = result.replay(tuple(result.graph.path(node)))
        arrived = [record[5] for record in sim.trace.raw if record[0] == "arrived"]
        for host in ("client", "server"):
            here = [number for number in arrived if sim.trace.introduced(number)[1].dst.startswith(  # type: ignore[index]
                world.host(host).addresses[0])]  # fmt: skip
            assert here == sorted(here)


def test_a_bound_that_cannot_be() -> None:
    with pytest.raises(TcpsimError, match="the bounds are"):
        explore("handshake-and-close", losses=1)
    with pytest.raises(TcpsimError, match="loss=-1"):
        explore("handshake-and-close", loss=-1)
    with pytest.raises(TcpsimError, match="packets=0"):
        Bounds(packets=0)
    with pytest.raises(TcpsimError, match="they are time_wait"):
        Bounds(early=("lunch",))


def test_what_nobody_knows() -> None:
    with pytest.raises(TcpsimError, match="did you mean 'handshake-and-close'"):
        explore("handshake-and-clos")
    with pytest.raises(TcpsimError, match="there are"):
        get_setup("zzz")
    with pytest.raises(TcpsimError, match="no property 'x'"):
        explore("handshake-and-close", properties=["x"])
    with pytest.raises(TcpsimError, match="no profile"):
        explore("handshake-and-close", profile="x")


def test_a_property_that_raises_is_told_and_the_rest_is_kept() -> None:
    def wrong(situation: object) -> None:
        raise ZeroDivisionError("division by zero")

    result = explore("handshake-and-close", properties=["invariants", Property("wrong", "is wrong", "states", wrong)])
    assert result.complete
    assert result.verdict("invariants").found == "holds"
    assert result.verdict("wrong").found == "failed"
    assert "ZeroDivisionError: division by zero" in result.verdict("wrong").why
    assert not result.ok


def test_an_engine_that_raises_is_told_with_the_move(monkeypatch: pytest.MonkeyPatch) -> None:
    from tcpsim.tcp import timeouts

    def broken(core: object) -> None:
        raise RuntimeError("the timer is broken")

    monkeypatch.setitem(timeouts.EXPIRY, "time_wait", broken)
    result = explore("handshake-and-close", loss=0)
    assert result.graph.error is not None
    _, move, error = result.graph.error
    assert move.timer == "time_wait"
    assert str(error) == "the timer is broken"
    assert not result.ok
    assert result.states > 100


def test_a_limit_leaves_what_holds_open() -> None:
    result = explore("handshake-and-close", limits=Limits(states=50))
    assert result.states == 50
    assert not result.complete
    assert result.verdict("invariants").found == "open"
    assert result.verdict("closable").found == "open"
    assert result.ok


def test_pairs_of_states_as_properties() -> None:
    result = explore(
        "handshake-and-close", properties=["CLOSING/CLOSING", "ESTABLISHED/SYN-RECEIVED", "LAST_ACK/LAST_ACK"]
    )
    assert [verdict.found for verdict in result.verdicts] == ["holds", "holds", "broken"]
    shown = result.verdicts[0].example
    assert shown is not None
    sim = result.replay(shown)
    assert [conn.state for conn in sim.world.conns.values() if conn.state is not LISTEN] == [CLOSING, CLOSING]


def test_the_first_violation_is_a_shortest_one() -> None:
    def never(situation) -> None:  # type: ignore[no-untyped-def]
        if any(conn.state is SYN_RECV for conn in situation.world.conns.values()):
            raise InvariantBroken("never", "it is in SYN_RECV")

    result = explore("handshake-and-close", properties=[Property("never", "no SYN_RECV", "states", never)])
    example = result.verdict("never").example
    assert example is not None
    assert len(example.moves) == 3  # listen, connect, the SYN arrives
    sim = result.replay(example)
    assert sorted(conn.state for conn in sim.world.conns.values()) == sorted([LISTEN, 2, SYN_RECV])


@pytest.mark.parametrize("name", SETUPS)
def test_every_setup_says_what_it_is(name: str) -> None:
    setup = SETUPS[name]
    assert setup.name == name
    assert setup.title
    assert setup.look.endswith(".")
    assert setup.source
    assert all(wanted in PROPERTIES or "/" in wanted for wanted in setup.properties)
    assert {type(getattr(setup, entry.name)) for entry in fields(Setup)}
    engine, moves = engine_of(setup)
    assert len(moves) >= len(setup.prelude) - setup.prelude.count("settle")
    assert list(engine.successors(engine.start()))


def test_a_branch_is_a_copy_of_what_an_event_may_change() -> None:
    result = explore("handshake-and-close", properties=[])
    node = result.joints[ESTABLISHED, SYN_RECV]
    world = result.replay(tuple(result.graph.path(node))).world
    twin = branch(world, 0)
    assert all(hasattr(twin, slot) for slot in World.__slots__)
    assert twin.key() == world.key()
    before = world.key()
    for number, conn in twin.conns.items():
        assert (conn is world.conns[number]) == (conn.host != 0)
        assert twin.hosts[conn.host].conns.get(conn.tcb.flow, conn) is conn
    for move in world.moves():
        host = 0 if getattr(move, "packets", None) and world.flight[move.packets[0]][2] == 0 else None
        if host == 0:
            branch(world, 0).apply(move)
    assert world.key() == before
