"""Every invariant is broken here by a block, a pair, a world or a trace made for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tcpsim
from tcpsim.net.moves import Inject
from tcpsim.tcp.segment import FIN
from tcpsim.tcp.states import State
from tcpsim.testing import InvariantBroken, Watch, check_run, check_world, invariants, streams
from tcpsim.testing.invariants import JOINT_STATES
from tcpsim.testing.streams import stream_prefix


def established() -> tuple[tcpsim.Simulator, Any, Any]:
    """A simulation, and the connections of both ends."""
    sim, client, server = tcpsim.pair()
    listener = server.listen(80)
    conn = client.connect("server", 80)
    sim.run()
    peer, _ = listener.accept()
    conn.send(b"hello")
    return sim, sim.world.conns[conn.number], sim.world.conns[peer.number]


def spoil(**values: Any) -> Callable[[Any, Any], None]:
    """Give variables of the first end's block other values."""

    def change(one: Any, other: Any) -> None:
        for name, value in values.items():
            setattr(one.tcb, name, value)

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("snd_una_not_beyond_snd_nxt", lambda one, other: setattr(one.tcb, "snd_una", one.tcb.snd_nxt + 1)),
        ("send_buffer_fits_numbers", lambda one, other: one.tcb.snd_buf.clear()),
        ("send_buffer_fits_numbers", lambda one, other: setattr(one.tcb, "snd_buf_seq", one.tcb.snd_nxt)),
        ("buffers_bounded", spoil(rcv_wnd=65_536)),
        ("buffers_bounded", spoil(rcv_wnd=-1)),
        ("early_pieces_in_window", lambda one, other: one.tcb.rcv_buf.hold(one.tcb.rcv_nxt - 1, b"x", 9)),
        ("timers_fit_state", spoil(rtx_due=1 << 62)),
        ("timers_fit_state", spoil(time_wait_due=10**12)),
        ("timers_fit_state", spoil(persist_due=10**12)),
        ("timers_fit_state", lambda one, other: setattr(other.tcb, "rtx_due", 10**12)),
        ("fin_fits_state", spoil(state=State.FIN_WAIT_2)),
        ("fin_fits_state", spoil(fin_received=True)),
        ("no_ack_is_owed", spoil(ack_now=True)),
        ("legal_joint_states", lambda one, other: _close_wait(other)),
        ("no_ack_is_owed", lambda one, other: setattr(one.tcb, "last_ack_sent", one.tcb.irs)),
        ("acknowledged_was_received", lambda one, other: _beyond(other.tcb, one.tcb.snd_nxt + 1)),
        ("deadlines_are_scheduled", lambda one, other: setattr(one, "armed", 1 << 62)),
    ],
)
def test_a_spoilt_block_is_noticed(name: str, change: Callable[[Any, Any], None]) -> None:
    sim, one, other = established()
    check_world(sim.world)
    change(one, other)
    with pytest.raises(InvariantBroken, match=name) as caught:
        check_world(sim.world)
    assert caught.value.name == name


def _beyond(tcb: Any, seq: int) -> None:
    """Let a block have received, and acknowledged, everything up to ``seq``."""
    tcb.rcv_nxt = tcb.last_ack_sent = seq


def _close_wait(conn: Any) -> None:
    conn.tcb.state, conn.tcb.fin_received = State.CLOSE_WAIT, True


def test_an_unreachable_connection_is_noticed() -> None:
    sim, one, _ = established()
    del sim.world.hosts[0].conns[one.tcb.flow]
    with pytest.raises(InvariantBroken, match=r"one_connection_per_flow.*out of reach"):
        check_world(sim.world)


def test_a_quiet_world_that_waits_is_noticed() -> None:
    sim, one, _ = established()
    sim.world.flight.clear()
    one.tcb.rtx_due = 1 << 62
    with pytest.raises(InvariantBroken, match=r"quiescence.*5 numbers unacknowledged"):
        invariants.quiescence(sim.world)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("receive_window_never_retreats", spoil(rcv_wnd=100)),
        ("send_numbers_never_retreat", lambda one, other: setattr(one.tcb, "snd_nxt", one.tcb.snd_nxt - 1)),
    ],
)
def test_a_retreat_is_noticed(name: str, change: Callable[[Any, Any], None]) -> None:
    sim, one, other = established()
    before = sim.world.copy()
    check_world(sim.world, before)
    change(one, other)
    compare = getattr(invariants, name)
    with pytest.raises(InvariantBroken, match=name):
        compare(before.conns[one.number].tcb, one.tcb)


def test_forgery_voids_what_two_ends_know_of_each_other() -> None:
    sim, _, other = established()
    watch = Watch(sim)
    key = list(next(iter(sim.in_flight.values())).key())
    key[3] |= FIN
    sim.apply(Inject(tuple(key), 0))
    watch.check()
    sim.step()
    assert other.state is State.CLOSE_WAIT
    with pytest.raises(InvariantBroken, match="legal_joint_states"):
        check_world(sim.world)
    check_world(sim.world, honest=False)
    with pytest.raises(InvariantBroken) as caught:
        check_run(sim)
    assert caught.value.__notes__ == [f"after move {sim.position} of {sim.position}, at {sim.now} ns"]
    check_run(sim, honest=False)


def test_joint_states_are_symmetric() -> None:
    assert set(JOINT_STATES) == set(State) - {State.LISTEN}
    assert not [(a, b) for a, others in JOINT_STATES.items() for b in others if a not in JOINT_STATES[b]]


def test_streams() -> None:
    stream_prefix(b"abc", b"")
    stream_prefix(b"abc", b"ab")
    stream_prefix(b"abc", b"abc", ended=True)
    with pytest.raises(InvariantBroken, match="differ from octet 1"):
        stream_prefix(b"abc", b"ax")
    with pytest.raises(InvariantBroken, match="differ from octet 3"):
        stream_prefix(b"abc", b"abcd")
    with pytest.raises(InvariantBroken, match="ended after 2 of the 3"):
        stream_prefix(b"abc", b"ab", ended=True)


def test_nothing_is_sent_after_a_fin() -> None:
    sim, _, _ = established()
    sim.apply(tcpsim.net.moves.Call("client", "shutdown", (3,)))
    sim.run(for_="1s")
    streams.nothing_after_fin(sim.trace)
    streams.no_rst_answers_rst(sim.trace)
    last = next(
        n for n in reversed(range(len(sim.trace))) if sim.trace.raw[n][0] == "sent" and sim.trace.raw[n][6][3] & FIN
    )
    again = list(sim.trace.raw[last])
    header = list(again[6])
    header[1] += 1
    again[6] = tuple(header)
    sim.trace.raw.append(tuple(again))
    with pytest.raises(InvariantBroken, match="its FIN was"):
        streams.nothing_after_fin(sim.trace)


def test_a_syn_without_a_number_is_noticed() -> None:
    sim, client, server = tcpsim.pair()
    server.listen(80)
    client.connect("server", 80)
    sim.step()
    (opener,) = (conn for conn in sim.world.conns.values() if conn.state is State.SYN_SENT)
    (child,) = (conn for conn in sim.world.conns.values() if conn.state is State.SYN_RECV)
    check_world(sim.world)
    child.tcb.rcv_nxt -= 1
    with pytest.raises(InvariantBroken, match=r"syn_counts: 10.0.0.2:80 in SYN_RECV: the peer's SYN is"):
        invariants.syn_counts(child.tcb)
    opener.tcb.snd_nxt -= 1
    with pytest.raises(InvariantBroken, match=r"syn_counts: 10.0.0.1:\d+ in SYN_SENT: our SYN has left"):
        invariants.syn_counts(opener.tcb)
