"""The defects of the standard's text that exploring finds: where to look, and what settles them.

Nothing here tells the explorer what to find: a defect is a set-up, a general property that breaks under the
literal profile, and for a cycle or a dead end the joint state it is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ..tcp.ambiguities import AMBIGUITIES, Ambiguity
from ..tcp.profiles import RFC9293, RFC9293_LITERAL, Profile
from ..tcp.units import SECOND
from .explorer import explore
from .joint import name_of
from .result import Counterexample, Result, Verdict


class Defect(NamedTuple):
    """``id``: the ambiguity.  ``setup``, ``bounds``: where it shows.  ``asked``: the property that breaks.

    ``place``: the joint state of the cycle or dead end, "" where any will do.  ``switch``: what settles it, with
    the value that does; the literal profile has another.  ``tells``: what goes wrong, and what the ruling is.
    ``remains``: whether the default profile keeps it.
    """

    id: str
    setup: str
    asked: str
    place: str
    switch: tuple[str, Any]
    tells: str
    bounds: Mapping[str, Any] = {}
    remains: bool = False

    @property
    def ambiguity(self) -> Ambiguity:
        """What is at stake."""
        return next(one for one in AMBIGUITIES if one.id == self.id)

    def explored(self, profile: Profile) -> Result:
        """The set-up under ``profile``, asked for this property alone."""
        return explore(self.setup, profile=profile, properties=[self.asked], records=False, **self.bounds)

    def shown_by(self, result: Result) -> Counterexample | None:
        """The shortest run of ``result`` that shows the defect; None when there is none."""
        verdict: Verdict = result.verdict(self.asked)
        if not self.place:
            return verdict.example
        return next((example for joint, example in verdict.places if name_of(joint) == self.place), None)

    @property
    def settled(self) -> Profile:
        """The literal profile with this one switch set as the ruling wants it."""
        return RFC9293_LITERAL.but(**dict([self.switch]))

    @property
    def alone(self) -> Profile:
        """The default profile with this one switch set as the text has it."""
        name = self.switch[0]
        return RFC9293.but(**{name: getattr(RFC9293_LITERAL, name)})


DEFECTS: Final = (
    Defect(
        "A-11", "handshake-and-close", "fin_restarts_2msl", "", ("fin_restarts_time_wait", True),
        "The last ACK is lost, so the peer sends its FIN again.  The text wants TIME_WAIT to acknowledge it and to "
        "restart 2MSL, in the eighth check; but the FIN lies left of the window, so the first check has answered and "
        "dropped it before.  The timer runs on, and may run out while the peer still asks.  The ruling restarts it in "
        "the first check.",
    ),
    Defect(
        "A-12", "handshake-and-close", "no_livelock", "TIME_WAIT/TIME_WAIT", ("time_wait_answers_acks", False),
        "Both sides have closed at the same time and are in TIME_WAIT.  The text acknowledges whatever arrives there and "
        "restarts 2MSL, on the assumption that it can only be a FIN.  One ACK too many is answered by an ACK, which is "
        "answered by an ACK: for ever, and neither timer ever runs out.  The ruling answers FINs only.",
    ),
    Defect(
        "A-14", "forged-fin", "stream_ends_at_fin", "", ("every_fin_counts", False),
        "The text lets every FIN that reaches the eighth check advance RCV.NXT, in the states behind the first FIN too.  "
        "A second FIN, just behind the first, moves RCV.NXT beyond the end of the stream: what the peer sends from then "
        "on is out of step.  The ruling counts the first FIN only.",
    ),
    Defect(
        "A-16", "both-windows-closed", "no_livelock", "ESTABLISHED/ESTABLISHED", ("probe_advances_snd_nxt", False),
        "Both windows are closed, and both sides probe with an octet that SND.NXT counts.  Either answer carries a SEQ one "
        "beyond the other's closed window, is not acceptable, and draws an ACK of the same kind: for ever.  By the ruling "
        "a probe's octet does not count until it is acknowledged, and a peer one number behind may acknowledge it.",
        bounds={"packets": 2},
    ),
    Defect(
        "A-17", "data-and-close", "no_livelock", "FIN_WAIT_1/FIN_WAIT_1", ("empty_segments_draw_acks", False),
        "An ACK may be sent for a segment that lies in the window but not at its left edge (MAY-13).  A pure ACK behind a "
        "FIN that was lost is such a segment.  With both FINs lost, each side answers the other's ACK "
        "with an ACK: for ever.  The ruling answers only segments that occupy sequence space.",
        bounds={"loss": 2, "packets": 2},
    ),
    Defect(
        "A-22", "silent-abort", "closable", "FIN_WAIT_2/LISTEN", ("fin_wait_2_timeout", 60 * SECOND),
        "ABORT in LAST_ACK sends nothing.  If the FIN was lost, its peer waits for it in FIN_WAIT_2: it has nothing to "
        "retransmit and no timer, so it waits for ever.  A RST that is lost does the same (set-up `abort`).  (The "
        "server's connection is gone; what is left there is its listener.)  The default profile keeps this, as the "
        "standard does; with `fin_wait_2_timeout` it goes.",
        remains=True,
    ),
)  # fmt: skip


def page() -> str:
    """The defects as Markdown, with the shortest run of each."""
    lines = [
        "# Defects of the standard that exploring finds",
        "",
        "Generated by `python tools/generate.py docs` from explorations of the profile `rfc9293_literal`, the text as",
        "printed.  The set-ups are neutral and the properties are asked of every set-up; the run shown is a shortest one.",
        "The times in a ladder count moves: any order of events is possible, however long packets and timers take.",
        "",
    ]
    for defect in DEFECTS:
        literal = defect.explored(RFC9293_LITERAL)
        example = defect.shown_by(literal)
        assert example is not None, defect.id
        default = defect.explored(RFC9293)
        settled = defect.explored(RFC9293.but(**dict([defect.switch]))) if defect.remains else default
        switch, value = defect.switch
        bounds = "".join(f" --{name} {count}" for name, count in defect.bounds.items())
        turns = f", of which the last {example.turns} go round for ever" if example.turns else ""
        lines += [
            f"## {defect.id}: {defect.ambiguity.title}",
            "",
            defect.tells.replace("  ", " "),
            "",
            f"- Set-up `{defect.setup}` ({literal.setup.source}); property `{defect.asked}`.",
            f"- `rfc9293_literal`: broken; {literal.states:,} states.  Shortest run: {len(example.moves)} moves{turns}.",
            f"- `rfc9293`: {_outcome(defect, default)}; {default.states:,} states.",
            *(
                [f"- `rfc9293` with `{switch}={value!r}`: {_outcome(defect, settled)}; {settled.states:,} states."]
                if defect.remains
                else [f"- The switch that settles it: `{switch}={value!r}`."]
            ),
            f"- See it: `tcpsim explore {defect.setup}{bounds} --profile rfc9293_literal --property {defect.asked}`",
            "",
            "```text",
            str(literal.replay(example).ladder()).rstrip("\n"),
            "```",
            "",
        ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _outcome(defect: Defect, result: Result) -> str:
    return "remains, as expected" if defect.shown_by(result) is not None else "holds"
