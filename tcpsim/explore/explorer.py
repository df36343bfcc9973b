"""``explore``: every interleaving of a set-up, its properties checked, with the shortest counterexample of each."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from ..net.moves import Deliver, Move
from ..tcp.errors import TcpsimError
from ..tcp.profiles import RFC9293, Profile, get_profile
from ..testing.invariants import InvariantBroken
from .actors import enabled
from .bounds import Bounds
from .engine import KINDS, Engine, Situation
from .graphs import Round, cannot_reach, cycles
from .joint import Edge, Joint, joint_state, name_of
from .properties import Property, Step, chosen
from .result import Counterexample, Result, Verdict
from .search import EVERYTHING, Graph, Limits, search
from .setups import SETTLE, Setup, get_setup


def explore(
    setup: Setup | str,
    *,
    profile: Profile | str = RFC9293,
    properties: Iterable[str | Property] | None = None,
    limits: Limits = EVERYTHING,
    order: str = "breadth",
    records: bool = True,
    progress: Callable[[int, int, int], object] | None = None,
    **bounds: Any,
) -> Result:
    """Visit every state of ``setup`` inside its bounds, and check the properties.

    ``properties``: the set-up's own unless given.  ``limits``: when to stop early.  ``records``: count the rules
    that fire.  ``bounds``: those that differ from the set-up's (``loss=2``; see ``Bounds``).  Raises TcpsimError
    for a name that nobody knows or a bound that cannot be.
    """
    if isinstance(setup, str):
        setup = get_setup(setup)
    if isinstance(profile, str):
        profile = get_profile(profile)
    asked = chosen(setup.properties if properties is None else properties)
    changed = setup.but(bounds=setup.bounds.but(**bounds))
    engine, prelude = engine_of(changed, profile, records=records)
    notes = _Notes(engine, asked)
    graph = search(engine, watcher=notes, limits=limits, order=order, progress=progress)
    graph.error = notes.raised
    verdicts = tuple(_verdict(one, graph, notes, engine) for one in asked)
    return Result(
        setup=changed,
        profile=profile,
        graph=graph,
        prelude=tuple(prelude),
        verdicts=verdicts,
        joints=notes.joints,
        occupied=Counter(joint for joint in notes.joint_of if joint),
        edges=notes.edges,
        rules=notes.rules,
        crowded=engine.crowded,
    )


def engine_of(setup: Setup, profile: Profile = RFC9293, *, records: bool = True) -> tuple[Engine, list[Move]]:
    """The engine at the place where the exploration of ``setup`` begins, and the moves that have led there."""
    engine = Engine(setup.build(profile).world, setup.actors, Bounds(packets=1 << 30), records=False)
    situation = engine.start()
    moves: list[Move] = []
    for word in setup.prelude:
        if word == SETTLE:
            while situation.world.flight:
                move: Move = Deliver((next(iter(situation.world.flight)),))
                situation = _followed(engine, situation, move, None)
                moves.append(move)
            continue
        who = next(n for n, one in enumerate(setup.actors) if one.host == word)
        able = enabled(situation.world, setup.actors[who], situation.places[who])
        if not able:
            raise TcpsimError(f"set-up {setup.name}: {word} cannot make its next step in the prelude")
        situation = _followed(engine, situation, able[0], who)
        moves.append(able[0])
    world = situation.world
    return Engine(world, setup.actors, setup.bounds, places=situation.places, records=records), moves


def _followed(engine: Engine, situation: Situation, move: Move, who: int | None) -> Situation:
    found = engine.made(situation, move, situation.left, who)
    assert found is not None
    if found.error is not None:
        raise found.error
    return found


class _Notes:
    """What the search comes across: joint states, rules, and the first thing that breaks each property."""

    def __init__(self, engine: Engine, properties: Iterable[Property]) -> None:
        self.engine = engine
        self.of_states = [one for one in properties if one.of == "states"]
        self.of_steps = [one for one in properties if one.of == "steps"]
        self.of_goals = [one for one in properties if one.of in ("goal", "some")]
        self.broken: dict[str, tuple[int, Any, str]] = {}  # name -> state, the move from there or None, why
        self.times: Counter[str] = Counter()
        self.goals: dict[str, list[int]] = {one.name: [] for one in self.of_goals}
        self.joints: dict[Joint, int] = {}  # -> the first state that is in it
        self.joint_of: list[Joint] = []
        self.delivered = array("l")  # for each transition the kind of packet that it delivered, or -1
        self.edges: dict[Edge, int] = {}  # -> how many transitions
        self.rules: Counter[str] = Counter()
        self.raised: tuple[int, Any, Exception] | None = None
        self.failed: dict[str, Exception] = {}  # a property's own mistake

    def state(self, node: int, state: Situation) -> None:
        """A new state."""
        if state.error is not None:
            self.joint_of.append(())
            return
        joint = joint_state(state.world)
        self.joints.setdefault(joint, node)
        self.joint_of.append(joint)
        for one in self.of_states:
            self._ask(one, state, node, None)
        for one in self.of_goals:
            if one.name not in self.failed:
                try:
                    if one.check(state):
                        self.goals[one.name].append(node)
                except Exception as error:
                    self.failed[one.name] = error

    def step(self, node: int, before: Situation, move: Move, after: Situation, target: int) -> None:
        """A transition."""
        self.delivered.append(before.packets[move.packets[0]] if isinstance(move, Deliver) else -1)
        if after.error is not None:
            if self.raised is None:
                self.raised = node, move, after.error
            return
        for record in after.told:
            if record[0] == "fired":
                self.rules[record[5]] += 1
        joints = self.joint_of[node], joint_state(after.world)
        if joints[0] != joints[1]:
            edge = Edge(*joints, KINDS[type(move)])
            self.edges[edge] = self.edges.get(edge, 0) + 1
        if self.of_steps:
            step = Step(before, move, after)
            for one in self.of_steps:
                self._ask(one, step, node, move)
        after.told = []

    def _ask(self, one: Property, what: Any, node: int, move: Any) -> None:
        name = one.name
        if name in self.failed:
            return
        try:
            one.check(what)
        except InvariantBroken as error:
            self.times[name] += 1
            if name not in self.broken:
                self.broken[name] = node, move, str(error)
        except Exception as error:
            self.failed[name] = error


def _verdict(one: Property, graph: Graph, notes: _Notes, engine: Engine) -> Verdict:
    """Whether a property holds, and if not, the shortest way to see it."""
    known = "holds" if graph.complete else "open"
    if one.name in notes.failed:
        error = notes.failed[one.name]
        return Verdict(one, "failed", f"the property itself raised {type(error).__name__}: {error}")
    if one.of in ("states", "steps"):
        found = notes.broken.get(one.name)
        if found is None:
            return Verdict(one, known)
        node, move, why = found
        moves = graph.path(node) + ([] if move is None else [move])
        return Verdict(one, "broken", why, notes.times[one.name], Counterexample(tuple(moves)))
    if one.of == "some":
        goals = notes.goals[one.name]
        if goals:
            return Verdict(one, "holds", "", 0, Counterexample(tuple(graph.path(goals[0]))))
        return Verdict(one, "broken" if graph.complete else "open", "no run inside the bounds does")
    if one.of == "goal":
        return _goal_verdict(one, graph, notes, known)
    return _cycle_verdict(one, graph, notes, engine, known)


def _goal_verdict(one: Property, graph: Graph, notes: _Notes, known: str) -> Verdict:
    stuck = cannot_reach(graph, notes.goals[one.name])
    if not stuck:
        return Verdict(one, known)
    places: dict[Joint, Counterexample] = {}
    for node in stuck:
        if notes.joint_of[node] not in places:
            places[notes.joint_of[node]] = Counterexample(tuple(graph.path(node)))
    why = f"{len(stuck):,} states cannot reach it: {', '.join(map(name_of, places))}"
    return Verdict(one, "broken", why, len(stuck), Counterexample(tuple(graph.path(stuck[0]))), tuple(places.items()))


def _cycle_verdict(one: Property, graph: Graph, notes: _Notes, engine: Engine, known: str) -> Verdict:
    """Cycles of one kind of move in which no packet is kept waiting for ever: each kind of packet that is in flight
    all the time is delivered."""

    def always_in_flight(part: list[int]) -> set[int]:
        return set.intersection(*(set(engine.packets_of(graph.keys[node])) for node in part))

    found = cycles(graph, one.check, notes.delivered, always_in_flight)
    if not found:
        return Verdict(one, known)
    places: dict[Joint, Counterexample] = {}
    for round_ in found:
        joint = notes.joint_of[round_.nodes[0]]
        if joint not in places:
            places[joint] = _gone_round(graph, engine, round_)
    why = f"{len(found):,} cycles: {', '.join(map(name_of, places))}"
    return Verdict(one, "broken", why, len(found), next(iter(places.values())), tuple(places.items()))


def _gone_round(graph: Graph, engine: Engine, round_: Round) -> Counterexample:
    """The way to a cycle, and once round."""
    moves = graph.path(round_.nodes[0])
    situation = along(engine, moves)
    for edge in round_.edges:
        for kind, move, after in engine.successors(situation):
            if (
                after is not None
                and kind == graph.kind_names[graph.kinds[edge]]
                and engine.key(after) == graph.keys[graph.targets[edge]]
            ):
                moves.append(move)
                situation = after
                break
        else:
            raise AssertionError(f"the way round {round_.nodes} is not there")
    return Counterexample(tuple(moves), len(round_.edges))


def along(engine: Engine, moves: Iterable[Move]) -> Situation:
    """The situation after these moves.  Raises TcpsimError when one of them is not possible there."""
    situation = engine.start()
    for move in moves:
        for _, other, after in engine.successors(situation):
            if other == move and after is not None:
                situation = after
                break
        else:
            raise TcpsimError(f"{move} is not possible there")
    return situation
