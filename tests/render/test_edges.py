"""The words on the diagram's edges come from the table."""

from itertools import pairwise

import pytest

from tcpsim.render.edges import CLIENT_PATH, SERVER_PATH, Edge, edges_of, figure5_rows, label, state_name, tooltip
from tcpsim.render.errors import UnknownChoice
from tcpsim.tcp.states import BY_ID, TRANSITIONS, Kind, State

EDGES = edges_of(figure5_rows())
BY_ENDS = {(edge.src, edge.dst): edge for edge in EDGES}


def test_there_are_the_20_edges_of_figure_5() -> None:
    assert len(EDGES) == 20
    assert set(BY_ENDS) == {(row.src, row.dst) for row in TRANSITIONS if row.figure5}
    assert [row for edge in EDGES for row in edge.rows] == [row for row in TRANSITIONS if row.figure5]


def test_the_paths_run_along_edges_and_share_none() -> None:
    client = list(pairwise(CLIENT_PATH))
    server = list(pairwise(SERVER_PATH))
    assert {ends for ends, edge in BY_ENDS.items() if edge.role == "client"} == set(client)
    assert {ends for ends, edge in BY_ENDS.items() if edge.role == "server"} == set(server)
    assert not set(client) & set(server)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: f"{edge.src}-{edge.dst}")
def test_every_label_names_its_cue_and_what_is_sent(edge: Edge) -> None:
    ((event, action),) = label(edge, "stevens")
    (row,) = edge.rows
    assert row.cue.event in event
    prefix = {Kind.CALL: "appl: ", Kind.SEGMENT: "recv: ", Kind.TIMER: ""}[row.cue.kind]
    assert event.startswith(prefix + row.cue.event)
    sent = [do.value[4:] for do in row.do if do.value.startswith("snd ")]
    assert action == f"send: {sent[0] if sent else 'nothing'}"


@pytest.mark.parametrize(
    ("rule", "stevens", "rfc"),
    [
        ("closed.open_passive", ("appl: passive open", "send: nothing"), ("passive OPEN", "create TCB")),
        ("closed.open_active", ("appl: active open", "send: SYN"), ("active OPEN", "create TCB, snd SYN")),
        ("listen.rcv_syn", ("recv: SYN", "send: SYN,ACK"), ("rcv SYN", "snd SYN,ACK")),
        ("established.close", ("appl: close", "send: FIN"), ("CLOSE", "snd FIN")),
        ("fin_wait_1.ack_of_fin", ("recv: ACK of FIN", "send: nothing"), ("rcv ACK of FIN", "x")),
        ("time_wait.timeout_2msl", ("2MSL timeout", "send: nothing"), ("2MSL timeout", "delete TCB")),
        # Another RST leads from SYN_RECV to CLOSED: here the guard is needed.
        (
            "syn_recv.rst_of_passive_open",
            ("recv: RST, if opened by LISTEN", "send: nothing"),
            ("rcv RST, if opened by LISTEN", "x"),
        ),
    ],
)
def test_the_words_of_each_style(rule: str, stevens: tuple[str, str], rfc: tuple[str, str]) -> None:
    edge = BY_ENDS[BY_ID[rule].src, BY_ID[rule].dst]
    assert label(edge, "stevens") == (stevens,)
    assert label(edge, "rfc") == (rfc,)


def test_parallel_rows_share_an_edge_and_where_possible_a_line() -> None:
    (edge,) = edges_of([BY_ID["listen.send"], BY_ID["listen.open_active"]])
    assert label(edge, "stevens") == (("appl: send or active open", "send: SYN"),)
    (edge,) = edges_of([BY_ID["established.abort"], BY_ID["established.rst"]])
    assert label(edge, "stevens") == (("appl: abort", "send: RST"), ("recv: RST", "send: nothing"))


def test_the_tooltip_tells_the_whole_row() -> None:
    assert tooltip(BY_ENDS[State.SYN_SENT, State.ESTABLISHED]) == (
        "syn_sent.rcv_synack: SYN,ACK [the ACK covers our SYN] / snd ACK, signal open (RFC 9293 3.10.7.3)"
    )


def test_names_and_wrong_choices() -> None:
    assert state_name(State.SYN_RECV, "tcpsim") == "SYN_RECV"
    assert state_name(State.SYN_RECV, "rfc") == "SYN-RECEIVED"
    with pytest.raises(UnknownChoice, match="no style 'comic'; choose one of: stevens, rfc"):
        label(EDGES[0], "comic")
