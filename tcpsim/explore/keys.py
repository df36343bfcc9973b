"""Canonical keys: equal for worlds that differ in nothing that matters to their futures.

What does not matter, when every timer may run out at any time: the clock, how long a timer still runs, round-trip
times; the numbers of packets and connections; and the sequence numbers themselves, of which only distances count.
So a key holds sequence numbers relative to the first of their 4-tuple and direction, timers as running or not,
and packets as a multiset.

Sound for worlds of hosts with the same profiles, made by ``exploring``, and ISNs given in even steps.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

from ..net.host import Conn, HostData
from ..net.world import World
from ..tcp.profiles import Profile
from ..tcp.segment import ACK, RST, Flow, Segment
from ..tcp.seq import MASK
from ..tcp.states import CLOSED, LISTEN, SYN_SENT
from ..tcp.tcb import NAMES, TIMERS, Tcb
from ..tcp.units import NEVER

#: Numbers in the space of what the connection sends, and of what it receives.  ``iss`` and ``irs`` are the
#: places from which the others are counted.
SENDS: Final = ("snd_una", "snd_nxt", "snd_wl2", "snd_buf_seq", "fin_seq", "probe_seq", "snd_up", "snd_sml")
RECEIVES: Final = ("rcv_nxt", "snd_wl1", "rcv_fin", "rcv_up")

#: Those of them that may be None.
_OPTIONAL: Final = ("fin_seq", "probe_seq", "snd_up", "snd_sml", "rcv_fin", "rcv_up")

#: What only decides when a timer runs out, counts for the user's information, or is about timestamps.
TIMES: Final = (
    "srtt", "rttvar", "rto", "rtt_seq", "rtt_sent", "rtx_since", "rtx_total", "probe_count", "syn_lost", "challenges",
    "challenges_since", "ts_recent", "ts_recent_at", "last_ack_sent", "received_at", "longest", "limits", "starved", "wake",
)  # fmt: skip

#: What says nothing without congestion control, fast retransmit, SACK, ECN and bursts, which ``exploring`` turns off.
CONGESTION: Final = (
    "cwnd", "ssthresh", "cwnd_credit", "cwnd_limited", "cubic", "prr", "undo", "rack", "sent_at",
    "dup_acks", "scoreboard", "dsack",
    "max_flight", "cwnd_used", "pushed", "bursts", "chunks", "push_seq",
    "cubic_segments", "hystart",
)  # fmt: skip

#: What is treated by itself below, or follows from ``flow``.
APART: Final = (
    "state", "flow", "peer_flow", "iss", "irs", "rtx_count", "snd_buf", "rcv_buf", "previous", "recovery", "recover",
    "rtx_nxt",
)  # fmt: skip

#: Everything else counts by its value, so that a variable nobody has thought of here tells worlds apart.
VALUES: Final = tuple(
    name
    for name in NAMES
    if name not in (*SENDS, *RECEIVES, *TIMES, *CONGESTION, *APART)
    and name not in {f"{timer}_due" for timer in TIMERS}
)


def exploring(profile: Profile) -> Profile:
    """The profile without what depends on time: round-trip times are not asked for, limits are counts.

    R2 is ``r2_count`` retransmissions if the profile says so, else never reached; there is no user time-out, no
    timestamps and no limit of challenge ACKs in so many seconds.  A loss is repaired when a timer runs out, and the
    peer's window alone limits what is sent: cwnd grows with every round, and no state would come twice.
    """
    timeless = {
        "r2": None,
        "r2_syn": None,
        "user_timeout": None,
        "challenge_limit": None,
        "timestamps": False,
        "tso_segments": 0,
    }
    return profile.but(**timeless, congestion="none", fast_retransmit=False, sack=False, ecn="no", name=profile.name)


def _generated(*unset: str) -> Callable[[Tcb, int, int], tuple[Any, ...]]:
    """The function that gives a block's variables, numbers relative to the two given; ``unset``: without these."""
    one = []
    for names, first in ((SENDS, "iss"), (RECEIVES, "irs")):
        for name in [name for name in names if name not in unset]:
            relative = f"(t.{name} - {first}) & {MASK}"
            optional = name in _OPTIONAL
            one.append(f"None if t.{name} is None else {relative}" if optional else relative)
    one += [f"t.{name}_due != {NEVER}" for name in TIMERS]
    one += [f"t.{name}" for name in VALUES]
    namespace: dict[str, Any] = {}
    exec(f"def variables(t, iss, irs):\n    return ({', '.join(one)})", namespace)
    found: Callable[[Tcb, int, int], tuple[Any, ...]] = namespace["variables"]
    return found


_variables: Final = _generated()
_variables_before_ack: Final = _generated("snd_wl2")


def _block(tcb: Tcb, iss: int, irs: int, profile: Profile) -> tuple[Any, ...]:
    """A block.  SND.WL2 is not asked before the first ACK has set it, unless the profile reads A-18 literally."""
    unset = tcb.snd_una == tcb.iss and profile.opener_learns_window
    held = tcb.rcv_buf
    old = tcb.previous
    return (
        tcb.state,
        (_variables_before_ack if unset else _variables)(tcb, iss, irs),
        tcb.snd_buf.key() if tcb.snd_buf.size else b"",
        held.peek() if held.size else b"",
        tuple([((at - irs) & MASK, piece) for at, piece in held.early]) if held.early else (),
        0 if profile.r2_count is None else tcb.rtx_count,
        _left_to_repeat(tcb, iss),
        None if old is None else ((old.iss - iss) & MASK, (old.irs - irs) & MASK, _block(old, iss, irs, profile)),
    )


def _left_to_repeat(tcb: Tcb, iss: int) -> tuple[Any, ...]:
    """What a time-out has left to repeat; a time-out after which nothing is left is history."""
    if not tcb.recovery or tcb.rtx_nxt == tcb.recover:
        return ()
    return tcb.recovery, (tcb.recover - iss) & MASK, (tcb.rtx_nxt - iss) & MASK


def conn_key(conn: Conn, names: dict[int, int]) -> tuple[Any, ...]:
    """A connection; ``names``: what the connections of its host are called."""
    tcb = conn.tcb
    state = tcb.state
    if state is CLOSED:  # only what a user can still ask for
        variables: tuple[Any, ...] = (CLOSED, tcb.error, tcb.fin_received, tcb.rcv_buf.peek())
    elif state is LISTEN:
        variables = (LISTEN, tcb.flow)
    else:
        given = None if conn.iss_given is None else (conn.iss_given - tcb.iss) & MASK
        variables = (tcb.flow, given, _block(tcb, tcb.iss, tcb.irs, conn.profile))
    return (
        variables,
        conn.fd,
        conn.waiting,
        conn.backlog,
        conn.owner,
        # A listener that is gone is nobody's.
        None if conn.listener is None else names.get(conn.listener, -1),
        tuple([names[number] for number in conn.queue]) if conn.queue else (),
    )


def host_key(world: World, host: HostData) -> tuple[Any, ...]:
    """A host with its connections and scripts, but for how its numbers lie to those of its peers."""
    own = sorted(number for number, conn in world.conns.items() if conn.host == host.index)
    names = {number: name for name, number in enumerate(own)}
    scripts = [script for _, script in sorted(world.scripts.items()) if script.host == host.index]
    return (
        tuple([conn_key(world.conns[number], names) for number in own]),
        tuple(sorted([(fd, names[given.conn]) for fd, given in host.fds.items()])),
        host.next_port,
        tuple([
            (one.number, one.program, one.at, one.due != NEVER, names.get(one.conn, -1) if one.conn else None,
             names.get(one.listener, -1) if one.listener else None, one.done, one.seen)
            for one in scripts
        ]) if scripts else (),
    )  # fmt: skip


def bases(world: World) -> tuple[dict[Flow, int], list[int]]:
    """The first number of each direction of each 4-tuple, as the receiver keys it, and what does not agree.

    That is the sender's ISS, or what the receiver takes for it; where both are known, the second list has the
    distance between them.
    """
    found: dict[Flow, int] = {}
    apart: list[int] = []
    live = []
    for conn in world.conns.values():
        tcb = conn.tcb
        if tcb.state is not CLOSED and tcb.state is not LISTEN:
            live.append(tcb)
            found[tcb.peer_flow] = tcb.iss
    if len(live) > 1:
        live.sort(key=_flow_of)
    for tcb in live:
        if tcb.state is not SYN_SENT:
            first = found.setdefault(tcb.flow, tcb.irs)
            apart.append((tcb.irs - first) & MASK)
    if world.flight:
        _bases_of_strays(world, found)
    return found, apart


def _flow_of(tcb: Tcb) -> Flow:
    return tcb.flow


def _bases_of_strays(world: World, found: dict[Flow, int]) -> None:
    """A first number for 4-tuples of which only packets are left: the lowest that they carry."""
    strays: dict[Flow, list[int]] = {}
    for _, seg, _ in world.flight.values():
        flow = seg.flow
        if flow not in found and not _is_blind_reset(seg):
            strays.setdefault(flow, []).append(seg.seq)
        if seg.flags & ACK:
            back = reverse(flow)
            if back not in found:
                strays.setdefault(back, []).append(seg.ack)
    for flow, numbers in strays.items():
        found[flow] = min(numbers, key=lambda first: max((number - first) & MASK for number in numbers))


_REVERSED: Final[dict[Flow, Flow]] = {}


def reverse(flow: Flow) -> Flow:
    """The same connection as the other end keys it."""
    back = _REVERSED.get(flow)
    if back is None:
        back = _REVERSED[flow] = (flow[2], flow[3], flow[0], flow[1])
    return back


def _is_blind_reset(seg: Segment) -> bool:
    """<SEQ=0><CTL=RST,ACK>: its number is nobody's (RFC 9293 3.10.7.1)."""
    return seg.seq == 0 and seg.flags == RST | ACK


def packet_key(seg: Segment, first: dict[Flow, int], damaged: bool = False) -> tuple[Any, ...]:
    """A segment in flight, numbers relative to the first of their direction."""
    flow = seg.flow
    flags = seg.flags
    ack = None
    if flags & ACK:
        ack = (seg.ack - first[reverse(flow)]) & MASK
    seq = -1 if _is_blind_reset(seg) else (seg.seq - first[flow]) & MASK
    return (flow, seq, ack, flags, seg.wnd, seg.up, seg.tsval, seg.tsecr, seg.data, seg.options, damaged)


def evenly(host: HostData) -> bool:
    """Whether the host's ISNs are given in even steps, so that the next one tells all that follow."""
    given = host.isses
    return isinstance(given, tuple) and len({(b - a) & MASK for a, b in pairwise(given)}) == 1


def next_numbers(world: World, first: dict[Flow, int], even: tuple[bool, ...]) -> tuple[Any, ...]:
    """Where the next connections' ISNs will lie, relative to the numbers in use; ``even``: see ``evenly``."""
    found: list[Any] = []
    for host, evenly_spaced in zip(world.hosts, even, strict=True):
        given, used = host.isses, host.isses_used
        following = given[used] if isinstance(given, tuple) and used < len(given) else given
        if isinstance(following, int):
            own = host.addresses
            found += sorted([(flow, (following - at) & MASK) for flow, at in first.items() if flow[2] in own])
        if not isinstance(following, int):  # RFC 6528 derives them, from nothing that is relative
            found += sorted(first.items())
        elif isinstance(given, tuple) and not evenly_spaced:
            found.append(tuple([(number - following) & MASK for number in given[used:]]))
    return tuple(found)
