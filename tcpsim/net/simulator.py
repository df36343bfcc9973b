"""The simulator: the driver that lets the earliest event happen, and remembers how to go back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .._version import __version__
from ..tcp.errors import TcpsimError
from ..tcp.notation import parse_segment
from ..tcp.profiles import RFC9293, Profile, described, get_profile
from ..tcp.states import State
from ..tcp.units import NEVER, format_time, parse_time
from ..trace.shown import Shown
from ..trace.trace import Trace
from .handles import Host, Socket
from .history import History
from .host import check_address
from .link import Path, check_faults, check_weather
from .moves import (
    Call,
    Corrupt,
    Delay,
    Deliver,
    Drop,
    Duplicate,
    Inject,
    Move,
    Reboot,
    SetLink,
    Wait,
    to_data,
)
from .scripts import parse_program
from .world import World

if TYPE_CHECKING:
    from ..render.diagram import Diagram
    from ..tcp.segment import Segment
    from ..trace.records import Record


class Happened(list["Record"]):
    """The records of one event.  False when nothing was left to happen; prints itself."""

    def __init__(self, records: Iterable[Record] = (), *, anything: bool = False) -> None:
        super().__init__(records)
        self.anything = anything or len(self) > 0

    def __bool__(self) -> bool:
        return self.anything  # an event may leave no record: a script goes on to its next sleep

    def __repr__(self) -> str:
        from ..render.ladder import describe

        nothing = "nothing to tell" if self.anything else "nothing is left to happen"
        return "\n".join(describe(record) for record in self) or nothing


class Simulator:
    """Hosts on links, a virtual clock, and every event in order.

    ``seed``: decides all chance.  ``profile``: how hosts behave unless they say otherwise.  ``trace``: the
    level, ``"brief"``, ``"full"``, or ``"off"`` for speed: then there is no way back either.

    Set-up (``host``, ``link``, ``script``) comes before the first move.
    """

    def __init__(self, seed: int = 0, *, profile: Profile | str = RFC9293, trace: str = "brief") -> None:
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise TcpsimError(f"seed {seed!r} is not an int")
        if trace not in ("brief", "full", "off"):
            raise TcpsimError(f"trace {trace!r}: the levels are brief, full and off")
        if not isinstance(profile, Profile | str):
            raise TcpsimError(f"profile {profile!r}: give a Profile or the name of one")
        self.profile = get_profile(profile) if isinstance(profile, str) else profile
        self.world = World(seed)
        self.hosts: dict[str, Host] = {}
        self._level = trace
        header = {"version": __version__, "seed": seed, "profile": self.profile.name}
        self.trace = Trace({**header, "hosts": [], "links": [], "scripts": []}, level=trace)
        if trace != "off":
            self.world.log = self.trace.raw
            self.world.full = trace == "full"
        self.position = 0
        self._past = History() if trace != "off" else None

    # -- setting up

    def host(
        self,
        name: str,
        *addresses: str,
        profile: Profile | str | None = None,
        iss: int | Iterable[int] | None = None,
        **switches: Any,
    ) -> Host:
        """A new host.  ``addresses``: by default the next of 10.0.0.0/24.

        ``profile``: the simulation's unless given; ``switches`` change single ones.  ``iss``: its connections'
        initial sequence numbers: one for all, or a list for one after the other (RFC 6528 afterwards).
        """
        self._must_be_setting_up("host()")
        world = self.world
        if not name or name in self.hosts:
            raise TcpsimError(f"host name {name!r} is {'taken' if name else 'empty'}; choose another")
        if not addresses:
            addresses = (next(free for n in range(1, 255) if (free := f"10.0.0.{n}") not in world.by_address),)
        for address in addresses:
            check_address(address)
            if addresses.count(address) > 1:
                raise TcpsimError(f"address {address} of host {name} is given twice")
            if address in world.by_address:
                raise TcpsimError(
                    f"address {address} belongs to {world.hosts[world.by_address[address]].name} already"
                )
        chosen = self.profile if profile is None else get_profile(profile) if isinstance(profile, str) else profile
        if switches:
            chosen = chosen.but(**switches)
        isses = iss if iss is None or isinstance(iss, int) else tuple(iss)
        for number in (isses,) if isinstance(isses, int) else isses or ():
            if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 1 << 32:
                raise TcpsimError(f"iss {number!r} of host {name} is not a sequence number in 0 .. 2**32 - 1")
        world.add_host(name, addresses, chosen, isses)
        base, differing = described(chosen)
        self.trace.header["hosts"].append(
            {"name": name, "addresses": list(addresses), "profile": base, "switches": differing, "iss": isses}
        )
        self.hosts[name] = Host(self, name)
        return self.hosts[name]

    def link(
        self,
        a: Host | str,
        b: Host | str,
        *,
        delay: str | int = "10ms",
        loss: float = 0.0,
        faults: Iterable[tuple[Any, ...]] = (),
        faults_back: Iterable[tuple[Any, ...]] = (),
    ) -> None:
        """Join two hosts.  ``delay``: one way.  ``loss``: the probability that a packet is lost.

        ``faults``: what happens to single packets from ``a`` to ``b``: ``(n, "lose")``, ``(n, "duplicate")`` or
        ``(n, "delay", "5ms")``, n from 1; ``faults_back``: the same from ``b`` to ``a``.
        """
        self._must_be_setting_up("link()")
        world = self.world
        ends = [world.host(end if isinstance(end, str) else end.name) for end in (a, b)]
        names = "-".join(end.name for end in ends)
        if ends[0] is ends[1]:
            raise TcpsimError(f"link {names}: a link joins two hosts; a host reaches itself without one")
        if (ends[0].index, ends[1].index) in world.paths:
            raise TcpsimError(f"link {names}: these hosts are joined already")
        ns = parse_time(delay, f"link {names}: delay")
        check_weather(f"link {names}", ns, loss)
        there, back = (
            check_faults(faults, f"link {names}"),
            check_faults(faults_back, f"link {names}"),
        )
        for (one, other), rules in ((ends, there), (ends[::-1], back)):
            world.paths[one.index, other.index] = Path(f"{one.name}->{other.name}", world.seed, ns, loss, rules)
        self.trace.header["links"].append(
            {
                "ends": [end.name for end in ends],
                "delay": ns,
                "loss": loss,
                "faults": there,
                "faults_back": back,
            }
        )

    def script(self, host: Host | str, *steps: Any, at: str | int = 0) -> None:
        """Run an application on ``host`` from ``at`` on: ``"listen 80"``, ``"accept"``, ``("send", b"x")`` ...

        Host names in ``connect`` become addresses.  Raises TcpsimError that names a wrong step.
        """
        self._must_be_setting_up("script()")
        name = host if isinstance(host, str) else host.name
        program = tuple(
            (step[0], self.address_of(step[1]), *step[2:]) if step[0] == "connect" else step
            for step in parse_program(steps)
        )
        start = parse_time(at, "at")
        self.world.add_script(self.world.host(name).index, program, start)
        self.trace.header["scripts"].append({"host": name, "at": start, "steps": program})

    def _must_be_setting_up(self, what: str) -> None:
        if self.position:
            raise TcpsimError(
                f"{what} at step {self.position}: set up hosts, links and scripts before the first step"
            )
        if self._past is not None:
            self._past = History()  # a checkpoint of step 0 would lack what is set up now

    def address_of(self, host: str | Host) -> str:
        """The address of a host, of a host's name, or an address itself.  Raises TcpsimError for an unknown one."""
        if isinstance(host, Host):
            return host.addresses[0]
        known = self.hosts.get(host)
        if known is not None:
            return known.addresses[0]
        try:
            check_address(host)
        except TcpsimError:
            names = ", ".join(self.hosts) or "none yet"
            raise TcpsimError(f"no host {host!r}; the hosts are {names}, or give an address") from None
        return host

    # -- what is the case

    @property
    def now(self) -> int:
        """Virtual time, ns."""
        return self.world.now

    @property
    def in_flight(self) -> dict[int, Segment]:
        """The packets on their way, by number, in the order in which they were sent."""
        return {number: flying[1] for number, flying in self.world.flight.items()}

    # -- going on

    def step(self, n: int = 1) -> Happened:
        """Let the next ``n`` events happen; what the last of them was.  Empty when nothing was left."""
        _check_count("step", n)
        happened = Happened(anything=not n)
        for _ in range(n):
            start = len(self.trace.raw)
            if not self._step():
                break
            happened = Happened(self.trace[start:], anything=True)
        return happened

    def _step_only(self, end: int = NEVER) -> bool:
        if not self.world.step(end):
            return False
        self.position += 1
        return True

    def _step(self, end: int = NEVER) -> bool:
        past = self._past
        if past is None:
            return self._step_only(end)
        past.keep(self.position, self.world, len(self.trace.raw))
        if not self.world.step(end):
            return False
        past.stepped(self.position)
        self.position += 1
        return True

    def run(
        self,
        *,
        until: str | int | None = None,
        for_: str | int | None = None,
        limit: int = 1_000_000,
    ) -> None:
        """Let events happen until nothing is left, until a time, or for so long.

        ``limit``: the most events, so that a world that never falls quiet ends with a TcpsimError.
        """
        end = NEVER if until is None else parse_time(until, "until")
        if for_ is not None:
            end = min(end, self.now + parse_time(for_, "for_"))
        step = self._step_only if self._past is None else self._step
        for _ in range(limit):
            if not step(end):
                if self.now < end < NEVER:
                    self.apply(Wait(end))
                return
        raise TcpsimError(f"run(): {limit} events and still not quiet; give until= or for_=, or a higher limit=")

    def until(self, condition: Callable[[Simulator], object] | State | str, *, limit: int = 1_000_000) -> bool:
        """Let events happen until ``condition`` holds; whether it does.

        ``condition``: a function of this simulator, or a state (or its name) that some connection enters.
        """
        if callable(condition) and not isinstance(condition, State):
            return self._until(condition, limit)
        state = condition if isinstance(condition, State) else State.parse(str(condition))
        return self._until(lambda sim: any(conn.state is state for conn in sim.world.conns.values()), limit)

    def _until(self, condition: Callable[[Simulator], object], limit: int) -> bool:
        for _ in range(limit):
            if condition(self):
                return True
            if not self._step():
                return bool(condition(self))
        raise TcpsimError(f"until(): {limit} events, and the condition does not hold")

    # -- moves by hand

    def apply(self, move: Move) -> Any:
        """Make ``move`` now.  Raises TcpsimError, and has changed nothing, when it cannot be made."""
        past, now, place = self._past, self.now, len(self.trace.raw)
        if past is not None:
            past.keep(self.position, self.world, place)
        try:
            result = self._make(move)
        except Exception:
            self.trace.cut(place)
            raise
        if result is None and isinstance(move, Call) and move.name in ("accept", "recv"):
            self.trace.cut(place)  # it would wait: nothing has happened
            return None
        if past is not None:
            past.made(self.position, now, move)
        self.position += 1
        return result

    def _make(self, move: Move) -> Any:
        """Make a move by hand, and tell the trace."""
        if self._level == "off":
            return self.world.apply(move)
        place = len(self.trace.raw)
        self.trace.raw.append(("move", self.now, "", None, None, self.position, to_data(move)))
        return self.world.apply(move, cause=place)

    def call(self, host: str, name: str, *args: Any) -> Any:
        """A user call on a host, as a move."""
        return self.apply(Call(host, name, args))

    def drop(self, packet: int | None = None) -> None:
        """Lose a packet in flight: the oldest unless named."""
        self.apply(Drop(self._packet(packet)))

    def deliver(self, *packets: int) -> None:
        """Let packets in flight arrive now, several in one event: the oldest unless named."""
        self.apply(Deliver(packets or (self._packet(None),)))

    def duplicate(self, packet: int | None = None) -> None:
        """Double a packet in flight: the oldest unless named."""
        self.apply(Duplicate(self._packet(packet)))

    def delay(self, packet: int | None = None, by: str | int = "100ms") -> None:
        """Let a packet in flight take longer: the oldest unless named."""
        self.apply(Delay(self._packet(packet), parse_time(by, "by")))

    def corrupt(self, packet: int | None = None) -> None:
        """Damage a packet in flight: the oldest unless named."""
        self.apply(Corrupt(self._packet(packet)))

    def reboot(self, host: str | Host) -> None:
        """Let a host forget its connections, listeners, descriptors and scripts."""
        self.apply(Reboot(host if isinstance(host, str) else host.name))

    def weather(
        self,
        a: str | Host,
        b: str | Host,
        *,
        delay: str | int | None = None,
        loss: float | None = None,
    ) -> None:
        """Change the link from ``a`` to ``b`` for packets sent from now on."""
        names = [end if isinstance(end, str) else end.name for end in (a, b)]
        path = self.world.paths.get((self.world.host(names[0]).index, self.world.host(names[1]).index))
        if path is None:
            raise TcpsimError(f"no link from {names[0]} to {names[1]}")
        ns = path.delay if delay is None else parse_time(delay, "delay")
        self.apply(SetLink(names[0], names[1], ns, path.loss if loss is None else loss))

    def inject(
        self,
        host: str | Host,
        text: str,
        *,
        conn: Socket | None = None,
        absolute: bool = False,
        delay: str | int = 0,
    ) -> None:
        """Put a forged segment on its way to ``host``, as if its peer had sent it: ``"R 101:101(0) win 0"``.

        ``text``: packetdrill's words; its numbers are relative to the connection's ISNs unless ``absolute``.
        ``conn``: one end of the connection it pretends to belong to; by default the host's newest.  ``delay``:
        how long it takes.  Raises TcpsimError for a text that cannot be read or a host without connection.
        """
        world = self.world
        index = world.host(host if isinstance(host, str) else host.name).index
        found = [one for one in world.conns.values() if one.host == index and one.tcb.flow[3]]
        if conn is not None:
            found = [one for one in found if one.number == conn.number]
        if not found:
            raise TcpsimError(f"inject: {world.hosts[index].name} has no such connection; connect or accept first")
        tcb = found[-1].tcb
        seg = parse_segment(text, tcb.flow, iss=None if absolute else tcb.irs, irs=None if absolute else tcb.iss)
        self.apply(Inject(seg.key(), parse_time(delay, "delay")))

    def _packet(self, packet: int | None) -> int:
        if packet is not None:
            return packet
        for number in self.world.flight:
            return number
        raise TcpsimError("nothing is in flight")

    # -- going back

    def back(self, n: int = 1) -> None:
        """Undo the last ``n`` moves.  Raises TcpsimError, and stays, when there are not so many."""
        _check_count("back", n)
        if n > self.position:
            raise TcpsimError(f"back({n}): only {self.position} steps were made; a step before was never reached")
        self.goto(self.position - n)

    def goto(self, position: int) -> None:
        """Be where ``position`` moves have been made, as they were made before.

        Raises TcpsimError, and stays, for a position that was never reached.
        """
        past = self._past
        if past is None:
            raise TcpsimError("this simulation keeps no history: it was made with trace='off'")
        if not 0 <= position <= past.reached:
            raise TcpsimError(f"step {position} was never reached; there are steps 0 .. {past.reached}")
        if position < self.position:
            kept = past.nearest(position)
            self.trace.cut(kept.records)
            self.world = self._recording(kept.world.copy())
            self.position = kept.position
        while self.position < position:
            past.keep(self.position, self.world, len(self.trace.raw))
            by_hand = past.by_hand.get(self.position)
            if by_hand is None:
                self.world.step()
            else:
                self.world.now, move = by_hand
                self._make(move)
            self.position += 1

    def fork(self) -> Simulator:
        """An independent simulation in the same situation, with the same past."""
        new = Simulator.__new__(Simulator)
        new.profile = self.profile
        new._level = self._level
        new.hosts = {name: Host(new, name) for name in self.hosts}
        header = {
            name: list(value) if isinstance(value, list) else value for name, value in self.trace.header.items()
        }
        new.trace = Trace(header, self._level)
        new.trace.raw.extend(self.trace.raw)
        new.world = new._recording(self.world.copy())
        new.position = self.position
        new._past = None if self._past is None else self._past.copy()
        return new

    def _recording(self, world: World) -> World:
        if self._level != "off":
            world.log = self.trace.raw
            world.full = self._level == "full"
        return world

    # -- looking

    def recorded(self) -> list[tuple[int, int, Move]]:
        """(position, ns, move) of every move made by hand up to now; at the other positions the clock decided."""
        made = {} if self._past is None else self._past.by_hand
        return sorted((at, *when_what) for at, when_what in made.items() if at < self.position)

    def ladder(self, **options: Any) -> str:
        """The ladder of what has happened; see ``tcpsim.render.ladder``."""
        from ..render.ladder import ladder

        return Shown(ladder(self.trace, **options))

    def diagram(self, **options: Any) -> Diagram:
        """The state diagram with the edges taken and both ends' states marked; see ``tcpsim.render.state_diagram``."""
        from ..render.diagram import state_diagram

        return state_diagram(highlight=self.trace, **options)

    def __repr__(self) -> str:
        return (
            f"<Simulator at step {self.position}, {format_time(self.now)} s, "
            f"{len(self.world.flight)} packets in flight, hosts {', '.join(self.hosts) or 'none'}>"
        )


def _check_count(what: str, n: Any) -> None:
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise TcpsimError(f"{what}({n!r}): give a number of steps, 0 or more")


def pair(
    *,
    delay: str | int = "10ms",
    loss: float = 0.0,
    seed: int = 0,
    profile: Profile | str = RFC9293,
    **options: Any,
) -> tuple[Simulator, Host, Host]:
    """(simulator, client, server): two hosts on one link.  ``options``: as for ``Simulator`` (``trace``)."""
    sim = Simulator(seed, profile=profile, **options)
    client = sim.host("client", "10.0.0.1")
    server = sim.host("server", "10.0.0.2")
    sim.link(client, server, delay=delay, loss=loss)
    return sim, client, server


__all__ = ["Happened", "Simulator", "Socket", "pair"]
