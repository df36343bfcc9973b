"""Variables of a connection over time: congestion window, slow-start threshold, retransmission time-out and others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from ..tcp.units import parse_time
from ..trace.records import Vars
from ..trace.trace import Trace
from .chart import LEFT, RIGHT, WIDTH, Panel, Series, legend, sheet
from .errors import UnknownChoice, check_choice
from .shapes import ALARM, CLIENT, INK, SERVER, Drawing, Rect, Shape, Stroke
from .svg import svg

#: What is drawn unless variables are named.
USUAL: Final = ("cwnd", "ssthresh", "rto")

#: Variables in ns, which get a panel in ms of their own.
TIMES: Final = frozenset(("rto", "srtt", "rttvar", "mdev", "rtt_min"))

#: What grows without bound when nothing is known yet: it does not decide the scale.
_UNBOUNDED: Final = frozenset(("ssthresh",))

_S: Final = 1_000_000_000
_MS: Final = 1_000_000
_TOP: Final = 112.0
_HIGH: Final = 230.0
_GAP: Final = 56.0
_LOOKS: Final = ((CLIENT, ""), (SERVER, "7 4"), (INK, "2 3"), (ALARM, "9 3 2 3"))


class Course(NamedTuple):
    """A variable over time: (s, value), each value holding until the next; times are in ms."""

    name: str
    points: list[tuple[float, float]]


def variables_svg(
    trace: Trace,
    *,
    variables: Iterable[str] = USUAL,
    conn: Any = None,
    start: str | int = 0,
    end: str | int | None = None,
) -> str:
    """Variables of one connection over time as an SVG document, from a trace of level full.

    ``variables``: those of the connection block that are numbers; by default ``USUAL``, as far as they occur.
    ``conn``: a connection, a socket or its number; by default the one whose variables change most often.
    ``start``, ``end``: the window of time.  Raises ``UnknownChoice`` where the trace has none of them.
    """
    return svg(variables_drawing(trace, variables=variables, conn=conn, start=start, end=end))


def variables_drawing(
    trace: Trace,
    *,
    variables: Iterable[str] = USUAL,
    conn: Any = None,
    start: str | int = 0,
    end: str | int | None = None,
) -> Drawing:
    """The same as shapes."""
    names = tuple([variables] if isinstance(variables, str) else variables)
    number, where, courses, last = courses_of(trace, names, conn)
    first = parse_time(start, "start") / _S
    stop = last if end is None else parse_time(end, "end") / _S
    shapes: list[Shape] = []
    series = [Series(course.name, _sample(*_LOOKS[n % len(_LOOKS)])) for n, course in enumerate(courses)]
    samples, y = legend(series, 62)
    shapes += samples
    top = y + _TOP - 62
    groups = [
        (label, chosen)
        for label, times in (("octets, or as they are counted", False), ("time (ms)", True))
        if (chosen := [(n, course) for n, course in enumerate(courses) if (course.name in TIMES) is times])
    ]
    for place, (label, chosen) in enumerate(groups):
        rect = Rect(LEFT, top, WIDTH - RIGHT, top + _HIGH)
        panel = Panel(rect, (first, stop), (0.0, _highest([course for _, course in chosen]) * 1.06), label)
        shapes += panel.frame("time (s)", numbered=place == len(groups) - 1)
        shapes += _lines(panel, chosen)
        top += _HIGH + _GAP
    title = f"Variables of connection {number} on {where}"
    words = f"{', '.join(course.name for course in courses)} over time, {first:g} to {stop:g} s."
    return sheet("variables", title, words, top, shapes)


def courses_of(trace: Trace, names: Iterable[str], conn: Any = None) -> tuple[int, str, list[Course], float]:
    """Connection, host, the courses of those variables that occur, and the time of the last change (s)."""
    by_conn: dict[int, list[Vars]] = {}
    for record in trace.of("vars"):
        if isinstance(record, Vars) and record.conn is not None:
            by_conn.setdefault(record.conn, []).append(record)
    if not by_conn:
        raise UnknownChoice("this trace has no variables: only a trace of level full tells them")
    wanted = tuple(names)
    number = getattr(conn, "number", conn)
    if number is None:
        number = max(by_conn, key=lambda n: (sum(any(w in r.changed for w in wanted) for r in by_conn[n]), -n))
    check_choice("connection", str(number), map(str, by_conn))
    records = by_conn[number]
    known = {name for record in records for name, (_, after) in record.changed.items() if _is_number(after)}
    missing = [name for name in wanted if name not in known]
    if len(missing) == len(wanted) or (missing and wanted != USUAL):
        raise UnknownChoice(f"no variable {missing[0]!r} changes on connection {number}; those are: {_listed(known)}")
    courses = [Course(name, list(_points(records, name))) for name in wanted if name in known]
    return number, records[0].where, courses, records[-1].t / _S if len(records) > 1 else records[0].t / _S + 1


def _points(records: Sequence[Vars], name: str) -> Iterator[tuple[float, float]]:
    """The values; before its first change a variable had the value that the change tells, if it is one."""
    unit = _MS if name in TIMES else 1
    first = True
    for record in records:
        if name not in record.changed:
            continue
        before, after = record.changed[name]
        if first and _is_number(before) and before > 0:
            yield records[0].t / _S, before / unit
        first = False
        if _is_number(after):
            yield record.t / _S, max(after, 0) / unit


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)  # neither bool nor State


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _highest(courses: Iterable[Course]) -> float:
    """The top of the scale; what is as good as infinite does not decide it unless it stands alone."""
    several = list(courses)
    bounded = [course for course in several if course.name not in _UNBOUNDED]
    top = max((value for course in bounded or several for _, value in course.points), default=1.0)
    near = [value for course in several for _, value in course.points if value <= 2 * top]
    return max([top, *near]) or 1.0


def _lines(panel: Panel, chosen: Iterable[tuple[int, Course]]) -> Iterator[Shape]:
    for n, course in chosen:
        colour, dash = _LOOKS[n % len(_LOOKS)]
        before = [point for point in course.points if point[0] <= panel.x0][-1:]
        inside = [point for point in course.points if panel.x0 < point[0] <= panel.x1]
        points = [(panel.x0, value) for _, value in before] + inside
        way = panel.steps(points, panel.x1)
        if len(way) > 1:
            yield Stroke(tuple(way), colour, 1.8, dash, title=course.name, of=course.name)


def _sample(colour: str, dash: str) -> Any:
    return lambda x, y: [Stroke(((x, y), (x + 28, y)), colour, 1.8, dash, of="legend")]
