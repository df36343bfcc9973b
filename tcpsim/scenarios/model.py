"""What a scenario is, and how it is played and checked.

A scenario is data: hosts, links, scripts, what a person does by hand, and what must be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..net.moves import Move
from ..net.simulator import Simulator
from ..tcp.errors import TcpsimError
from ..tcp.profiles import RFC9293, Profile
from ..tcp.states import BY_ID, CLOSED, State
from ..tcp.units import format_time, parse_time
from ..trace.records import Fired, Note, Sent
from ..trace.trace import Trace

#: A sequence number, or those that are as good: where a stack may choose, a range.
Number = int | range

#: ``(direction, flags, SEQ, ACK or None, octets, state left, state right)``, the states when the segment has
#: arrived or is lost.  Direction: ``->`` and ``<-`` arrive, ``-x`` and ``x-`` are lost on the way.
Line = tuple[str, str, Number, Number | None, int, str, str]

#: ``(n, "lose")``, ``(n, "duplicate")`` or ``(n, "delay", "5ms")``.
Fault = tuple[int, str] | tuple[int, str, str] | tuple[str, str, str] | tuple[str, int, str]

#: Signals that the states tell anyway.
_PLAIN_FROM_THE_STATE = ("signal open", "signal closing")


@dataclass(frozen=True, slots=True)
class HostSpec:
    """A host: ``iss`` as for ``Simulator.host``, ``switches`` of its profile that differ."""

    name: str
    address: str
    iss: int | tuple[int, ...] | None = None
    switches: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScriptSpec:
    """An application on a host; ``steps`` as for ``Simulator.script``."""

    host: str
    steps: tuple[Any, ...]
    at: str | int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story.

    ``sid``: its number among the reference scenarios, ``S-01``; variants share it.  ``look``: what to look at,
    in two sentences.  ``profile``: how its hosts behave unless somebody asks for another profile.

    What happens: ``hosts`` and ``scripts``; ``faults`` and ``faults_back`` of the links, as for
    ``Simulator.link``; ``acts``, the moves made by hand, each at its time.  ``until``: when to stop looking;
    without it the story ends when nothing is left to happen.

    What must be seen:

    - ``lines``: the segments in the order in which they arrive or are lost; the first host is on the left.
    - ``end``: the state that each host's last row has led to; or, as a tuple, the states of all its
      connections in the order in which they began.
    - ``told``: ``(host, words)`` of every notice to a user, in order: resets, refusals, time-outs, and errors
      that stop a script.
    - ``times``: ``(host, what, when)``: all the times at which a host sends segments with those flags (``"SYN"``)
      or enters that state (``"TIME_WAIT"``).
    - ``delivered``: how many octets in all became readable on a host.
    """

    name: str
    sid: str
    title: str
    chapter: str
    look: str
    source: str
    hosts: tuple[HostSpec, ...]
    scripts: tuple[ScriptSpec, ...]
    end: Mapping[str, State | tuple[State, ...]]
    lines: tuple[Line, ...] = ()
    delay: str = "10ms"
    faults: tuple[Fault, ...] = ()
    faults_back: tuple[Fault, ...] = ()
    acts: tuple[tuple[str | int, Move], ...] = ()
    until: str | int | None = None
    profile: Profile = RFC9293
    told: tuple[tuple[str, str], ...] = ()
    times: tuple[tuple[str, str, tuple[str | int, ...]], ...] = ()
    delivered: Mapping[str, int] = field(default_factory=dict)

    def build(self, *, profile: Profile = RFC9293, seed: int = 0, trace: str = "brief") -> Simulator:
        """The simulation, ready to begin.  ``profile``: another than the scenario's own."""
        sim = Simulator(seed, profile=self.profile if profile == RFC9293 else profile, trace=trace)
        for host in self.hosts:
            sim.host(host.name, host.address, iss=host.iss, **host.switches)
        names = [host.name for host in self.hosts]
        for other in names[1:]:
            sim.link(names[0], other, delay=self.delay, faults=self.faults, faults_back=self.faults_back)
        for script in self.scripts:
            sim.script(script.host, *script.steps, at=script.at)
        sim.trace.header["scenario"] = self.name
        return sim

    def play(self, *, profile: Profile = RFC9293, seed: int = 0, trace: str = "brief") -> Simulator:
        """The simulation, run to its end."""
        sim = self.build(profile=profile, seed=seed, trace=trace)
        for at, move in self.acts:
            sim.run(until=at)
            sim.apply(move)
        sim.run(until=self.until)
        return sim

    def check(self, sim: Simulator) -> None:
        """Raise ScenarioFailed, with the ladder, if what was seen is not what was stated."""
        for problem in self.problems(sim.trace):
            raise ScenarioFailed(f"{self.name}: {problem}\n{sim.ladder()}")

    def problems(self, trace: Trace) -> Iterator[str]:
        """Everything in which ``trace`` differs from what was stated, in words."""
        if self.lines:
            yield from _differences("segment", self.lines, _segments(trace), _same_line)
        for host, state in self.end.items():
            found = _states(trace, host) if isinstance(state, tuple) else _last_state(trace, host)
            if found != state:
                yield f"{host} ended in {_words(found)}, not in {_words(state)}"
        yield from _differences("notice", self.told, _notices(trace), _same_notice)
        for host, what, when in self.times:
            stated = [format_time(parse_time(time)) for time in when]
            moments = [format_time(time) for time in _moments(trace, host, what)]
            yield from _differences(f"time of {what} at {host}", stated, moments, str.__eq__)
        for host, octets in self.delivered.items():
            got = sum(record[5] for record in trace.raw if record[0] == "delivered" and record[2] == host)
            if got != octets:
                yield f"{host} was given {got} octets, not {octets}"


class ScenarioFailed(TcpsimError):
    """A scenario did not go as it says."""


# -- what was seen


def _segments(trace: Trace) -> list[Line]:
    from .lines import segment_lines

    return segment_lines(trace)


def _last_state(trace: Trace, host: str) -> State:
    """Where the last row fired on ``host`` has led; CLOSED after a reboot and before the first row."""
    for kind, _, where, _, _, *body in reversed(trace.raw):
        if where == host and kind in ("fired", "rebooted"):
            return BY_ID[body[0]].dst if kind == "fired" else CLOSED
    return CLOSED


def _states(trace: Trace, host: str) -> tuple[State, ...]:
    """The states of all connections of ``host``, listeners apart."""
    states: dict[int | None, State] = {}
    listeners = set()
    for kind, _, where, conn, _, *body in trace.raw:
        if where != host:
            continue
        if kind == "rebooted":
            states = dict.fromkeys(states, CLOSED)
        elif kind == "fired":
            states[conn] = BY_ID[body[0]].dst
            if body[0] == "closed.open_passive":
                listeners.add(conn)
    return tuple(state for conn, state in states.items() if conn not in listeners)


def _notices(trace: Trace) -> list[tuple[str, str]]:
    return [
        (record.where, record.text)
        for record in trace.of("note")
        if isinstance(record, Note) and record.text not in _PLAIN_FROM_THE_STATE
    ]


def _moments(trace: Trace, host: str, what: str) -> list[int]:
    """When ``host`` sent segments with those flags, or entered that state."""
    return [
        record.t
        for record in trace.of("sent", "fired", where=host)
        if (isinstance(record, Sent) and record.seg.names == what)
        or (isinstance(record, Fired) and record.dst.name == what)
    ]


# -- comparing


def _differences(what: str, stated: Any, found: Any, same: Any) -> Iterator[str]:
    for n, (one, other) in enumerate(zip(stated, found, strict=False), 1):
        if not same(one, other):
            yield f"{what} {n} is {_words(other)}, not {_words(one)}"
            return
    if len(found) > len(stated):
        yield f"{what} {len(stated) + 1}, {_words(found[len(stated)])}, was not to be expected"
    elif len(found) < len(stated):
        yield f"{what} {len(found) + 1}, {_words(stated[len(found)])}, is missing"


def _same_line(stated: Line, found: Line) -> bool:
    return all(
        other in one if isinstance(one, range) else one == other for one, other in zip(stated, found, strict=True)
    )


def _same_notice(stated: tuple[str, str], found: tuple[str, str]) -> bool:
    return stated[0] == found[0] and stated[1] in found[1]


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(str, value))})"
    return str(value)
