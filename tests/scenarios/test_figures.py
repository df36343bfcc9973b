"""The RFC's figures 6 to 13, number by number: typed in from the RFC again, not taken from the scenarios."""

from __future__ import annotations

import pytest

from tcpsim.net.simulator import Simulator
from tcpsim.render.rows import FigureLine, figure_lines
from tcpsim.scenarios import play
from tcpsim.tcp.states import BY_ID
from tcpsim.trace.records import Arrived, Checked, Note

#: One line of a figure where a segment arrives: "A-state arrow SEQ ACK CTL DATA B-state".  "-" stands for no ACK
#: and for no data, "?" for a state the figure does not name.
Figure = list[str]

FIGURE_6 = [
    "SYN-SENT    --> 100 -   SYN     -    SYN-RECEIVED",
    "ESTABLISHED <-- 300 101 SYN,ACK -    SYN-RECEIVED",
    "ESTABLISHED --> 101 301 ACK     -    ESTABLISHED",
    "ESTABLISHED --> 101 301 ACK     DATA ESTABLISHED",
]

FIGURE_7 = [
    "SYN-RECEIVED <-- 300 -   SYN     - SYN-SENT",
    "?            --> 100 -   SYN     - SYN-RECEIVED",
    "ESTABLISHED  <-- 300 101 SYN,ACK - SYN-RECEIVED",
    "?            --> 100 301 SYN,ACK - ESTABLISHED",
]

#: Where the text of 3.10.7.4 is followed instead: the SYN,ACKs change nothing, and the ACKs they draw do.
FIGURE_7_LITERAL = [
    "SYN-RECEIVED <-- 300 -   SYN     - SYN-SENT",
    "SYN-RECEIVED --> 100 -   SYN     - SYN-RECEIVED",
    "SYN-RECEIVED <-- 300 101 SYN,ACK - SYN-RECEIVED",
    "SYN-RECEIVED --> 100 301 SYN,ACK - SYN-RECEIVED",
    "SYN-RECEIVED --> 101 301 ACK     - ESTABLISHED",
    "ESTABLISHED  <-- 301 101 ACK     - ESTABLISHED",
]

FIGURE_8 = [
    "?           --> 90  -   SYN     - SYN-RECEIVED",
    "SYN-SENT    <-- 300 91  SYN,ACK - SYN-RECEIVED",
    "SYN-SENT    --> 91  -   RST     - LISTEN",
    "?           --> 100 -   SYN     - SYN-RECEIVED",
    "ESTABLISHED <-- 400 101 SYN,ACK - SYN-RECEIVED",
    "ESTABLISHED --> 101 401 ACK     - ESTABLISHED",
]

FIGURE_9 = [
    "SYN-SENT --> 400 -   SYN - ?",
    "?        <-- 300 100 ACK - ESTABLISHED",
    "SYN-SENT --> 100 -   RST - CLOSED",
    "SYN-SENT --> 400 -   SYN - ?",
]

FIGURE_10 = [
    "? <-- 300 100 ACK DATA=10 ESTABLISHED",
    "? --> 100 -   RST -       CLOSED",
]

FIGURE_12 = [
    "FIN-WAIT-1 --> 100 300 FIN,ACK - CLOSE-WAIT",
    "FIN-WAIT-2 <-- 300 101 ACK     - CLOSE-WAIT",
    "TIME-WAIT  <-- 300 101 FIN,ACK - LAST-ACK",
    "TIME-WAIT  --> 101 301 ACK     - CLOSED",
]


def agrees(drawn: str, line: FigureLine) -> bool:
    """Whether the segment and the states are those drawn; the figures leave PSH out."""
    left, arrow, seq, ack, ctl, data, right = drawn.split()
    octets = {"-": line.octets == 0, "DATA": line.octets > 0}.get(data, data == f"DATA={line.octets}")
    return (
        octets
        and line.direction == {"-->": "->", "<--": "<-"}[arrow]
        and line.seq == int(seq)
        and line.ack == (None if ack == "-" else int(ack))
        and line.flags.replace("PSH,", "") == ctl
        and left in ("?", line.left)
        and right in ("?", line.right)
    )


def states(sim: Simulator, host: str) -> list[str]:
    """The states the host's connections went through, in the RFC's spelling."""
    return [BY_ID[rule].dst.rfc_name for rule in sim.trace.fired(where=host)]


def notices(sim: Simulator, host: str) -> list[str]:
    """What the users of a host were told."""
    return [record.text for record in sim.trace.of("note", where=host) if isinstance(record, Note)]


@pytest.mark.parametrize(
    ("scenario", "figure", "before", "after"),
    [
        pytest.param("three-way-handshake", FIGURE_6[:3], 0, 0, id="figure 6, lines 2 to 4"),
        pytest.param("three-way-handshake-data-follows", FIGURE_6, 0, 1, id="figure 6"),
        pytest.param("simultaneous-open", FIGURE_7, 0, 0, id="figure 7"),
        pytest.param("simultaneous-open-literal", FIGURE_7_LITERAL, 0, 0, id="figure 7 to the letter"),
        pytest.param("old-duplicate-syn", FIGURE_8, 0, 0, id="figure 8"),
        pytest.param("half-open", FIGURE_9, 3, 0, id="figure 9"),
        pytest.param("half-open-live-side-sends", FIGURE_10, 3, 0, id="figure 10"),
        pytest.param("normal-close", FIGURE_12, 3, 0, id="figure 12"),
    ],
)
def test_a_figure_reproduces(scenario: str, figure: Figure, before: int, after: int) -> None:
    """``before``: the lines of the handshake that comes first; ``after``: the ACK of the data."""
    lines = figure_lines(play(scenario).trace, names="rfc")
    assert len(lines) == before + len(figure) + after
    for drawn, line in zip(figure, lines[before:], strict=False):
        assert agrees(drawn, line), (drawn, line)


@pytest.mark.parametrize("name", ["simultaneous-open", "simultaneous-open-literal"])
def test_figure_7_cycles_through_four_states_on_both_sides(name: str) -> None:
    sim = play(name)
    assert states(sim, "client") == ["SYN-SENT", "SYN-RECEIVED", "ESTABLISHED"]
    assert states(sim, "server") == ["SYN-SENT", "SYN-RECEIVED", "ESTABLISHED"]


def test_figure_9_the_rebooted_side_stays_in_syn_sent_and_the_other_aborts() -> None:
    sim = play("half-open")
    (rebooted,) = sim.trace.of("rebooted", where="client")
    before = [record.n for record in sim.trace.of("fired", where="client") if record.n < rebooted.n]
    assert states(sim, "client")[len(before) :] == ["SYN-SENT"]
    assert states(sim, "server")[-1] == "CLOSED"
    assert notices(sim, "server")[-1] == "signal reset"


def test_figure_9_the_syn_lies_outside_the_window() -> None:
    trace = play("half-open").trace
    arrived = {
        record.packet: record.seg.seq for record in trace.of("arrived", where="server") if isinstance(record, Arrived)
    }
    verdicts = [
        (arrived[record.packet], record.verdict)
        for record in trace.of("checked", where="server")
        if isinstance(record, Checked)
    ]
    assert (400, "seq.unacceptable") in verdicts


def test_figure_10_the_live_side_is_told() -> None:
    sim = play("half-open-live-side-sends")
    assert states(sim, "server")[-2:] == ["ESTABLISHED", "CLOSED"]
    assert notices(sim, "server")[-1] == "signal reset"


def test_figure_11_both_listen_again() -> None:
    sim = play("old-duplicate-syn-two-listeners")
    syn, synack, rst = figure_lines(sim.trace, names="rfc")
    z, x = syn.seq, synack.seq
    assert agrees(f"LISTEN --> {z} - SYN - SYN-RECEIVED", syn)
    assert agrees(f"? <-- {x} {z + 1} SYN,ACK - SYN-RECEIVED", synack)
    assert agrees(f"? --> {z + 1} - RST - LISTEN", rst)
    assert states(sim, "client") == ["LISTEN"]
    assert states(sim, "server") == ["LISTEN", "SYN-RECEIVED", "LISTEN"]


def test_figure_12_ends_after_2msl() -> None:
    sim = play("normal-close")
    assert states(sim, "client")[-4:] == ["FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED"]
    assert states(sim, "server")[-3:] == ["CLOSE-WAIT", "LAST-ACK", "CLOSED"]
    waits, ends = [record.t for record in sim.trace.of("fired", where="client")][-2:]
    assert ends - waits == 2 * 2 * 60 * 10**9


def test_figure_13() -> None:
    sim = play("simultaneous-close")
    lines = figure_lines(sim.trace)[3:]
    going = [(line.flags, line.seq, line.ack) for line in lines if line.direction == "->"]
    coming = [(line.flags, line.seq, line.ack) for line in lines if line.direction == "<-"]
    assert going == [("FIN,ACK", 100, 300), ("ACK", 101, 301)]
    assert coming == [("FIN,ACK", 300, 100), ("ACK", 301, 101)]
    for host in ("client", "server"):
        assert states(sim, host)[-4:] == ["FIN-WAIT-1", "CLOSING", "TIME-WAIT", "CLOSED"]
