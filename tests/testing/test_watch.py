"""What must follow from a single event: the predicates are broken here by what a wrong engine would leave behind."""

from __future__ import annotations

import pytest

import tcpsim
from tcpsim.net.host import Conn
from tcpsim.net.moves import Call, Delay, Drop, Duplicate, Expire
from tcpsim.tcp.profiles import RFC9293
from tcpsim.tcp.segment import FIN
from tcpsim.tcp.states import State
from tcpsim.tcp.units import SECOND
from tcpsim.testing import InvariantBroken, Watch
from tcpsim.testing.watch import r2_ends_it


def opened(**switches: object) -> tuple[tcpsim.Simulator, Watch, Conn, Conn]:
    """A connection whose opening is done, a watch on it, and both of its ends."""
    sim = tcpsim.Simulator(profile=RFC9293.but(**switches))
    client, server = sim.host("client", iss=100), sim.host("server", iss=300)
    sim.link(client, server, delay="10ms")
    listener = server.listen(80)
    conn = client.connect("server", 80)
    sim.run()
    peer, _ = listener.accept()
    return sim, Watch(sim), sim.world.conns[conn.number], sim.world.conns[peer.number]


def call(sim: tcpsim.Simulator, conn: Conn, name: str, *args: object) -> None:
    assert conn.fd is not None
    sim.apply(Call(sim.world.hosts[conn.host].name, name, (conn.fd, *args)))


def test_an_ack_that_is_overlooked() -> None:
    sim, watch, client, server = opened()
    call(sim, client, "send", b"hello")
    sim.step()
    watch.check()
    assert server.tcb.delack_due < 10 * SECOND
    sim.apply(Expire(server.number, "delack"))
    watch.check()
    overlooked = client.tcb.copy()
    sim.step()
    assert client.tcb.snd_una == 106
    client.tcb = overlooked
    with pytest.raises(InvariantBroken, match=r"an ACK for 106 arrived, SND.UNA was 101 .*; SND.UNA is 101 now"):
        watch.check()


def test_2msl_that_does_not_begin_anew() -> None:
    sim, watch, client, server = opened()
    call(sim, client, "close")
    sim.step()
    call(sim, server, "close")
    (fin,) = (packet for packet, segment in sim.in_flight.items() if segment.flags & FIN)
    sim.apply(Duplicate(fin))
    sim.apply(Delay(fin, SECOND))
    while client.state is not State.TIME_WAIT:
        sim.step()
    watch.check()
    begun = client.tcb.time_wait_due
    while client.tcb.time_wait_due == begun:
        sim.step()
        if client.tcb.time_wait_due == begun:
            watch.check()
    client.tcb.time_wait_due = begun
    with pytest.raises(InvariantBroken, match="repeated_fin_restarts_2msl: the peer's FIN arrived again"):
        watch.check()


def test_a_segment_at_another_connection() -> None:
    sim, _, client, server = opened()
    call(sim, client, "send", b"hello")
    flow = server.tcb.flow
    server.tcb.flow = (*flow[:3], flow[3] + 1)  # as if the segment had found the connection of the port next to it
    watch = Watch(sim)
    server.tcb.flow = flow
    sim.step()
    with pytest.raises(
        InvariantBroken, match="segment_reaches_its_connection: a segment from 10.0.0.1:49152 to 10.0"
    ):
        watch.check()


def test_a_retransmission_past_r2() -> None:
    sim, watch, client, _ = opened(r2=3 * SECOND)
    call(sim, client, "send", b"hello")
    sim.apply(Drop(next(iter(sim.in_flight))))
    sim.step()  # after 1 s it leaves again, after 3 s it would once more
    sim.apply(Drop(next(iter(sim.in_flight))))
    watch.check()
    alive = client.tcb.copy()
    sim.step()
    watch.check()
    r2_ends_it(alive, client.tcb, "rtx", client.profile, sim.now)
    with pytest.raises(InvariantBroken, match="r2_ends_it: ESTABLISHED: nothing was acknowledged for 3000000000 ns"):
        r2_ends_it(alive, alive, "rtx", client.profile, sim.now)
