"""How much send() takes, in what pieces it leaves, and when select() and poll() say that it would take something."""

from __future__ import annotations

import socket as stdlib

import pytest

from tcpsim import Simulator, Socket
from tcpsim.profiles import LINUX, RFC9293, Profile


def connected(profile: Profile, **server: int) -> tuple[Simulator, Socket, Socket]:
    """A client that never waits and its peer, 10 ms apart."""
    sim = Simulator(profile=profile)
    ends = sim.host("client"), sim.host("server", **server)
    sim.link(*ends)
    listener = ends[1].listen(80)
    conn = ends[0].connect("server", 80)
    peer, _ = listener.accept()
    conn.setblocking(False)
    return sim, conn, peer


@pytest.mark.parametrize("profile", [RFC9293.but(snd_buf=2000), LINUX.but(snd_buf=2000)], ids=lambda one: one.name)
def test_the_call_takes_no_more_than_a_socket_hands_over(profile: Profile) -> None:
    """A program that hands over all it has is told how much of it was taken, and only that arrives."""
    data = bytes(range(250)) * 400
    _, careful, _ = connected(profile)
    room = careful.send(data)
    sim, conn, peer = connected(profile)
    assert sim.call("client", "send", conn.fd, data) == conn.unsent() == room < len(data)
    sim.run(for_="2s")
    assert peer.recv(len(data)) == data[:room]


def test_a_burst_ends_where_a_chunk_of_half_the_window_does() -> None:
    """Seven segments fill the window, so that chunks have three of them; bursts of two have PSH on the second.

    The second chunk's end is more than half a window after the last push, so it has PSH of its own.
    """
    sim, conn, _ = connected(LINUX, rcv_buf=7 * 1448)
    assert (conn.tcb.max_snd_wnd, conn.tcb.snd_mss) == (7 * 1448, 1448)
    conn.send(bytes(9 * 1448))
    sim.run(for_="5ms")
    assert [seg.letters for seg in sim.trace.sent(where="client") if seg.len] == [
        ".",
        "P.",
        ".",
        ".",
        "P.",
        "P.",
        ".",
    ]


@pytest.mark.parametrize("flags", [0, stdlib.MSG_EOR], ids=["plain", "record"])
def test_a_call_that_waits_for_room_fills_it_when_there_is_some(flags: int) -> None:
    """Not octet by octet; and a record ends with all that the call hands over, not where the buffer was full."""
    sim = Simulator(profile=RFC9293.but(snd_buf=1500, records_kept=True))
    client, _ = sim.host("client"), sim.host("server", mss=1000)
    sim.link("client", "server")
    sim.script("server", "listen 80", "accept", "recv_to_end")
    sim.run(for_="10ms")
    conn = client.connect("server", 80)
    sim.run(for_="1s")
    conn.sendall(bytes(4000), flags)
    sim.run(for_="1s")
    assert [record.result for record in sim.trace.of("call") if record.name == "send"] == [1500, 1000, 1500]  # type: ignore[union-attr]
    assert [seg.len for seg in sim.trace.sent(where="client") if seg.len] == [1000, 500, 1000, 1000, 500]


@pytest.mark.parametrize("option", [stdlib.SO_RCVBUF, stdlib.SO_SNDBUF])
def test_a_buffer_of_no_octet_is_one_of_one(option: int) -> None:
    """Where what is asked for counts once and has no least: a buffer that holds nothing would stop for ever."""
    _, conn, peer = connected(RFC9293.but(buffers_doubled=False))
    chosen = peer if option == stdlib.SO_RCVBUF else conn
    chosen.setsockopt(stdlib.SOL_SOCKET, option, 0)
    assert conn.send(b"abc") == (3 if chosen is peer else 1)
