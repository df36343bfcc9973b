"""Listeners and the connections they beget: demultiplexing, queues, backlog, closed ports, loopback."""

from __future__ import annotations

import errno
import socket as stdlib

import pytest

from tcpsim import CallError, Code, Flags, Segment, Simulator, Socket, State, pair
from tcpsim.net.moves import Inject
from tests.helpers.promises import check_promises
from tests.helpers.stories import MOD, SECOND


def two(**options: object) -> tuple[Simulator, Socket]:
    """A simulation with a listener on port 80 of the server."""
    sim, _, server = pair(trace="full", **options)  # type: ignore[arg-type]
    return sim, server.listen(80)


def test_the_child_is_an_object_of_its_own() -> None:
    sim, listener = two()
    client, server = sim.hosts["client"], sim.hosts["server"]
    conn = client.connect("server", 80)
    sim.run()
    assert (listener.state, conn.state) == (State.LISTEN, State.ESTABLISHED)
    child, address = listener.accept()
    assert child.number not in (listener.number, conn.number)
    assert child.state is State.ESTABLISHED
    assert address == conn.getsockname() == child.getpeername()
    assert child.getsockname() == conn.getpeername() == ("10.0.0.2", 80)
    assert sim.trace.fired(listener) == ["closed.open_passive"]
    assert sim.trace.fired(child) == ["listen.rcv_syn", "syn_recv.ack_of_syn"]
    assert sorted(server.fds()) == [listener.fd, child.fd] == [3, 4]
    check_promises(sim.trace)


def test_connections_are_accepted_in_the_order_in_which_they_were_established() -> None:
    sim, listener = two()
    client = sim.hosts["client"]
    conns = [client.connect("server", 80) for _ in range(3)]
    sim.run(until="10ms")
    first, second, third = list(sim.in_flight)  # the SYN,ACKs
    for packet in (second, third, first):
        sim.deliver(packet)
    sim.run()
    peers = [listener.accept()[1] for _ in conns]
    assert peers == [conns[i].getsockname() for i in (1, 2, 0)]


@pytest.mark.parametrize("backlog", [1, 2])
def test_no_more_wait_than_the_backlog(backlog: int) -> None:
    """A SYN that finds the queue full is dropped without a word; the client tries again and gets in."""
    sim, client, server = pair(trace="full")
    listener = server.listen(80, backlog=backlog)
    early = [client.connect(server, 80) for _ in range(backlog)]
    sim.run()
    late = client.connect(server, 80)
    sim.run(for_="500ms")
    assert late.state is State.SYN_SENT
    (refused,) = sim.trace.of("refused")
    assert (refused.by, refused.conn, refused.seg.letters) == ("backlog", listener.number, "S")  # type: ignore[union-attr]
    assert listener.accept()[1] == early[0].getsockname()
    sim.run(for_="3s")
    assert late.state is State.ESTABLISHED
    check_promises(sim.trace)


def test_children_that_are_not_open_yet_count_for_the_backlog() -> None:
    """One waits to be accepted and one opens: a backlog of two is full (RFC 9293 leaves it to the host; BSD's rule)."""
    sim, client, server = pair(trace="full")
    server.listen(80, backlog=2)
    client.connect(server, 80)
    sim.run()
    opening, late = client.connect(server, 80), client.connect(server, 80)
    sim.run(for_="15ms")
    assert (opening.state, late.state) == (State.SYN_SENT, State.SYN_SENT)
    (refused,) = sim.trace.of("refused")
    assert (refused.by, refused.seg.src) == ("backlog", f"10.0.0.1:{late.getsockname()[1]}")  # type: ignore[union-attr]


def test_what_waits_is_seen_in_ss() -> None:
    sim, listener = two()
    sim.hosts["client"].connect("server", 80)
    sim.hosts["client"].connect("server", 80)
    sim.run()
    row = next(row for row in sim.hosts["server"].sockets() if row["state"] is State.LISTEN)
    assert (row["recv_q"], row["send_q"], row["local"], row["peer"]) == (2, 128, "*:80", "*:*")
    listener.accept()
    row = next(row for row in sim.hosts["server"].sockets() if row["state"] is State.LISTEN)
    assert row["recv_q"] == 1
    assert "LISTEN" in sim.hosts["server"].ss()


@pytest.mark.parametrize("iss", [100, MOD - 1])
def test_a_closed_port_answers_with_a_reset(iss: int) -> None:
    sim = Simulator(trace="full")
    client = sim.host("client", iss=iss)
    sim.host("server")
    sim.link("client", "server")
    conn = client.connect("server", 81)
    sim.run()
    (reset,) = sim.trace.sent(where="server")
    assert (reset.letters, reset.seq, reset.ack) == ("R.", 0, (iss + 1) % MOD)
    assert conn.state is State.CLOSED
    assert sim.trace.fired(conn) == ["closed.open_active", "syn_sent.rst"]
    with pytest.raises(CallError) as caught:
        conn.send(b"x")
    assert caught.value.code is Code.REFUSED
    check_promises(sim.trace)


def test_the_exact_address_comes_before_the_wildcard() -> None:
    sim = Simulator(trace="full")
    client = sim.host("client")
    server = sim.host("server", "10.0.0.2", "10.0.0.3")
    sim.link(client, server)
    anywhere = server.listen(80)
    exact = server.listen(80, "10.0.0.3")
    client.connect("10.0.0.2", 80)
    client.connect("10.0.0.3", 80)
    sim.run()
    assert anywhere.accept()[0].getsockname() == ("10.0.0.2", 80)
    assert exact.accept()[0].getsockname() == ("10.0.0.3", 80)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "10.0.0.1", "host"])
def test_a_host_reaches_itself_without_a_link(address: str) -> None:
    sim = Simulator(trace="full")
    host = sim.host("host", "10.0.0.1")
    listener = host.listen(80)
    conn = host.connect(address, 80)
    child, peer = listener.accept()
    assert conn.send(b"hello") == 5
    assert child.recv(5) == b"hello"
    assert peer == conn.getsockname()
    where = "10.0.0.1" if address == "host" else address
    assert conn.getpeername() == child.getsockname()
    assert child.getsockname()[:2] == (where, 80)
    assert (":" in conn.getsockname()[0]) == (":" in address)
    assert sim.now == 0
    conn.close()
    child.close()
    sim.run()
    assert sim.now == 240 * SECOND
    check_promises(sim.trace)


def test_a_host_that_is_not_linked_cannot_be_reached() -> None:
    sim = Simulator(trace="full")
    client = sim.host("client")
    sim.host("server")
    before = sim.world.key(), len(sim.trace)
    with pytest.raises(OSError, match="client has no route there; link them") as raised:
        client.connect("server", 80)
    assert raised.value.errno == errno.ENETUNREACH
    assert (sim.world.key(), len(sim.trace)) == before


@pytest.mark.parametrize(("ack", "port"), [(77, 80), (MOD - 1, 80), (77, 81)])
def test_a_stray_ack_is_reset_at_its_own_number(ack: int, port: int) -> None:
    """S-15: <SEQ=5><ACK=77> gets <77><RST>, from a listener and from a closed port; a RST gets nothing."""
    sim, _ = two()
    flow = ("10.0.0.2", port, "10.0.0.1", 5000)
    sim.apply(Inject(Segment(flow, 5, ack, Flags.ACK, 9).key(), 0))
    sim.apply(Inject(Segment(flow, 5, 0, Flags.RST, 9).key(), 0))
    sim.run()
    (reset,) = sim.trace.sent()
    assert (reset.letters, reset.seq, reset.flow[:2]) == ("R", ack, ("10.0.0.1", 5000))
    verdicts = [record.verdict for record in sim.trace.of("checked", where="server") if record.verdict]  # type: ignore[union-attr]
    assert verdicts == (["listen.ack", "listen.rst"] if port == 80 else ["closed.ack", "closed.rst"])


# -- a listener goes away


def test_closing_a_listener_aborts_what_nobody_can_accept_any_more() -> None:
    sim, listener = two()
    client, server = sim.hosts["client"], sim.hosts["server"]
    waiting = client.connect("server", 80)
    sim.run()
    accepted = client.connect("server", 80)
    sim.run()
    assert listener.accept()[1] == waiting.getsockname()
    opening = client.connect("server", 80)
    sim.run(for_="15ms")  # its child is in SYN_RECV
    assert [row["state"].name for row in server.sockets()] == ["LISTEN", "ESTABLISHED", "ESTABLISHED", "SYN_RECV"]
    listener.close()
    sim.run(for_="1s")
    assert (waiting.state, accepted.state, opening.state) == (State.ESTABLISHED, State.CLOSED, State.CLOSED)
    assert [row["state"].name for row in server.sockets()] == ["ESTABLISHED"]
    late = client.connect("server", 80)
    sim.run(for_="1s")
    assert late.state is State.CLOSED
    server.listen(80)
    check_promises(sim.trace)


def test_a_connection_reset_while_it_waits_is_still_accepted_and_tells_why() -> None:
    sim, listener = two()
    conn = sim.hosts["client"].connect("server", 80)
    sim.run()
    conn.abort()
    sim.run()
    child, _ = listener.accept()
    assert child.state is State.CLOSED
    with pytest.raises(CallError) as caught:
        child.recv()
    assert caught.value.code is Code.RESET
    child.close()
    assert sorted(sim.hosts["server"].fds()) == [listener.fd]


def test_rst_in_syn_recv_deletes_the_child_and_leaves_the_listener() -> None:
    """S-46."""
    sim, listener = two()
    sim.hosts["client"].connect("server", 80)
    sim.step()
    sim.apply(sim.world.moves()[1])  # the SYN,ACK is lost
    sim.inject("server", "R 1:1(0) win 0")
    sim.step()
    assert sim.trace.fired(where="server")[-1] == "syn_recv.rst_of_passive_open"
    assert [row["state"] for row in sim.hosts["server"].sockets()] == [State.LISTEN]
    assert listener.state is State.LISTEN
    check_promises(sim.trace)


def test_two_clients_at_once() -> None:
    """MUST-42, S-56."""
    sim = Simulator(trace="full")
    server = sim.host("server")
    clients = [sim.host(name) for name in ("one", "two")]
    for client in clients:
        sim.link(client, server)
    listener = server.listen(80)
    conns = [client.connect(server, 80) for client in clients]
    sim.step()
    sim.step()
    assert [row["state"].name for row in server.sockets()] == ["LISTEN", "SYN_RECV", "SYN_RECV"]
    sim.run()
    assert [conn.state for conn in conns] == [State.ESTABLISHED] * 2
    assert {listener.accept()[1] for _ in conns} == {conn.getsockname() for conn in conns}
    check_promises(sim.trace)


def test_ephemeral_ports_follow_each_other_and_a_taken_one_is_skipped() -> None:
    sim, _ = two()
    client = sim.hosts["client"]
    fixed = client.connect("server", 80, local_port=49153)
    ports = [client.connect("server", 80).getsockname()[1] for _ in range(2)]
    assert (fixed.getsockname()[1], ports) == (49153, [49152, 49154])
    assert client.connect("server", 81, local_port=49153).getsockname()[1] == 49153
    with pytest.raises(CallError) as caught:
        client.connect("server", 80, local_port=49153)
    assert caught.value.code is Code.ALREADY_EXISTS


def test_ports_of_the_ephemeral_range_come_round() -> None:
    sim, _ = two()
    client = sim.hosts["client"]
    client.data.next_port = 65535
    assert [client.connect("server", 80).getsockname()[1] for _ in range(2)] == [65535, 49152]


def test_the_lowest_free_descriptor_is_taken() -> None:
    sim, listener = two()
    client = sim.hosts["client"]
    conns = [client.connect("server", 80) for _ in range(3)]
    assert [conn.fd for conn in conns] == [3, 4, 5]
    conns[1].abort()
    assert client.connect("server", 80).fd == 4
    assert listener.fileno() == 3


@pytest.mark.parametrize("reopening", ["may2", "6191"])
@pytest.mark.parametrize("base", [1000, MOD - 10])
def test_a_fresh_syn_reopens_time_wait(reopening: str, base: int) -> None:
    """MAY-2: the server has closed first; the same client socket comes again."""
    sim = Simulator(trace="full")
    client = sim.host("client", iss=[base, (base + 500_000) % MOD])
    server = sim.host("server", iss=[2000, 600_000], reopen_time_wait=reopening)
    sim.link(client, server)
    listener = server.listen(80)
    first = client.connect(server, 80, local_port=5000)
    child, _ = listener.accept()
    child.close()
    sim.run(for_="1s")
    first.close()
    sim.run(for_="1s")
    assert [row["state"].name for row in server.sockets()] == ["LISTEN", "TIME_WAIT"]
    second = client.connect(server, 80, local_port=5000)
    sim.run(for_="1s")
    assert second.state is State.ESTABLISHED
    again, _ = listener.accept()
    assert second.send(b"hello") == 5
    assert again.recv(5) == b"hello"
    check_promises(sim.trace)


def test_a_socket_that_has_stopped_listening_connects_as_if_it_never_had() -> None:
    """shutdown(2) ends listening on Linux; what is left of it is nothing that a later world could show."""
    keys = []
    for listens in (False, True):
        sim, client, server = pair(profile="linux")
        client.listen(90)
        sock = server.socket()
        sock.bind(("", 80))
        if listens:
            sock.listen(5)
            sock.shutdown(stdlib.SHUT_RD)
        sock.connect(("client", 90))
        assert sock.getsockname() == ("10.0.0.2", 80)
        keys.append(sim.world.key())
    assert keys[0] == keys[1]
