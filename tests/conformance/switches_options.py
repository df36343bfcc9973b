"""What the switches of options, keep-alive and the closing timers do; see ``switches``."""

from __future__ import annotations

from tcpsim import pair
from tcpsim.tcp import Profile, State
from tests.conformance.switches import at, outcome, switch
from tests.helpers.lab import SECOND, Lab


def opened(profile: Profile, syn: str, **options: object) -> Lab:
    """A passive connection after the peer's SYN, whose answer is still to be looked at."""
    return Lab(profile, **options).open_passive().arrives(f"S 300:300(0) win 1000 {syn}")


def established(profile: Profile, options: str, **switches: object) -> Lab:
    """A passive connection whose peer offered ``options``."""
    lab = opened(profile, f"<{options}>", **switches)
    stamp = " <TS val 1000 ecr 0>" if "TS" in options else ""
    return lab.arrives(f". 301:301(0) ack 101 win 1000{stamp}").forget()


# -- RFC 7323


@switch(
    "window_scale",
    3,
    default=["S. 100:100(0) ack 301 win 1000"],
    flipped=["S. 100:100(0) ack 301 win 1000 <wscale 3>"],
)
def window_scale(profile: Profile) -> object:
    return opened(profile, "<wscale 7>").sent()


@switch(
    "timestamps",
    True,
    default=["S. 100:100(0) ack 301 win 1000"],
    flipped=["S. 100:100(0) ack 301 win 1000 <TS val 0 ecr 900>"],
)
def timestamps(profile: Profile) -> object:
    return opened(profile, "<TS val 900 ecr 0>").sent()


def stamp_after(profile: Profile, time: str) -> int | None:
    """TSval of an ACK so long after the start."""
    lab = established(profile, "TS val 1000 ecr 0", timestamps=True).advance(time)
    lab.arrives("P. 301:302(1) ack 101 win 9 <TS val 1000 ecr 0>")
    return lab.segments()[0].tsval


@switch("timestamp_tick", 10_000_000, default=1000, flipped=100)
def timestamp_tick(profile: Profile) -> object:
    return stamp_after(profile, "1s")


@switch("timestamp_start", 5, default=1000, flipped=1005)
def timestamp_start(profile: Profile) -> object:
    return stamp_after(profile, "1s")


@switch("timestamp_required", False, default=(None, ["seq.timestamp_missing"]), flipped=(b"\0", []))
def timestamp_required(profile: Profile) -> object:
    lab = established(profile, "TS val 1000 ecr 0", timestamps=True)
    lab.arrives("P. 301:302(1) ack 101 win 9")
    return lab.receive(), lab.stopped()


@switch("timestamp_lifetime", SECOND, default=(None, ["seq.paws"]), flipped=(b"\0", []))
def timestamp_lifetime(profile: Profile) -> object:
    lab = established(profile, "TS val 1000 ecr 0", timestamps=True).advance("2s")
    lab.arrives("P. 301:302(1) ack 101 win 9 <TS val 999 ecr 0>")
    return lab.receive(), lab.stopped()


@switch("mss_default_ipv6", 1000, default=1220, flipped=1000)
def mss_default_ipv6(profile: Profile) -> object:
    from tcpsim.tcp import Connection, parse_segment

    here, there = ("2001:db8::1", 1000), ("2001:db8::2", 2000)
    conn = Connection(here, there, profile=profile)
    conn.open_passive(0)
    conn.segment_arrives(0, parse_segment("S 300:300(0) win 9000", (*here, *there)))
    return conn.tcb.snd_mss


# -- keep-alive


@switch("keepalive_idle", 60 * SECOND, default=0, flipped=1)
def keepalive_idle(profile: Profile) -> object:
    return len(at(State.ESTABLISHED, profile).configure(keepalive=True, user_timeout=None).advance("70s").sent())


@switch("keepalive_interval", SECOND, default=1, flipped=6)
def keepalive_interval(profile: Profile) -> object:
    return len(at(State.ESTABLISHED, profile).configure(keepalive=True, user_timeout=None).advance("7205s").sent())


@switch("keepalive_probes", 1, default=["ESTABLISHED", "FIN_WAIT_2", "CLOSE_WAIT"], flipped=["CLOSED"] * 3)
def keepalive_probes(profile: Profile) -> object:
    ends = []
    for state in (State.ESTABLISHED, State.FIN_WAIT_2, State.CLOSE_WAIT):
        lab = at(state, profile).configure(keepalive=True, user_timeout=None)
        ends.append(lab.advance("7300s").state.name)
        lab.log()
    return ends


@switch(
    "keepalive_octet",
    True,
    default=[". 100:100(0) ack 301 win 1000"],
    flipped=[". 100:101(1) ack 301 win 1000"],
)
def keepalive_octet(profile: Profile) -> object:
    return at(State.ESTABLISHED, profile).configure(keepalive=True, user_timeout=None).advance("2h").sent()


# -- closing

OCTET = "P. 301:302(1) ack 101 win 9"
FIN_ACKED = ". 301:301(0) ack 102 win 9"
RESET = ("CLOSED", ["R 102:102(0) win 1000"])


@switch(
    "half_duplex_close",
    True,
    default=[
        ("FIN_WAIT_1", ["F. 101:101(0) ack 302 win 999"]),
        ("FIN_WAIT_1", []),
        ("FIN_WAIT_2", []),
        ("FIN_WAIT_1", [". 102:102(0) ack 302 win 999"]),
        ("FIN_WAIT_2", [". 102:102(0) ack 302 win 999"]),
    ],
    flipped=[("CLOSED", ["R 101:101(0) win 999"]), *[("CLOSED", ["R 102:102(0) win 999"])] * 2, RESET, RESET],
)
def half_duplex_close(profile: Profile) -> object:
    unread = at(State.ESTABLISHED, profile).arrives(OCTET).forget_segments().close()
    left_early = at(State.ESTABLISHED, profile).shutdown().arrives(OCTET).forget_segments().detach()
    left = at(State.ESTABLISHED, profile).shutdown().arrives(FIN_ACKED, OCTET).forget_segments().detach()
    late = at(State.ESTABLISHED, profile).close().forget_segments().arrives(OCTET)
    later = at(State.ESTABLISHED, profile).close().arrives(FIN_ACKED).forget_segments().arrives(OCTET)
    return [outcome(lab) for lab in (unread, left_early, left, late, later)]


@switch("fin_wait_2_timeout", 60 * SECOND, default="FIN_WAIT_2", flipped="CLOSED")
def fin_wait_2_timeout(profile: Profile) -> object:
    return at(State.FIN_WAIT_2, profile).advance("1min").state.name


@switch("fin_wait_2_detached_only", True, default=("CLOSED", "CLOSED"), flipped=("FIN_WAIT_2", "CLOSED"))
def fin_wait_2_detached_only(profile: Profile) -> object:
    attached = at(State.FIN_WAIT_2, profile, fin_wait_2_timeout=60 * SECOND)
    detached = at(State.FIN_WAIT_2, profile, fin_wait_2_timeout=60 * SECOND).detach()
    return attached.advance("1min").state.name, outcome(detached.advance("1min"))[0]


# -- the network


@switch("icmp_hard_aborts", False, default="CLOSED", flipped="ESTABLISHED")
def icmp_hard_aborts(profile: Profile) -> object:
    lab = at(State.ESTABLISHED, profile)
    assert lab.conn.icmp_arrives(lab.now, "port-unreachable", lab.tcb.snd_una)
    return lab.state.name


@switch("quiet_time", 120 * SECOND, default=["ESTABLISHED"], flipped=[])
def quiet_time(profile: Profile) -> object:
    sim, client, server = pair(profile=profile)
    sim.reboot(server)
    server.listen(80)
    client.connect(server, 80)
    sim.run(until="5s")
    return [str(row["state"]) for row in server.sockets() if str(row["state"]) != "LISTEN"]
