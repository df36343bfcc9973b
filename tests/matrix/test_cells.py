"""The matrix is whole: every cell has one rule and every rule has a cell.

Then what RFC 9293 says across the table, computed a second time. These tests look at data only.
Positions are offsets from RCV.NXT and SND.UNA, so there is no number here to wrap.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from tests.matrix import cells as matrix
from tests.matrix.cells import (
    ACKS,
    FLIGHT,
    KINDS,
    MAX_SND_WND,
    RCV_WND,
    SEQS,
    STATES,
    SYNCHRONISED,
    Cell,
    MatrixError,
)

DATA = Path(__file__).parent.parent / "data"
CELLS = matrix.cells()


def transitions() -> dict[str, dict[str, str]]:
    with (DATA / "transitions.tsv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def spelled(state: str) -> str:
    """A state of transitions.tsv in our spelling."""
    return {"SYN-RECEIVED": "SYN_RECV"}.get(state, state.replace("-", "_"))


def test_number_of_cells() -> None:
    with_ack = sum("ACK" in matrix.FLAGS[kind] for kind in KINDS)
    without = len(KINDS) - with_ack
    assert (with_ack, without, len(SEQS), len(ACKS)) == (6, 5, 5, 5)
    expected = {
        "CLOSED": 6 + 5,  # neither dimension
        "LISTEN": 6 + 5,
        "SYN_SENT": 6 * 4 + 5,  # no SEQ; "old" is "below"
        "SYN_RECV/passive": 5 * (6 * 5 + 5),
        "SYN_RECV/active": 5 * (6 * 5 + 5),
        "ESTABLISHED": 5 * (6 * 5 + 5),
        "FIN_WAIT_1": 5 * (6 * 5 + 5),
        "FIN_WAIT_2": 5 * (6 * 4 + 5),  # SND.UNA = SND.NXT
        "CLOSE_WAIT": 5 * (6 * 5 + 5),
        "CLOSING": 5 * (6 * 5 + 5),
        "LAST_ACK": 5 * (6 * 5 + 5),
        "TIME_WAIT": 5 * (6 * 4 + 5),
    }
    assert Counter(cell.place for cell in CELLS) == expected
    assert len(CELLS) == 2 * 11 + 29 + 7 * 175 + 2 * 145 == 1566


def test_ids_are_unique_and_the_order_is_fixed() -> None:
    ids = [cell.id for cell in CELLS]
    assert len(set(ids)) == len(ids) == len(set(CELLS))
    assert ids == [cell.id for cell in matrix.cells()]
    assert ids[0] == "CLOSED-SYN"
    assert ids[-1] == "TIME_WAIT-NONE-beyond"
    assert {"ESTABLISHED-DATA_FIN-inside-SND.NXT", "SYN_RECV/active-SYN_ACK-before-SND.NXT"} <= set(ids)


def test_every_position_is_a_different_number() -> None:
    for state in STATES:
        there = [cell for cell in CELLS if cell.state == state]
        for offsets, names in (
            ({cell.ack_offset for cell in there}, {cell.ack for cell in there}),
            ({cell.seq_offset for cell in there}, {cell.seq for cell in there}),
        ):
            assert len(offsets) == len(names)


def test_every_cell_has_exactly_one_rule() -> None:
    problems = []
    for cell in CELLS:
        try:
            matrix.rule_of(cell)
        except MatrixError as error:
            problems.append(str(error))
    assert not problems, "\n".join(problems)


def test_every_word_of_every_rule_matches_a_cell() -> None:
    for rule in matrix.rules():
        there = [cell for cell in CELLS if rule.matches(cell)]
        assert there, f"line {rule.line} of rules.tsv matches nothing"
        assert rule.places == {cell.place for cell in there}, rule.line
        assert rule.kinds == {cell.kind for cell in there}, rule.line
        assert not rule.seqs or rule.seqs == {cell.seq for cell in there}, rule.line
        assert not rule.acks or rule.acks == {cell.ack for cell in there}, rule.line


def test_a_gap_and_an_overlap_name_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = CELLS[0]
    rule = matrix.rule_of(cell)
    monkeypatch.setattr(matrix, "rules", lambda: (rule, rule))
    with pytest.raises(MatrixError, match=f"^{cell.id}: .* not 2"):
        matrix.rule_of(cell)
    monkeypatch.setattr(matrix, "rules", lambda: ())
    with pytest.raises(MatrixError, match=f"^{cell.id}: .* not 0"):
        matrix.rule_of(cell)


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("states", "SYN_RCVD"),
        ("kinds", "PSH"),
        ("acks", "old,old"),
        ("next_state", "OPEN"),
        ("emits", "FIN"),
    ],
)
def test_an_unknown_word_is_refused(column: str, wrong: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    header, first = [line.split("\t") for line in matrix.RULES.read_text(encoding="utf-8").splitlines()][0::2][:2]
    first[header.index(column)] = wrong
    broken = tmp_path / "rules.tsv"
    broken.write_text("\t".join(header) + "\n" + "\t".join(first) + "\n", encoding="utf-8")
    monkeypatch.setattr(matrix, "RULES", broken)
    with pytest.raises(MatrixError, match=r"^rules\.tsv:2: "):
        matrix.rules.__wrapped__()


def test_cited_rows_exist_and_speak_of_the_state() -> None:
    rows = transitions()
    assert len(rows) == 400
    for cell in CELLS:
        row = matrix.expectation(cell).row
        assert row in rows, f"{cell.id} cites {row}"
        assert spelled(rows[row]["state"]) == cell.state, f"{cell.id} cites {row}"


def test_cited_rows_lead_to_the_same_state() -> None:
    rows = transitions()
    for cell in CELLS:
        then = matrix.expectation(cell)
        assert spelled(rows[then.row]["next_state"]) == then.next_state, cell.id


def test_next_states_are_states() -> None:
    assert len(STATES) == 11
    for cell in CELLS:
        assert matrix.expectation(cell).next_state in STATES, cell.id


# Across the table.


def acceptable(cell: Cell) -> bool:
    """Table 6, for an open window."""
    assert cell.seq_offset is not None
    first, last = cell.seq_offset, cell.seq_offset + max(cell.seg_len, 1) - 1
    return 0 <= first < RCV_WND or 0 <= last < RCV_WND


def is_known_syn(cell: Cell) -> bool:
    """A-8 and A-20: the peer's SYN, seen a second time in SYN_RECV."""
    return cell.state == "SYN_RECV" and "SYN" in cell.flags and cell.seq == "before"


def test_check_1_stops_what_table_6_refuses() -> None:
    for cell in CELLS:
        if cell.seq is None or is_known_syn(cell):
            continue
        then = matrix.expectation(cell)
        assert (then.settled_by == "1 seq") == (not acceptable(cell)), cell.id
        if then.settled_by == "1 seq":
            assert then.emits == ("-" if "RST" in cell.flags else "ACK"), cell.id
            assert (then.next_state, then.rcv_nxt, then.snd_una) == (cell.state, "+0", "same"), cell.id


def test_a_reset_is_never_answered_with_a_reset() -> None:
    for cell in CELLS:
        if "RST" in cell.flags:
            assert matrix.expectation(cell).emits in ("-", "CHALLENGE"), cell.id


def test_no_reset_leaves_a_synchronised_state() -> None:
    """3.5.2, group 3."""
    for cell in CELLS:
        if cell.state in SYNCHRONISED:
            assert not matrix.expectation(cell).emits.startswith("RST"), cell.id


def test_reset_form_follows_the_ack_bit() -> None:
    for cell in CELLS:
        emits = matrix.expectation(cell).emits
        if emits.startswith("RST"):
            assert emits == ("RST@ACK" if "ACK" in cell.flags else "RSTACK"), cell.id


def test_syn_in_a_synchronised_state_changes_nothing() -> None:
    for cell in CELLS:
        if cell.state in SYNCHRONISED and "SYN" in cell.flags:
            then = matrix.expectation(cell)
            assert then.emits == ("CHALLENGE" if acceptable(cell) else "ACK"), cell.id
            assert (then.next_state, then.rcv_nxt, then.snd_una, then.held) == (
                cell.state,
                "+0",
                "same",
                "-",
            ), cell.id


def test_nothing_is_used_without_the_ack_bit() -> None:
    for cell in CELLS:
        if cell.seq is not None and not cell.flags & {"ACK", "RST", "SYN"}:
            then = matrix.expectation(cell)
            assert (then.next_state, then.rcv_nxt, then.held) == (cell.state, "+0", "-"), cell.id


def test_snd_una_moves_only_for_a_new_acknowledgment() -> None:
    for cell in CELLS:
        then = matrix.expectation(cell)
        if then.snd_una == "new":
            assert cell.ack_offset is not None
            assert 0 < cell.ack_offset <= FLIGHT[cell.state], cell.id


def test_out_of_range_acknowledgments_are_answered_and_nothing_else() -> None:
    """The 5961 range, in the synchronised states (A-9)."""
    for cell in CELLS:
        if cell.state in SYNCHRONISED and cell.ack_offset is not None and not cell.flags & {"SYN", "RST"}:
            in_range = -MAX_SND_WND <= cell.ack_offset <= FLIGHT[cell.state]
            if acceptable(cell) and not in_range:
                then = matrix.expectation(cell)
                assert (then.emits, then.settled_by) == ("ACK", "5 ack"), cell.id
                assert (then.next_state, then.rcv_nxt, then.snd_una, then.held) == (
                    cell.state,
                    "+0",
                    "same",
                    "-",
                )


def test_rcv_nxt_moves_over_what_was_delivered_and_the_fin() -> None:
    for cell in CELLS:
        then = matrix.expectation(cell)
        closing = "closing" in then.signal
        if then.rcv_nxt.startswith("+"):
            assert int(then.rcv_nxt) == then.delivered + closing, cell.id
        else:
            assert (then.delivered, closing) == (0, False), cell.id
        if then.rcv_nxt not in ("-", "+0"):
            assert then.emits in ("ACK", "SYNACK"), cell.id


def test_what_is_held_lies_in_the_window() -> None:
    for cell in CELLS:
        then = matrix.expectation(cell)
        if then.held == "-" or cell.seq_offset is None:
            continue
        assert cell.seq_offset > 0, cell.id
        assert (then.emits, then.rcv_nxt) == ("ACK", "+0"), cell.id
        text = min(cell.data_len, RCV_WND - cell.seq_offset)
        fin = "FIN" in cell.flags and cell.seq_offset + cell.data_len < RCV_WND
        assert then.held == "+".join([str(text)] * (text > 0) + ["FIN"] * fin), cell.id


def test_2msl_starts_on_entry_and_restarts_only_for_a_fin() -> None:
    for cell in CELLS:
        then = matrix.expectation(cell)
        assert (then.two_msl == "start") == (then.next_state == "TIME_WAIT" != cell.state), cell.id
        if then.two_msl == "restart":
            assert cell.state == then.next_state == "TIME_WAIT", cell.id
            assert "FIN" in cell.flags, cell.id


def test_the_two_origins_differ_only_in_rst_and_syn() -> None:
    for cell in CELLS:
        if cell.origin == "passive" and not (acceptable(cell) and cell.flags & {"RST", "SYN"}):
            twin = Cell(cell.state, "active", cell.kind, cell.seq, cell.ack)
            assert matrix.expectation(cell) == matrix.expectation(twin), cell.id
