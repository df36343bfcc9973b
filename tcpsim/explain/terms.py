"""``explain TERM``: any state, rule, check, verdict, variable, timer, call, flag, requirement, switch or section."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import cache
from textwrap import fill
from typing import Any, Final, NamedTuple

from ..tcp.ambiguities import AMBIGUITIES, Ambiguity, of_switch
from ..tcp.because import PLACES
from ..tcp.errors import BadValue
from ..tcp.profiles import PROFILES, described
from ..tcp.states import TRANSITIONS, Cue, State, Transition
from ..tcp.verdicts import VERDICTS as KNOWN_VERDICTS
from . import checks, rules
from .requirements import requirements
from .sections import SECTIONS, cited, sections_named
from .states import STATES
from .switches import SWITCHES
from .variables import SEGMENT_FIELDS, VARIABLES, Variable
from .words import timer_name

WIDTH: Final = 100  #: columns that running text fills at most


class Term(NamedTuple):
    """``kind``: state, rule, check ...  ``title``: in one line.  ``text``: more, "" if there is none.
    ``lists``: headings with lines under them.  ``refs``: where the standards have it."""

    kind: str
    name: str
    title: str
    text: str = ""
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()
    refs: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """The same in JSON's types."""
        return {
            **self._asdict(),
            "lists": {heading: list(lines) for heading, lines in self.lists},
            "refs": [cited(ref) for ref in self.refs],
            "requirements": list(self.requirements),
        }


FLAGS: Final = {
    "SYN": ("synchronise: the first segment of each side, whose number is where counting begins", ("LC-2",)),
    "ACK": ("the acknowledgment field counts: everything before SEG.ACK has arrived", ("LC-5",)),
    "FIN": ("this side has no more to send; takes one sequence number", ("LC-2",)),
    "RST": ("there is no such connection, or there shall be none any more", ("LC-12",)),
    "PSH": ("give what is here to the program, do not wait for more", ("MUST-61",)),
    "URG": ("the urgent pointer counts", ("MUST-30",)),
    "ECE": ("the network is congested, says the receiver (RFC 3168)", ("SHLD-8",)),
    "CWR": ("the sender has slowed down (RFC 3168)", ("SHLD-8",)),
}

_UNITS: Final = {
    "seq": "a sequence number, modulo 2**32", "octets": "a number of octets", "ns": "a time, ns",
    "at": "a moment of virtual time, ns", "count": "a count", "yes": "yes or no", "": "",
}  # fmt: skip


def explain(term: str) -> tuple[Term, ...]:
    """Everything that goes by that name.  Spelling is taken lightly: ``snd.una``, ``SYN-RECEIVED``, ``must13``.

    Raises BadValue that suggests near ones.
    """
    wanted = _squeezed(term)
    found = tuple(make() for key, make in _index() if key == wanted)
    if not found:
        try:
            found = (_state(State.parse(term)),)
        except BadValue:
            found = tuple(_section(term.strip()))
    if not found:
        makers = dict(_index())
        near = dict.fromkeys(makers[key]().name for key in get_close_matches(wanted, makers, 3))
        examples = "a state, a rule such as syn_sent.rcv_synack, a variable, MUST-13 or a section would do"
        hint = f"did you mean {', '.join(near)}?" if near else examples
        raise BadValue(f"nothing is called {term!r}; {hint}")
    return found


def terms() -> Iterator[Term]:
    """Every term, kind by kind; sections apart."""
    return (maker() for maker in _makers())


def _makers() -> Iterator[_Maker]:
    """Each term's maker once; a requirement is told from others of its kind by its id."""
    seen = set()
    for _, maker in _index():
        if id(maker) not in seen:
            seen.add(id(maker))
            yield maker


def _squeezed(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


class _Maker(NamedTuple):
    """What makes a term when it is wanted."""

    make: Callable[[Any], Term]
    what: Any

    def __call__(self) -> Term:
        return self.make(self.what)


@cache
def _index() -> tuple[tuple[str, _Maker], ...]:
    """(squeezed name, maker), in the order in which several of one name are shown."""
    found: list[tuple[str, _Maker]] = []

    def enter(make: Callable[[Any], Term], what: Any, *names: str) -> None:
        maker = _Maker(make, what)
        found.extend((key, maker) for key in dict.fromkeys(map(_squeezed, names)) if key)

    for state in State:
        enter(_state, state, state.name, state.rfc_name)
    for row in TRANSITIONS:
        enter(_rule, row, row.id)
    for cue in Cue:
        enter(_cue, cue, cue.id)
    for name in PLACES:
        enter(_check, name, name, PLACES[name])
    for id in KNOWN_VERDICTS:
        enter(_verdict, id, id)
    for name, variable in (VARIABLES | SEGMENT_FIELDS).items():
        enter(_variable, (name, variable), name, variable.rfc)
    for name in rules.TIMERS:
        enter(_timer, name, timer_name(name), f"{name} timer", f"{timer_name(name)} timer")
    for name in rules.CALLS:
        enter(_call, name, name)
    for name in FLAGS:
        enter(_flag, name, name)
    for id in requirements():
        enter(_requirement, id, id)
    for name in SWITCHES:
        enter(_switch, name, name)
    for one in AMBIGUITIES:
        enter(_ambiguity, one, one.id)
    for name in PROFILES:
        enter(_profile, name, name)
    return tuple(found)


# -- the kinds


def _state(state: State) -> Term:
    note = STATES[state]
    out = [f"{row.id:<40} {row.cue.event} -> {row.dst}" for row in TRANSITIONS if row.src is state]
    into = [f"{row.id:<40} from {row.src}" for row in TRANSITIONS if row.dst is state and row.src is not state]
    lists = (("leads on by", tuple(out)), ("is reached by", tuple(into)))
    return Term("state", state.name, note.meaning, note.waits, lists, ("3.3.2",), note.requirements)


def _rule(row: Transition) -> Term:
    note = rules.CUES.get(row.cue.id, rules.Note(""))
    actions = ", ".join(do.value + (" (may come later)" if do in row.deferred else "") for do in row.do)
    lines = [f"if    {row.when}"] if row.when else []
    lines.append(f"then  {actions or 'nothing is sent'}")
    drawn = "Figure 5 draws it" if row.figure5 else "Figure 5 does not draw it"
    title = f"{row.src} -> {row.dst} on {row.cue.kind.value}: {row.cue.event}"
    return Term("rule", row.id, title, note.words, (("", (*lines, drawn)),), (row.ref,), note.requirements)


def _cue(cue: Cue) -> Term:
    note = rules.CUES.get(cue.id, rules.Note(""))
    rows = [row for row in TRANSITIONS if row.cue is cue]
    lines = tuple(f"{row.id:<40} {row.src} -> {row.dst}" for row in rows)
    refs = tuple(dict.fromkeys(row.ref for row in rows))
    return Term(
        "cue", cue.id, f"{cue.kind.value}: {cue.event}", note.words, (("rules", lines),), refs, note.requirements
    )


def _check(name: str) -> Term:
    note = checks.CHECKS.get(name, checks.CheckNote("", "3.10.7"))
    verdicts = tuple(
        f"{one.id:<28} {one.words}" for one in KNOWN_VERDICTS.values() if _check_of(one.id) == name
    )  # fmt: skip
    lists = (("may stop a segment as", verdicts),) if verdicts else ()
    return Term("check", name, PLACES[name], note.asks, lists, (note.ref,), note.requirements)


#: The check that a verdict's id begins with.
_OF_PREFIX: Final = {"seq": "check_sequence", "rst": "check_rst", "syn": "check_syn", "ack": "check_ack",
                     "closed": "check_closed", "text": "process_text"}  # fmt: skip


def _check_of(verdict: str) -> str:
    return _OF_PREFIX.get(verdict.partition(".")[0], "")


def _verdict(id: str) -> Term:
    verdict = KNOWN_VERDICTS[id]
    note = checks.VERDICTS.get(id, checks.VerdictNote(""))
    fate = "the segment is of use, and needs no further check" if note.taken else "the segment is dropped"
    lines = (f"answer  {verdict.reply}", fate)
    return Term("verdict", id, verdict.words, note.lesson, (("", lines),), (verdict.ref,), note.requirements)


def _variable(entry: tuple[str, Variable]) -> Term:
    name, variable = entry
    title = f"{variable.rfc}: {variable.words}" if variable.rfc else variable.words
    text = f"It is {_UNITS[variable.unit]}." if _UNITS[variable.unit] else ""
    return Term("variable", name, title, text, (), (variable.ref,), variable.requirements)


def _timer(name: str) -> Term:
    note = rules.TIMERS[name]
    title, _, text = note.words.partition(": ")
    return Term(
        "timer", timer_name(name), f"{title} timer", text[:1].upper() + text[1:], (), (note.ref,), note.requirements
    )


def _call(name: str) -> Term:
    note = rules.CALLS[name]
    return Term("call", name, f"{name}(): a user call", note.words, (), (note.ref,), note.requirements)


def _flag(name: str) -> Term:
    words, ids = FLAGS[name]
    return Term("flag", name, words, "", (), ("3.1",), ids)


def _requirement(id: str) -> Term:
    one = requirements()[id]
    where = _who_names().get(id)
    lists = (("here it shows in", where),) if where else ()
    text = f"To see it: {one.seen[:1].lower()}{one.seen[1:]}"
    return Term("requirement", id, f"{one.level}: {one.words}", text, lists, (one.ref,))


@cache
def _who_names() -> dict[str, tuple[str, ...]]:
    """By requirement: the terms that name it."""
    found: dict[str, list[str]] = {}
    for maker in _makers():
        if maker.make is not _requirement:
            term = maker()
            for id in term.requirements:
                found.setdefault(id, []).append(f"{term.kind:<10} {term.name}")
    return {id: tuple(names) for id, names in found.items()}


def _switch(name: str) -> Term:
    switch = SWITCHES[name]
    values = tuple(f"{profile.name:<18} {getattr(profile, name)!r}" for profile in PROFILES.values())
    settles = of_switch(name)
    text = f"It settles {settles.id}: {settles.title}." if settles else ""
    return Term(
        "switch",
        name,
        switch.words,
        text,
        (("is", values),),
        (switch.ref,) if switch.ref else (),
        switch.requirements,
    )


def _ambiguity(one: Ambiguity) -> Term:
    switches = tuple(f"{name:<36} {SWITCHES[name].words}" for name in one.switches if name in SWITCHES)
    lists = (("switches", switches),) if switches else ()
    return Term(
        "ambiguity", one.id, one.title, f"Here: {one.ruling}." + (f"  ({one.note}.)" if one.note else ""), lists
    )


def _profile(name: str) -> Term:
    profile = PROFILES[name]
    base = next(iter(PROFILES.values()))
    differing = tuple(
        f"{switch:<36} {getattr(profile, switch)!r} (in {base.name} {getattr(base, switch)!r})"
        for switch in SWITCHES
        if switch != "name" and getattr(profile, switch, None) != getattr(base, switch, None)
    )
    lists = (("differs in", differing),) if differing else ()
    return Term(
        "profile", described(profile)[0], "how the hosts behave where the standard leaves a choice", "", lists
    )


def _section(text: str) -> Iterator[Term]:
    """A section of RFC 9293: what here refers to it."""
    number = text.casefold().removeprefix("rfc").strip().removeprefix("9293").strip().rstrip(".").upper()
    if number not in SECTIONS:
        return
    named = [f"{term.kind:<12} {term.name}" for term in terms() if number in _sections(term)]
    yield Term("section", number, f"RFC 9293, section {number}", "", (("is about", tuple(named)),), (number,))


def _sections(term: Term) -> list[str]:
    return [section for ref in term.refs for section in sections_named(ref)]


# -- as text


def term_text(term: Term) -> str:
    """A term in a few lines."""
    lines = [f"{term.name} ({term.kind})"]
    lines += [
        fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ") for text in (term.title, term.text) if text
    ]
    for heading, entries in term.lists:
        if entries:
            lines += ["", *([f"  {heading}"] if heading else []), *(f"    {entry}" for entry in entries)]
    read = [*map(cited, term.refs), *term.requirements]
    if read:
        lines += ["", fill(f"  read {', '.join(read)}", WIDTH, subsequent_indent="       ")]
    return "\n".join(lines) + "\n"
