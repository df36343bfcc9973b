"""A host's profile can change while it runs: the move SetProfile."""

import pytest

from tcpsim import Simulator, pair
from tcpsim.net.moves import SetProfile, from_data, to_data
from tcpsim.net.sessions import replayed, session_lines
from tcpsim.tcp.errors import TcpsimError
from tcpsim.trace.reading import from_lines


def test_connections_follow_from_then_on() -> None:
    sim, client, server = pair()
    listener = server.listen(80)
    conn = client.connect(server, 80)
    sim.apply(SetProfile("server", (("ack_delay", 0),)))
    peer, _ = listener.accept()
    conn.send(b"x")
    sim.run(for_="50ms")
    assert server.data.profile.ack_delay == 0
    assert server.data.profile.name == "rfc9293+"
    assert conn.tcb.snd_una == conn.tcb.snd_nxt, "acknowledged without delay"
    assert client.data.profile.ack_delay
    assert peer.recv(1) == b"x"


def test_it_is_a_move_like_others() -> None:
    move = SetProfile("server", (("syn_options", ("mss", "TS")),))
    assert from_data(to_data(move)) == move
    sim, client, server = pair()
    server.listen(80)
    sim.apply(move)
    client.connect(server, 80)
    sim.run(for_="1s")
    again = replayed(from_lines(session_lines(sim), name="x"))
    assert again.hosts["server"].data.profile == server.data.profile
    sim.goto(0)
    assert sim.hosts["server"].data.profile.syn_options is None


def test_an_unknown_switch_changes_nothing() -> None:
    sim = Simulator()
    sim.host("a")
    with pytest.raises(TcpsimError, match="no switch 'nonsense'"):
        sim.apply(SetProfile("a", (("nonsense", 1),)))
    assert sim.position == 0
