"""Rows about what comes before a connection: the checksum, the options, the backlog, a reboot; on a network."""

from __future__ import annotations

import errno

import pytest

from tcpsim import Flags, Segment, Simulator, Socket, State, pair
from tcpsim.net.moves import Inject
from tests.conformance.registry import rows


def opened() -> tuple[Simulator, Socket, Socket]:
    """Both ends of an established connection."""
    sim, client, server = pair(trace="full")
    listener = server.listen(80)
    conn = client.connect("server", 80)
    sim.run()
    return sim, conn, listener.accept()[0]


def forged(to: Socket, seq: int, data: bytes, *options: tuple[object, ...]) -> Inject:
    """Text for ``to`` that its peer seems to have sent, with options."""
    tcb = to.tcb
    segment = Segment(tcb.flow, seq, tcb.snd_nxt, Flags.ACK, 1000, data, options=options)  # type: ignore[arg-type]
    return Inject(segment.key(), 0)


@rows("any.seg.bad_checksum")
def damaged(row: str) -> None:
    sim, conn, peer = opened()
    sent = len(sim.trace.sent(where="server"))
    conn.send(b"hello")
    before = peer.tcb.variables()
    sim.corrupt()
    sim.run(for_="500ms")
    assert peer.tcb.variables() == before
    assert len(sim.trace.sent(where="server")) == sent
    assert peer.recv(5) == b"hello"  # it was sent again


@rows("any.seg.unknown_option")
def unknown_option(row: str) -> None:
    sim, _, peer = opened()
    sim.apply(forged(peer, peer.tcb.rcv_nxt, b"hello", ("unknown", 200, b"\1\2\3\4"), ("nop",)))
    sim.run()
    assert (peer.state, peer.recv(5)) == (State.ESTABLISHED, b"hello")


@rows("any.seg.illegal_option_len")
def impossible_option(row: str) -> None:
    for octets in (b"\x02\x00", b"\x02\x01\x05", b"\x08\x28", b"\xc8"):
        sim, _, peer = opened()
        sim.apply(forged(peer, peer.tcb.rcv_nxt, b"hello", ("malformed", octets)))
        sim.run()
        assert peer.state in (State.ESTABLISHED, State.CLOSED)
        if peer.state is State.ESTABLISHED:
            assert peer.tcb.error is None
        sim, client, server = pair()
        server.listen(80)
        flow = (server.addresses[0], 80, client.addresses[0], 5000)
        sim.apply(Inject(Segment(flow, 7, 0, Flags.SYN, 9, options=(("malformed", octets),)).key(), 0))
        sim.run(for_="10s")
        assert server.sockets()  # it lives


@rows("any.reboot")
def reboot(row: str) -> None:
    sim, conn, peer = opened()
    number = peer.number
    sim.reboot("server")
    assert sim.hosts["server"].sockets() == []
    assert number not in sim.world.conns
    assert sim.run(for_="1h") is None
    assert conn.state is State.ESTABLISHED  # nobody told it
    conn.send(b"x")
    sim.run()
    assert conn.state is State.CLOSED  # the answer of a host that knows nothing of it


@rows("listen.rcv_syn.backlog_full")
def no_room_in_the_queue(row: str) -> None:
    sim, client, server = pair(trace="full")
    listener = server.listen(80, backlog=1)
    client.connect("server", 80)
    sim.run()
    late = client.connect("server", 80)
    before = len(sim.trace.sent(where="server"))
    sim.run(for_="900ms")
    assert late.state is State.SYN_SENT
    assert len(sim.trace.sent(where="server")) == before  # without a word
    listener.accept()
    sim.run(for_="200ms")
    assert late.state is State.ESTABLISHED


@rows("closed.open_active.bad_remote")
def bad_remote(row: str) -> None:
    sim, client, _ = pair(trace="full")
    for address in ("224.0.0.1", "255.255.255.255"):
        before = sim.position, sim.world.key()
        with pytest.raises(OSError, match="one peer, not a group") as caught:
            client.connect(address, 80)
        assert caught.value.errno == errno.ENETUNREACH
        assert (sim.position, sim.world.key()) == before
    assert sim.trace.sent() == []
