"""Sockets of hosts on a network: what cannot be compared with a machine's own over loopback."""

from __future__ import annotations

import errno
import socket as stdlib
import struct
import sys
from typing import Any

import pytest

from tcpsim import Deadlock, Host, Simulator, Socket, State, TcpsimError, pair, profiles
from tcpsim.net import constants
from tests.helpers.stories import MS, SECOND


def linux(**options: Any) -> tuple[Simulator, Host, Host]:
    return pair(profile="linux", trace="full", **options)


def test_a_server_as_in_a_tutorial() -> None:
    """Three clients of one port: each gets its own stream; closing the listener leaves them."""
    _, client, server = linux()
    listener = server.socket()
    listener.bind(("", 80))
    listener.listen()
    clients = [client.socket() for _ in range(3)]
    for sock in clients:
        sock.connect(("server", 80))
    accepted = [listener.accept() for _ in clients]
    assert [address for _, address in accepted] == [sock.getsockname() for sock in clients]
    assert listener.getsockname() == ("0.0.0.0", 80)
    assert {sock.getsockname() for sock, _ in accepted} == {("10.0.0.2", 80)}
    listener.close()
    for n, (sock, (peer, _)) in enumerate(zip(clients, accepted, strict=True)):
        sock.sendall(b"client %d" % n)
        assert peer.recv(100) == b"client %d" % n
    with pytest.raises(ConnectionRefusedError) as refused:
        client.socket().connect(("server", 80))
    assert refused.value.errno == errno.ECONNREFUSED
    assert isinstance(refused.value, TcpsimError)
    assert sorted(server.fds()) == [4, 5, 6]


def test_connect_lets_virtual_time_pass_until_it_is_answered() -> None:
    sim, client, server = linux(delay="50ms")
    server.listen(80)
    sock = client.socket()
    sock.connect(("server", 80))
    assert sim.now == 100 * MS
    assert sock.state is State.ESTABLISHED


def test_a_black_hole_times_out_as_on_linux() -> None:
    sim, client, _ = linux(loss=1.0)
    sock = client.socket()
    with pytest.raises(TimeoutError) as caught:
        sock.connect(("server", 80))
    assert (caught.value.errno, sim.now) == (errno.ETIMEDOUT, 131 * SECOND)


def test_a_time_out_of_the_socket_is_its_own() -> None:
    sim, client, _ = linux(loss=1.0)
    sock = client.socket()
    sock.settimeout(1.5)
    with pytest.raises(TimeoutError) as caught:
        sock.connect(("server", 80))
    assert (caught.value.errno, sim.now, sock.state) == (None, 1500 * MS, State.SYN_SENT)
    assert sock.connect_ex(("server", 80)) == errno.EALREADY
    assert sim.now == 1500 * MS
    assert client.socket().connect_ex(("server", 80)) == errno.ETIMEDOUT
    other = client.socket()
    other.settimeout(0.5)
    assert other.connect_ex(("server", 80)) == errno.EAGAIN


def test_there_is_no_way_to_another_version_of_ip() -> None:
    _, client, _ = linux()
    sock = client.socket(version=6)
    with pytest.raises(OSError, match="client has no IPv6 address") as caught:
        sock.connect(("2001:db8::1", 80))
    assert caught.value.errno == errno.ENETUNREACH
    with pytest.raises(OSError, match="the socket is for IPv6, not 10.0.0.2") as caught:
        sock.connect(("server", 80))
    assert caught.value.errno == errno.EAFNOSUPPORT


def test_a_deadlock_names_the_scripts_that_wait_too() -> None:
    sim = Simulator(profile=profiles.LINUX)
    server = sim.host("server")
    client = sim.host("client")
    sim.link(client, server)
    sim.script(server, "listen 80", "accept", "recv 5")
    sim.run(for_="1ms")
    sock = client.socket()
    sock.connect(("server", 80))
    with pytest.raises(Deadlock, match=r"^recv\(\) on .* quiet; so do a script of server at recv 5$"):
        sock.recv()


def test_sockets_that_go_back_in_time() -> None:
    sim, client, server = linux()
    server.listen(80)
    sock = client.socket()
    made = sim.position
    sock.connect(("server", 80))
    sim.goto(made)
    assert (sock.state, sock.getsockname()) == (State.CLOSED, ("0.0.0.0", 0))
    fork = sim.fork()
    sock.on(fork).connect(("server", 80))
    assert (sock.state, sock.on(fork).state) == (State.CLOSED, State.ESTABLISHED)
    sim.goto(made - 1)
    with pytest.raises(OSError, match="not open at step") as caught:
        sock.bind(("", 0))
    assert (caught.value.errno, sock.fileno()) == (errno.EBADF, -1)


def test_a_call_that_fails_changes_nothing_unless_it_takes_an_error() -> None:
    sim, client, _ = linux()
    sock = client.socket()
    sock.setblocking(False)
    for call in (lambda: sock.send(b"x"), lambda: sock.recv(1), lambda: sock.accept(), lambda: sock.shutdown(1)):
        before = sim.position, sim.world.key(), len(sim.trace.raw)
        with pytest.raises(OSError):
            call()
        assert (sim.position, sim.world.key(), len(sim.trace.raw)) == before
    assert sock.connect_ex(("server", 80)) == errno.EINPROGRESS
    sim.run()
    before = sim.position
    assert sock.connect_ex(("server", 80)) == errno.ECONNREFUSED
    assert sim.position == before + 1
    assert sim.trace.of("call")[-1].result == "ECONNREFUSED"  # type: ignore[union-attr]


def test_ports_after_rfc_6056() -> None:
    """Deterministic, apart for each destination, and in order for one (algorithm 3)."""

    def ports(seed: int) -> list[list[int]]:
        _, client, _ = pair(profile="linux", seed=seed)
        return [[client.connect("server", port).getsockname()[1] for _ in range(2)] for port in (80, 81)]

    first = ports(1)
    assert first == ports(1) != ports(2)
    assert all(32768 <= port <= 60999 for pair_of in first for port in pair_of)
    assert all(later - earlier in (1, 1 - 28232) for earlier, later in first)
    assert abs(first[0][0] - first[1][0]) > 3


def test_ports_run_out() -> None:
    _, client, server = pair(profile=profiles.RFC9293.but(ephemeral_ports=(50_000, 50_001)))
    conns = [client.connect(server, 80) for _ in range(2)]
    assert sorted(conn.getsockname()[1] for conn in conns) == [50_000, 50_001]
    with pytest.raises(OSError, match="no ephemeral port is free for 10.0.0.2:80") as caught:
        client.connect(server, 80)
    assert caught.value.errno == errno.EADDRNOTAVAIL
    assert client.connect(server, 81).getsockname()[1] in (50_000, 50_001)
    sock = client.socket()
    with pytest.raises(OSError, match="no ephemeral port is free") as caught:
        sock.bind(("", 0))
    assert caught.value.errno == errno.EADDRINUSE


def test_notices_are_read_once() -> None:
    """MUST-47, MUST-32: what the owner is told without asking."""
    sim, client, server = linux()
    listener = server.listen(80)
    conn = client.connect(server, 80)
    peer, _ = listener.accept()
    assert peer.notices() == ()
    conn.send(b"!", stdlib.MSG_OOB)
    sim.run(for_="1s")
    (notice,) = peer.notices()
    assert (notice.text, notice.t) == ("urgent data", 40 * MS)
    position = sim.position
    assert peer.notices() == ()
    assert sim.position == position
    sim.weather("server", "client", loss=1.0)
    conn.send(b"lost answers")
    sim.run(for_="10s")
    assert [notice.text for notice in conn.notices()] == [
        "delivery trouble: a segment was retransmitted several times"
    ]


def test_listeners_that_share_a_port_go_back_and_fork() -> None:
    sim, client, server = linux()
    listeners = []
    for _ in range(3):
        listener = server.socket()
        listener.setsockopt(stdlib.SOL_SOCKET, stdlib.SO_REUSEPORT, 1)
        listener.bind(("", 80))
        listener.listen()
        listeners.append(listener)
    before = sim.position
    conns = [client.connect(server, 80) for _ in range(20)]
    sim.run(for_="1s")
    shares = [queued(listener) for listener in listeners]
    assert sum(shares) == len(conns)
    assert all(shares)
    sim.goto(before)
    listeners[0].close()
    for _ in range(20):
        client.connect(server, 80)
    sim.run(for_="1s")
    assert [queued(listener) > 0 for listener in listeners[1:]] == [True, True]
    assert sum(map(queued, listeners[1:])) == 20


def queued(listener: Socket) -> int:
    return len(listener.sim.world.conns[listener.number].queue)


def test_a_full_accept_queue_leaves_the_client_believing() -> None:
    """Linux ignores the last ACK: the client is ESTABLISHED, the server's side is not, and catches up later."""
    sim, client, server = linux()
    listener = server.listen(80, backlog=1)
    conns = [client.connect(server, 80)]
    sim.run(for_="100ms")
    conns += [client.connect(server, 80) for _ in range(2)]
    sim.run(for_="100ms")
    assert [conn.state for conn in conns] == [State.ESTABLISHED] * 3
    assert [row["state"].name for row in server.sockets()] == ["LISTEN", "ESTABLISHED", "ESTABLISHED", "SYN_RECV"]
    assert {record.by for record in sim.trace.of("refused")} == {"accept queue"}  # type: ignore[union-attr]
    listener.accept()
    sim.run(for_="3s")
    assert [listener.accept()[1] for _ in range(2)] == [conn.getsockname() for conn in conns[1:]]


def test_handshakes_are_counted_whatever_becomes_of_them() -> None:
    sim, client, server = pair(trace="full")
    listener = server.listen(80, backlog=2)
    data = sim.world.conns[listener.number]
    conns = [client.connect(server, 80) for _ in range(2)]
    sim.run(for_="15ms")
    assert data.embryos == 2
    late = client.connect(server, 80)
    sim.run(for_="15ms")
    assert (data.embryos, late.state) == (0, State.SYN_SENT)
    conns[0].abort()
    for _ in range(2):
        listener.accept()
    sim.run(for_="2s")
    assert late.state is State.ESTABLISHED
    assert data.embryos == 0


def test_a_reopened_connection_takes_the_next_given_number() -> None:
    """MAY-2: the new incarnation's ISS is the next of the host's list."""
    sim = Simulator(profile=profiles.RFC9293.but(reopen_time_wait="6191"), trace="full")
    client, server = sim.host("client", iss=[100, 5000]), sim.host("server", iss=[300, 90_000, 170_000])
    sim.link(client, server)
    listener = server.listen(80)
    conn = client.connect(server, 80, local_port=5000)
    peer, _ = listener.accept()
    peer.close()
    sim.run(for_="1s")
    conn.close()
    sim.run(for_="1s")
    client.connect(server, 80, local_port=5000)
    sim.run(for_="1s")
    assert [seg.seq for seg in sim.trace.sent(where="server", flags="S.")] == [300, 90_000]
    client.connect(server, 80)
    sim.run(for_="1s")
    assert [seg.seq for seg in sim.trace.sent(where="server", flags="S.")] == [300, 90_000, 170_000]


def test_lingering_waits_for_the_peers_acknowledgment() -> None:
    sim, client, server = linux(delay="30ms")
    listener = server.listen(80)
    conn = client.connect(server, 80)
    listener.accept()
    conn.setsockopt(stdlib.SOL_SOCKET, stdlib.SO_LINGER, struct.pack("ii", 1, 5))
    conn.send(b"last words")
    before = sim.now
    conn.close()
    assert sim.now - before >= 60 * MS
    assert client.fds() == {}


def test_options_do_what_they_say() -> None:
    sim, client, server = linux()
    listener = server.listen(80)
    conn = client.socket()
    conn.setsockopt(stdlib.IPPROTO_TCP, stdlib.TCP_MAXSEG, 200)
    conn.setsockopt(stdlib.IPPROTO_TCP, stdlib.TCP_NODELAY, 1)
    conn.setsockopt(stdlib.SOL_SOCKET, stdlib.SO_RCVBUF, 4000)
    conn.connect(("server", 80))
    peer, _ = listener.accept()
    conn.send(bytes(1000))
    peer.send(bytes(3000))
    sim.run(for_="1s")
    assert {seg.len for seg in sim.trace.sent(where="client") if seg.len} == {
        188,
        60,
    }  # 12 octets of each are timestamps
    assert {seg.wnd for seg in sim.trace.sent(where="client", flags="S")} == {4000}
    assert max(seg.len for seg in sim.trace.sent(where="server")) == 188
    assert conn.unread() == 3000


def test_keep_alive_finds_a_peer_that_is_gone() -> None:
    sim, client, server = linux()
    listener = server.listen(80)
    conn = client.connect(server, 80)
    listener.accept()
    conn.setsockopt(stdlib.SOL_SOCKET, stdlib.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        conn.setsockopt(stdlib.IPPROTO_TCP, getattr(stdlib, name), value)
    sim.run(for_="1s")
    sim.weather("client", "server", loss=1.0)
    with pytest.raises(TimeoutError) as caught:
        conn.recv()
    assert caught.value.errno == errno.ETIMEDOUT
    assert 90 * SECOND <= sim.now <= 92 * SECOND


def test_cork_holds_small_segments_back_until_it_is_pulled() -> None:
    sim, client, server = linux()
    listener = server.listen(80)
    conn = client.connect(server, 80)
    listener.accept()
    conn.setsockopt(stdlib.IPPROTO_TCP, 3, 1)  # TCP_CORK, on Linux
    for part in (b"one ", b"two ", b"three"):
        conn.send(part)
    sim.run(for_="100ms")
    assert [seg.len for seg in sim.trace.sent(where="client") if seg.len] == []
    conn.setsockopt(stdlib.IPPROTO_TCP, 3, 0)
    sim.run(for_="10ms")
    assert [seg.len for seg in sim.trace.sent(where="client") if seg.len] == [13]
    conn.send(b"more", stdlib.MSG_MORE)
    sim.run(for_="1s")
    assert [seg.len for seg in sim.trace.sent(where="client") if seg.len] == [13, 4]


def test_what_is_corked_leaves_after_200_ms_though_something_is_outstanding() -> None:
    """tcp(7).  The path is longer than that: the full segment is not acknowledged yet when the rest follows."""
    sim, client, server = pair(delay="300ms")
    server.listen(80)
    conn = client.connect("server", 80)
    sim.run(for_="2s")
    conn.setsockopt(stdlib.IPPROTO_TCP, constants.value("TCP_CORK"), 1)
    conn.send(bytes(1460 + 100))
    began = sim.now
    sim.run(for_="250ms")
    data = [record for record in sim.trace.of("sent", where="client") if record.seg.len]  # type: ignore[union-attr]
    assert [(record.t - began, record.seg.letters, record.seg.len) for record in data] == [  # type: ignore[union-attr]
        (0, ".", 1460),
        (200 * MS, "P.", 100),
    ]


def test_more_to_come_holds_a_small_segment_back() -> None:
    sim, client, server = linux()
    listener = server.listen(80)
    conn = client.connect(server, 80)
    listener.accept()
    conn.send(b"head ", stdlib.MSG_MORE)
    sim.run(for_="100ms")
    assert [seg.len for seg in sim.trace.sent(where="client") if seg.len] == []
    conn.send(b"and body")
    sim.run(for_="10ms")
    assert [seg.len for seg in sim.trace.sent(where="client") if seg.len] == [13]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the table has Linux's numbers")
def test_constants_that_the_library_lacks_are_linuxs() -> None:
    known = {name: getattr(stdlib, name) for name in constants.names() if hasattr(stdlib, name)}
    assert len(known) > 40
    assert {name: constants.LINUX[name] for name in known} == known


def test_states_are_numbered_as_in_the_kernel() -> None:
    """TCP_ESTABLISHED to TCP_CLOSING, in the order of linux/tcp_states.h."""
    order = "ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT CLOSED CLOSE_WAIT LAST_ACK LISTEN CLOSING"
    assert {state.name: constants.tcpi_state(state) for state in State} == {
        name: n for n, name in enumerate(order.split(), 1)
    }


def test_options_are_numbers_or_octets() -> None:
    _, client, _ = linux()
    sock = client.socket()
    for given, found in ((1, 1), (0, 0), (struct.pack("i", 1), 1), (struct.pack("i", 0), 0)):
        sock.setsockopt(stdlib.SOL_SOCKET, stdlib.SO_KEEPALIVE, given)
        assert sock.getsockopt(stdlib.SOL_SOCKET, stdlib.SO_KEEPALIVE) == found
    with pytest.raises(OSError, match="give 4 octets, not 3"):
        sock.setsockopt(stdlib.SOL_SOCKET, stdlib.SO_KEEPALIVE, b"abc")


def test_buffers_are_told_as_linux_tells_them() -> None:
    """Twice what is used, for half is for the kernel's own books; what was asked for is doubled as well."""
    _, client, _ = linux()
    sock = client.socket()
    profile = profiles.LINUX
    for name, usual in ((stdlib.SO_SNDBUF, profile.snd_buf), (stdlib.SO_RCVBUF, profile.rcv_buf)):
        assert sock.getsockopt(stdlib.SOL_SOCKET, name) == 2 * usual
        sock.setsockopt(stdlib.SOL_SOCKET, name, 20_000)
        assert sock.getsockopt(stdlib.SOL_SOCKET, name) == 40_000


def test_tcp_info_tells_which_options_are_in_use() -> None:
    """tcpi_options, the sixth octet: timestamps 1, SACK 2, window scaling 4 (linux/tcp.h)."""
    for switches, bits in (
        ({"timestamps": True, "window_scale": 7}, 5),
        ({"timestamps": False, "window_scale": 7}, 4),
        ({"timestamps": True, "window_scale": None}, 1),
    ):
        sim = Simulator(profile=profiles.LINUX.but(**switches))
        client, server = sim.host("client"), sim.host("server")
        sim.link(client, server)
        server.listen(80)
        conn = client.connect(server, 80)
        sim.run(for_="1s")
        info = conn.getsockopt(stdlib.IPPROTO_TCP, stdlib.TCP_INFO, 104)
        assert isinstance(info, bytes)
        assert info[5] & 5 == bits


def test_who_does_not_wait_asks_again_whether_it_is_connected() -> None:
    """connect(2): EINPROGRESS, and when the handshake is over one call that says so; then it is connected already."""
    sim, client, server = linux()
    server.listen(80)
    sock = client.socket()
    place = ("start_connecting", sock.fd, "10.0.0.2", 80)
    assert sim.call("client", *place) is None
    sim.run(for_="1s")
    assert sim.call("client", *place) == 0
    with pytest.raises(OSError) as caught:
        sim.call("client", *place)
    assert caught.value.errno == errno.EISCONN


def test_who_listens_or_is_connected_cannot_connect() -> None:
    """connect(2): EISCONN, and the message says which of both it is."""
    sim, client, server = linux()
    listener = server.listen(80)
    connected = client.connect("server", 80)
    sim.run(for_="1s")
    for sock, what in ((listener, "it listens"), (connected, "it is connected")):
        with pytest.raises(OSError, match=f"{what}; use another socket") as caught:
            sock.connect(("server", 81))
        assert caught.value.errno == errno.EISCONN


@pytest.mark.parametrize("backlog", [True, "5", 5.0, None])
def test_a_backlog_is_a_number(backlog: Any) -> None:
    _, _, server = linux()
    sock = server.socket()
    sock.bind(("", 80))
    with pytest.raises(TcpsimError, match=r"the backlog is a number"):
        sock.listen(backlog)
    assert sock.state is State.CLOSED


def test_a_socket_is_bound_once() -> None:
    _, client, _ = linux()
    sock = client.socket()
    sock.bind(("", 5000))
    with pytest.raises(OSError, match="has an address already") as caught:
        sock.bind(("", 5001))
    assert caught.value.errno == errno.EINVAL
    connected = client.socket()
    connected.setblocking(False)
    assert connected.connect_ex(("server", 80)) == errno.EINPROGRESS
    with pytest.raises(OSError, match="has an address already"):
        connected.bind(("", 5002))


def test_whether_a_socket_is_for_ipv6_alone_is_said_before_it_is_bound() -> None:
    """ipv6(7): afterwards others may rely on which addresses are taken.  listen() in one is bound from the start."""
    client = Simulator(profile="linux").host("client", "fd00::1")
    bound = client.socket(version=6)
    bound.setsockopt(stdlib.IPPROTO_IPV6, stdlib.IPV6_V6ONLY, 1)
    bound.bind(("::", 80))
    for sock in (bound, client.listen(81)):
        with pytest.raises(OSError, match="the socket is bound; set it before bind") as caught:
            sock.setsockopt(stdlib.IPPROTO_IPV6, stdlib.IPV6_V6ONLY, 0)
        assert caught.value.errno == errno.EINVAL


def test_the_module_that_a_program_sees() -> None:
    _, client, server = linux()
    api = client.api
    assert (api.AF_INET, api.SO_LINGER, api.MSG_PEEK) == (stdlib.AF_INET, stdlib.SO_LINGER, stdlib.MSG_PEEK)
    for wrong, name in (
        ((1,), "EAFNOSUPPORT"),
        ((api.AF_INET, 2), "ESOCKTNOSUPPORT"),
        ((api.AF_INET, 1, 17), "EPROTONOSUPPORT"),
    ):
        with pytest.raises(OSError) as caught:
            api.socket(*wrong)
        assert caught.value.errno == getattr(errno, name)
    with pytest.raises(AttributeError, match="SocketApi has no 'gethostbyname'"):
        api.gethostbyname  # noqa: B018
    served = server.api.create_server(("", 80))
    with api.create_connection(("server", 80), timeout=3) as conn:
        assert conn.getpeername() == ("10.0.0.2", 80)
        assert api.socket(fileno=conn.fileno()) == conn
    assert served.accept()[0].recv(1) == b""


def test_what_the_network_reports_is_a_notice_and_in_the_end_the_reason() -> None:
    """RFC 5461: a soft error does not end the attempt, but it says why it was in vain.  Linux ends the attempt."""
    sim, client, server = pair(profile=profiles.LINUX.but(icmp_soft_ends_open=False), trace="full")
    sim.firewall(server, "drop in port 80")
    conn = client.socket()
    conn.setblocking(False)
    conn.connect_ex(("server", 80))
    sim.inject_icmp("client", "host-unreachable")
    sim.run(for_="1s")
    (notice,) = conn.notices()
    assert notice.text == "the network reports host-unreachable"
    assert conn.state is State.SYN_SENT
    sim.run()
    assert [notice.text for notice in conn.notices()][-1:] == [
        "delivery trouble: a segment was retransmitted several times"
    ]
    assert conn.connect_ex(("server", 80)) == errno.EHOSTUNREACH


def test_a_firewall_that_rejects_and_one_that_drops() -> None:
    sim, client, server = linux()
    sim.firewall(server, "reject in port 81", "reject-prohibited in port 82")
    server.listen(81)
    sock = client.socket()
    assert sock.connect_ex(("server", 81)) == errno.ECONNREFUSED
    assert client.socket().connect_ex(("server", 82)) == errno.EHOSTUNREACH


def test_no_route() -> None:
    sim = Simulator(profile="linux")
    client = sim.host("client")
    sim.host("island")
    with pytest.raises(OSError, match="client has no route there; link them") as caught:
        client.socket().connect(("island", 80))
    assert caught.value.errno == errno.ENETUNREACH
    with pytest.raises(OSError, match="not a group of them") as caught:
        client.connect("224.0.0.1", 80)
    assert caught.value.errno == errno.ENETUNREACH


@pytest.mark.parametrize("setter", ["client", "listener"])
def test_ttl_and_dscp_are_the_sockets(setter: str) -> None:
    """MUST-48, MUST-49, SHLD-21: set on a socket, or on the listener that it comes from; and changed later."""
    sim, client, server = linux()
    listener = server.listen(80)
    conn = client.socket()
    chosen = conn if setter == "client" else listener
    chosen.setsockopt(stdlib.IPPROTO_IP, stdlib.IP_TTL, 9)
    chosen.setsockopt(stdlib.IPPROTO_IP, stdlib.IP_TOS, 46 << 2)
    conn.connect(("server", 80))
    peer, _ = listener.accept()
    mine, other = (conn, peer) if setter == "client" else (peer, conn)
    marks = sim.world.marks
    assert marks[mine.number] == (9, 46)
    assert other.number not in marks
    mine.setsockopt(stdlib.IPPROTO_IP, stdlib.IP_TTL, 64)
    mine.setsockopt(stdlib.IPPROTO_IP, stdlib.IP_TOS, 0)
    assert marks[mine.number] == (64, 0)
    assert mine.getsockopt(stdlib.IPPROTO_IP, stdlib.IP_TTL) == 64


def test_a_socket_that_never_waits_does_not_linger() -> None:
    """SO_LINGER lets close() wait for the peer's ACKs, but not where the program has said that nothing may wait."""
    for blocking in (True, False):
        sim, client, server = linux()
        server.listen(80)
        conn = client.connect("server", 80)
        sim.run(for_="1s")
        sim.firewall(server, "drop in port 80")
        conn.setsockopt(stdlib.SOL_SOCKET, stdlib.SO_LINGER, struct.pack("ii", 1, 5))
        conn.setblocking(blocking)
        conn.send(b"nobody hears this")
        before = sim.now
        conn.close()
        assert (sim.now - before > SECOND) is blocking
        assert sim.now == before or blocking


def test_a_syn_that_cannot_reopen_takes_no_sequence_number() -> None:
    """The program still holds the connection in TIME_WAIT; the next one opened takes the next ISS, not the one after."""
    sim = Simulator(profile="linux", trace="full")
    client = sim.host("client", "10.0.0.1")
    server = sim.host("server", "10.0.0.2", iss=(1000, 2_000_000, 3_000_000))
    sim.link(client, server, delay="1ms")
    listener = server.listen(80)
    conn = client.connect("server", 80)
    sim.run(for_="1s")
    accepted, _ = listener.accept()
    accepted.shutdown(stdlib.SHUT_RDWR)
    sim.run(for_="1s")
    conn.close()
    sim.run(for_="1s")
    assert accepted.state is State.TIME_WAIT
    sim.inject("server", "S 4000000000:4000000000(0) win 1000", conn=accepted, absolute=True)
    sim.run(for_="1s")
    client.connect("server", 80)
    sim.run(for_="1s")
    answers = [seg.seq for seg in sim.trace.sent(where="server") if seg.letters == "S."]
    assert answers == [1000, 2_000_000]
