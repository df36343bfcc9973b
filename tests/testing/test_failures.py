"""What is told of a run that has failed, and where hypothesis learns of tcpsim's types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

import tcpsim
from tcpsim.net.moves import Call
from tcpsim.testing import InvariantBroken, TcpStateMachine, Watch, everything_closed, told
from tcpsim.testing.failures import FOLDER, save
from tcpsim.testing.machine import reached

ONCE = settings(
    max_examples=20,
    stateful_step_count=4,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
)


def connected() -> tcpsim.Simulator:
    sim, client, server = tcpsim.pair()
    server.listen(80)
    client.connect("server", 80)
    sim.run()
    return sim


def nobody_is_half_way(world: Any) -> None:
    """A wrong predicate, which the script of a failure imports."""
    states = {conn.state.name for conn in world.conns.values()} & {"FIN_WAIT_1", "SYN_RECV"}
    assert not states, f"{sorted(states)} after {world.now} ns"


class Predicate(TcpStateMachine):
    must_hold = (nobody_is_half_way,)


class Hook(TcpStateMachine):
    def moved(self) -> None:
        assert self.sim.now < 20_000_000, f"it is {self.sim.now} ns"


class AtTheEnd(TcpStateMachine):
    def finished(self) -> None:
        assert not self.sim.trace.of("sent"), f"{len(self.sim.trace.of('sent'))} segments were sent"


class Invariant(TcpStateMachine):
    settles = False

    @invariant()
    def nothing_is_sent(self) -> None:
        assert not self.sim.in_flight, f"packets {list(self.sim.in_flight)} are in flight"


@pytest.mark.parametrize("machine", [Predicate, Hook, AtTheEnd, Invariant])
def test_a_script_asks_what_its_machine_asks(machine: type[TcpStateMachine]) -> None:
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(machine, settings=ONCE)
    text = "\n".join(caught.value.__notes__)
    script = text.partition("To run it again:\n\n")[2].partition("\n\nFailing")[0].partition("\nFalsifying")[0]
    assert f"{machine.__name__}.judge(sim" in script
    with pytest.raises(AssertionError) as again:
        exec(script, {})
    assert str(again.value).splitlines()[0] == str(caught.value).splitlines()[0]


def test_a_machine_can_ask_for_files(tmp_path: Path) -> None:
    class Keeping(Hook):
        save = str(tmp_path)

    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(Keeping, settings=ONCE)
    text = "\n".join(caught.value.__notes__)
    for suffix in (".jsonl", ".pcapng", ".html"):
        assert f"Written: {tmp_path / 'Keeping'}{suffix}" in text
        assert (tmp_path / f"Keeping{suffix}").stat().st_size > 500


def test_runs_are_steered_by_what_they_reach() -> None:
    sim, client, server = tcpsim.pair()
    assert reached(sim) == 0
    server.listen(80)
    client.connect("server", 80)
    sim.run()
    handshake = reached(sim)
    assert handshake == 5 + 1 + 5  # rows, the verdict "listen.taken", and pairs of states
    client.connect("server", 80)
    sim.run()
    assert reached(sim) > handshake


def test_judging_a_run_that_is_fine_says_nothing() -> None:
    sim = connected()
    TcpStateMachine.judge(sim)
    with pytest.raises(InvariantBroken, match="everything_closed"):
        TcpStateMachine.judge(sim, ended=True)
    with pytest.raises(InvariantBroken, match="still in LISTEN|still in ESTABLISHED"):
        everything_closed(sim.world)


def test_the_ledger_knows_what_was_written() -> None:
    sim = connected()
    listener, peer = sim.hosts["server"].fds(), sim.hosts["client"].fds()
    assert len(listener) == len(peer) == 1
    fd = sim.call("server", "accept", 3)
    watch = Watch(sim)
    move = Call("client", "send", (3, b"hello"))
    watch.check(move, sim.apply(move))
    sim.run()
    watch.check()
    right = Call("server", "recv", (fd, 3))
    watch.check(right, sim.apply(right))
    wrong = Call("server", "recv", (fd, 2))
    sim.apply(wrong)
    with pytest.raises(InvariantBroken, match=r"stream_prefix.*b'XX' for b'lo'"):
        watch.check(wrong, b"XX")


def test_what_fails_inside_is_told() -> None:
    sim = connected()
    with pytest.raises(AssertionError) as caught, told(sim):
        raise AssertionError("so be it")
    (text,) = caught.value.__notes__
    assert "SYN,ACK" in text
    space: dict[str, Any] = {}
    exec(text.partition("To run it again:")[2], space)
    assert space["sim"].world.key() == sim.world.key()
    with told(sim):
        pass


def test_a_simulation_without_history_is_told_as_far_as_it_can_be() -> None:
    sim, _, _ = tcpsim.pair(trace="off")
    with pytest.raises(ValueError) as caught, told(sim):
        raise ValueError
    assert "keeps no history" in caught.value.__notes__[0]


def test_files_have_names_that_every_system_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = save(connected(), str(tmp_path / "new"), "tests/x.py::test_it[a/b:c*]")
    assert [Path(name).name for name in names] == [
        f"tests-x.py-test_it-a-b-c{suffix}" for suffix in (".jsonl", ".pcapng", ".html")
    ]
    monkeypatch.setenv(FOLDER, str(tmp_path / "other"))
    with pytest.raises(AssertionError) as caught, told(connected(), connected(), name="two"):
        raise AssertionError
    assert "Written: " in caught.value.__notes__[1]
    assert len(list((tmp_path / "other").iterdir())) == 6


@pytest.mark.parametrize("order", ["import hypothesis, tcpsim", "import tcpsim, hypothesis"])
def test_types_are_registered_in_either_order(order: str) -> None:
    """And what nobody asks for is not loaded: the strategies come when they are drawn."""
    script = (
        f"import sys; {order}\n"
        "assert 'tcpsim.testing.strategies' not in sys.modules\n"
        "from hypothesis import strategies as st\n"
        "text = repr(st.from_type(tcpsim.Segment))\n"
        "assert 'tcpsim.testing.strategies' in sys.modules, text"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_hypothesis_alone_does_not_load_tcpsim() -> None:
    script = "import sys, hypothesis; assert not [name for name in sys.modules if name.startswith('tcpsim')]"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
