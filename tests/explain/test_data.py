"""Everything that the engine can name is explained, and every section and requirement named exists."""

import pytest

from tcpsim.explain import checks, explain, rules, term_text, terms
from tcpsim.explain.answers import TOLD
from tcpsim.explain.requirements import requirements
from tcpsim.explain.sections import SECTIONS, faults, sections_named
from tcpsim.explain.states import STATES
from tcpsim.explain.switches import SWITCHES
from tcpsim.explain.variables import VARIABLES, rfc_name, shown
from tcpsim.net.userland import ARGUMENTS
from tcpsim.tcp.arrives import CHECKS
from tcpsim.tcp.because import PLACES
from tcpsim.tcp.errors import BadValue
from tcpsim.tcp.profiles import RFC9293, Profile
from tcpsim.tcp.states import TRANSITIONS, Cue, Do, State
from tcpsim.tcp.tcb import NAMES, TIMERS, Tcb
from tcpsim.tcp.units import NEVER
from tcpsim.tcp.verdicts import VERDICTS

#: What there is, what explains it, and where the missing line belongs.
EXPLAINED = {
    "variable": ({*NAMES, *Tcb().variables()}, VARIABLES, "VARIABLES in tcpsim/explain/variables.py"),
    "verdict": (set(VERDICTS), checks.VERDICTS, "VERDICTS in tcpsim/explain/checks.py"),
    "check": (
        {check.__name__ for chain in CHECKS.values() for check in chain},
        checks.CHECKS,
        "CHECKS in tcpsim/explain/checks.py",
    ),
    "cue of a row": ({row.cue.id for row in TRANSITIONS}, rules.CUES, "CUES in tcpsim/explain/rules.py"),
    "timer": (set(TIMERS), rules.TIMERS, "TIMERS in tcpsim/explain/rules.py"),
    "call": (set(ARGUMENTS), rules.CALLS, "CALLS in tcpsim/explain/rules.py"),
    "switch": (set(Profile._fields), SWITCHES, "SWITCHES in tcpsim/explain/switches.py"),
    "state": (set(State), STATES, "STATES in tcpsim/explain/states.py"),
}


@pytest.mark.parametrize("kind", EXPLAINED)
def test_everything_is_explained_and_nothing_else(kind: str) -> None:
    there, explained, where = EXPLAINED[kind]
    missing = sorted(map(str, there - set(explained)))
    assert not missing, f"{kind} {', '.join(missing)} has no explanation: write a line for it into {where}"
    gone = sorted(map(str, set(explained) - there))
    assert not gone, f"{kind} {', '.join(gone)} exists no more: take its line out of {where}"


def test_every_check_has_a_place() -> None:
    assert set(PLACES) == set(checks.CHECKS)


def test_every_section_and_requirement_named_exists() -> None:
    wrong = []
    for term in terms():
        wrong += [f"{term.kind} {term.name}: {fault}" for ref in term.refs for fault in faults(ref)]
        wrong += [
            f"{term.kind} {term.name} names {id}, which is no requirement"
            for id in term.requirements
            if id not in requirements()
        ]
    assert not wrong, "\n".join(wrong)


def test_the_tables_name_existing_sections() -> None:
    refs = {row.ref for row in TRANSITIONS} | {verdict.ref for verdict in VERDICTS.values()}
    assert not [fault for ref in refs for fault in faults(ref)]


def test_there_are_185_requirements_in_one_line_each() -> None:
    found = requirements()
    assert len(found) == 185
    assert list(found)[:2] == ["MUST-1", "MUST-2"]
    for one in found.values():
        assert one.words
        assert one.seen
        assert not list(faults(one.ref)), one


@pytest.mark.parametrize(
    ("ref", "sections"),
    [
        ("3.10.7.4 (fifth)", ["3.10.7.4"]),
        ("3.5.2, Figure 5 note 3", ["3.5.2"]),
        ("RFC 6298 5.4", []),
        ("RFC 9293 3.8.3", ["3.8.3"]),
        ("3.4.2/3.4.3", ["3.4.2", "3.4.3"]),
        ("4 (RST)", ["4"]),
        ("3.10.7.4 step 5", ["3.10.7.4"]),
    ],
)
def test_which_sections_a_reference_names(ref: str, sections: list[str]) -> None:
    assert sections_named(ref) == sections
    assert set(sections) <= SECTIONS
    assert not list(faults(ref))


@pytest.mark.parametrize("ref", ["3.11", "3.10.7.5 (first)", "RFC 9293 3.8.7", "RFC 9999 1", "somewhere"])
def test_references_to_nothing_are_found(ref: str) -> None:
    assert len(list(faults(ref))) == 1


@pytest.mark.parametrize(
    ("term", "kinds", "says"),
    [
        ("TIME_WAIT", {"state"}, "old duplicates die out"),
        ("SYN-RECEIVED", {"state"}, "opened by LISTEN|the ACK of our SYN opens"),
        ("syn_rcvd", {"state"}, "ours is not acknowledged yet"),
        ("MUST-13", {"requirement"}, "twice the MSL"),
        ("must13", {"requirement"}, "time_wait.timeout_2msl"),
        ("snd_una", {"variable"}, "SND.UNA: send unacknowledged"),
        ("SND.UNA", {"variable"}, "oldest number"),
        ("SEG.LEN", {"variable"}, "one each for SYN and FIN"),
        ("syn_sent.rcv_synack", {"rule"}, "SYN_SENT -> ESTABLISHED"),
        ("rcv_synack", {"cue"}, "syn_sent.rcv_synack"),
        ("check_sequence", {"check"}, "seq.unacceptable"),
        ("First, check sequence number", {"check"}, "receive window"),
        ("seq.unacceptable", {"verdict"}, "the segment is dropped"),
        ("rst_exact", {"switch"}, "A-29"),
        ("A-8", {"ambiguity"}, "synack_completes_simultaneous_open"),
        ("2MSL", {"timer"}, "TIME_WAIT ends"),
        ("SYN", {"flag"}, "synchronise"),
        ("connect", {"call"}, "active OPEN"),
        ("3.8.6.1", {"section"}, "persist"),
        ("RFC 9293 3.8.6.1", {"section"}, "MUST-36"),
        ("rfc9293_literal", {"profile"}, "every_fin_counts"),
        ("user_timeout", {"cue", "variable", "switch"}, "patience|unacknowledged for so long"),
    ],
)
def test_explaining_a_term(term: str, kinds: set[str], says: str) -> None:
    found = explain(term)
    assert {one.kind for one in found} == kinds
    text = "\n".join(map(term_text, found)).lower()
    assert any(words.lower() in text for words in says.split("|")), text


def test_every_term_is_found_by_its_name() -> None:
    for term in terms():
        assert (term.kind, term.name) in {(one.kind, one.name) for one in explain(term.name)}
        assert term.title
        assert term.data()["kind"] == term.kind
        assert term_text(term).startswith(f"{term.name} ({term.kind})\n")


@pytest.mark.parametrize(
    ("term", "hint"), [("TIME_WIAT", "did you mean TIME_WAIT"), ("MUST-99", "MUST-"), ("?", "would do")]
)
def test_an_unknown_term(term: str, hint: str) -> None:
    with pytest.raises(BadValue) as caught:
        explain(term)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("state", State.LISTEN, "LISTEN"),
        ("passive", True, "yes"),
        ("srtt", -1, "none yet"),
        ("rto", 1_500_000_000, "1.500 s"),
        ("rtx_since", 20_000_000, "0.020 s"),
        ("persist_due", NEVER, "not set"),
        ("fin_seq", None, "none"),
        ("r2", None, "never"),
        ("snd_una", 100, "100"),
        ("new_and_unknown", 7, "7"),
    ],
)
def test_values_as_a_person_reads_them(name: str, value: object, words: str) -> None:
    assert shown(name, value) == words


def test_names_as_the_standard_writes_them() -> None:
    assert [rfc_name(name) for name in ("snd_una", "iss", "fin_seq", "new_and_unknown")] == [
        "SND.UNA", "ISS", "fin_seq", "new_and_unknown",
    ]  # fmt: skip


def test_every_notice_to_a_program_is_explained() -> None:
    for do in Do:
        if do.value.startswith("signal"):
            assert do.value in TOLD, f"write a line for {do.value!r} into TOLD in tcpsim/explain/answers.py"


def test_each_cue_is_explained_and_used() -> None:
    used = {row.cue for row in TRANSITIONS}
    assert used == set(Cue)
    assert RFC9293.name == explain("rfc9293")[0].name
