"""The machine on the engine as it is: whatever hypothesis makes of two hosts and a link, the invariants hold."""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, run_state_machine_as_test

from tcpsim import Segment, profiles
from tcpsim.tcp.tcb import Tcb
from tcpsim.testing import TcpStateMachine, segments

#: Fewer runs than a plain property gets: each makes dozens of moves.
SHORT = settings(max_examples=25, stateful_step_count=30)
LONG = settings(max_examples=2_000, stateful_step_count=60)


class Tiny(TcpStateMachine):
    """Buffers so small that windows close, data waits and windows are probed."""

    profile = TcpStateMachine.profile.but(rcv_buf=8, snd_buf=16, mss=4)


class Attacked(TcpStateMachine):
    """An attacker sends resets, and the users abort."""

    max_forged = 3
    aborts = True
    settles = False  # the forged reset ends one side, the answer to the other's FIN is lost: FIN_WAIT_2 hears no more


class Fuzzed(TcpStateMachine):
    """An attacker sends anything; what two ends know about each other is void then."""

    max_forged = 6
    settles = False

    def forge(self, tcb: Tcb) -> st.SearchStrategy[Segment]:
        return segments(tcb=tcb)


class Battered(TcpStateMachine):
    """Everything the world can do to two hosts: damage, partitions, reboots, ICMP errors."""

    max_corrupts = max_partitions = max_reboots = max_icmp = 2
    settles = False  # nor does a host that has forgotten a connection ever answer a peer in FIN_WAIT_2


class Linux(TcpStateMachine):
    """With the options and habits of a stack that is in use."""

    profile = profiles.LINUX


class FreeBsd(TcpStateMachine):
    """The same, of another one."""

    profile = profiles.FREEBSD


class TestTcp(TcpStateMachine.TestCase):
    settings = SHORT


class TestTiny(Tiny.TestCase):
    settings = SHORT


class TestAttacked(Attacked.TestCase):
    settings = SHORT


class TestFuzzed(Fuzzed.TestCase):
    settings = SHORT


class TestBattered(Battered.TestCase):
    settings = SHORT


class TestLinux(Linux.TestCase):
    settings = settings(max_examples=10, stateful_step_count=30)


class TestFreeBsd(FreeBsd.TestCase):
    settings = settings(max_examples=10, stateful_step_count=30)


@pytest.mark.deep
@pytest.mark.parametrize("machine", [TcpStateMachine, Tiny, Attacked, Fuzzed, Battered, Linux, FreeBsd])
def test_for_long(machine: type[TcpStateMachine]) -> None:
    run_state_machine_as_test(machine, settings=LONG)


class NeverEstablished(TcpStateMachine):
    """What a user might add: an invariant of their own, and here a wrong one."""

    settles = False

    @invariant()
    def nobody_is_established(self) -> None:
        assert not [conn.number for conn in self.sim.world.conns.values() if conn.state.name == "ESTABLISHED"]


def test_a_failure_shows_the_ladder_and_a_script() -> None:
    once = settings(
        max_examples=50,
        stateful_step_count=5,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
    )
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(NeverEstablished, settings=once)
    told = "\n".join(caught.value.__notes__)
    assert "SYN,ACK" in told
    assert "ESTABLISHED" in told
    script = told.partition("To run it again:")[2].partition("Failing test case")[0].partition("Falsifying")[0]
    space: dict[str, object] = {}
    with pytest.raises(AssertionError) as same:  # it asks what the machine asked
        exec(script, space)
    assert same.value.args == caught.value.args
    again = space["sim"]
    failed = NeverEstablished.failed
    assert failed is not None
    assert again.world.key() == failed.world.key()  # type: ignore[attr-defined]
    assert again.position <= 5  # type: ignore[attr-defined]
