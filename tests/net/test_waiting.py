"""What waits for long: closed windows, reopened connections, calls that nothing answers."""

from __future__ import annotations

import pytest

import tcpsim
from tcpsim import Deadlock, Simulator, State, TcpsimError
from tcpsim.net import blocking
from tcpsim.profiles import RFC9293
from tcpsim.trace.jsonl import plain


def closed_window() -> tuple[Simulator, tcpsim.Socket, tcpsim.Socket]:
    """A client whose server took in a full window and does not read."""
    sim = Simulator()
    client, server = sim.host("client"), sim.host("server", rcv_buf=1000)
    sim.link(client, server)
    listener = server.listen(80)
    conn = client.connect(server, 80)
    peer, _ = listener.accept()
    conn.send(b"x" * 1000)
    sim.run()
    return sim, conn, peer


@pytest.mark.parametrize("pause", ["1s", "200s", "2h"])
def test_a_closed_window_is_probed_however_late_the_user_writes(pause: str) -> None:
    """R2 counts from the first probe, not from the last thing that was acknowledged (MUST-36, MUST-37)."""
    sim, conn, peer = closed_window()
    sim.run(for_=pause)
    conn.send(b"y" * 10)
    sim.run(for_="500s")
    assert conn.state is State.ESTABLISHED
    assert peer.recv(2000) == b"x" * 1000
    sim.run(for_="500s")
    assert peer.recv(2000) == b"y" * 10


def test_a_call_that_only_probes_would_answer_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "PATIENCE", 200)
    _, conn, _ = closed_window()
    conn.send(b"more")
    with pytest.raises(Deadlock, match=r"recv\(\) on .* after 200 events: .*10\.0\.0\.2:80 in ESTABLISHED"):
        conn.recv()


def test_a_connection_reopened_from_time_wait_is_accepted_by_who_listens_now() -> None:
    sim = Simulator(profile=RFC9293.but(reopen_time_wait="6191"))
    client, server = sim.host("client"), sim.host("server")
    sim.link(client, server)
    listener = server.listen(80)
    conn = client.connect(server, 80, local_port=5000)
    peer, _ = listener.accept()
    peer.close()
    sim.run(for_="1s")
    conn.close()
    sim.run(for_="1s")
    assert [row["state"] for row in server.sockets()] == [State.LISTEN, State.TIME_WAIT]
    listener.close()
    again = server.listen(80)
    conn = client.connect(server, 80, local_port=5000)
    peer, address = again.accept()
    assert (peer.state, conn.state, address) == (State.ESTABLISHED, State.ESTABLISHED, ("10.0.0.1", 5000))


def test_the_header_says_in_what_a_profile_differs() -> None:
    sim = Simulator(profile=RFC9293.but(msl=1))
    sim.host("client", profile="rfc9293_literal", mss=99)
    sim.host("server")
    sim.script("server", "listen 80", "accept", ("send", b"hello"))
    hosts = sim.trace.header["hosts"]
    assert [(host["profile"], host["switches"]) for host in hosts] == [
        ("rfc9293_literal", {"mss": 99}),
        ("rfc9293", {"msl": 1}),
    ]
    assert plain(sim.trace.header["scripts"])[0]["steps"][-1] == ["send", {"base64": "aGVsbG8="}]


@pytest.mark.parametrize("n", [-1, "x", True, 1.5])
def test_a_number_of_steps_is_a_number(n: object) -> None:
    sim, _, _ = closed_window()
    position = sim.position
    for verb in (sim.step, sim.back):
        with pytest.raises(TcpsimError, match="give a number of steps, 0 or more"):
            verb(n)  # type: ignore[arg-type]
    with pytest.raises(TcpsimError, match=rf"back\(1000\): only {position} steps were made"):
        sim.back(1000)
    assert sim.position == position


def test_a_profile_is_a_profile() -> None:
    with pytest.raises(TcpsimError, match="profile 3: give a Profile or the name of one"):
        Simulator(profile=3)  # type: ignore[arg-type]
