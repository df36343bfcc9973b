"""The transition table: its own consistency, Figure 5 written by hand, and who may assign a state."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import tcpsim
from tcpsim.tcp import TRANSITIONS, Cue, Do, MissingRow, State, Transition
from tcpsim.tcp.states import BY_CUE, BY_ID, Kind
from tests.helpers.lab import reach

PACKAGE = Path(tcpsim.__file__).parent

#: RFC 9293, Figure 5, read off the drawing: from, event, action, to. "x" is no action.
FIGURE_5 = """
CLOSED       | passive OPEN    | create TCB           | LISTEN
CLOSED       | active OPEN     | create TCB, snd SYN  | SYN-SENT
LISTEN       | CLOSE           | delete TCB           | CLOSED
LISTEN       | rcv SYN         | snd SYN,ACK          | SYN-RECEIVED
LISTEN       | SEND            | snd SYN              | SYN-SENT
SYN-SENT     | CLOSE           | delete TCB           | CLOSED
SYN-SENT     | rcv SYN         | snd SYN,ACK          | SYN-RECEIVED
SYN-SENT     | rcv SYN,ACK     | snd ACK              | ESTABLISHED
SYN-RECEIVED | rcv RST         | x                    | LISTEN
SYN-RECEIVED | rcv ACK of SYN  | x                    | ESTABLISHED
SYN-RECEIVED | CLOSE           | snd FIN              | FIN-WAIT-1
ESTABLISHED  | CLOSE           | snd FIN              | FIN-WAIT-1
ESTABLISHED  | rcv FIN         | snd ACK              | CLOSE-WAIT
FIN-WAIT-1   | rcv ACK of FIN  | x                    | FIN-WAIT-2
FIN-WAIT-1   | rcv FIN         | snd ACK              | CLOSING
FIN-WAIT-2   | rcv FIN         | snd ACK              | TIME-WAIT
CLOSE-WAIT   | CLOSE           | snd FIN              | LAST-ACK
CLOSING      | rcv ACK of FIN  | x                    | TIME-WAIT
LAST-ACK     | rcv ACK of FIN  | x                    | CLOSED
TIME-WAIT    | Timeout=2MSL    | delete TCB           | CLOSED
"""

Edge = tuple[str, str, str]


def figure_5() -> dict[Edge, set[str]]:
    """(from, event, to) -> actions."""
    edges = {}
    for line in FIGURE_5.strip().splitlines():
        src, event, action, dst = (part.strip() for part in line.split("|"))
        edges[src, event, dst] = {"x": set()}.get(action, set(action.split(", ")))
    return edges


def drawn(row: Transition) -> Edge:
    """A row in the figure's words."""
    event = {
        Cue.OPEN_PASSIVE: "passive OPEN",
        Cue.OPEN_ACTIVE: "active OPEN",
        Cue.TIMEOUT_2MSL: "Timeout=2MSL",
    }.get(row.cue)
    if event is None:
        event = f"rcv {row.cue.event}" if row.cue.kind is Kind.SEGMENT else row.cue.event.upper()
    return row.src.rfc_name, event, row.dst.rfc_name


def test_figure_5_has_twenty_edges_and_the_table_has_exactly_these() -> None:
    rows = [drawn(row) for row in TRANSITIONS if row.figure5]
    assert len(set(rows)) == len(rows) == len(figure_5()) == 20
    assert set(rows) == set(figure_5())


def test_the_figures_actions_are_the_rows() -> None:
    """Signals and 2MSL are not drawn; LAST_ACK's end deletes the TCB, which the figure omits."""
    undrawn = {Do.START_2MSL.value, *(do.value for do in Do if do.name.startswith("SIGNAL_"))}
    for row in TRANSITIONS:
        if row.figure5:
            promised = {do.value for do in row.do} - undrawn
            if row.id == "last_ack.ack_of_fin":
                promised.remove("delete TCB")
            assert promised == figure_5()[drawn(row)], row.id


# -- consistency


def test_a_row_is_found_by_source_and_cue() -> None:
    assert len(BY_CUE) == len(TRANSITIONS)
    assert all(BY_CUE[row.src, row.cue] is row for row in TRANSITIONS)


def test_ids_are_unique_and_say_source_and_cue() -> None:
    assert len(BY_ID) == len(TRANSITIONS)
    for row in TRANSITIONS:
        assert re.fullmatch(r"[a-z_0-9]+\.[a-z_0-9]+", row.id)
        assert row.id == f"{row.src.name.lower()}.{row.cue.id}"
        assert BY_ID[row.id] is row


def test_ids_are_stable() -> None:
    """They stand in files and in people's assertions: a new row is fine, a changed name is not."""
    assert {
        "closed.open_passive", "closed.open_active", "listen.rcv_syn", "listen.close", "listen.send",
        "syn_sent.rcv_synack", "syn_sent.rcv_syn", "syn_sent.close", "syn_sent.rst", "syn_recv.ack_of_syn",
        "syn_recv.close", "syn_recv.rst_of_passive_open", "syn_recv.rst_of_active_open", "established.close",
        "established.fin", "established.rst", "established.abort", "fin_wait_1.ack_of_fin", "fin_wait_1.fin",
        "fin_wait_2.fin", "close_wait.close", "closing.ack_of_fin", "last_ack.ack_of_fin", "time_wait.timeout_2msl",
        "time_wait.rst", "syn_sent.r2", "established.r2", "established.user_timeout",
    } <= set(BY_ID)  # fmt: skip


def test_cues_are_unique() -> None:
    assert len({cue.id for cue in Cue}) == len(Cue)
    assert all(cue.id == cue.name.lower() for cue in Cue)
    used = {row.cue for row in TRANSITIONS}
    assert used == set(Cue)


def test_do_is_from_the_closed_vocabulary() -> None:
    for row in TRANSITIONS:
        assert all(type(do) is Do for do in row.do), row.id
        assert len(set(row.do)) == len(row.do), row.id
        assert set(row.deferred) <= set(row.do), row.id


def test_a_tcb_is_created_on_leaving_closed_and_deleted_on_the_way_back() -> None:
    for row in TRANSITIONS:
        assert (Do.CREATE_TCB in row.do) == (row.src is State.CLOSED), row.id
        assert (Do.DELETE_TCB in row.do) == (row.dst is State.CLOSED), row.id


def test_2msl_is_started_on_entering_time_wait() -> None:
    for row in TRANSITIONS:
        assert (Do.START_2MSL in row.do) == (row.dst is State.TIME_WAIT), row.id


def test_every_row_moves_and_names_its_section() -> None:
    for row in TRANSITIONS:
        assert row.src is not row.dst, row.id
        assert re.match(r"3\.\d+(\.\d+)*\b", row.ref), row.id


def test_every_state_can_be_reached_and_left() -> None:
    assert {row.src for row in TRANSITIONS} == {row.dst for row in TRANSITIONS} == set(State)


def test_rows_are_in_the_order_of_the_states() -> None:
    assert [row.src for row in TRANSITIONS] == sorted(row.src for row in TRANSITIONS)


# -- the names of the states


@pytest.mark.parametrize(
    ("spelling", "state"),
    [
        ("SYN_RECV", State.SYN_RECV), ("SYN-RECEIVED", State.SYN_RECV), ("SYN_RCVD", State.SYN_RECV),
        ("syn received", State.SYN_RECV), ("FIN-WAIT-1", State.FIN_WAIT_1), ("FIN_WAIT1", State.FIN_WAIT_1),
        ("finwait2", State.FIN_WAIT_2), ("Estab", State.ESTABLISHED), ("time-wait", State.TIME_WAIT),
    ],
)  # fmt: skip
def test_usual_spellings_are_read(spelling: str, state: State) -> None:
    assert State.parse(spelling) is state


@pytest.mark.parametrize("state", State)
def test_both_spellings_are_read_back(state: State) -> None:
    assert State.parse(str(state)) is State.parse(state.rfc_name) is state


def test_a_wrong_name_lists_the_eleven() -> None:
    with pytest.raises(ValueError, match="no state 'OPEN'; the states are CLOSED, LISTEN, .*TIME_WAIT"):
        State.parse("OPEN")


# -- firing


@pytest.mark.parametrize("state", State)
def test_firing_a_missing_row_raises_and_changes_nothing(state: State) -> None:
    lab = reach(state)
    missing = [cue for cue in Cue if (state, cue) not in BY_CUE]
    assert missing
    for cue in missing:
        before = lab.conn.key()
        with pytest.raises(MissingRow, match=f"{cue.id} in {state}"):
            lab.conn.fire(cue)
        assert lab.conn.key() == before
        assert lab.conn.out == lab.conn.signals == lab.log() == []


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: row.id)
def test_firing_follows_the_row_and_records_it(row: Transition) -> None:
    lab = reach(row.src)
    before = lab.conn.key()
    assert lab.conn.fire(row.cue) is row
    assert lab.state is row.dst
    assert lab.conn.key()[1:] == before[1:]  # nothing but the state, which comes first
    assert lab.log() == [("fired", row.id)]


# -- who assigns a state


def assignments(source: str) -> list[tuple[str, str]]:
    """(enclosing function, target) of everything that binds or deletes an attribute named ``state``."""
    found: list[tuple[str, str]] = []

    def targets(node: ast.AST) -> list[ast.expr]:
        match node:
            case ast.Assign() | ast.Delete():
                return node.targets
            case ast.AugAssign() | ast.AnnAssign() | ast.For() | ast.AsyncFor() | ast.comprehension():
                return [node.target]
            case ast.withitem() if node.optional_vars is not None:
                return [node.optional_vars]
        return []

    def walk(node: ast.AST, function: str) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            function = f"{function}.{node.name}".strip(".")
        for target in targets(node):
            for part in ast.walk(target):
                if isinstance(part, ast.Attribute) and part.attr == "state":
                    found.append((function, ast.unparse(part)))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("setattr", "__setattr__"):
            names = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            if "state" in names:
                found.append((function, ast.unparse(node)))
        for child in ast.iter_child_nodes(node):
            walk(child, function)

    walk(ast.parse(source), "")
    return found


def test_only_fire_assigns_a_state() -> None:
    found = {
        (path.relative_to(PACKAGE).as_posix(), *place)
        for path in sorted(PACKAGE.rglob("*.py"))
        for place in assignments(path.read_text(encoding="utf-8"))
    }
    assert found == {("tcp/core.py", "Core.fire", "tcb.state")}


@pytest.mark.parametrize(
    "source",
    [
        "tcb.state = X", "c.tcb.state: State = X", "tcb.state += 1", "a, (tcb.state, b) = x", "del tcb.state",
        "for tcb.state in x: pass", "with f() as tcb.state: pass", "setattr(tcb, 'state', X)",
        "object.__setattr__(tcb, 'state', X)", "[0 for tcb.state in x]",
    ],
)  # fmt: skip
def test_an_assignment_is_found(source: str) -> None:
    assert [place[0] for place in assignments(f"class C:\n  def f():\n    {source}")] == ["C.f"]


@pytest.mark.parametrize("source", ["state = tcb.state", "if tcb.state is X: y = 1", "f(state=tcb.state)"])
def test_reading_is_no_assignment(source: str) -> None:
    assert assignments(source) == []
