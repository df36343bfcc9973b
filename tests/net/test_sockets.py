"""Hosts and sockets as people hold them: names that outlive going back and forking."""

from __future__ import annotations

import pytest

from tcpsim import CallError, Code, Deadlock, Simulator, State, TcpsimError, pair
from tests.helpers.promises import check_promises
from tests.helpers.stories import MS, SECOND, TALK


def test_a_conversation() -> None:
    sim, client, server = pair(trace="full")
    listener = server.listen(80)
    conn = client.connect("server", 80)
    assert conn.state is State.SYN_SENT
    peer, _ = listener.accept()
    assert conn.send(b"hello") == 5
    assert peer.recv(2) == b"he"
    assert peer.recv() == b"llo"
    assert peer.send(b"world") == 5
    assert conn.recv(100) == b"world"
    conn.shutdown()
    assert conn.state is State.FIN_WAIT_1
    assert peer.recv() == b""
    assert peer.recv() == b""
    assert peer.state is State.CLOSE_WAIT
    peer.send(b"bye")
    peer.close()
    assert conn.recv() == b"bye"
    assert conn.recv() == b""
    conn.close()
    sim.run()
    assert (conn.state, peer.state) == (State.CLOSED, State.CLOSED)
    check_promises(sim.trace)


def test_a_blocking_call_lets_virtual_time_pass() -> None:
    sim, client, server = pair(delay="50ms")
    listener = server.listen(80)
    client.connect("server", 80)
    assert sim.now == 0
    listener.accept()
    assert sim.now == 150 * MS


def test_it_waits_across_events_that_leave_no_record() -> None:
    """A script that only sleeps tells nothing at level brief, and yet the world is not quiet."""
    sim = TALK.but(
        client=("sleep 1s", "sleep 1s", "sleep 1s", "connect server 80", ("send", b"late")), server=()
    ).build("brief")
    listener = sim.hosts["server"].listen(80)
    peer, _ = listener.accept()
    assert peer.recv(4) == b"late"
    assert sim.now > 3 * SECOND


@pytest.mark.parametrize("level", ["off", "brief", "full"])
def test_step_says_whether_anything_happened(level: str) -> None:
    sim = TALK.but(client=("sleep 1s", "sleep 1s"), server=()).build(level)
    happened = []
    while sim.step():
        happened.append(sim.now)
    assert happened == [0, 1 * SECOND, 2 * SECOND]
    assert not sim.step()
    assert repr(sim.step()) == "nothing is left to happen"


def test_what_happened_prints_itself() -> None:
    sim = TALK.build("brief")
    sim.step(2)
    happened = sim.step()
    assert [record.kind for record in happened] == ["arrived", "checked", "fired", "sent"]
    assert len(repr(happened).splitlines()) == 4


def test_a_deadlock_says_who_waits_for_what() -> None:
    sim, client, server = pair()
    listener = server.listen(80)
    with pytest.raises(Deadlock, match=r"^accept\(\) on <Socket fd=3 of server .*LISTEN> waits in LISTEN.*quiet"):
        listener.accept()
    conn = client.connect(server, 80)
    listener.accept()
    with pytest.raises(Deadlock, match=r"^recv\(\) on <Socket fd=3 of client .*ESTABLISHED> waits in ESTABLISHED"):
        conn.recv()
    position = sim.position
    with pytest.raises(Deadlock):
        conn.recv()
    assert sim.position == position


def test_a_socket_is_a_name_for_what_is_there_now() -> None:
    sim, client, server = pair()
    listener = server.listen(80)
    conn = client.connect(server, 80)
    opened = sim.position
    sim.run()
    assert conn.state is State.ESTABLISHED
    sim.goto(opened)
    assert conn.state is State.SYN_SENT
    sim.goto(opened - 1)
    assert conn.state is State.CLOSED
    with pytest.raises(TcpsimError, match=r"descriptor is not open at step 1; it was closed, or .* has gone back"):
        conn.send(b"x")
    with pytest.raises(TcpsimError, match="not open at step 1"):
        conn.recv()
    sim.goto(opened)
    assert conn.state is State.SYN_SENT
    sim.run()
    peer, _ = listener.accept()
    accepted = sim.position
    sim.back()
    with pytest.raises(TcpsimError, match=f"not open at step {accepted - 1}"):
        peer.send(b"x")


def test_a_closed_descriptor_is_not_its_successor() -> None:
    sim, client, server = pair()
    server.listen(80)
    first = client.connect(server, 80)
    sim.run()
    first.close()
    second = client.connect(server, 80)
    assert first.fd == second.fd
    assert first != second
    assert hash(first) != hash(second)
    with pytest.raises(TcpsimError, match="the descriptor is not open"):
        first.send(b"x")
    second.send(b"x")


def test_the_same_socket_in_a_fork() -> None:
    sim, client, server = pair()
    listener = server.listen(80)
    conn = client.connect(server, 80)
    fork = sim.fork()
    fork.run()
    there = conn.on(fork)
    assert (conn.state, there.state) == (State.SYN_SENT, State.ESTABLISHED)
    assert listener.on(fork).accept()[0].state is State.ESTABLISHED
    assert there != conn
    assert there.on(sim) == conn
    assert fork.hosts["client"].fds()[conn.fd] == there
    assert fork.hosts["client"] != client


def test_variables_are_there_to_be_read() -> None:
    sim, client, server = pair()
    server.listen(80)
    conn = client.connect(server, 80)
    assert conn.tcb.snd_nxt == (conn.tcb.iss + 1) % 2**32
    sim.run()
    assert conn.tcb.snd_una == conn.tcb.snd_nxt
    assert repr(conn) == "<Socket fd=3 of client 10.0.0.1:49152 -> 10.0.0.2:80 ESTABLISHED>"
    assert repr(client) == "<Host client 10.0.0.1>"
    assert client.socket(3) == conn
    with pytest.raises(TcpsimError, match="host client: descriptor 9 is not open"):
        client.socket(9)


@pytest.mark.parametrize("state", ["SYN_SENT", "closed", "LISTEN"])
def test_calls_in_the_wrong_state_change_nothing(state: str) -> None:
    sim, client, server = pair(trace="full")
    listener = server.listen(80)
    conn = client.connect(server, 80)
    calls = {
        "SYN_SENT": [(conn.accept, Code.NOT_OPEN)],
        "LISTEN": [
            (lambda: listener.send(b"x"), Code.NOT_OPEN),
            (listener.recv, Code.NOT_OPEN),
        ],
        "closed": [(lambda: conn.send(b"x"), Code.CLOSING), (conn.listen, Code.NOT_OPEN)],
    }[state]
    if state == "closed":
        sim.run()
        conn.shutdown()
    for call, code in calls:
        before = sim.position, sim.world.key(), list(sim.trace.raw)
        with pytest.raises(CallError) as caught:
            call()
        assert caught.value.code is code
        assert (sim.position, sim.world.key(), list(sim.trace.raw)) == before


@pytest.mark.parametrize("wrong", ["text", 5, None, ["x"]])
def test_octets_are_needed(wrong: object) -> None:
    sim, client, server = pair()
    server.listen(80)
    conn = client.connect(server, 80)
    with pytest.raises(TcpsimError, match=r"octets are needed; write b'...' or text.encode\(\)"):
        conn.send(wrong)  # type: ignore[arg-type]
    assert conn.send(bytearray(b"xy")) == conn.send(memoryview(b"xy")) == 2
    assert sim.position == 4


@pytest.mark.parametrize("wrong", [-1, "5", None, 1.5])
def test_a_number_of_octets_is_needed(wrong: object) -> None:
    sim, client, server = pair()
    listener = server.listen(80)
    conn = client.connect(server, 80)
    peer, _ = listener.accept()
    conn.send(b"hello")
    sim.run()
    before = sim.world.key()
    with pytest.raises(TcpsimError, match="recv"):
        peer.recv(wrong)  # type: ignore[arg-type]
    assert sim.world.key() == before
    assert peer.recv(0) == b""
    assert peer.recv() == b"hello"


def test_what_was_received_before_an_orderly_end_can_still_be_read() -> None:
    sim = TALK.but(
        client=("connect server 80", ("send", b"last words"), "close"),
        server=("listen 80", "accept", "sleep 1s", "shutdown"),
    ).build("full")
    sim.run(for_="2s")
    peer = sim.hosts["server"].socket(4)
    assert peer.state is State.CLOSED
    assert peer.recv(4) == b"last"
    assert peer.recv() == b" words"
    assert peer.recv() == b""
    peer.close()
    assert 4 not in sim.hosts["server"].fds()


def test_ss_lists_what_is_there() -> None:
    sim, client, server = pair()
    server.listen(80)
    client.connect(server, 80)
    assert client.sockets() == [
        {"state": State.SYN_SENT, "recv_q": 0, "send_q": 0, "local": "10.0.0.1:49152", "peer": "10.0.0.2:80",
         "timer": "rtx in 1.000", "conn": 2}
    ]  # fmt: skip
    lines = client.ss().splitlines()
    assert lines[0].split() == ["State", "Recv-Q", "Send-Q", "Local", "Address:Port", "Peer", "Address:Port", "Timer"]
    assert lines[1].split() == ["SYN_SENT", "0", "0", "10.0.0.1:49152", "10.0.0.2:80", "rtx", "in", "1.000"]
    sim.run()
    assert [row["state"] for row in server.sockets()] == [State.LISTEN, State.ESTABLISHED]


def test_until_a_state_a_name_or_a_condition() -> None:
    sim, client, server = pair()
    server.listen(80)
    client.connect(server, 80)
    assert sim.until("SYN-RECEIVED")
    assert sim.now == 10 * MS
    assert sim.until(State.ESTABLISHED)
    assert sim.now == 20 * MS
    assert sim.until(lambda sim: not sim.in_flight)
    assert not sim.until("FIN_WAIT_1")
    with pytest.raises(TcpsimError, match="'OPEN' is no condition; give a state such as"):
        sim.until("OPEN")


def test_a_run_without_end_is_noticed() -> None:
    sim = TALK.but(loss=1.0, switches={"r2_syn": None, "user_timeout": None}).build("brief")
    with pytest.raises(TcpsimError, match=r"run\(\): 50 events and still not quiet; give until= or for_="):
        sim.run(limit=50)
    with pytest.raises(TcpsimError, match=r"until\(\): 50 events, and the condition does not hold"):
        sim.until(lambda _: False, limit=50)


@pytest.mark.parametrize("bad", ["soon", "-1s", -5])
def test_a_time_that_is_none(bad: object) -> None:
    sim = TALK.build("brief")
    for call in (lambda: sim.run(until=bad), lambda: sim.run(for_=bad), lambda: sim.script("client", at=bad)):  # type: ignore[arg-type]
        with pytest.raises(TcpsimError, match=r"^(until|for_|at) "):
            call()
    assert sim.position == 0


@pytest.mark.parametrize("until", [1 << 62, (1 << 62) + 1, 10**30, "9000000000000h"])
def test_a_run_until_after_the_last_time_there_is_ends_when_all_is_quiet(until: int | str) -> None:
    sim, client, server = pair()
    server.listen(80)
    client.connect(server, 80)
    sim.run(until=until)
    assert (sim.now, sim.in_flight) == (30 * MS, {})


def test_a_simulator_prints_where_it_is() -> None:
    sim = Simulator()
    assert repr(sim) == "<Simulator at step 0, 0.000 s, 0 packets in flight, hosts none>"
    sim.host("a")
    sim.host("b")
    sim.link("a", "b")
    sim.hosts["a"].connect("b", 80)
    assert repr(sim) == "<Simulator at step 1, 0.000 s, 1 packets in flight, hosts a, b>"
