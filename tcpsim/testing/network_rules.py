"""What the network does in a run of the state machine: each rule is a kind of move."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ..net.moves import (
    Corrupt,
    Delay,
    Deliver,
    Drop,
    Duplicate,
    Expire,
    Inject,
    InjectIcmp,
    Reboot,
    SetLink,
)
from ..tcp.notices import ERRORS, TOO_BIG
from ..tcp.segment import RST
from ..tcp.tcb import TIMERS
from ..tcp.units import NEVER
from .driving import ANY, ENDS, Driving, is_open, pick

#: The ICMP errors that are forged, soft ones first.
ICMP: Final = tuple(sorted(ERRORS, key=lambda name: ERRORS[name].hard))


class NetworkRules(Driving):
    """Deliveries in order and out of it, losses, duplicates, delays, damage, early time-outs, forgeries, reboots."""

    @precondition(lambda self: any(due < NEVER for due in self.dues()))
    @rule(n=st.integers(1, 3))
    def step(self, n: int) -> None:
        """The next events happen."""
        for _ in range(n):
            self.event()

    @precondition(lambda self: len(self.sim.world.flight) > 1)
    @rule(which=ANY)
    def deliver(self, which: int) -> None:
        """A packet arrives now, before the others."""
        self.move(Deliver((pick(self.packets(), which),)))

    @precondition(lambda self: self._together())
    @rule(end=st.sampled_from(ENDS))
    def deliver_together(self, end: str) -> None:
        """All packets for one host arrive in one event."""
        packets = self._together()
        self.move(Deliver(packets.get(end) or next(iter(packets.values()))))

    def _together(self) -> dict[str, tuple[int, ...]]:
        """The packets on their way to each host, where they are several."""
        world = self.sim.world
        to: dict[str, tuple[int, ...]] = {}
        for number, (_, _, target) in world.flight.items():
            name = world.hosts[target].name
            to[name] = (*to.get(name, ()), number)
        return {name: packets for name, packets in to.items() if len(packets) > 1}

    @precondition(lambda self: self.left(Drop) and self.sim.world.flight)
    @rule(which=ANY)
    def drop(self, which: int) -> None:
        """A packet is lost."""
        self.spend(Drop)
        self.move(Drop(pick(self.packets(), which)))

    @precondition(lambda self: self.left(Duplicate) and self.sim.world.flight)
    @rule(which=ANY)
    def duplicate(self, which: int) -> None:
        """A packet is doubled."""
        self.spend(Duplicate)
        self.move(Duplicate(pick(self.packets(), which)))

    @precondition(lambda self: self.left(Delay) and self.sim.world.flight)
    @rule(which=ANY, by=ANY)
    def delay_packet(self, which: int, by: int) -> None:
        """A packet takes longer."""
        self.spend(Delay)
        self.move(Delay(pick(self.packets(), which), pick(self.delays, by)))

    @precondition(lambda self: self.left(Corrupt) and self.sim.world.flight)
    @rule(which=ANY)
    def corrupt(self, which: int) -> None:
        """A bit of a packet is flipped, which a checksum will tell."""
        self.spend(Corrupt)
        self.move(Corrupt(pick(self.packets(), which)))

    def timers(self) -> list[tuple[int, str]]:
        """(connection, timer) of the timers that may run out early."""
        return [
            (conn.number, name)
            for conn in self.sim.world.conns.values()
            for name in TIMERS
            if name in self.early and getattr(conn.tcb, f"{name}_due") != NEVER
        ]

    @precondition(lambda self: self.timers())
    @rule(which=ANY)
    def expire(self, which: int) -> None:
        """A timer runs out now, ahead of time."""
        self.move(Expire(*pick(self.timers(), which)))

    @precondition(lambda self: self.left(Inject) and self.sockets(is_open))
    @rule(which=ANY, data=st.data())
    def forged(self, which: int, data: st.DataObject) -> None:
        """A forged segment is on its way."""
        self.spend(Inject)
        segment = data.draw(self.forge(pick(self.sockets(is_open), which)[2].tcb))
        if not segment.flags & RST:
            self.watch.honest = False
        self.move(Inject(segment.key(), 0))

    @precondition(lambda self: self.left(InjectIcmp) and self.sockets(is_open))
    @rule(which=ANY, name=st.sampled_from(ICMP))
    def icmp(self, which: int, name: str) -> None:
        """A forged ICMP error about the oldest octet that a connection has outstanding is on its way."""
        self.spend(InjectIcmp)
        tcb = pick(self.sockets(is_open), which)[2].tcb
        self.move(InjectIcmp(name, tcb.peer_flow, tcb.snd_una, 296 if name == TOO_BIG else 0, 0))

    @precondition(lambda self: self.left(Reboot))
    @rule(end=st.sampled_from(ENDS))
    def reboot(self, end: str) -> None:
        """A host forgets its connections, and nobody is told."""
        self.spend(Reboot)
        self.watch.honest = False  # what one end knows of the other is void, as with forged segments
        self.move(Reboot(end))

    @precondition(lambda self: self.left(SetLink))
    @rule(end=st.sampled_from(ENDS), lasts=ANY)
    def partition(self, end: str, lasts: int) -> None:
        """What a host sends is lost for a while."""
        self.spend(SetLink)
        down = (self.sim.now, self.sim.now + pick(self.delays, lasts))
        self.move(SetLink(end, ENDS[end == "client"], (("down", (down,)),)))
