"""The joint diagram: pairs of states that two ends were in, and the moves between them.

Made from traces, or from data by anybody who has pairs and labelled moves: an explorer, a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from ..tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECV,
    SYN_SENT,
    TIME_WAIT,
    State,
)
from ..trace.records import Fired, Rebooted, Sent
from ..trace.trace import Trace
from .edges import NAMES, in_words, state_name
from .errors import UnknownChoice, check_choice
from .shapes import CLIENT, INK, MARK, SERVER
from .story import Endpoint, Flow, flow_of, receiver_of, sender_of

Pair = tuple[State, State]

#: The order along both axes: a connection's life.
LIFE: Final = (
    CLOSED, LISTEN, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSING, TIME_WAIT, CLOSE_WAIT, LAST_ACK,
)  # fmt: skip


class Step(NamedTuple):
    """A move from one pair to another; ``label``: what happened, in a few words."""

    src: Pair
    dst: Pair
    label: str


class Joint(NamedTuple):
    """``pairs``: those that occur, with how often.  ``steps``: the moves, each once, in the order of the axes.

    ``ends``: what the two ends are called.  ``marked``: pairs that are to stand out, such as a violation's.
    """

    pairs: dict[Pair, int]
    steps: tuple[Step, ...]
    ends: tuple[str, str] = ("client", "server")
    start: Pair = (CLOSED, CLOSED)
    marked: frozenset[Pair] = frozenset()


def joint_data(
    pairs: Iterable[Pair] = (),
    steps: Iterable[tuple[Pair, Pair, str]] = (),
    *,
    ends: Sequence[str] = ("client", "server"),
    start: Pair = (CLOSED, CLOSED),
    marked: Iterable[Pair] = (),
) -> Joint:
    """A joint diagram's data from any source; pairs that only the steps name count too.

    ``pairs``: (state of the first end, of the second), repeated as often as they occurred.  ``steps``: (from, to,
    label); one that stays where it is is left out.
    """
    if len(tuple(ends)) != 2:
        raise UnknownChoice(f"ends={tuple(ends)}: a joint diagram has two")
    made = sorted({Step(src, dst, label) for src, dst, label in steps if src != dst}, key=_step_key)
    counts: dict[Pair, int] = {}
    for pair in pairs:
        counts[pair] = counts.get(pair, 0) + 1
    for step in made:
        for pair in (step.src, step.dst):
            counts.setdefault(pair, 0)
    chosen = frozenset(marked)
    for pair in (start, *sorted(chosen, key=_pair_key)):
        counts.setdefault(pair, 0)
    ordered = {pair: counts[pair] for pair in sorted(counts, key=_pair_key)}
    return Joint(ordered, tuple(made), (ends[0], ends[1]), start, chosen)


def joint_of(traces: Trace | Iterable[Trace]) -> Joint:
    """The pairs that the ends of the connections in ``traces`` were in, and the moves between them.

    Of each connection the end that opens first is the first one, whatever its host.  While an end has no
    connection, its host's listener counts.  A pair counts once for each connection that was in it.
    """
    visited: list[Pair] = []
    steps: list[tuple[Pair, Pair, str]] = []
    for trace in [traces] if isinstance(traces, Trace) else traces:
        for course in _courses(trace):
            visited += dict.fromkeys(course.pairs)
            steps += zip(course.pairs, course.pairs[1:], course.labels, strict=False)
    return joint_data(visited, steps)


def joint_diagram_dot(source: Joint | Trace | Iterable[Trace], *, names: str = "tcpsim") -> str:
    """The joint diagram in Graphviz's language, for its layout."""
    check_choice("spelling of names", names, NAMES)
    data = source if isinstance(source, Joint) else joint_of(source)
    ids = {pair: f"p{place}" for place, pair in enumerate(data.pairs)}
    lines = [
        f"// Pairs of states of {data.ends[0]} and {data.ends[1]}, and the moves between them.",
        'digraph "joint states" {',
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica-Bold", fontsize=11]',
        '  edge [fontname="Helvetica", fontsize=10, arrowsize=0.7]',
    ]
    for pair, count in data.pairs.items():
        words = "\\n".join([*(state_name(state, names) for state in pair), *([f"×{count}"] if count > 1 else [])])
        look = f', fillcolor="{MARK}", penwidth=3' if pair in data.marked else ""
        look += ", peripheries=2" if pair == data.start else ""
        lines.append(f'  {ids[pair]} [label="{words}"{look}]')
    for src, dst, said in data.steps:
        words = said.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'  {ids[src]} -> {ids[dst]} [label=" {words}", {_DOT_PENS[mover((src, dst))]}]')
    return "\n".join([*lines, "}"]) + "\n"


def mover(ends: tuple[Pair, Pair]) -> int:
    """0, 1: which end moves; 2: both."""
    src, dst = ends
    first, second = src[0] is not dst[0], src[1] is not dst[1]
    return 2 if first and second else 0 if first else 1


_DOT_PENS: Final = (
    f'color="{CLIENT}", fontcolor="{CLIENT}"',
    f'color="{SERVER}", fontcolor="{SERVER}", style=dashed',
    f'color="{INK}", fontcolor="{INK}", style=dotted',
)


class _Course:
    """One connection's way through the pairs.  ``ends``: host and endpoint of the first and of the second end."""

    def __init__(self, ends: list[tuple[str, Endpoint]]) -> None:
        self.ends = ends
        self.own: list[State | None] = [None, None]
        self.pairs: list[Pair] = [(CLOSED, CLOSED)]
        self.labels: list[str] = []

    def moves(self, listening: dict[str, State], label: str) -> None:
        """Note the pair that holds now; an end without connection is in its host's state."""
        one, other = (
            own if own is not None else listening.get(self.ends[side][0], CLOSED) for side, own in enumerate(self.own)
        )
        if (one, other) != self.pairs[-1]:
            self.pairs.append((one, other))
            self.labels.append(label)


def _courses(trace: Trace) -> list[_Course]:
    by_conn, courses = _connections(trace)
    listening: dict[str, State] = {}
    for record in trace.of("fired", "rebooted"):
        course, end = by_conn.get(record.conn, (None, None))
        if isinstance(record, Rebooted):
            listening.pop(record.where, None)
            for one in courses:
                one.own = [
                    CLOSED if host == record.where and own is not None else own
                    for own, (host, _) in zip(one.own, one.ends, strict=True)
                ]
                one.moves(listening, "reboot")
        elif isinstance(record, Fired) and course is not None:
            for side, (_, endpoint) in enumerate(course.ends):
                if endpoint == end:
                    course.own[side] = record.dst
            course.moves(listening, in_words([record.row]))
        elif isinstance(record, Fired):
            listening[record.where] = record.dst
            for one in courses:
                one.moves(listening, in_words([record.row]))
    return courses


def _connections(trace: Trace) -> tuple[dict[int | None, tuple[_Course, Endpoint]], list[_Course]]:
    """The course and the end of each connection that has sent anything."""
    hosts = {address: host["name"] for host in trace.header.get("hosts", ()) for address in host["addresses"]}
    by_flow: dict[Flow, _Course] = {}
    by_conn: dict[int | None, tuple[_Course, Endpoint]] = {}
    for record in trace.of("sent"):
        if not isinstance(record, Sent) or record.conn is None or record.conn in by_conn:
            continue
        flow, end = flow_of(record.seg), sender_of(record.seg)
        if flow not in by_flow:
            peer = receiver_of(record.seg)
            by_flow[flow] = _Course([(record.where, end), (hosts.get(peer[0], ""), peer)])
        by_conn[record.conn] = (by_flow[flow], end)
    return by_conn, list(by_flow.values())


def _pair_key(pair: Pair) -> tuple[int, int]:
    return LIFE.index(pair[0]), LIFE.index(pair[1])


def _step_key(step: Step) -> tuple[tuple[int, int], tuple[int, int], str]:
    return _pair_key(step.src), _pair_key(step.dst), step.label
