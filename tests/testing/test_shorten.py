"""A run that breaks an invariant is told in fewer moves, and breaks the same one."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

import tcpsim
from tcpsim.net.moves import Call
from tcpsim.tcp.errors import TcpsimError
from tcpsim.testing import InvariantBroken, TcpStateMachine, check_run, replay_script, shorten

from .planted import BUGS


def long_way_to_a_crossing_close(extra: int = 0) -> tcpsim.Simulator:
    """Both ends talk, packets are doubled, lost and late, and both ends close at the same time."""
    sim, client, server = tcpsim.pair()
    listener = server.listen(80)
    conn = client.connect("server", 80)
    sim.run()
    peer, _ = listener.accept()
    for place in range(extra):
        sim.run(for_="1s")
        (conn, peer)[place % 2].send(bytes([place]) * 300)
        (sim.duplicate, sim.drop, partial(sim.delay, by="7ms"))[place % 3](next(iter(sim.in_flight)))
        sim.run()
    conn.close()
    peer.close()
    sim.run()
    return sim


def broken(sim: tcpsim.Simulator) -> InvariantBroken:
    with pytest.raises(InvariantBroken) as found:
        check_run(sim)
    return found.value


@pytest.mark.parametrize("extra", [0, 1, 7])
def test_what_the_failure_does_not_need_is_left_out(extra: int) -> None:
    with BUGS["no_closing"].plant():
        sim = long_way_to_a_crossing_close(extra)
        before, position, error = sim.world.key(), sim.position, broken(sim)
        short = shorten(sim, error)
        assert broken(short).name == error.name == "fin_fits_state"
        assert short.position < position
        assert short.position <= 10
        assert (sim.world.key(), sim.position) == (before, position)
        script = replay_script(short, check=True)
        with pytest.raises(InvariantBroken, match="fin_fits_state"):
            exec(script, {})
        assert shorten(short, error).position == short.position
    exec(script, {})  # it is the planted mistake that the short run shows, too


@settings(max_examples=10)
@given(data=st.data())
def test_no_effort_makes_it_longer_or_other(data: st.DataObject) -> None:
    effort = data.draw(st.integers(0, 600))
    with BUGS["no_closing"].plant():
        sim = long_way_to_a_crossing_close(data.draw(st.integers(0, 4)))
        error = broken(sim)
        short = shorten(sim, error, effort=effort)
        assert short.position <= sim.position
        assert broken(short).name == error.name
        if effort == 0:
            assert short is sim


def test_another_failure_is_not_taken_for_it() -> None:
    with BUGS["no_closing"].plant():
        sim = long_way_to_a_crossing_close()
        other = InvariantBroken("stream_prefix", "something else")
        assert shorten(sim, other) is sim


def test_a_run_without_history_cannot_be_shortened() -> None:
    sim = tcpsim.Simulator(trace="off")
    with pytest.raises(TcpsimError, match="keeps no history"):
        shorten(sim, InvariantBroken("stream_prefix", "something"))


class Winding(TcpStateMachine):
    """Its only rule opens a connection and closes it from both ends, in more moves than that needs."""

    steers = settles = False

    @rule()
    def all_at_once(self) -> None:
        while self.event():
            pass
        if self.queued():
            self.accept()
        for host, fd, _ in self.sockets(lambda conn: conn.state.name == "ESTABLISHED"):
            self.move(Call(host, "send", (fd, b"x")))
        while self.event():
            pass
        for host, fd, _ in self.sockets(lambda conn: conn.state.name == "ESTABLISHED"):
            self.move(Call(host, "shutdown", (fd,)))
        while self.event():
            pass


def test_the_machine_tells_the_short_run() -> None:
    once = settings(max_examples=100, stateful_step_count=3, derandomize=True, database=None, phases=[Phase.generate])
    with BUGS["no_closing"].plant(), pytest.raises(InvariantBroken) as caught:
        run_state_machine_as_test(Winding, settings=once)
    short = Winding.failed
    assert short is not None
    notes = "\n".join(caught.value.__notes__)
    assert f"fin_fits_state is broken in {short.position} moves already" in notes
    assert str(short.ladder()) in notes
    assert replay_script(short, check=True) in notes
