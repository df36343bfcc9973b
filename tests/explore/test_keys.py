"""Canonical keys: what does not matter to the future does not tell worlds apart, and nothing else is forgotten."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.explore import Limits, explore, get_setup
from tcpsim.explore.engine import Engine, Situation
from tcpsim.explore.explorer import along, engine_of
from tcpsim.explore.keys import APART, CONGESTION, RECEIVES, SENDS, TIMES, VALUES, exploring
from tcpsim.net.moves import Deliver, Drop, Duplicate, Expire
from tcpsim.net.world import World
from tcpsim.tcp.buffers import ReceiveBuffer
from tcpsim.tcp.profiles import RFC9293, RFC9293_LITERAL
from tcpsim.tcp.segment import ACK, RST
from tcpsim.tcp.seq import MASK
from tcpsim.tcp.states import CLOSED, LISTEN
from tcpsim.tcp.tcb import NAMES, TIMERS, Tcb
from tcpsim.tcp.units import NEVER

STORIES = (
    "handshake-and-close",
    "simultaneous-open",
    "two-incarnations",
    "half-open",
    "both-windows-closed",
    "forged-fin",
)


def test_every_variable_of_a_block_has_its_place() -> None:
    placed = [*SENDS, *RECEIVES, *TIMES, *CONGESTION, *APART, *VALUES, *(f"{timer}_due" for timer in TIMERS)]
    assert sorted(placed) == sorted(NAMES)


@cache
def explored(name: str, literal: bool) -> Any:
    # A-18 read literally compares with a number that was never set: futures then depend on absolute ones.
    profile = RFC9293_LITERAL.but(opener_learns_window=True) if literal else RFC9293
    return explore(name, profile=profile, properties=[], records=False, limits=Limits(states=600))


def shifted_block(tcb: Tcb, sends: int, receives: int, ns: int) -> None:
    """Move a block's numbers and its deadlines."""
    for names, by in (((*SENDS, "iss", "rtt_seq", "recover", "rtx_nxt"), sends), ((*RECEIVES, "irs"), receives)):
        for name in names:
            value = getattr(tcb, name)
            if value is not None:
                setattr(tcb, name, (value + by) & MASK)
    held = ReceiveBuffer()
    held.append(tcb.rcv_buf.peek())
    for at, piece in tcb.rcv_buf.early:
        held.hold((at + receives) & MASK, piece, 1 << 30)
    tcb.rcv_buf = held
    for timer in TIMERS:
        due = getattr(tcb, f"{timer}_due")
        if due != NEVER:
            setattr(tcb, f"{timer}_due", due + ns)
    tcb.wake = tcb.earliest()
    if tcb.previous is not None:
        shifted_block(tcb.previous, sends, receives, ns)


def image(world: World, shifts: tuple[int, int], packets: int, ns: int) -> World:
    """The world with all ISNs of each host, packet ids and time moved."""
    twin = world.copy()
    twin.now += ns
    twin.next_packet += packets
    for host, by in zip(twin.hosts, shifts, strict=True):
        assert isinstance(host.isses, tuple)
        host.isses = tuple((iss + by) & MASK for iss in host.isses)
    for conn in twin.conns.values():
        if conn.iss_given is not None:
            conn.iss_given = (conn.iss_given + shifts[conn.host]) & MASK
        if conn.tcb.state is not LISTEN:
            shifted_block(conn.tcb, shifts[conn.host], shifts[1 - conn.host], ns)
    flight = {}
    for number, (due, seg, host) in twin.flight.items():
        blind = seg.seq == 0 and seg.flags == RST | ACK
        seq = 0 if blind else (seg.seq + shifts[1 - host]) & MASK
        moved = seg.replace(seq=seq, ack=(seg.ack + shifts[host]) & MASK if seg.flags & ACK else seg.ack)
        moved.id = number + packets
        flight[moved.id] = (due + ns, moved, host)
    twin.flight = flight
    return twin


def translated(move: Any, packets: int) -> Any:
    """The same move in the image."""
    if isinstance(move, Deliver):
        return Deliver((move.packets[0] + packets,))
    if isinstance(move, Drop | Duplicate):
        return type(move)(move.packet + packets)
    return move


def situation_of(engine: Engine, like: Situation, world: World) -> Situation:
    return Situation(world, like.places, like.left, [None] * len(world.hosts))


@given(
    st.sampled_from(STORIES),
    st.booleans(),
    st.integers(0, 599),
    st.tuples(st.integers(0, MASK), st.integers(0, MASK)),
    st.integers(0, 1000),
    st.integers(0, 10**12),
)
def test_an_image_has_the_same_key_and_the_same_future(
    name: str, literal: bool, node: int, shifts: tuple[int, int], packets: int, ns: int
) -> None:
    result = explored(name, literal)
    engine, _ = engine_of(result.setup, result.profile, records=False)
    moves = result.graph.path(node % result.states)
    one = along(engine, moves)
    # A blind RST has the number 0, which must not come to lie in a window; and what was never set is no number.
    numbers = {0} | {conn.tcb.rcv_nxt for conn in one.world.conns.values()}
    shifts = tuple(0 if any((0 - n - by) & MASK < 1 << 20 for n in numbers) else by for by in shifts)  # type: ignore[assignment]
    other = situation_of(engine, one, image(one.world, shifts, packets, ns))
    assert engine.key(one) == engine.key(other)
    futures = [list(engine.successors(situation)) for situation in (one, other)]
    for (kind, move, after), (kind_, move_, after_) in zip(*futures, strict=True):
        if kind != "forge":  # a forged segment carries absolute numbers
            assert (kind, translated(move, packets)) == (kind_, move_)
        assert (after is None) == (after_ is None)
        if after is not None and after_ is not None:
            assert engine.key(after) == engine.key(after_)


@given(st.sampled_from(STORIES), st.integers(0, 599), st.sampled_from(SENDS + RECEIVES), st.sampled_from([0, 1]))
def test_a_number_that_moves_alone_is_seen(name: str, node: int, variable: str, host: int) -> None:
    result = explored(name, False)
    engine, _ = engine_of(result.setup, result.profile, records=False)
    one = along(engine, result.graph.path(node % result.states))
    twin = one.world.copy()
    for conn in twin.conns.values():
        if conn.host == host and conn.tcb.state not in (CLOSED, LISTEN):
            if variable == "snd_wl2" and conn.tcb.snd_una == conn.tcb.iss:
                continue  # it is not asked before the first ACK has set it
            value = getattr(conn.tcb, variable)
            setattr(conn.tcb, variable, 7 if value is None else (value + 1) & MASK)
            assert engine.key(situation_of(engine, one, twin)) != engine.key(one)
            return
    assert engine.key(situation_of(engine, one, twin)) == engine.key(one)


@pytest.mark.parametrize("timer", TIMERS)
def test_a_timer_that_runs_is_seen_and_how_long_is_not(timer: str) -> None:
    result = explored("handshake-and-close", False)
    engine, _ = engine_of(result.setup, result.profile, records=False)
    one = along(engine, result.graph.path(20))
    keys = []
    for due in (NEVER, 10**10, 10**11):
        twin = one.world.copy()
        conn = next(conn for conn in twin.conns.values() if conn.tcb.state not in (CLOSED, LISTEN))
        setattr(conn.tcb, f"{timer}_due", due)
        keys.append(engine.key(situation_of(engine, one, twin)))
    assert keys[0] != keys[1] == keys[2]


def test_the_exploring_variant_has_no_limit_in_time() -> None:
    profile = exploring(RFC9293)
    assert (profile.r2, profile.r2_syn, profile.user_timeout, profile.challenge_limit) == (None,) * 4
    assert profile.name == "rfc9293"
    assert exploring(RFC9293_LITERAL).fin_restarts_time_wait is False


def test_r2_as_a_count_ends_what_nobody_answers() -> None:
    setup = get_setup("handshake-and-close").but(switches={"r2_count": 2})
    free = explore("handshake-and-close", loss=None, properties=["closable"])
    limited = explore(setup, loss=None, properties=["closable"])
    assert free.complete
    assert limited.complete
    assert "syn_sent.r2" in limited.rules
    assert "syn_sent.r2" not in free.rules
    assert any(isinstance(move, Expire) for move in limited.graph.moves)
