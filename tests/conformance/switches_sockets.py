"""What the switches do that the users of sockets see; see ``switches``."""

from __future__ import annotations

from tcpsim import Host, Simulator, Socket, pair
from tcpsim.net.moves import Inject
from tcpsim.packetdrill.simulated import SimulatedEndpoint
from tcpsim.tcp import Profile
from tcpsim.tcp.segment import ACK, SYN, Segment, flag_letters
from tests.conformance.switches import switch


def connected(profile: Profile) -> tuple[Simulator, Socket, Socket]:
    """(simulation, client's end, server's end) of a connection."""
    sim, client, server = pair(profile=profile)
    listener = server.listen(80)
    conn = client.connect(server, 80)
    return sim, conn, listener.accept()[0]


def told(socket: Socket) -> str:
    """The errno, or the octets, that recv() gives."""
    socket.setblocking(False)
    try:
        return socket.recv(100).decode()
    except OSError as error:
        return str(getattr(error, "name", error))


@switch("ephemeral_ports", (40_000, 40_001), default=[49152, 49153, 49154], flipped=[40_000, 40_001, "none"])
def ephemeral_ports(profile: Profile) -> object:
    _, client, _ = pair(profile=profile)
    return [port_of(client) for _ in range(3)]


def port_of(client: Host) -> int | str:
    try:
        return int(client.connect("server", 80).getsockname()[1])
    except OSError:
        return "none"


@switch("port_choice", "rfc6056", default=True, flipped=False)
def port_choice(profile: Profile) -> object:
    """Where the counter begins depends on where the connection leads."""
    _, client, _ = pair(profile=profile)
    ports = [client.connect("server", port).getsockname()[1] for port in (80, 81, 82)]
    return ports == list(range(49152, 49155))


@switch("send_before_established", False, default=5, flipped="EAGAIN")
def send_before_established(profile: Profile) -> object:
    _, client, server = pair(profile=profile)
    server.listen(80)
    conn = client.connect(server, 80)
    conn.setblocking(False)
    try:
        return conn.send(b"early")
    except BlockingIOError as error:
        return getattr(error, "name", "")


@switch("queues_apart", True, default=["ESTABLISHED", "SYN_SENT"], flipped=["ESTABLISHED", "ESTABLISHED"])
def queues_apart(profile: Profile) -> object:
    """A backlog of one."""
    sim, client, server = pair(profile=profile)
    server.listen(80, backlog=1)
    conns = [client.connect(server, 80) for _ in range(2)]
    sim.run(for_="500ms")
    return [conn.state.name for conn in conns]


@switch("read_after_reset", True, default="ECONNRESET", flipped="before")
def read_after_reset(profile: Profile) -> object:
    sim, conn, peer = connected(profile)
    peer.send(b"before")
    sim.run(for_="1s")
    peer.abort()
    sim.run(for_="1s")
    return told(conn)


@switch("urgent_inline", False, default="ab!", flipped="ab")
def urgent_inline(profile: Profile) -> object:
    sim, conn, peer = connected(profile)
    peer.send(b"ab!", 1)  # MSG_OOB
    sim.run(for_="1s")
    return told(conn)


@switch("blackhole", 2, default=["R.", "R"], flipped=[])
def blackhole(profile: Profile) -> object:
    """What answers a SYN and an ACK where nobody listens."""
    sim, _, _ = pair(profile=profile)
    for flags in (SYN, ACK):
        sim.apply(
            Inject(Segment(("10.0.0.2", 80, "10.0.0.1", 5000), 5, 5 if flags & ACK else 0, flags, 100).key(), 0)
        )
    sim.run(for_="1s")
    return [flag_letters(seg.flags) for seg in sim.trace.sent(where="server")]


@switch("accept_inherits_nonblocking", True, default=None, flipped="EAGAIN")
def accept_inherits_nonblocking(profile: Profile) -> object:
    endpoint = SimulatedEndpoint(profile, "192.168.0.1", "192.0.2.1")
    endpoint.call("socket", 4)
    endpoint.call("bind", 3, "192.168.0.1", 80)
    endpoint.call("fcntl", 3, "F_SETFL", True)
    endpoint.call("listen", 3, 1)
    flow = ("192.168.0.1", 80, "192.0.2.1", 5000)
    endpoint.inject(Segment(flow, 0, 0, SYN, 1000))
    (synack,) = (sent.seg for sent in endpoint.take())
    endpoint.inject(Segment(flow, 1, synack.seq + 1, ACK, 1000))
    assert endpoint.call("accept", 3) == (4, None, flow[2:])
    answer = endpoint.call("read", 4, 10)
    return None if answer is None else answer.errno


@switch("reset_after_fin_is_epipe", True, default="ECONNRESET", flipped="EPIPE")
def reset_after_fin_is_epipe(profile: Profile) -> object:
    sim, conn, peer = connected(profile)
    peer.shutdown()
    sim.run(for_="1s")
    peer.abort()
    sim.run(for_="1s")
    try:
        return conn.send(b"x")
    except OSError as error:
        return getattr(error, "name", "")
