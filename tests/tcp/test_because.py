"""A check's reason in words: the numbers that it compared, and what came of it."""

from __future__ import annotations

import pytest

from tcpsim.tcp import State
from tcpsim.tcp.because import because
from tests.helpers.lab import MASK, Lab, reach


def reasons(lab: Lab, text: str) -> dict[str, str]:
    """What each check says of a segment that arrives."""
    seg = lab.segment(text)
    log = lab.forget().arrives(seg).log()
    return {
        entry[1]: because(entry[1], seg.flags, seg.seq, seg.ack, len(seg.data), entry[3])
        for entry in log
        if entry[0] == "checked"
    }


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ("301:301(0)", "SEG.SEQ 301 is in RCV.NXT 301 .. 1300"),
        ("301:302(1)", "SEG.SEQ 301 is in RCV.NXT 301 .. 1300"),
        ("301:1301(1000)", "SEG.SEQ 301 .. 1300 is in RCV.NXT 301 .. 1300"),
        ("301:1302(1001)", "SEG.SEQ 301 .. 1301 reaches into RCV.NXT 301 .. 1300"),
        ("1300:1300(0)", "SEG.SEQ 1300 is in RCV.NXT 301 .. 1300"),
        ("1301:1301(0)", "SEG.SEQ 1301 is not in RCV.NXT 301 .. 1300"),
        ("300:300(0)", "SEG.SEQ 300 is not in RCV.NXT 301 .. 1300"),
        ("299:301(2)", "SEG.SEQ 299 .. 300 is not in RCV.NXT 301 .. 1300"),
        ("299:302(3)", "SEG.SEQ 299 .. 301 reaches into RCV.NXT 301 .. 1300"),
    ],
)
def test_where_a_segment_lies_in_the_window(numbers: str, words: str) -> None:
    assert reasons(reach(State.ESTABLISHED), f". {numbers} ack 101 win 1000")["check_sequence"] == words


def test_nothing_lies_in_a_closed_window() -> None:
    lab = reach(State.ESTABLISHED).arrives("P. 301:1301(1000) ack 101 win 1000")
    found = reasons(lab, ". 1301:1303(2) ack 101 win 1000")["check_sequence"]
    assert found == "SEG.SEQ 1301, SEG.LEN 2; the window is closed at RCV.NXT 1301"


@pytest.mark.parametrize(
    ("ack", "words"),
    [
        (101, "SEG.ACK 101 is SND.UNA: nothing new"),
        (102, "SND.UNA 101 < SEG.ACK 102 =< SND.NXT 111"),
        (111, "SND.UNA 101 < SEG.ACK 111 =< SND.NXT 111"),
        (112, "SEG.ACK 112 > SND.NXT 111"),
        (100, "SEG.ACK 100 < SND.UNA 101, and >= SND.UNA - MAX.SND.WND = 4294966397"),
        (MASK - 898, "SEG.ACK 4294966397 < SND.UNA 101, and >= SND.UNA - MAX.SND.WND = 4294966397"),
        (MASK - 899, "SEG.ACK 4294966396 < SND.UNA 101, and < SND.UNA - MAX.SND.WND = 4294966397"),
    ],
)
def test_what_an_ack_is_compared_with(ack: int, words: str) -> None:
    lab = reach(State.ESTABLISHED, outstanding=10)
    assert reasons(lab, f". 301:301(0) ack {ack} win 1000")["check_ack"] == words


@pytest.mark.parametrize(
    ("ack", "words"),
    [
        (105, "SND.UNA 101 < SEG.ACK 105 =< SND.NXT 112, not our FIN"),
        (111, "SND.UNA 101 < SEG.ACK 111 =< SND.NXT 112, not our FIN"),
        (112, "SND.UNA 101 < SEG.ACK 112 =< SND.NXT 112, which covers our FIN"),
    ],
)
def test_what_an_ack_says_of_our_fin(ack: int, words: str) -> None:
    lab = reach(State.ESTABLISHED, outstanding=10).close()
    assert reasons(lab, f". 301:301(0) ack {ack} win 1000")["check_ack"] == words


def test_what_is_off() -> None:
    lab = reach(State.ESTABLISHED)
    assert reasons(lab, "P 301:303(2) win 1000") == {
        "check_sequence": "SEG.SEQ 301 .. 302 is in RCV.NXT 301 .. 1300",
        "check_rst": "RST is off",
        "check_security": "no compartments here",
        "check_syn": "SYN is off",
        "check_ack": "ACK is off",
    }
    rest = reasons(lab, "FP. 301:303(2) ack 101 win 1000")
    assert [rest[check] for check in ("check_urg", "process_text", "check_fin")] == [
        "URG is off", "2 octets at SEG.SEQ 301; RCV.NXT is 301", "FIN at 303; RCV.NXT was 303",
    ]  # fmt: skip
