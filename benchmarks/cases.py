"""What is measured. Each case sets up first and then returns how many ns one of its units took."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from itertools import repeat
from pathlib import Path
from statistics import median
from time import perf_counter_ns, process_time_ns
from typing import Any

from tcpsim import Simulator, State
from tcpsim.tcp import RFC9293, Connection, Profile, Segment, Tcb
from tcpsim.tcp.segment import ACK, SYN

ROOT = Path(__file__).resolve().parent.parent
OCTETS = 100
SEGMENTS_OF_A_SHORT_CONNECTION = 7
MEGABYTE = 1 << 20


def timed(function: Callable[[], Any]) -> int:
    """ns of one call, with the garbage of what came before swept away."""
    gc.collect()
    start = process_time_ns()
    function()
    return process_time_ns() - start


#: Options as today's stacks use them.
MODERN = RFC9293.but(timestamps=True, window_scale=2)


def two_hosts(trace: str = "off", profile: Profile = RFC9293) -> Simulator:
    sim = Simulator(trace=trace, profile=profile)
    sim.link(sim.host("client"), sim.host("server"), delay="10ms")
    return sim


# -- copies


def established(octets: int = 2920, connections: int = 1) -> Simulator:
    """Connections in the middle of sending, both ends ESTABLISHED; the peer's window alone limits them."""
    sim = two_hosts(profile=RFC9293.but(congestion="none"))
    sim.script("server", "listen 80", ("serve", "recv_to_end", "close"))
    for _ in range(connections):
        sim.script("client", "connect server 80", ("send", bytes(octets)), "close")
    sim.run(until="25ms")
    return sim


def tcb_copy(copies: int = 20_000) -> float:
    """One transmission control block of a connection that is sending."""
    sim = established()
    tcb = next(conn.tcb for conn in sim.world.conns.values() if conn.tcb.snd_buf.size)
    assert tcb.state in (State.ESTABLISHED, State.FIN_WAIT_1)

    def copy_many(copy: Callable[[], Tcb] = tcb.copy) -> None:
        for _ in repeat(None, copies):
            copy()

    return timed(copy_many) / copies


def world_copy(copies: int = 500) -> float:
    """A world with at least 80 packets in flight, of four connections."""
    sim = established(octets=60_000, connections=4)
    assert sim.until(lambda sim: len(sim.in_flight) >= 80)
    world = sim.world

    def copy_many() -> None:
        for _ in repeat(None, copies):
            world.copy()

    return timed(copy_many) / copies


# -- connections


def short_connections(connections: int = 1_000, trace: str = "off") -> float:
    """Open, 100 octets each way, close; the client's end stays in TIME_WAIT; one connection after the other."""
    sim = two_hosts(trace)
    octets = bytes(OCTETS)
    sim.script("server", "listen 80", ("serve", f"recv {OCTETS}", ("send", octets), "recv_to_end", "close"))
    for n in range(connections):
        client = ("connect server 80", ("send", octets), f"recv {OCTETS}", "close")
        sim.script("client", *client, at=n * 1_000_000)
    ns = timed(lambda: sim.run(until=connections * 1_000_000 + 10**9))
    assert sim.world.next_packet == SEGMENTS_OF_A_SHORT_CONNECTION * connections
    states = [row["state"] for row in sim.hosts["client"].sockets()]
    assert states == [State.TIME_WAIT] * connections
    return ns / connections


def bulk(octets: int = 2 * MEGABYTE, trace: str = "off") -> float:
    """A segment of a long transfer in one direction, data or ACK, with timestamps and window scaling."""
    sim = two_hosts(trace, MODERN)
    sim.script("server", "listen 80", ("serve", "recv_to_end", "close"))
    sim.script("client", "connect server 80", ("send", bytes(octets)), "close")
    ns = timed(lambda: sim.run(limit=octets))
    segments = sim.world.next_packet
    assert segments > octets / 1448
    return ns / segments


def lossy(octets: int = 2 * MEGABYTE) -> float:
    """The same with SACK, one packet in a hundred lost, as a multiple of no loss."""
    profile = MODERN.but(sack=True)

    def transfer(loss: float) -> float:
        sim = Simulator(trace="off", profile=profile)
        sim.link(sim.host("client"), sim.host("server"), delay="10ms", loss=loss)
        sim.script("server", "listen 80", ("serve", "recv_to_end", "close"))
        sim.script("client", "connect server 80", ("send", bytes(octets)), "close")
        return timed(lambda: sim.run(limit=octets)) / sim.world.next_packet

    return transfer(0.01) / transfer(0.0)


def holes(window: int = 1_000, gaps: int = 30, rounds: int = 300) -> float:
    """An ACK with SACK blocks at a sender with so many segments in flight, that many of them missing: ns."""
    mss = 1448
    profile = RFC9293.but(
        sack=True, timestamps=True, window_scale=7, congestion="none", rcv_buf=4 * MEGABYTE, snd_buf=4 * MEGABYTE
    )
    sender = Connection(("10.0.0.1", 1), ("10.0.0.2", 2), profile=profile, iss=0)
    sender.open_active(0)
    (syn,) = sender.take_output()
    back = (*syn.flow[2:], *syn.flow[:2])
    options = (("mss", 1460), ("sackOK",), ("wscale", 7))
    sender.segment_arrives(0, Segment(back, 0, 1, SYN | ACK, 65_535, b"", 0, 1, 0, options))

    def ack(number: int, *blocks: tuple[int, int]) -> Segment:
        told = (("sack", *blocks),) if blocks else ()
        return Segment(back, 1, number, ACK, 32_000, b"", 0, 1, 0, told)

    sender.segment_arrives(0, ack(1))
    sender.take_output()
    sender.send(0, bytes(window * mss))
    assert len(sender.take_output()) == window
    step = window // (gaps + 1)
    for gap in range(gaps):
        left = 1 + (gap * step + 1) * mss
        sender.segment_arrives(1, ack(1, (left, left + mss)))
    last = 1 + (window - rounds - 2) * mss
    segments = [ack(1, (last, last + n * mss)) for n in range(1, rounds)]
    sender.take_output()

    def hear() -> None:
        for segment in segments:
            sender.segment_arrives(1, segment)

    return timed(hear) / len(segments)


def growth(few: int = 1_000, many: int = 1_000_000) -> float:
    """How much more a segment costs in a transfer of ``many`` segments than in one of ``few``."""
    per_segment = 2 * 1448 / 3  # two segments of data, and an ACK for both
    short = median(bulk(round(few * per_segment)) for _ in range(9))
    return bulk(round(many * per_segment)) / short


def idle_memory(connections: int = 1_000) -> float:
    """Octets that an idle connection keeps, both its ends and their descriptors."""
    sim = two_hosts()
    listener = sim.hosts["server"].listen(80)
    gc.collect()
    tracemalloc.start()
    for _ in range(connections):
        sim.hosts["client"].connect("server", 80)
        listener.accept()
    sim.run()
    gc.collect()
    octets = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    states = [row["state"] for name in ("client", "server") for row in sim.hosts[name].sockets()]
    assert states.count(State.ESTABLISHED) == 2 * connections
    return octets / connections


# -- start-up


def start_ups(code: str) -> float:
    """ns from nothing to the end of ``code`` in a new interpreter."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    before = spent_by_children()
    start = perf_counter_ns()
    subprocess.run([sys.executable, "-c", code], check=True, env=env, cwd=ROOT)
    return spent_by_children() - before or perf_counter_ns() - start


def spent_by_children() -> float:
    """Processor time of all processes that have ended, ns; 0 where the system does not tell."""
    try:
        from resource import RUSAGE_CHILDREN, getrusage
    except ImportError:  # Windows
        return 0
    usage = getrusage(RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1e9


def import_in_start_ups(times: int = 11) -> float:
    """How many more bare start-ups a start with ``import tcpsim`` takes; medians, taken in turn."""
    start_ups("import tcpsim")  # compiles, if nobody has before
    bare, full = [], []
    for _ in range(times):
        bare.append(start_ups("pass"))
        full.append(start_ups("import tcpsim"))
    return median(full) / median(bare) - 1
