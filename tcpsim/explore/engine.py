"""The real engine as a system to explore: situations, and every move that the bounds allow in one."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, Final

from ..net.branch import branch
from ..net.moves import Call, Deliver, Drop, Duplicate, Expire, Inject, Move, Reboot, Wake
from ..net.world import World
from ..tcp.errors import CallError
from ..tcp.segment import Flow
from ..tcp.units import MS
from .actors import Actor, Place, after, enabled, is_eager
from .bounds import COUNTED, Bounds, Left
from .keys import bases, evenly, host_key, next_numbers, packet_key
from .search import Successor

#: The clock only counts moves, so that a trace of them can be read.
TICK: Final = MS

#: What a transition is called in a graph.
KINDS: Final[dict[type, str]] = {
    Deliver: "deliver", Drop: "loss", Duplicate: "duplicate", Expire: "timeout", Call: "call", Inject: "forge",
    Reboot: "reboot", Wake: "wake",
}  # fmt: skip


class Situation:
    """A state of the exploration: a world, where the actors are, and what may still happen.

    ``told``: the plain records (``tcpsim.trace.raw``) of the move that led here.  ``error``: what the engine
    raised in that move; such a situation has no future.

    The rest are parts of the canonical key, kept because a move leaves most of them as they were: ``parts``,
    one for each host; ``first``, ``about``, ``numbers`` for sequence numbers; ``packets`` by packet number.
    """

    __slots__ = (
        "about", "error", "first", "key", "left", "numbers", "packets", "parts", "places", "told", "world",
    )  # fmt: skip

    def __init__(self, world: World, places: tuple[Place, ...], left: Left, parts: list[int | None]) -> None:
        self.world = world
        self.places = places
        self.left = left
        self.parts = parts
        self.told: list[tuple[Any, ...]] = []
        self.error: Exception | None = None
        self.first: dict[Flow, int] = {}
        self.about: Any = None
        self.numbers = -1
        self.packets: dict[int, int] = {}
        self.key: tuple[int, ...] | None = None


class Engine:
    """Worlds that go on from ``world``, with the actors, inside the bounds.

    ``places``: where the actors are at the start.  ``records``: keep ``told``.  ``crowded``: how many moves were
    not followed because they would have led to more packets in flight than ``bounds.packets``.
    """

    def __init__(
        self,
        world: World,
        actors: Sequence[Actor],
        bounds: Bounds,
        *,
        places: tuple[Place, ...] | None = None,
        records: bool = True,
    ) -> None:
        self.world = world
        self.actors = tuple(actors)
        self.bounds = bounds
        self.places = (Place(),) * len(self.actors) if places is None else places
        self.records = records
        self.crowded = 0
        self._even = tuple(evenly(host) for host in world.hosts)
        self._interned: dict[Any, int] = {}
        self._in_order = bounds.reorder is not None

    def start(self) -> Situation:
        """The world as it was given."""
        left = Left(*(getattr(self.bounds, name) for name in COUNTED))
        return Situation(self.world.copy(), self.places, left, [None] * len(self.world.hosts))

    # -- keys

    def key(self, situation: Situation) -> tuple[int, ...]:
        """The situation's canonical key: small ints that stand for its parts."""
        if situation.key is None:
            situation.key = self._key(situation)
        return situation.key

    def _key(self, situation: Situation) -> tuple[int, ...]:
        interned = self._interned
        if situation.error is not None:
            told = ("error", type(situation.error).__name__, str(situation.error))
            return (interned.setdefault(told, len(interned)),)
        world = situation.world
        parts = situation.parts
        for index, part in enumerate(parts):
            if part is None:
                mine = host_key(world, world.hosts[index])
                parts[index] = interned.setdefault(mine, len(interned))
        first, apart = bases(world)
        packets = situation.packets
        if first != situation.first:
            packets = {}
        about = (first, apart, [host.isses_used for host in world.hosts])
        if about != situation.about:
            numbers = (tuple(apart), next_numbers(world, first, self._even))
            situation.numbers = interned.setdefault(numbers, len(interned))
            situation.first, situation.about = first, about
        flying = {}
        damaged = world.damaged
        for number, (_, seg, _) in world.flight.items():
            packet = packets.get(number)
            if packet is None:
                like = packet_key(seg, first, number in damaged)
                packet = interned.setdefault(like, len(interned))
            flying[number] = packet
        situation.packets = flying
        actors = (situation.places, situation.left)
        in_order = flying.values() if self._in_order else sorted(flying.values())
        return (*parts, situation.numbers, interned.setdefault(actors, len(interned)), *in_order)

    def packets_of(self, key: Hashable) -> tuple[int, ...]:
        """The kinds of packets in flight in the situation with this key."""
        assert isinstance(key, tuple)
        return key[len(self.world.hosts) + 2 :]

    # -- moves

    def successors(self, situation: Situation) -> Iterator[Successor[Situation]]:
        """Everything that can happen: the network's moves, the clock's, the actors'."""
        if situation.error is not None:
            return
        self.key(situation)  # which packets are alike
        for who, place in enumerate(situation.places):
            if is_eager(self.actors[who], place):
                done = [one for one in self._acts(situation, who) if one[2] is not None]
                if done:
                    yield from done
                    return
        for move, left in self._moves(situation):
            if left is None:  # a time-out that somebody may wait for; nobody waits for a loss or for disorder
                yield KINDS[type(move)], move, None
                continue
            made = self.made(situation, move, left)
            if made is not None or type(move) is not Duplicate:
                yield KINDS[type(move)], move, made
        for who in range(len(self.actors)):
            yield from self._acts(situation, who)

    def _moves(self, situation: Situation) -> Iterator[tuple[Move, Left | None]]:
        """The moves of network and clock, one for packets that are alike, and what is left when they are made.

        With None come the time-outs that are not allowed any more.
        """
        left = situation.left
        world, packets = situation.world, situation.packets
        told: set[tuple[type, int]] = set()
        for move in world.moves():
            kind = type(move)
            paid: Left | None = left
            if isinstance(move, Expire):
                if world.flight and move.timer not in self.bounds.early:
                    continue
                if left.timeouts is not None:
                    paid = left.less("timeouts") if left.timeouts else None
            elif isinstance(move, Deliver | Drop | Duplicate):
                number = move.packets[0] if isinstance(move, Deliver) else move.packet
                like = (kind, packets[number])
                if like in told:
                    continue
                told.add(like)
                if kind is not Deliver:
                    name = "loss" if kind is Drop else "duplicate"
                    if getattr(left, name) == 0:
                        continue
                    paid = left.less(name)
                elif self._in_order and self._overtakes(world, number):
                    if not left.reorder:
                        continue
                    paid = left.less("reorder")
            yield move, paid

    def _overtakes(self, world: World, number: int) -> bool:
        """Whether an older packet of the same direction is in flight."""
        flow = world.flight[number][1].flow
        return next(other for other, (_, seg, _) in world.flight.items() if seg.flow == flow) != number

    def _acts(self, situation: Situation, who: int) -> Iterator[Successor[Situation]]:
        """What one actor may do."""
        place = situation.places[who]
        for move in enabled(situation.world, self.actors[who], place):
            kind = KINDS[type(move)]
            try:
                left = situation.left.less("calls")
            except ValueError:
                yield kind, move, None
                continue
            try:
                found = self.made(situation, move, left, who)
            except CallError:
                continue  # not in this state
            yield kind, move, found

    def made(self, situation: Situation, move: Move, left: Left, who: int | None = None) -> Situation | None:
        """The situation after a move; None when more packets are in flight than the bounds allow.

        ``left``: what may still happen then.  ``who``: the actor that makes the move.  Raises CallError for a
        call that the connection's state does not allow.
        """
        index = _host_of(situation.world, move)
        world = branch(situation.world, index)
        world.now += TICK
        parts = situation.parts.copy()
        if index is not None:
            parts[index] = None
        found = Situation(world, situation.places, left, parts)
        found.first, found.about, found.numbers = situation.first, situation.about, situation.numbers
        found.packets = situation.packets
        if self.records:
            world.log = found.told
        try:
            result = world.apply(move)
        except CallError:
            raise
        except Exception as error:
            found.error = error
            world.log = None
            return found
        world.log = None
        if len(world.flight) > self.bounds.packets:
            self.crowded += 1
            return None
        if who is not None:
            found.places = tuple(
                after(move, result, place) if n == who else _evicted(place, move, self.actors[n])
                for n, place in enumerate(situation.places)
            )
        return found


def _evicted(place: Place, move: Move, who: Actor) -> Place:
    """Where an actor is when another has acted: without socket, if its host has rebooted."""
    return place._replace(fd=None) if isinstance(move, Reboot) and move.host == who.host else place


def _host_of(world: World, move: Move) -> int | None:
    """The host that a move can change; None for the network alone."""
    if isinstance(move, Deliver):
        return world.flight[move.packets[0]][2]
    if isinstance(move, Expire):
        return world.conns[move.conn].host
    if isinstance(move, Call | Reboot):
        return world.host(move.host).index
    if isinstance(move, Wake):
        return world.scripts[move.script].host
    return None
