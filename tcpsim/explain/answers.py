"""Why one record is as it is: an answer in one sentence, the lesson in another, and where the standard says so."""

from __future__ import annotations

from typing import NamedTuple

from ..tcp.because import PLACES
from ..tcp.notices import ERRORS as ICMP_ERRORS
from ..tcp.notices import TOO_BIG
from ..tcp.seq import MASK
from ..tcp.units import format_time
from ..tcp.verdicts import VERDICTS as KNOWN_VERDICTS
from ..trace.records import (
    Arrived,
    Call,
    Checked,
    Delivered,
    Duplicated,
    Fired,
    Forwarded,
    Icmp,
    Injected,
    Lost,
    Marked,
    Moved,
    Note,
    Passed,
    Rebooted,
    Record,
    Refused,
    Sent,
    TimerFired,
    TimerSet,
    TimerStopped,
    Vars,
)
from ..trace.trace import Trace
from . import checks, rules
from .describe import describe
from .sending import why_sent
from .variables import VARIABLES, rfc_name, shown
from .words import call_words, move_words, segment_words, timer_name


class Answer(NamedTuple):
    """``says``: what happened and why, in one sentence.  ``lesson``: what to learn from it, "" if nothing."""

    says: str
    lesson: str = ""
    refs: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()


#: Why the network refuses a packet, by the words of the record.
_REFUSED = {
    **{name: Answer(f"its {name} is wrong", "A damaged segment counts as lost: it is sent again.", ("3.1",), ("MUST-3",))
       for name in ("TCP checksum", "IPv4 header checksum", "TCP header", "IP header")},
    "backlog": Answer("the listener's queue is full: nobody accepts fast enough",
                      "Dropping the SYN lets the client try again later.", ("3.9.1.1",)),
    "no route": Answer("no link leads there", "To the sender that looks like loss.", ("3.9.2",)),
    "queue": Answer("the queue before the line is full", "A queue that is full drops at its tail: congestion shows as loss.",
                    ("3.8.2",)),
    "TTL": Answer("its hops are used up", "A packet that goes in circles has to end.", ("3.9.2",), ("MUST-49",)),
    "destination is a group": Answer("it is for many hosts", "A connection has two ends: nothing answers.", ("3.9.2.3",),
                                     ("MUST-57",)),
    "source is no host's address": Answer("no host can have sent it from there", "An answer would go to many or to nobody.",
                                          ("3.9.2.3",), ("MUST-63",)),
}  # fmt: skip

#: What the user is told, by the words of the record.
TOLD = {
    "signal open": ("The handshake is complete: the program may send and receive.", "3.10.7.4 (fifth)", ()),
    "signal closing": ("The program learns that no more will come: recv() gives the end of the stream.",
                       "3.10.7.4 (eighth)", ("MUST-12", "LC-17")),
    "signal reset": ("The program learns that the connection was not closed but cut off.", "3.5.3", ("MUST-12",)),
    "signal refused": ("The program learns that its opening was answered with a RST.", "3.10.7.4 (second)", ("MUST-11",)),
    "signal timed out": ("The program learns that the peer does not answer.", "3.8.3", ("MUST-20", "MUST-22")),
    "signal soft error": ("An ICMP error came that may pass; the connection goes on.", "3.9.2.2", ("MUST-56", "SHLD-25")),
    "signal unreachable": ("An ICMP error came that will not pass; the connection is over.", "3.9.2.2", ("SHLD-26",)),
    "signal user timeout": ("The program learns that its patience has ended.", "3.10.8", ("LC-25",)),
    "signal urgent data": ("The program learns that urgent data is on its way.", "3.8.5", ("MUST-32",)),
    "signal delivery trouble": ("R1 is reached: the connection goes on, but the program may want to know.", "3.8.3",
                                ("SHLD-9", "MUST-20")),
}  # fmt: skip


def answer(trace: Trace, record: Record, event: range) -> Answer:
    """Why ``record``, of the event with those records, is as it is."""
    match record:
        case Arrived():
            return _arrived(trace, record, event)
        case Sent():
            why = why_sent(trace, record, event)
            says = f"{record.where} sends #{record.packet} {segment_words(record.seg)}: {why.says}"
            return Answer(says, why.lesson, why.refs, why.requirements)
        case Checked():
            return checked(record)
        case Fired():
            return fired(record)
        case Call():
            return _call(record)
        case TimerFired() | TimerSet() | TimerStopped():
            return _timer(record)
        case Vars():
            return _vars(record)
        case Delivered():
            return Answer(
                f"{record.octets} octets can be read on {record.where}: they are next in order",
                "A program gets the octets in the order in which they were sent, or not at all.",
                ("3.10.7.4 (seventh)",), ("LC-22",),
            )  # fmt: skip
        case Note():
            return _note(record)
        case Lost() | Marked() | Refused() | Duplicated() | Injected():
            return _fate(record)
        case Passed():
            says = f"#{record.packet} {segment_words(record.seg)}: {record.where}'s firewall lets it pass, by {record.by}"
            return Answer(says, "The first rule that fits decides, else the policy.", ("3.9.2",))
        case Icmp():
            return _icmp(record)
        case Forwarded():
            says = (
                f"#{record.packet} {segment_words(record.seg)}: {record.where} passes it on, {record.ttl} hops left"
            )
            lesson = "Every router takes one hop from the TTL, so that a packet that goes in circles ends."
            return Answer(says, lesson, ("3.9.2",), ("MUST-49",))
        case Rebooted():
            says = f"{record.where} restarts: {record.text}"
            lesson = "The other ends know nothing of it: their connections are half-open until they send something."
            return Answer(says, lesson, ("3.5.1",), ("LC-18",))
        case Moved():
            return _moved(record)
        case _:
            return Answer(f"{record.where or 'the network'}: {describe(record)[20:].strip()}", "", ("3.9.2",))


def _arrived(trace: Trace, record: Arrived, event: range) -> Answer:
    """How the checks ended for a segment."""
    head = f"#{record.packet} {segment_words(record.seg)}"
    told = [found for n in event if isinstance(found := trace[n], Checked) and found.packet == record.packet]
    stop = next((one for one in told if one.verdict is not None), None)
    if stop is not None:
        why = checked(stop)
        return Answer(f"{head}: {why.says}", why.lesson, why.refs, why.requirements)
    rows = [found for n in event if isinstance(found := trace[n], Fired) and found.conn == record.conn]
    if rows:
        whys = [fired(row) for row in rows]
        moves = "; ".join(why.says for why in whys)
        refs = tuple(dict.fromkeys(ref for why in whys for ref in why.refs))
        ids = tuple(dict.fromkeys(id for why in whys for id in why.requirements))
        return Answer(f"{head}: passes every check; {moves}", " ".join(why.lesson for why in whys), refs, ids)
    says, refs, ids = _effect(trace, record, event)
    return Answer(f"{head}: passes every check{says}", "", refs, ids)


def _effect(trace: Trace, record: Arrived, event: range) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """What a segment did that passed every check and moved no connection; where it stands, and its requirements."""
    octets = sum(found.octets for n in event if isinstance(found := trace[n], Delivered))
    if octets:
        return f"; {octets} octets can be read", ("3.10.7.4 (seventh)",), ("LC-22",)
    if record.seg.len:
        return "; nothing of it is next in order", ("3.10.7.4 (seventh)",), ("LC-22", "SHLD-31")
    changes = [found.changed for n in event if isinstance(found := trace[n], Vars) and found.conn == record.conn]
    una = next((changed["snd_una"] for changed in changes if "snd_una" in changed), None)
    if una is not None:
        return f"; it acknowledges up to {una[1]}, {(una[1] - una[0]) & MASK} more", ("3.10.7.4 (fifth)",), ("LC-3",)
    if any("snd_wnd" in changed for changed in changes):
        return "; it tells of another window", ("3.10.7.4 (fifth)",), ()
    return "", ("3.10.7.4 (fifth)",), ("LC-3",)


def place(check: str) -> str:
    """The check's place in the standard: ``First, check sequence number``."""
    return PLACES.get(check, check)


def checked(record: Checked) -> Answer:
    """What one check concluded."""
    note = checks.CHECKS.get(record.check)
    asks, ref, ids = (note.asks, note.ref, note.requirements) if note else ("", "3.10.7.4", ())
    where = place(record.check)
    if record.verdict is None:
        return Answer(f"passes {where}: {record.because}", asks, (ref,), ids)
    verdict = KNOWN_VERDICTS.get(record.verdict)
    lesson = checks.VERDICTS.get(record.verdict, checks.VerdictNote(""))
    word = "taken" if checks.is_taken(record.verdict) else "dropped"
    words = f", {verdict.words}" if verdict else ""
    reply = f"; the answer is {verdict.reply}" if verdict and verdict.reply != "nothing" else ""
    refs = (verdict.ref if verdict else ref,)
    return Answer(f"{word} at {where}: {record.because}{words}{reply}", lesson.lesson, refs, lesson.requirements)


def fired(record: Fired) -> Answer:
    """Which row was followed, and what made it so."""
    row = record.row
    note = rules.CUES.get(row.cue.id, rules.Note(""))
    guard = f" ({row.when})" if row.when else ""
    says = f"{row.src} -> {row.dst} by {row.cue.kind.value} {row.cue.event}{guard}, rule {row.id}"
    return Answer(says, note.words, (row.ref,), note.requirements)


def _call(record: Call) -> Answer:
    note = rules.CALLS.get(record.name, rules.Note("", "3.9.1"))
    says = f"the program on {record.where} calls {call_words(record)}"
    return Answer(says, note.words, (note.ref,), note.requirements)


def _timer(record: TimerFired | TimerSet | TimerStopped) -> Answer:
    note = rules.TIMERS.get(record.timer, rules.Note("", "3.10.8"))
    what = {"timer_fired": "runs out", "timer_stopped": "is stopped"}.get(record.kind)
    if isinstance(record, TimerSet):
        what = f"will run out at {format_time(record.due)} s"
    says = f"the {timer_name(record.timer)} timer of {record.where} {what}"
    return Answer(says, note.words, (note.ref,), note.requirements)


def _vars(record: Vars) -> Answer:
    changes = (f"{rfc_name(name)} {shown(name, a)} -> {shown(name, b)}" for name, (a, b) in record.changed.items())
    known = [VARIABLES[name] for name in record.changed if name in VARIABLES]
    refs = tuple(dict.fromkeys(one.ref for one in known)) or ("3.3.1",)
    ids = tuple(dict.fromkeys(id for one in known for id in one.requirements))
    return Answer(f"this event changes, on {record.where}: {', '.join(changes)}", "", refs, ids)


def _note(record: Note) -> Answer:
    if record.text in TOLD:
        lesson, ref, ids = TOLD[record.text]
        return Answer(
            f"the program on {record.where} is told: {record.text.removeprefix('signal ')}", lesson, (ref,), ids
        )
    return Answer(f"{record.where}: {record.text}", "", ("3.9.1.8",))


def _fate(record: Lost | Marked | Refused | Duplicated | Injected) -> Answer:
    """What the network did to a packet."""
    head = f"#{record.packet} {segment_words(record.seg)}"
    match record:
        case Lost():
            lesson = "TCP notices only that no ACK comes, and sends again."
            return Answer(f"{head}: lost, {_by(record.by)}", lesson, ("3.8.1",), ("MUST-18",))
        case Marked():
            lesson = "Congestion is told of without a loss: the receiver says ECE until the sender says CWR."
            return Answer(f"{head}: marked CE, {_by(record.by)}", lesson, ("3.8.2",), ("SHLD-8",))
        case Duplicated():
            lesson = "The sequence numbers tell the receiver that it has this already."
            return Answer(
                f"{head}: a second copy of #{record.original}, {_by(record.by)}", lesson, ("3.4",), ("LC-4",)
            )
        case Injected():
            lesson = "The receiver cannot see who sent it: the checks are all it has."
            return Answer(f"{head}: put on its way by hand", lesson, ("3.10.7",), ("LC-4",))
        case Refused():
            why = _REFUSED.get(record.by, Answer(record.by, "", ("3.9.2",)))
            return Answer(f"{head}: refused, {why.says}", why.lesson, why.refs, why.requirements)


def _icmp(record: Icmp) -> Answer:
    """An ICMP error, and what it means to a connection."""
    error = ICMP_ERRORS[record.name]
    end = {"sent": "leaves", "arrived": "arrives", "lost": f"is lost ({record.by})"}[record.what]
    if record.name == TOO_BIG:
        lesson = "Segments get smaller, and what did not fit is sent again."
    elif error.hard:
        lesson = "A hard error ends a connection that is opening; one that is open may know better."
    else:
        lesson = "A soft error may pass: the program may want to know, and the connection goes on."
    return Answer(f"#{record.packet} {record.words}, {end}", lesson, ("3.9.2.2",), ("MUST-54", "MUST-56", "SHLD-26"))


def _by(by: str) -> str:
    return "by hand" if by == "hand" else f"by the link's rule {by}"


def _moved(record: Moved) -> Answer:
    return Answer(f"made by hand at step {record.position}: {move_words(record.move)}", "", ("3.10",))
