"""What must hold of an exploration: of every state, of every transition, of the whole graph.

``PROPERTIES`` has them by name.  A user's own are ``Property`` values too; a check raises ``InvariantBroken``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from ..net.host import Conn
from ..net.moves import Deliver, Move
from ..net.world import World
from ..tcp.errors import Code, TcpsimError
from ..tcp.segment import FIN, RST, Segment
from ..tcp.seq import MASK
from ..tcp.states import CLOSED, LISTEN, SYN_RECV, SYN_SENT, TIME_WAIT, State
from ..testing.invariants import (
    OF_A_MOVE,
    InvariantBroken,
    blocks_hold,
    one_connection_per_flow,
    pairs_hold,
    quiescence,
)
from ..testing.watch import OF_AN_ARRIVAL
from ..trace.raw import header_of
from ..trace.records import Header
from .engine import Situation


class Step(NamedTuple):
    """A transition: the situations before and after ``move``.  ``host``: the index of the one it changed, if any."""

    before: Situation
    move: Move
    after: Situation

    @property
    def arrived(self) -> Segment | None:
        """The segment that the move delivered."""
        if not isinstance(self.move, Deliver):
            return None
        return self.before.world.flight[self.move.packets[0]][1]

    def sent(self) -> list[Segment]:
        """The segments that left in this move."""
        last = self.before.world.next_packet
        return [seg for number, (_, seg, _) in self.after.world.flight.items() if number > last]

    def receiver(self) -> tuple[Conn, Conn] | None:
        """The connection that the delivered segment was for, before and after; None if there is none."""
        seg = self.arrived
        if seg is None or not isinstance(self.move, Deliver):
            return None
        world = self.before.world
        host = world.hosts[world.flight[self.move.packets[0]][2]]
        before = host.conns.get(seg.flow)
        after = None if before is None else self.after.world.conns.get(before.number)
        return None if before is None or after is None else (before, after)


class Property(NamedTuple):
    """Something that must hold.

    ``of``: "states", ``check`` takes a ``Situation``; "steps", it takes a ``Step``; "goal": ``check`` says whether a
    situation is one that must stay reachable from every state; "some": whether it is one that some run has to
    reach; "cycle": there is none of moves of the kind ``check`` (a str).
    """

    name: str
    says: str
    of: str
    check: Any


# -- states


def invariants(situation: Situation) -> None:
    """Every invariant of blocks, of hosts and of a quiet network."""
    world = situation.world
    blocks_hold(world)
    one_connection_per_flow(world)
    quiescence(world)


def ends_agree(situation: Situation) -> None:
    """The two ends of a connection are in states that can meet, and what is acknowledged was received."""
    pairs_hold(situation.world)


def stream_ends_at_fin(situation: Situation) -> None:
    """RCV.NXT lies just behind the peer's FIN once that was received, and stays there (RFC 9293 3.6)."""
    for conn in situation.world.conns.values():
        tcb = conn.tcb
        if tcb.state is not CLOSED and tcb.fin_received and tcb.rcv_fin is not None:
            if tcb.rcv_nxt != (tcb.rcv_fin + 1) & MASK:
                raise InvariantBroken(
                    "stream_ends_at_fin",
                    f"{tcb.flow[0]}:{tcb.flow[1]} in {tcb.state}: the peer's FIN was {tcb.rcv_fin}, "
                    f"RCV.NXT is {tcb.rcv_nxt}",
                )


def nobody_is_reset(situation: Situation) -> None:
    """No connection is ended by a RST."""
    for conn in situation.world.conns.values():
        if conn.tcb.error in (Code.RESET, Code.REFUSED):
            flow = conn.tcb.flow
            raise InvariantBroken("nobody_is_reset", f"{flow[0]}:{flow[1]} has ended: {conn.tcb.error.value}")


def nothing_forged_is_read(situation: Situation) -> None:
    """No octet marked ``!`` can be read: one that was forged, or sent in another incarnation."""
    for conn in situation.world.conns.values():
        if b"!" in conn.tcb.rcv_buf.peek():
            flow = conn.tcb.flow
            raise InvariantBroken(
                "nothing_forged_is_read", f"{flow[0]}:{flow[1]} in {conn.tcb.state} holds {conn.tcb.rcv_buf.peek()!r}"
            )


# -- transitions


def numbers_never_retreat(step: Step) -> None:
    """RCV.NXT, the right edge of the window, SND.UNA and SND.NXT never move left."""
    after = step.after.world.conns
    for number, conn in step.before.world.conns.items():
        changed = after.get(number)
        if changed is not None and changed is not conn:
            for compare in OF_A_MOVE:
                compare(conn.tcb, changed.tcb)


def arrivals(step: Step) -> None:
    """What arrives has the effect it must have: text and ACKs in order are taken, a RST counts where the profile says so."""
    ends = step.receiver()
    seg = step.arrived
    if ends is not None and seg is not None and seg.flags & (RST | FIN):
        header = Header(*header_of(seg, data=False))
        for check in OF_AN_ARRIVAL:
            check(ends[0].tcb, ends[1].tcb, header, ends[0].profile, step.after.world.now)


def no_reset_answers_a_reset(step: Step) -> None:
    """No RST is sent because of a RST (RFC 9293 3.10.7.1)."""
    seg = step.arrived
    if seg is not None and seg.flags & RST and any(sent.flags & RST for sent in step.sent()):
        raise InvariantBroken("no_reset_answers_a_reset", f"a RST answers packet {seg.id}, which is a RST itself")


def fin_restarts_2msl(step: Step) -> None:
    """A FIN that TIME_WAIT acknowledges sets 2MSL anew, so that its sender finds somebody to ask (RFC 9293 3.10.7.4)."""
    seg = step.arrived
    if seg is None or not seg.flags & FIN:
        return
    ends = step.receiver()
    if ends is None or ends[0].tcb.state is not TIME_WAIT or ends[1].tcb.state is not TIME_WAIT:
        return
    tcb = ends[1].tcb
    acknowledged = any(sent.flow == tcb.peer_flow and sent.ack == tcb.rcv_nxt == seg.end for sent in step.sent())
    if acknowledged and tcb.time_wait_due == ends[0].tcb.time_wait_due:
        raise InvariantBroken(
            "fin_restarts_2msl",
            f"{tcb.flow[0]}:{tcb.flow[1]} in TIME_WAIT acknowledges FIN {seg.seq} and lets 2MSL run on",
        )


def time_wait_is_waited_out(step: Step) -> None:
    """A segment never ends TIME_WAIT, unless it is a SYN that reopens the connection (RFC 1337)."""
    if not isinstance(step.move, Deliver):
        return
    after = step.after.world.conns
    for number, conn in step.before.world.conns.items():
        if conn.tcb.state is TIME_WAIT:
            now = after.get(number)
            if now is None or now.tcb.state is CLOSED:
                flow = conn.tcb.flow
                raise InvariantBroken("time_wait_is_waited_out", f"a segment ends TIME_WAIT of {flow[0]}:{flow[1]}")


# -- goals


def open_connections(world: World) -> list[Conn]:
    """The connections that are neither CLOSED nor listening."""
    return [conn for conn in world.conns.values() if conn.tcb.state is not CLOSED and conn.tcb.state is not LISTEN]


def all_closed(situation: Situation) -> bool:
    """Whether every connection is CLOSED; listeners may listen on."""
    return not open_connections(situation.world)


def both_established(situation: Situation) -> bool:
    """Whether two hosts have a connection each that both ends hold for established or closing, and it is the same."""
    from ..testing.invariants import pairs

    early = (SYN_SENT, SYN_RECV, CLOSED)
    return any(a.tcb.state not in early and b.tcb.state not in early for a, b in pairs(situation.world))


def reopened(situation: Situation) -> bool:
    """Whether both ends hold a later incarnation for established or closing."""
    world = situation.world
    host = world.hosts[0]
    if not isinstance(host.isses, tuple) or host.isses_used < 2 or not both_established(situation):
        return False
    newest = max(number for number, conn in world.conns.items() if conn.host == 0)
    return world.conns[newest].tcb.iss == host.isses[host.isses_used - 1]


def reaches(*states: State) -> Callable[[Situation], bool]:
    """Whether the hosts' newest connections are in these states, in the hosts' order."""
    from .joint import joint_state

    return lambda situation: joint_state(situation.world) == states


def meet(client: State, server: State) -> Property:
    """Some run reaches this pair of states."""
    name = f"meet {client}/{server}"
    return Property(name, f"some run reaches {client}/{server}", "some", reaches(client, server))


def _summary(check: Callable[..., Any]) -> str:
    return (check.__doc__ or "").strip().split(".  ")[0].rstrip(".")


def _named(of: str, *checks: Callable[..., Any]) -> list[Property]:
    return [Property(check.__name__, _summary(check), of, check) for check in checks]


#: The properties by name.
PROPERTIES: Final[dict[str, Property]] = {
    one.name: one
    for one in (
        *_named("states", invariants, ends_agree, stream_ends_at_fin, nobody_is_reset, nothing_forged_is_read),
        *_named(
            "steps",
            numbers_never_retreat,
            arrivals,
            no_reset_answers_a_reset,
            fin_restarts_2msl,
            time_wait_is_waited_out,
        ),
        Property("closable", "from every state, CLOSED/CLOSED stays reachable", "goal", all_closed),
        Property("opens", "some run opens the connection on both sides", "some", both_established),
        Property("reopens", "some run opens the 4-tuple once more on both sides", "some", reopened),
        Property(
            "no_livelock",
            "no cycle of deliveries alone in which no packet waits for ever: the network falls quiet by itself",
            "cycle",
            "deliver",
        ),
    )
}

#: What is asked of every set-up whose segments all come from the two ends.
GENERAL: Final = (
    "invariants", "ends_agree", "stream_ends_at_fin", "numbers_never_retreat", "arrivals",
    "no_reset_answers_a_reset", "fin_restarts_2msl", "closable", "opens", "no_livelock",
)  # fmt: skip


def chosen(names: Iterable[str | Property]) -> tuple[Property, ...]:
    """The properties of these names.  Raises TcpsimError that lists the names there are."""
    found = []
    for name in names:
        one = PROPERTIES.get(name) if isinstance(name, str) else name
        if one is None and isinstance(name, str) and "/" in name:
            client, _, server = name.partition("/")
            one = meet(State.parse(client), State.parse(server))
        if one is None:
            raise TcpsimError(f"no property {name!r}; there are {', '.join(PROPERTIES)}, and pairs of states, A/B")
        found.append(one)
    return tuple(found)
