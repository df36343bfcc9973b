"""The simulator: the driver that lets the earliest event happen, and remembers how to go back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._version import __version__
from ..tcp.errors import TcpsimError
from ..tcp.profiles import RFC9293, Profile, get_profile
from ..tcp.units import NEVER, format_time, parse_time
from ..trace.shown import Shown, bundle
from ..trace.trace import Trace
from .byhand import ByHand
from .conditions import condition_of
from .firewall import POLICY
from .handles import Host, Socket
from .history import Checkpoint, History
from .moves import Call, Move, Wait, to_data
from .userland import WAITING
from .world import World

if TYPE_CHECKING:
    from ..explain.why import Why
    from ..render.diagram import Diagram
    from ..tcp.segment import Segment
    from ..trace.records import Record
    from .compare import Diff


class Happened(list["Record"]):
    """The records of one event.  False when nothing was left to happen; prints itself."""

    def __init__(self, records: Iterable[Record] = (), *, anything: bool = False) -> None:
        super().__init__(records)
        self.anything = anything or len(self) > 0

    def __bool__(self) -> bool:
        return self.anything  # an event may leave no record: a script goes on to its next sleep

    def __repr__(self) -> str:
        from ..explain.describe import describe

        nothing = "nothing to tell" if self.anything else "nothing is left to happen"
        return "\n".join(describe(record) for record in self) or nothing


class Simulator(ByHand):
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
        try:
            stepped = self.world.step(end)
        except KeyboardInterrupt:
            self.mend()  # a program may catch it and go on
            raise
        if not stepped:
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

    def until(self, condition: Any, *, limit: int = 1_000_000) -> bool:
        """Let events happen until ``condition`` holds; whether it does.

        ``condition``: a function of this simulator; a state or its name, in which some connection is or through
        which it goes; the id of a rule that fires; flags (``"FIN"``, ``"SYN,ACK"``) of a segment that is sent; or a
        time (``"3s"``).  Raises TcpsimError for anything else, and when ``limit`` events do not suffice.
        """
        test = condition_of(condition)
        seen = len(self.trace.raw)
        if isinstance(test, int):
            self.run(until=test, limit=limit)
            return self.now >= test
        for _ in range(limit):
            if test(self, seen):
                return True
            seen = len(self.trace.raw)
            if not self._step():
                return test(self, seen)
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
        except KeyboardInterrupt:
            self.mend()
            raise
        if result is None and isinstance(move, Call) and move.name in WAITING:
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

    # -- going back

    @property
    def history(self) -> History | None:
        """What is remembered for going back; None with ``trace="off"``."""
        return self._past

    def tell_all(self) -> None:
        """From now on the trace takes every check and variable, as at level full."""
        self.world.full = self._level != "off"
        if self._level == "brief":
            self._level = "full"

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
        kept = past.nearest(position) if past.checkpoints else None
        if kept is not None and (position < self.position or kept.position > self.position):
            past.leave(self.trace.raw)
            self._restore(kept)
        self.replay(position)

    def mend(self) -> None:
        """Undo the half of an event that an interruption (Ctrl-C) has left behind; needs a history."""
        past = self._past
        if past is not None and past.checkpoints:
            position = self.position
            self._restore(past.nearest(position))
            self.replay(position)

    def _restore(self, kept: Checkpoint) -> None:
        """Be where a checkpoint was made; the trace is cut there, or fetched as far."""
        raw, past = self.trace.raw, self._past
        assert past is not None
        if kept.records < len(raw):
            self.trace.cut(kept.records)
        else:
            raw.extend(past.records[len(raw) : kept.records])
        self.world = self._recording(kept.world.copy())
        self.position = kept.position

    def replay(self, position: int) -> None:
        """Make the remembered moves up to ``position`` once more, one by one; ``goto`` is quicker."""
        past = self._past
        assert past is not None
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

    def hits(self) -> dict[str, dict[str, int]]:
        """How many packets each rule of each link and firewall has hit: whose -> rule -> number."""
        world = self.world
        hits = {path.name: dict(path.hits) for path in world.paths if path.hits}
        guards = {f"firewall of {world.hosts[index].name}": dict(one.hits) for index, one in world.guards.items()}
        return hits | guards

    def unused(self) -> list[str]:
        """The rules that have never hit a packet: what was set up and did not happen."""
        return [
            f"{name}: {rule}"
            for name, hits in self.hits().items()
            for rule, times in hits.items()
            if not times and rule != POLICY
        ]

    def ladder(self, **options: Any) -> str:
        """The ladder of what has happened; see ``tcpsim.render.ladder``."""
        from ..render.ladder import ladder

        return Shown(ladder(self.trace, **options))

    def why(self, record: Record | int | None = None, *, packet: int | None = None) -> Why:
        """Why the last event went as it did, or why a record, or what became of a packet; see ``tcpsim.explain``.

        At level brief the event is made once more, so that every check and variable is told all the same.
        """
        from .asking import why

        return why(self, record, packet=packet)

    def diff(self, other: Simulator) -> Diff:
        """Where this simulation and another with the same past part, and how their ends differ."""
        from .compare import diff

        return diff(self, other)

    def diagram(self, **options: Any) -> Diagram:
        """The state diagram with the edges taken and both ends' states marked; see ``tcpsim.render.state_diagram``."""
        from ..render.diagram import state_diagram

        return state_diagram(highlight=self.trace, **options)

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        """What Jupyter shows: text, and a picture of what has happened.  Never raises."""
        return bundle(repr(self), lambda: _paint(self.trace), include, exclude)

    def __repr__(self) -> str:
        return (
            f"<Simulator at step {self.position}, {format_time(self.now)} s, "
            f"{len(self.world.flight)} packets in flight, hosts {', '.join(self.hosts) or 'none'}>"
        )


def _paint(trace: Trace) -> str:
    from ..render.notebook import trace_svg

    return trace_svg(trace)


Trace.painter = _paint  # whoever can simulate can draw


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
