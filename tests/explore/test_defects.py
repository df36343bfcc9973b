"""The standard's own defects: found under the literal profile, gone under the default one."""

import pytest

from tcpsim.explore.defects import DEFECTS, Defect
from tcpsim.explore.explorer import along, engine_of
from tcpsim.net.moves import Call, Deliver, Expire
from tcpsim.tcp.profiles import RFC9293, RFC9293_LITERAL
from tcpsim.tcp.segment import FIN
from tcpsim.tcp.states import FIN_WAIT_2, LISTEN, TIME_WAIT

BY_ID = {defect.id: defect for defect in DEFECTS}


def found(id: str) -> tuple[Defect, object, object]:
    defect = BY_ID[id]
    result = defect.explored(RFC9293_LITERAL)
    assert result.complete
    example = defect.shown_by(result)
    assert example is not None
    return defect, result, example


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.id)
def test_found_in_the_text_as_printed_and_settled_by_its_switch(defect: Defect) -> None:
    assert defect.shown_by(defect.explored(RFC9293_LITERAL)) is not None
    name, value = defect.switch
    assert getattr(RFC9293_LITERAL, name) != value
    settled = defect.explored(defect.settled)
    assert settled.complete
    assert defect.shown_by(settled) is None


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.id)
def test_the_default_profile_is_clean(defect: Defect) -> None:
    result = defect.explored(RFC9293)
    assert result.complete
    assert (defect.shown_by(result) is not None) == defect.remains
    if defect.remains:
        cured = defect.explored(RFC9293.but(**dict([defect.switch])))
        assert cured.complete
        assert cured.ok


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.id)
def test_the_run_is_the_same_in_the_simulator(defect: Defect) -> None:
    """What the explorer reached by branching, a simulator reaches by making the moves."""
    result = defect.explored(RFC9293_LITERAL)
    example = defect.shown_by(result)
    assert example is not None
    sim = result.replay(example)
    engine, _ = engine_of(result.setup, result.profile)
    situation = along(engine, example.moves)
    assert sim.world.now == situation.world.now
    for number, conn in situation.world.conns.items():
        assert sim.world.conns[number].tcb.key() == conn.tcb.key()
    assert [seg.key() for _, seg, _ in sim.world.flight.values()] == [
        seg.key() for _, seg, _ in situation.world.flight.values()
    ]


@pytest.mark.parametrize("id", ["A-12", "A-16", "A-17"])
def test_a_livelock_goes_on_for_ever_in_the_simulator(id: str) -> None:
    """Nothing but deliveries, and still packets in flight after a hundred turns."""
    _, result, example = found(id)
    sim = result.replay(example)  # type: ignore[attr-defined]
    assert all(isinstance(move, Deliver) for move in example.moves[-example.turns :])  # type: ignore[attr-defined]
    states = sorted(conn.state for conn in sim.world.conns.values())
    for _ in range(100 * example.turns):  # type: ignore[attr-defined]
        assert sim.world.flight
        sim.deliver()
    assert sorted(conn.state for conn in sim.world.conns.values()) == states


def test_a_fin_again_does_not_restart_2msl() -> None:
    _, result, example = found("A-11")
    sim = result.replay(example)  # type: ignore[attr-defined]
    (ended,) = [conn for conn in sim.world.conns.values() if conn.state is TIME_WAIT]
    began = next(r.t for r in sim.trace.of("fired") if r.dst is TIME_WAIT)
    assert ended.tcb.time_wait_due == began + 2 * RFC9293.msl
    fins = [r for r in sim.trace.of("sent", where="client") if r.seg.flags & FIN]
    assert len(fins) == 2
    default = result.setup.build(RFC9293, trace="brief")  # type: ignore[attr-defined]
    for move in example.moves:  # type: ignore[attr-defined]
        default.run(for_="1ms")
        default.apply(move)
    (ended,) = [conn for conn in default.world.conns.values() if conn.state is TIME_WAIT]
    assert ended.tcb.time_wait_due == default.now + 2 * RFC9293.msl


def test_a_second_fin_advances_rcv_nxt() -> None:
    _, result, example = found("A-14")
    sim = result.replay(example)  # type: ignore[attr-defined]
    tcb = next(conn.tcb for conn in sim.world.conns.values() if conn.tcb.fin_received)
    assert tcb.rcv_nxt == tcb.rcv_fin + 2


def test_a_silent_abort_strands_the_peer() -> None:
    _, result, example = found("A-22")
    sim = result.replay(example)  # type: ignore[attr-defined]
    assert any(isinstance(move, Call) and move.name == "abort" for move in example.moves)  # type: ignore[attr-defined]
    sim.run(for_="240h")
    assert sorted(conn.state for conn in sim.world.conns.values()) == [LISTEN, FIN_WAIT_2]
    assert not any(isinstance(move, Expire) for move in sim.world.moves())
