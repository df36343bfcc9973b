"""The engine, driven through every cell of the matrix.

The expectation is `rules.tsv`'s, which knows nothing of the engine; the situation is reached with
real segments. SYN_SENT, LISTEN and CLOSED take any SEG.SEQ, so there it is some number.
"""

from __future__ import annotations

from typing import Final

import pytest

from tcpsim.tcp import Do, Flags, State
from tcpsim.tcp.segment import flag_letters
from tests.helpers.lab import IRS, ISS, Lab, reach
from tests.matrix import cells as matrix
from tests.matrix.cells import DATA_LEN, FLIGHT, MAX_SND_WND, RCV_WND, Cell

#: The window after the peer's FIN, which took a number of it, is 1000 when the buffer has 1001.
AFTER_FIN: Final = ("CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT")
LETTERS: Final = {"FIN": "F", "SYN": "S", "RST": "R", "ACK": "."}
SIGNALS: Final = {
    "none": [],
    "open": [Do.SIGNAL_OPEN],
    "closing": [Do.SIGNAL_CLOSING],
    "open+closing": [Do.SIGNAL_OPEN, Do.SIGNAL_CLOSING],
    "reset": [Do.SIGNAL_RESET],
    "refused": [Do.SIGNAL_REFUSED],
}
#: The engine's functions by the number of the RFC's check.
CHECKS: Final = {
    "check_closed": "closed",
    "check_rst_in_listen": "1 rst",
    "check_ack_in_listen": "2 ack",
    "check_syn_in_listen": "3 syn",
    "check_other_in_listen": "4 other",
    "check_ack_in_syn_sent": "1 ack",
    "check_rst_in_syn_sent": "2 rst",
    "check_syn_in_syn_sent": "4 syn",
    "check_other_in_syn_sent": "5 other",
    "check_sequence": "1 seq",
    "check_rst": "2 rst",
    "check_syn": "4 syn",
    "check_ack": "5 ack",
    "process_text": "7 text",
    "check_fin": "8 fin",
}


def situation(cell: Cell) -> Lab:
    """The cell's state, in the situation that cells.py describes."""
    state = State[cell.state]
    flight = FLIGHT.get(cell.state, 0)
    lab = reach(
        state,
        origin=cell.origin or "passive",
        outstanding=flight if state in (State.ESTABLISHED, State.CLOSE_WAIT) else 0,
        rcv_buf=RCV_WND + (cell.state in AFTER_FIN),
    )
    tcb = lab.tcb
    if cell.seq is not None:
        assert (tcb.rcv_wnd, tcb.max_snd_wnd, tcb.rcv_buf.early) == (RCV_WND, MAX_SND_WND, ())
    if cell.state in FLIGHT:
        assert lab.snd_nxt - lab.snd_una == flight
    return lab.advance("1ms").forget()


def segment_of(cell: Cell, lab: Lab) -> tuple[str, int, int]:
    """The cell's segment in words, its SEG.SEQ and its SEG.ACK."""
    seq = IRS if cell.seq_offset is None else lab.rcv_nxt + cell.seq_offset
    ack = 77
    if cell.ack_offset is not None:
        ack = (lab.snd_una + cell.ack_offset) % 2**32
    letters = "".join(letter for name, letter in LETTERS.items() if name in cell.flags) or "-"
    n = cell.data_len
    words = f"{letters} {seq}:{seq + n}({n})"
    return words + (f" ack {ack}" if "ACK" in cell.flags else "") + " win 1000", seq, ack


def form_of(emits: str, cell: Cell, lab: Lab, seq: int, ack: int) -> list[tuple[str, int, int]]:
    """(flags, SEQ, ACK) of what must be sent, with the variables as they are now."""
    match emits:
        case "-":
            return []
        case "ACK" | "CHALLENGE":
            return [(".", lab.snd_nxt, lab.rcv_nxt)]
        case "SYNACK":
            return [("S.", ISS, lab.rcv_nxt)]
        case "RST@ACK":
            return [("R", ack, 0)]
        case "RSTACK":
            return [("R.", 0, seq + cell.seg_len)]
    raise AssertionError(emits)


def held(lab: Lab) -> str:
    """What is kept for later, in the table's words."""
    tcb = lab.tcb
    octets = sum(len(piece) for _, piece in tcb.rcv_buf.early)
    fin = tcb.rcv_fin is not None and not tcb.fin_received
    return "+".join([str(octets)] * bool(octets) + ["FIN"] * fin) or "-"


@pytest.mark.parametrize("cell", matrix.cells(), ids=lambda cell: cell.id)
def test_cell(cell: Cell) -> None:
    check(cell)


@pytest.mark.parametrize("shift", [(-101 % 2**32, -301 % 2**32), (-106 % 2**32, -401 % 2**32)])
def test_cells_where_numbers_wrap(shift: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """SND.UNA and RCV.NXT at 0; then in the middle of what is outstanding and of the window."""
    monkeypatch.setattr(Lab, "shift", shift)
    for cell in matrix.cells():
        check(cell)


def check(cell: Cell) -> None:
    """The engine does with the cell's segment what the table says."""
    then = matrix.expectation(cell)
    lab = situation(cell)
    tcb = lab.tcb
    rcv_nxt, snd_una = lab.rcv_nxt, lab.snd_una
    unread, two_msl = tcb.rcv_buf.size, tcb.time_wait_due
    words, seq, ack = segment_of(cell, lab)
    lab.arrives(words)

    tcb = lab.tcb
    assert lab.state is State[then.next_state]
    segments = lab.segments()
    sent = [(flag_letters(seg.flags & ~Flags.PSH), seg.seq, seg.ack) for seg in segments]
    assert sent == form_of(then.emits, cell, lab, seq, ack)
    assert all(seg.data == b"" for seg in segments)
    assert lab.signals() == SIGNALS[then.signal]
    if then.rcv_nxt == "IRS+1":
        assert lab.rcv_nxt == seq + 1
    elif then.rcv_nxt != "-":
        assert lab.rcv_nxt == rcv_nxt + int(then.rcv_nxt)
    if then.snd_una != "-":
        assert lab.snd_una == {"same": snd_una, "new": ack, "ISS": ISS}[then.snd_una]
    assert tcb.rcv_buf.size - unread == then.delivered <= DATA_LEN
    assert held(lab) == then.held
    moved = tcb.time_wait_due != two_msl and lab.state is State.TIME_WAIT
    assert moved == (then.two_msl != "-")
    if moved:
        assert tcb.time_wait_due == lab.now + 2 * lab.conn.profile.msl
        assert lab.running() == ["time_wait"]
    if lab.state in (State.CLOSED, State.LISTEN):
        assert lab.running() == []

    log = lab.log()
    assert sum(entry[1] for entry in log if entry[0] == "delivered") == then.delivered
    stops = [CHECKS[entry[1]] for entry in log if entry[0] == "checked" and entry[2] is not None]
    if stops:
        assert stops == [then.settled_by]
    else:  # it passed every check: what was done last, the effects above have told
        passed = {"4 syn"} if cell.state == "SYN_SENT" else {"5 ack", "7 text", "8 fin"}
        assert then.settled_by in passed
