"""What an exploration has found: counts, verdicts, and counterexamples that replay."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..net.moves import Move, to_data
from ..net.simulator import Simulator
from ..tcp.profiles import Profile
from ..tcp.units import MS, US
from .bounds import COUNTED
from .graphs import histogram
from .joint import Edge, Joint, name_of
from .properties import Property
from .search import Graph
from .setups import Setup


class Counterexample(NamedTuple):
    """The moves that show something, from where the exploration begins; ``turns``: the last so many go in a circle."""

    moves: tuple[Move, ...]
    turns: int = 0


class Verdict(NamedTuple):
    """Whether the property ``asked`` holds.

    ``found``: "holds"; "broken"; "open", when nothing broke it but not every state was visited; "failed", when the
    property itself raised.  ``times``: how many states or transitions break it.  ``example``: the shortest run that
    breaks it; where some run has to reach something, one that does.  ``places``: for stuck states and cycles, the
    joint states they are in, each with a shortest run of its own.
    """

    asked: Property
    found: str
    why: str = ""
    times: int = 0
    example: Counterexample | None = None
    places: tuple[tuple[Joint, Counterexample], ...] = ()

    @property
    def broken(self) -> bool:
        """Whether the property is known not to hold."""
        return self.found in ("broken", "failed")


@dataclass(frozen=True)
class Result:
    """What ``explore`` returns.

    ``joints``: each joint state with the first state that is in it; ``occupied``: with how many states are.
    ``edges``: changes of joint state with their number of transitions.  ``rules``: how often each row of the
    transition table fired.  ``crowded``: moves that were not followed because of ``bounds.packets``.
    """

    setup: Setup
    profile: Profile
    graph: Graph
    prelude: tuple[Move, ...]
    verdicts: tuple[Verdict, ...]
    joints: dict[Joint, int]
    occupied: Counter[Joint]
    edges: dict[Edge, int]
    rules: Counter[str]
    crowded: int

    @property
    def states(self) -> int:
        """How many states were found."""
        return len(self.graph)

    @property
    def transitions(self) -> int:
        """How many transitions were followed."""
        return len(self.graph.sources)

    @property
    def complete(self) -> bool:
        """Whether every state inside the bounds was visited."""
        return self.graph.complete

    @property
    def depths(self) -> list[int]:
        """How many states lie at each distance from the start."""
        return histogram(self.graph)

    @property
    def ok(self) -> bool:
        """Whether no property is known to be broken."""
        return self.graph.error is None and not any(verdict.broken for verdict in self.verdicts)

    def verdict(self, name: str) -> Verdict:
        """The verdict on the property of that name.  Raises KeyError when it was not asked for."""
        for verdict in self.verdicts:
            if verdict.asked.name == name:
                return verdict
        raise KeyError(name)

    def summary(self) -> dict[str, Any]:
        """Counts and verdicts as a dict of JSON's types."""
        return {
            "setup": self.setup.name,
            "profile": self.profile.name,
            "bounds": {name: getattr(self.setup.bounds, name) for name in (*COUNTED, "packets", "early")},
            "states": self.states,
            "transitions": self.transitions,
            "complete": self.complete,
            "stopped": self.graph.stopped,
            "crowded": self.crowded,
            "depths": self.depths,
            "joint_states": [name_of(joint) for joint in self.joints],
            "joint_edges": sorted({f"{name_of(edge.src)} -> {name_of(edge.dst)}" for edge in self.edges}),
            "rules": dict(sorted(self.rules.items())),
            "verdicts": [
                {
                    "property": verdict.asked.name,
                    "found": verdict.found,
                    "why": verdict.why,
                    "times": verdict.times,
                    "moves": None if verdict.example is None else [to_data(move) for move in verdict.example.moves],
                }
                for verdict in self.verdicts
            ],
        }

    def replay(self, example: Counterexample | tuple[Move, ...], *, trace: str = "brief") -> Simulator:
        """A simulator in which the prelude and these moves were made, one each tick of its clock."""
        moves = example.moves if isinstance(example, Counterexample) else example
        sim = self.setup.build(self.profile, trace=trace)
        # Nothing may come due meanwhile: the shortest timer, of delayed ACKs, runs some hundred ms.
        tick = MS if len(self.prelude) + len(moves) < 150 else US
        for move in (*self.prelude, *moves):
            sim.run(for_=tick)
            sim.apply(move)
        return sim
