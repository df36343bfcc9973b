"""why(): for any record of a trace, what was checked, what fired, what changed, and what began it.

A pure function of the trace and the tables; at level brief it tells what such a trace knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import fill
from typing import Any, Final, NamedTuple

from ..tcp.errors import TcpsimError
from ..tcp.units import format_time
from ..trace.jsonl import plain, to_data
from ..trace.records import (
    Arrived,
    Call,
    Checked,
    Delivered,
    Duplicated,
    Fired,
    Header,
    Injected,
    Lost,
    Marked,
    Note,
    Record,
    Refused,
    Sent,
    TimerSet,
    TimerStopped,
    Vars,
)
from ..trace.trace import Trace
from .answers import Answer, answer, checked, fired, place
from .checks import is_taken
from .describe import describe
from .events import causes_of, event_of
from .sections import cited, sections_named
from .variables import VARIABLES, rfc_name, shown
from .words import call_words, segment_words, timer_name

#: Causes that the text shows: the nearest, and the ones it all began with.
NEAREST: Final = 5
FIRST: Final = 2

WIDTH: Final = 100  #: columns that a lesson fills at most


class Step(NamedTuple):
    """One thing that happened in the event.  ``n``: its record.  ``kind``: check, rule, variable, timer, call,
    read, told or sent.  ``name``: of the check, rule, variable or timer.  ``words``: what happened.

    ``facts``: the values behind the words, as plain data: a check's verdict, a variable before and after ...
    """

    n: int
    kind: str
    name: str
    words: str
    lesson: str
    refs: tuple[str, ...]
    requirements: tuple[str, ...]
    facts: dict[str, Any]

    def data(self) -> dict[str, Any]:
        """The step in JSON's types."""
        line = self._asdict()
        return {**line, "refs": [cited(ref) for ref in self.refs], "requirements": list(self.requirements)}


@dataclass(frozen=True)
class Why:
    """The answer for one record.

    ``record``: what was asked about.  ``says``: the answer in a sentence.  ``lesson``: what to learn from it.
    ``segment``: the one that it is about, None if there is none.  ``steps``: what happened in the same event, in
    the order in which it is told.  ``causes``: the records that led here, the nearest first.  ``sections`` of RFC
    9293, ``refs`` with those of other RFCs, ``requirements``: by id.

    ``str()`` gives the text, ``data()`` all of it in JSON's types.
    """

    record: Record
    says: str
    lesson: str
    segment: Header | None
    steps: tuple[Step, ...]
    causes: tuple[Record, ...]
    refs: tuple[str, ...]
    requirements: tuple[str, ...]
    level: str

    @property
    def sections(self) -> tuple[str, ...]:
        """The sections of RFC 9293 to read."""
        return tuple(dict.fromkeys(section for ref in self.refs for section in sections_named(ref)))

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rows fired in this event."""
        return tuple(step.name for step in self.steps if step.kind == "rule")

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """The variables that the event changed, before and after."""
        return {
            step.name: (step.facts["before"], step.facts["after"]) for step in self.steps if step.kind == "variable"
        }

    def data(self) -> dict[str, Any]:
        """All of it in JSON's types."""
        return {
            "record": to_data(self.record, data=False),
            "says": self.says,
            "lesson": self.lesson,
            "steps": [step.data() for step in self.steps],
            "causes": [{"n": cause.n, "words": describe(cause)} for cause in self.causes],
            "sections": list(self.sections),
            "refs": [cited(ref) for ref in self.refs],
            "requirements": list(self.requirements),
        }

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    __repr__ = __str__


def why(trace: Trace, record: Record | int | None = None, *, packet: int | None = None) -> Why:
    """Why ``record`` (or its number) of ``trace`` is as it is; by default, why the last event went as it did.

    ``packet``: what became of the packet with that number, instead.  Raises TcpsimError for what the trace does
    not have.
    """
    n = place_of(trace, record, packet=packet)
    event = event_of(trace, n)
    subject = trace[n]
    told = answer(trace, subject, event)
    steps = tuple(step for at in event for step in _steps(trace, trace[at], event) if at != n or step.kind != "call")
    own = [step for step in steps if _matters(step)] if isinstance(subject, _WHOLE) else []
    return Why(
        record=subject,
        says=told.says,
        lesson=told.lesson,
        segment=_segment(trace, subject, event),
        steps=steps,
        causes=tuple(trace[at] for at in causes_of(trace, n)),
        refs=_unique([*told.refs, *(ref for step in own for ref in step.refs)]),
        requirements=_unique([*told.requirements, *(id for step in own for id in step.requirements)]),
        level=trace.level,
    )


def place_of(trace: Trace, record: Record | int | None = None, *, packet: int | None = None) -> int:
    """The place of the record that is asked about, as for ``why``."""
    if not len(trace):
        raise TcpsimError("why(): nothing has happened yet; connect() or step() first")
    last = len(trace) - 1
    if packet is not None:
        about = [n for n, raw in enumerate(trace.raw) if _is_about(raw, packet)]
        if not about:
            raise TcpsimError(f"why(): no packet #{packet} in this trace; sim.in_flight and ladder() show numbers")
        return about[-1]
    if record is None:
        while last and trace.raw[last][0] == "move" and trace.raw[last][6]["move"] == "wait":
            last -= 1  # time that only passed asks no question
        event = event_of(trace, last)
        return event[1] if trace.raw[event[0]][0] == "move" and len(event) > 1 else event[0]
    n = record if isinstance(record, int) else getattr(record, "n", None)
    if isinstance(n, bool) or not isinstance(n, int) or not 0 <= n <= last:
        raise TcpsimError(f"why({record!r}): give a record of the trace, or its number in 0 .. {last}")
    return n


def _is_about(raw: tuple[Any, ...], packet: int) -> bool:
    return raw[0] in _OF_PACKETS and raw[5] == packet


_OF_PACKETS: Final = frozenset(("sent", "arrived", "lost", "marked", "duplicated", "refused", "injected"))

#: The records whose answer is the whole event: what it began with.
_WHOLE: Final = (Arrived, Call)


def _matters(step: Step) -> bool:
    """Whether a step is worth reading about: what stopped the segment, what moved the connection."""
    return step.kind == "rule" or (step.kind == "check" and step.facts["verdict"] is not None)


def _segment(trace: Trace, record: Record, event: range) -> Header | None:
    if isinstance(record, Sent | Arrived | Lost | Marked | Duplicated | Refused | Injected):
        return record.seg
    if isinstance(record, Checked):
        introduced = trace.introduced(record.packet)
        return None if introduced is None else introduced[1]
    root = trace[event[0]]
    return root.seg if isinstance(root, Arrived) else None


def _steps(trace: Trace, record: Record, event: range) -> Iterator[Step]:
    """The steps that ``record`` tells; none for the record that only begins the event."""

    def step(kind: str, name: str, words: str, why: Answer, **facts: Any) -> Step:
        return Step(record.n, kind, name, words, why.lesson, why.refs, why.requirements, facts)

    match record:
        case Checked():
            words = f"{place(record.check)}: {record.because}"
            yield step("check", record.check, words, checked(record), verdict=record.verdict)
        case Fired():
            words = f"{record.src} -> {record.dst}  {record.rule}"
            facts = {"from": str(record.src), "to": str(record.dst), "where": record.where, "conn": record.conn}
            yield step("rule", record.rule, words, fired(record), **facts)
        case Vars():
            for name, (before, after) in record.changed.items():
                words = f"{rfc_name(name)} {shown(name, before)} -> {shown(name, after)}"
                known = VARIABLES.get(name)
                why = Answer("", known.words, (known.ref,), known.requirements) if known else Answer("")
                yield step("variable", name, words, why, before=plain(before), after=plain(after), where=record.where)
        case TimerSet() | TimerStopped():
            stopped = isinstance(record, TimerStopped)
            words = f"{timer_name(record.timer)} " + (
                "stopped" if stopped else f"set to {format_time(getattr(record, 'due', 0))} s"
            )
            yield step("timer", record.timer, words, answer(trace, record, event), due=getattr(record, "due", None))
        case Sent():
            why = answer(trace, record, event)
            reason = why.says.partition(": ")[2]
            words = f"#{record.packet} {segment_words(record.seg)}: {reason}"
            yield step("sent", "", words, why, packet=record.packet, where=record.where)
        case Delivered():
            yield step("read", "", f"{record.octets} octets", answer(trace, record, event), octets=record.octets)
        case Note():
            yield step("told", "", record.text, answer(trace, record, event), where=record.where)
        case Call() if record.n != event[0]:
            words = f"{record.where}: {call_words(record)}"
            yield step("call", record.name, words, answer(trace, record, event), where=record.where)
        case Lost() | Duplicated() | Refused() if trace.raw[event[0]][0] != "move":
            yield step(
                "network", "", describe(record)[10:].strip(), answer(trace, record, event), packet=record.packet
            )


def _unique(items: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


# -- as text

_TITLES: Final = {
    "check": "checks", "rule": "rule", "variable": "variables", "read": "readable", "told": "told", "timer": "timers",
    "call": "calls", "sent": "sent", "network": "network",
}  # fmt: skip


def _lines(why: Why) -> Iterator[str]:
    """The answer as a person reads it."""
    record = why.record
    yield f"[{record.n}] {format_time(record.t)} s, {record.where or 'the network'}: {why.says}"
    if why.lesson:
        yield fill(why.lesson, WIDTH, initial_indent="    ", subsequent_indent="    ")
    yield ""
    if why.segment is not None and not isinstance(record, Sent | Arrived):
        yield _row("segment", segment_words(why.segment))
    for kind, title in _TITLES.items():
        steps = [step for step in why.steps if step.kind == kind]
        for number, step in enumerate(steps):
            yield _row("" if number else title, _mark(step) + step.words)
    yield from _because(why.causes)
    read = [*map(cited, why.refs), *why.requirements]
    if read:
        yield fill(_row("read", ", ".join(read)), WIDTH, subsequent_indent=" " * 13)


def _row(title: str, words: str) -> str:
    return f"  {title:<10} {words}"


def _mark(step: Step) -> str:
    if step.kind != "check":
        return ""
    verdict = step.facts["verdict"]
    return "passes  " if verdict is None else "takes   " if is_taken(verdict) else "STOPS   "


def _because(causes: tuple[Record, ...]) -> Iterator[str]:
    """The chain of causes, its middle left out where it is long."""
    far = len(causes) > NEAREST + FIRST + 1
    shown_ = [*causes[:NEAREST], None, *causes[-FIRST:]] if far else list(causes)
    for number, cause in enumerate(shown_):
        title = "" if number else "because"
        if cause is None:
            yield _row("", f"... {len(causes) - NEAREST - FIRST} more ...")
        else:
            yield _row(title, f"[{cause.n}] {describe(cause).strip()}")
