"""What the habits look like that scripts of real stacks rely on; see ``switches``."""

from __future__ import annotations

from tcpsim import Simulator, pair
from tcpsim.tcp import Profile, State
from tcpsim.tcp.calls import send
from tcpsim.tcp.rto import timeout
from tests.conformance.switches import at, switch
from tests.conformance.switches_sockets import connected
from tests.helpers.lab import SECOND, Lab

MS = SECOND // 1000


def opened(profile: Profile, mss: int = 100, **switches: object) -> Lab:
    """A connection whose peer takes segments of ``mss`` octets and has a large window."""
    lab = Lab(profile, initial_window=10, **switches).open_passive().arrives(f"S 300:300(0) win 60000 <mss {mss}>")
    return lab.arrives(". 301:301(0) ack 101 win 60000").forget()


@switch("rttvar_min", 200 * MS, default=104, flipped=300)
def rttvar_min(profile: Profile) -> object:
    return timeout(profile.but(rto_min=0), 100 * MS, 1 * MS) // MS


@switch("rtt_every_ack", True, default=100, flipped=112)
def rtt_every_ack(profile: Profile) -> object:
    """The second of two segments is acknowledged later, and tells nothing by itself where one thing is timed."""
    lab = Lab(profile, rack=True, sack=True, initial_window=10, peer_options="sackOK").open_active().advance("100ms")
    lab.arrives("S. 300:300(0) ack 101 win 60000 <mss 100,sackOK>").send(200).advance("100ms")
    lab.arrives(". 301:301(0) ack 201 win 60000").advance("100ms").arrives(". 301:301(0) ack 301 win 60000")
    return lab.tcb.srtt // MS


@switch("slow_start_segments", None, default=11, flipped=14)
def slow_start_segments(profile: Profile) -> object:
    lab = opened(profile, congestion="newreno").send(1000)
    return lab.arrives(". 301:301(0) ack 501 win 60000").tcb.cwnd // 100


@switch("slow_start_doubles", True, default=10, flipped=11)
def slow_start_doubles(profile: Profile) -> object:
    """Nine segments are out, so cwnd limits nothing."""
    lab = opened(profile, congestion="newreno").send(900)
    return lab.arrives(". 301:301(0) ack 201 win 60000").tcb.cwnd // 100


@switch("growth_by_delivery", True, default=12, flipped=10)
def growth_by_delivery(profile: Profile) -> object:
    """Two duplicate ACKs have told of two segments; then all three are acknowledged."""
    lab = opened(profile, congestion="newreno", slow_start_segments=2).send(2000)
    for _ in range(2):
        lab.arrives(". 301:301(0) ack 101 win 60000")
    return lab.arrives(". 301:301(0) ack 301 win 60000").tcb.cwnd // 100


@switch("window_updates", "quarter", default=1, flipped=0)
def window_updates(profile: Profile) -> object:
    """Two segments of a large buffer are read."""
    lab = opened(profile, rcv_buf=10_000).arrives("P. 301:501(200) ack 101 win 60000").forget()
    lab.receive()
    return len(lab.sent())


@switch("window_exact", True, default=60, flipped=100)
def window_exact(profile: Profile) -> object:
    """What is read is less than a step, and the next segment tells of it."""
    lab = opened(profile, rcv_buf=1000).arrives("P. 301:341(40) ack 101 win 60000").forget()
    lab.receive()
    lab.send(1)
    (seg,) = lab.segments()
    return seg.wnd - 900


@switch(
    "buffers_rounded",
    True,
    default=[(99, 99), (100, 100), (101, 101), (1024, 1024)],
    flipped=[(99, 99), (100, 100), (200, 200), (1100, 1100)],
)
def buffers_rounded(profile: Profile) -> object:
    """Up to whole segments, but for a buffer that holds not even one."""
    tcbs = [opened(profile, rcv_buf=octets, snd_buf=octets).tcb for octets in (99, 100, 101, 1024)]
    return [(tcb.rcv_limit, tcb.snd_limit) for tcb in tcbs]


@switch("persist_min", 5 * SECOND, default=1, flipped=5)
def persist_min(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile).arrives(". 301:301(0) ack 101 win 0").send(5)
    begun = lab.now
    assert lab.expire() == "persist"
    return (lab.now - begun) // SECOND


@switch("tso_segments", 2, default=["", "", "P"], flipped=["", "P", "P"])
def tso_segments(profile: Profile) -> object:
    lab = opened(profile)
    lab.conn.tcb.srtt = SECOND  # a path so long that bursts are short
    return [line[0].replace(".", "") for line in lab.send(300).sent()]


@switch("records_kept", True, default=[60], flipped=[30, 30])
def records_kept(profile: Profile) -> object:
    """Two records written while cwnd is full."""
    lab = opened(profile, nagle=False).send(1000).forget()
    for _ in range(2):
        lab.conn.now = lab.now
        lab.conn.tcb.cwnd = 0
        send(lab.conn, bytes(30), record=True)
    lab.conn.tcb.cwnd = 5000
    return [len(seg.data) for seg in lab.arrives(". 301:301(0) ack 1101 win 60000").segments()]


@switch("long_segment_acked", True, default=0, flipped=1)
def long_segment_acked(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile, ack_delay=SECOND, rcv_buf=5000)
    return len(lab.arrives("P. 301:2301(2000) ack 101 win 1000").sent())


@switch("reset_carries_stamp", True, default=False, flipped=True)
def reset_carries_stamp(profile: Profile) -> object:
    lab = Lab(profile, timestamps=True, peer_options="TS").open_passive().arrives("S 300:300(0) win 1000")
    lab.arrives(". 301:301(0) ack 101 win 1000").forget()
    return "TS" in lab.abort().sent()[0]


@switch("sack_permitted_aligned", False, default="<mss 1460,nop,nop,sackOK>", flipped="<mss 1460,sackOK>")
def sack_permitted_aligned(profile: Profile) -> object:
    lab = Lab(profile, mss_option=True, sack=True, syn_options=("mss", "wscale", "sackOK", "TS")).open_active()
    (syn,) = lab.sent()
    return syn[syn.index("<") :]


@switch("unread_resets", False, default="R", flipped="F.")
def unread_resets(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile, half_duplex_close=True).arrives("P. 301:305(4) ack 101 win 1000").forget()
    return lab.close().sent()[0].split()[0]


@switch("unwanted_text_is_stray", True, default="R 102:102(0)", flipped="R 101:101(0)")
def unwanted_text_is_stray(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile, half_duplex_close=True).close().forget()
    return lab.arrives("P. 301:305(4) ack 101 win 1000").sent()[-1].partition(" win")[0]


@switch("send_in_chunks", True, default=2000, flipped=17_000)
def send_in_chunks(profile: Profile) -> object:
    """A send buffer of 2,000 octets, and a peer whose window is 32,000."""
    return taken(profile.but(snd_buf=2000, initial_window=1))


@switch("notsent_lowat", 1000, default=40_000, flipped=17_000)
def notsent_lowat(profile: Profile) -> object:
    return taken(profile.but(send_in_chunks=True, snd_buf=100_000, initial_window=1))


def taken(profile: Profile) -> int:
    """How many of 40,000 octets send() takes of a client whose peer takes segments of 1,000."""
    sim = Simulator(profile=profile)
    client, server = sim.host("client"), sim.host("server", rcv_buf=32_000, mss=1000)
    sim.link(client, server)
    listener = server.listen(80)
    conn = client.connect(server, 80)
    listener.accept()
    conn.setblocking(False)
    return conn.send(bytes(40_000))


@switch("crossed_synack_acked", True, default=0, flipped=1)
def crossed_synack_acked(profile: Profile) -> object:
    lab = at(State.SYN_RECV, profile, origin="active", synack_completes_simultaneous_open=True)
    return len(lab.arrives("S. 300:300(0) ack 101 win 1000").sent())


@switch("r2_syn_exact", True, default="SYN_SENT", flipped="CLOSED")
def r2_syn_exact(profile: Profile) -> object:
    """R2 lies between two retransmissions."""
    return Lab(profile, r2_syn=5 * SECOND).open_active().advance("6s").state.name


# -- what programs see


@switch("buffers_doubled", False, default=[8000, 4000], flipped=[4000, 4000])
def buffers_doubled(profile: Profile) -> object:
    _, client, _ = pair(profile=profile)
    api = client.api
    socket = api.socket()
    socket.setsockopt(api.SOL_SOCKET, api.SO_RCVBUF, 4000)
    return [socket.getsockopt(api.SOL_SOCKET, api.SO_RCVBUF), socket.tcb.rcv_limit]


@switch("send_after_end_is_epipe", True, default="ECONNRESET", flipped="EPIPE")
def send_after_end_is_epipe(profile: Profile) -> object:
    sim, conn, peer = connected(profile)
    peer.abort()
    sim.run(for_="1s")
    try:
        return conn.send(b"x")
    except OSError as error:
        return getattr(error, "name", "")


@switch("unconnected_is_enotconn", True, default=1, flipped="ENOTCONN")
def unconnected_is_enotconn(profile: Profile) -> object:
    _, client, server = pair(profile=profile)
    server.listen(80)
    try:
        return client.connect(server, 80).send(b"x")
    except OSError as error:
        return getattr(error, "name", "")
