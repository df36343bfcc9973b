"""The segment matrix: what RFC 9293, 3.10.7, makes of every segment in every state.

A cell is a state, a kind of segment, and where its SEG.SEQ and SEG.ACK lie. `rules.tsv` says what
is expected of it under the default profile; `notes.md` says what had to be decided. Nothing here is
taken from an implementation, and nothing here imports one.

The situation in which the segment arrives: RCV.WND and MAX.SND.WND are 1000, nothing is held out of
order, there are no timestamps, ACKs are not delayed, no data waits to be sent, and
SND.NXT - SND.UNA is `FLIGHT[state]`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final, Literal, cast, get_args

State = Literal[
    "CLOSED", "LISTEN", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT_1",
    "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT",
]  # fmt: skip
Origin = Literal["passive", "active"]
Kind = Literal[  # DATA and DATA_FIN carry DATA_LEN octets and the ACK bit; NONE carries no flag
    "SYN", "SYN_ACK", "ACK", "FIN_ACK", "FIN", "RST",
    "RST_ACK", "SYN_FIN", "DATA", "DATA_FIN", "NONE",
]  # fmt: skip
Seq = Literal["before", "RCV.NXT", "inside", "last", "beyond"]
Ack = Literal["below", "old", "SND.UNA", "SND.NXT", "above"]
Emits = Literal["-", "ACK", "CHALLENGE", "SYNACK", "RST@ACK", "RSTACK"]
RcvNxt = Literal["-", "+0", "+1", "+9", "+10", "+11", "IRS+1"]
SndUna = Literal["-", "same", "new", "ISS"]
Held = Literal["-", "FIN", "1", "10", "10+FIN"]
Signal = Literal["none", "open", "closing", "open+closing", "reset", "refused"]
TwoMsl = Literal["-", "start", "restart"]
SettledBy = Literal[
    "closed",  # 3.10.7.1 numbers nothing
    "1 rst", "2 ack", "3 syn", "4 other",  # LISTEN
    "1 ack", "2 rst", "4 syn", "5 other",  # SYN_SENT
    "1 seq", "5 ack", "7 text", "8 fin",  # the others, which share "2 rst" and "4 syn"
]  # fmt: skip

STATES: Final[tuple[State, ...]] = get_args(State)
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
SEQS: Final[tuple[Seq, ...]] = get_args(Seq)
ACKS: Final[tuple[Ack, ...]] = get_args(Ack)

RCV_WND: Final = 1000
MAX_SND_WND: Final = 1000
DATA_LEN: Final = 10

FLAGS: Final[dict[Kind, frozenset[str]]] = {
    "SYN": frozenset({"SYN"}),
    "SYN_ACK": frozenset({"SYN", "ACK"}),
    "ACK": frozenset({"ACK"}),
    "FIN_ACK": frozenset({"FIN", "ACK"}),
    "FIN": frozenset({"FIN"}),
    "RST": frozenset({"RST"}),
    "RST_ACK": frozenset({"RST", "ACK"}),
    "SYN_FIN": frozenset({"SYN", "FIN"}),
    "DATA": frozenset({"ACK"}),
    "DATA_FIN": frozenset({"FIN", "ACK"}),
    "NONE": frozenset(),
}
FLIGHT: Final[dict[State, int]] = {  # SND.NXT - SND.UNA when the segment arrives
    "SYN_SENT": 1,  # our SYN
    "SYN_RECV": 1,  # our SYN
    "ESTABLISHED": 10,  # data
    "FIN_WAIT_1": 1,  # our FIN
    "FIN_WAIT_2": 0,
    "CLOSE_WAIT": 10,  # data
    "CLOSING": 1,  # our FIN
    "LAST_ACK": 1,  # our FIN
    "TIME_WAIT": 0,
}
SEQ_OFFSET: Final[dict[Seq, int]] = {  # SEG.SEQ - RCV.NXT
    "before": -1,
    "RCV.NXT": 0,
    "inside": 100,
    "last": RCV_WND - 1,
    "beyond": RCV_WND,
}
SYNCHRONISED: Final[tuple[State, ...]] = STATES[STATES.index("ESTABLISHED") :]
WINDOWED: Final[tuple[State, ...]] = ("SYN_RECV", *SYNCHRONISED)

ROW_PREFIX: Final[dict[State, str]] = {state: state.lower() for state in STATES} | {
    "SYN_RECV": "syn_rcvd",
    "ESTABLISHED": "estab",
}
TAB: Final = "\t"
RULES: Final = Path(__file__).with_name("rules.tsv")


@dataclass(frozen=True, slots=True)
class Cell:
    """One state and one segment; None where the dimension does not exist there."""

    state: State
    origin: Origin | None
    kind: Kind
    seq: Seq | None
    ack: Ack | None

    @property
    def place(self) -> str:
        """The state, with the origin where it matters: `SYN_RECV/passive`."""
        return self.state if self.origin is None else f"{self.state}/{self.origin}"

    @property
    def id(self) -> str:
        """Stable name: `ESTABLISHED-DATA_FIN-inside-SND.NXT`, `LISTEN-SYN`."""
        return "-".join(part for part in (self.place, self.kind, self.seq, self.ack) if part is not None)

    @property
    def flags(self) -> frozenset[str]:
        return FLAGS[self.kind]

    @property
    def data_len(self) -> int:
        """Octets of text in the segment."""
        return DATA_LEN if self.kind in ("DATA", "DATA_FIN") else 0

    @property
    def seg_len(self) -> int:
        """SEG.LEN: text, SYN and FIN."""
        return self.data_len + len(self.flags & {"SYN", "FIN"})

    @property
    def seq_offset(self) -> int | None:
        """SEG.SEQ - RCV.NXT; None where there is no RCV.NXT (any number will do)."""
        return None if self.seq is None else SEQ_OFFSET[self.seq]

    @property
    def ack_offset(self) -> int | None:
        """SEG.ACK - SND.UNA; None without an ACK bit or without a SND.UNA (any number will do)."""
        match self.ack:
            case None:
                return None
            case "below":
                # SYN_SENT has seen no window yet: anything left of ISS
                return -1 if self.state == "SYN_SENT" else -MAX_SND_WND - 1
            case "old":
                return -1
            case "SND.UNA":
                return 0
            case "SND.NXT":
                return FLIGHT[self.state]
            case "above":
                return FLIGHT[self.state] + 1


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is left, sent and told after the segment.

    emits      `-`        nothing
               `ACK`      <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>, numbers as they are after processing
               `CHALLENGE` the same form
               `SYNACK`   <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>
               `RST@ACK`  <SEQ=SEG.ACK><CTL=RST>
               `RSTACK`   <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>
               That one segment and nothing else.
    rcv_nxt    how far RCV.NXT moves; `IRS+1` where it comes into being, `-` where none is left
    snd_una    `new`: SND.UNA = SEG.ACK; `ISS` where it comes into being, `-` where none is left
    delivered  octets that became readable
    held       what is kept for later: a number of octets, a FIN
    signal     what the user is told
    two_msl    what happens to the 2MSL timer
    settled_by the last numbered check that did something with the segment
    row        an id in transitions.tsv
    """

    next_state: State
    emits: Emits
    rcv_nxt: RcvNxt
    snd_una: SndUna
    delivered: int
    held: Held
    signal: Signal
    two_msl: TwoMsl
    settled_by: SettledBy
    row: str
    why: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of rules.tsv: four patterns, and what to expect where all four match."""

    line: int
    places: frozenset[str]
    kinds: frozenset[str]
    seqs: frozenset[str]
    acks: frozenset[str]
    unchanged: bool  # next_state is "=": the state stays what it is
    template: Expectation  # in `row`, {state} stands for the prefix of the cell's state

    def matches(self, cell: Cell) -> bool:
        return (
            cell.place in self.places
            and cell.kind in self.kinds
            and (not self.seqs or cell.seq in self.seqs)
            and (not self.acks or cell.ack in self.acks)
        )

    def expectation(self, cell: Cell) -> Expectation:
        return replace(
            self.template,
            next_state=cell.state if self.unchanged else self.template.next_state,
            row=self.template.row.replace("{state}", ROW_PREFIX[cell.state]),
        )


class MatrixError(ValueError):
    """rules.tsv does not say exactly one thing about a cell, or says it in unknown words."""


def acks_in(state: State) -> tuple[Ack, ...]:
    """The places of SEG.ACK that differ from one another in a state."""
    match state:
        case "CLOSED" | "LISTEN":
            return ()
        case "SYN_SENT":  # left of ISS there is nothing to tell apart
            return ("below", "SND.UNA", "SND.NXT", "above")
        case "FIN_WAIT_2" | "TIME_WAIT":  # SND.UNA = SND.NXT
            return ("below", "old", "SND.NXT", "above")
        case _:
            return ACKS


@cache
def _cells() -> tuple[Cell, ...]:
    out: list[Cell] = []
    for state in STATES:
        origins: tuple[Origin | None, ...] = get_args(Origin) if state == "SYN_RECV" else (None,)
        seqs: tuple[Seq | None, ...] = SEQS if state in WINDOWED else (None,)
        for origin in origins:
            for kind in KINDS:
                acks: tuple[Ack | None, ...] = (acks_in(state) if "ACK" in FLAGS[kind] else ()) or (None,)
                out += [Cell(state, origin, kind, seq, ack) for seq in seqs for ack in acks]
    return tuple(out)


def cells() -> list[Cell]:
    """Every cell, by state, origin, kind, SEG.SEQ, SEG.ACK, each in its order of declaration."""
    return list(_cells())


def _word(kind: object, text: str, where: str) -> str:
    if text not in get_args(kind):
        raise MatrixError(f"{where}: {text!r} is none of {', '.join(get_args(kind))}")
    return text


def _words(text: str, known: tuple[str, ...], where: str) -> frozenset[str]:
    words = text.split(",")
    for word in words:
        if word not in known:
            raise MatrixError(f"{where}: {word!r} is none of {', '.join(known)}")
    if len(set(words)) != len(words):
        raise MatrixError(f"{where}: {text!r} names something twice")
    return frozenset(words)


def _places(text: str, where: str) -> frozenset[str]:
    """`windowed` and `synchronised` are groups; SYN_RECV alone means both origins."""
    both = tuple(f"SYN_RECV/{origin}" for origin in get_args(Origin))
    out: set[str] = set()
    for word in _words(text, ("windowed", "synchronised", *STATES, *both), where):
        group: tuple[str, ...] = {"windowed": WINDOWED, "synchronised": SYNCHRONISED}.get(word, (word,))
        for state in group:
            out.update(both if state == "SYN_RECV" else (state,))
    return frozenset(out)


@cache
def rules() -> tuple[Rule, ...]:
    """The lines of rules.tsv, every word checked against the vocabulary."""
    lines = [
        (number, line)
        for number, line in enumerate(RULES.read_text(encoding="utf-8").splitlines(), 1)
        if line and not line.startswith("#")
    ]
    reader = csv.DictReader((line for _, line in lines), delimiter=TAB, quoting=csv.QUOTE_NONE, strict=True)
    out: list[Rule] = []
    for (number, line), field in zip(lines[1:], reader, strict=True):
        where = f"{RULES.name}:{number}"
        if None in field or None in field.values():
            raise MatrixError(f"{where}: {line.count(TAB) + 1} columns, not {len(reader.fieldnames or ())}")
        unchanged = field["next_state"] == "="
        template = Expectation(
            next_state=STATES[0] if unchanged else cast(State, _word(State, field["next_state"], where)),
            emits=cast(Emits, _word(Emits, field["emits"], where)),
            rcv_nxt=cast(RcvNxt, _word(RcvNxt, field["rcv_nxt"], where)),
            snd_una=cast(SndUna, _word(SndUna, field["snd_una"], where)),
            delivered=int(field["delivered"]),
            held=cast(Held, _word(Held, field["held"], where)),
            signal=cast(Signal, _word(Signal, field["signal"], where)),
            two_msl=cast(TwoMsl, _word(TwoMsl, field["two_msl"], where)),
            settled_by=cast(SettledBy, _word(SettledBy, field["settled_by"], where)),
            row=field["row"],
            why=field["why"],
        )
        out.append(
            Rule(
                line=number,
                places=_places(field["states"], where),
                kinds=_words(field["kinds"], KINDS, where),
                seqs=frozenset() if field["seqs"] == "*" else _words(field["seqs"], SEQS, where),
                acks=frozenset() if field["acks"] == "*" else _words(field["acks"], ACKS, where),
                unchanged=unchanged,
                template=template,
            )
        )
    return tuple(out)


def rule_of(cell: Cell) -> Rule:
    """The one rule that speaks of the cell.

    Raises MatrixError, which names the cell, if there is none or more than one.
    """
    found = [rule for rule in rules() if rule.matches(cell)]
    if len(found) != 1:
        which = ", ".join(f"line {rule.line}" for rule in found) or "none"
        raise MatrixError(f"{cell.id}: exactly one rule of {RULES.name} must match, not {len(found)} ({which})")
    return found[0]


@cache
def expectation(cell: Cell) -> Expectation:
    """What is expected of the cell. Raises MatrixError as `rule_of` does."""
    return rule_of(cell).expectation(cell)
