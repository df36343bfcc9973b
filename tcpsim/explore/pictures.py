"""An exploration as pictures and figures: the joint state diagram, depths, and how two profiles differ."""

from __future__ import annotations

from typing import Final, NamedTuple

from ..render.joint import Joint as Picture
from ..render.joint import joint_data, joint_diagram_dot
from ..tcp.errors import TcpsimError
from ..tcp.states import State
from .joint import Joint, name_of
from .result import Result

Way = tuple[Joint, Joint]


def picture_of(result: Result) -> Picture:
    """The joint state diagram's data: every pair of states, with how many states of the exploration are in it.

    Pairs that a counterexample ends in are marked.
    """
    ends = tuple(host.name for host in result.setup.build(result.profile).world.hosts)
    marked = []
    for verdict in result.verdicts:
        if verdict.found == "broken":
            marked += [_pair(joint) for joint, _ in verdict.places]
    counted = [_pair(joint) for joint, count in result.occupied.items() for _ in range(count)]
    steps = [(_pair(edge.src), _pair(edge.dst), edge.kind) for edge in result.edges]
    start = next(iter(result.joints))
    return joint_data(counted, steps, ends=ends, start=_pair(start), marked=marked)


def _pair(joint: Joint) -> tuple[State, State]:
    if len(joint) != 2:
        raise TcpsimError(f"a joint diagram has two ends; this set-up has {len(joint)} hosts")
    return joint[0], joint[1]


def joint_svg(result: Result, *, names: str = "tcpsim") -> str:
    """The joint state diagram, client by server, as SVG."""
    from ..render.joint_svg import joint_diagram_svg

    return joint_diagram_svg(picture_of(result), names=names, title=f"{result.setup.title} ({result.profile.name})")


def joint_dot(result: Result, *, names: str = "tcpsim") -> str:
    """The same in Graphviz's language."""
    return joint_diagram_dot(picture_of(result), names=names)


WIDTH: Final = 60  #: columns of the longest bar


def depth_histogram(result: Result) -> str:
    """How many states lie how many moves away from the start, a line for each distance."""
    depths = result.depths
    most = max(depths)
    lines = [f"{depth:>4} {count:>8,}  {'#' * max(1, count * WIDTH // most)}" for depth, count in enumerate(depths)]
    return "\n".join(["moves  states", *lines]) + "\n"


class Difference(NamedTuple):
    """What one exploration has and the other lacks: joint states, and ways between them."""

    names: tuple[str, str]
    joints: tuple[tuple[Joint, ...], tuple[Joint, ...]]
    ways: tuple[tuple[Way, ...], tuple[Way, ...]]
    complete: bool

    def words(self) -> str:
        """The difference, a line for each joint state and way."""
        lines = []
        for side in (0, 1):
            here, there = self.names[side], self.names[1 - side]
            if not self.joints[side] and not self.ways[side]:
                lines.append(f"{here} has no joint state and no way that {there} lacks")
                continue
            lines.append(f"{here} has, and {there} has not:")
            lines += [f"  {name_of(joint)}" for joint in self.joints[side]]
            lines += [f"  {name_of(src)} -> {name_of(dst)}" for src, dst in self.ways[side]]
        if not self.complete:
            lines.append("Not every state was visited: what one seems to lack, it may have further on.")
        return "\n".join(lines) + "\n"


def difference(one: Result, other: Result) -> Difference:
    """How two explorations of a set-up differ, of two profiles for example."""
    joints = [set(result.joints) for result in (one, other)]
    ways = [{(edge.src, edge.dst) for edge in result.edges} for result in (one, other)]
    return Difference(
        (one.profile.name, other.profile.name),
        (tuple(sorted(joints[0] - joints[1])), tuple(sorted(joints[1] - joints[0]))),
        (tuple(sorted(ways[0] - ways[1])), tuple(sorted(ways[1] - ways[0]))),
        one.complete and other.complete,
    )
