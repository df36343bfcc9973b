"""A trace read as lines: what shares a line, in which state it leaves both ends."""

import pytest

from tcpsim.render import UnknownChoice, figure_lines, ladder_lines
from tcpsim.render.rows import End
from tcpsim.tcp.states import State

from .traces import CLIENT, MS, SERVER, Story, handshake

BASIC_HANDSHAKE = [
    ("->", "SYN", 100, None, 0, "SYN_SENT", "SYN_RECV"),
    ("<-", "SYN,ACK", 300, 101, 0, "ESTABLISHED", "SYN_RECV"),
    ("->", "ACK", 101, 301, 0, "ESTABLISHED", "ESTABLISHED"),
]


def test_figure_6_line_by_line() -> None:
    assert figure_lines(handshake().trace) == BASIC_HANDSHAKE


def test_figure_6_across_the_wrap() -> None:
    lines = figure_lines(handshake(2**32 - 1, 2**32 - 1).trace)
    assert [(line.seq, line.ack) for line in lines] == [(2**32 - 1, None), (2**32 - 1, 0), (0, 0)]
    relative = figure_lines(handshake(2**32 - 1, 2**32 - 1).trace, numbers="relative", names="rfc")
    assert relative == [
        ("->", "SYN", 0, None, 0, "SYN-SENT", "SYN-RECEIVED"),
        ("<-", "SYN,ACK", 0, 1, 0, "ESTABLISHED", "SYN-RECEIVED"),
        ("->", "ACK", 1, 1, 0, "ESTABLISHED", "ESTABLISHED"),
    ]


def test_every_line_tells_times_states_and_the_records_it_stands_for() -> None:
    story = handshake()
    lines = ladder_lines(story.trace)
    assert [line.what for line in lines] == ["call", "call", "segment", "segment", "segment"]
    listen, connect, syn, synack, _ = lines
    assert (listen.left, listen.right) == (None, End(0, State.LISTEN))
    assert (connect.left, connect.words) == (End(0, State.SYN_SENT), "connect(10.0.0.2, 80)")
    assert (syn.left, syn.right) == (End(0, State.SYN_SENT), End(10 * MS, State.SYN_RECV))
    assert (synack.left, synack.right) == (End(20 * MS, State.ESTABLISHED), End(10 * MS, State.SYN_RECV))
    assert synack.toward == "<-"
    for line in lines:
        kinds = [story.trace[n].kind for n in line.records]
        assert kinds in (["call"], ["sent", "arrived"])


def test_of_two_packets_that_cross_the_first_is_cut_in_two() -> None:
    story = Story()
    story.fired(0, "client", "closed.open_active")
    one = story.sent(0, "client", "S", 100)
    story.fired(1, "server", "closed.open_active")
    two = story.sent(1, "server", "S", 300)
    story.arrived(10, "server", one, "syn_sent.rcv_syn")
    story.arrived(11, "client", two, "syn_sent.rcv_syn")
    departure, whole, arrival = ladder_lines(story.trace)
    assert (departure.what, departure.packet) == ("departure", one)
    assert (departure.left, departure.right) == (End(0, State.SYN_SENT), None)
    assert (whole.what, whole.packet) == ("segment", two)
    assert (whole.left, whole.right) == (End(11 * MS, State.SYN_RECV), End(1 * MS, State.SYN_SENT))
    assert (arrival.what, arrival.packet) == ("arrival", one)
    assert (arrival.left, arrival.right) == (None, End(10 * MS, State.SYN_RECV))
    assert figure_lines(story.trace) == [
        ("->", "SYN", 100, None, 0, "SYN_SENT", "SYN_RECV"),
        ("<-", "SYN", 300, None, 0, "SYN_RECV", "SYN_RECV"),
    ]


def test_a_burst_keeps_one_line_a_packet() -> None:
    story = Story()
    packets = [story.sent(0, "client", "P.", 101 + 500 * i, 301, octets=500) for i in range(3)]
    for i, packet in enumerate(packets):
        story.arrived(10 + i, "server", packet)
    assert [(line.what, line.packet) for line in ladder_lines(story.trace)] == [
        ("segment", packet) for packet in packets
    ]


def test_reordered_packets_do_not_share_lines_with_themselves() -> None:
    story = Story()
    one, two = (story.sent(0, "client", "P.", 101 + 500 * i, 301, octets=500) for i in range(2))
    story.arrived(10, "server", two)
    story.arrived(12, "server", one)
    assert [(line.what, line.packet) for line in ladder_lines(story.trace)] == [
        ("departure", one),
        ("segment", two),
        ("arrival", one),
    ]


def test_a_packet_that_outlives_its_senders_timer_is_seen_to_be_slow() -> None:
    story = Story()
    slow = story.sent(0, "client", "S", 100)
    story.raw("timer_fired", 1000, "client", 1, "rtx")
    again = story.sent(1000, "client", "S", 100)
    story.arrived(1500, "server", slow)
    story.arrived(1510, "server", again)
    assert [(line.what, line.packet) for line in ladder_lines(story.trace)] == [
        ("departure", slow),
        ("timer", None),
        ("departure", again),
        ("arrival", slow),
        ("arrival", again),
    ]


def test_times_never_run_backwards_on_a_lifeline() -> None:
    story = handshake()
    for i in range(5):
        story.sent(40 + i, "client", "P.", 101 + i, 301, octets=1)
        story.sent(41 + i, "server", "P.", 301 + i, 101, octets=1)
    for i in range(5):
        story.arrived(50 + i, "server", 4 + 2 * i)
        story.arrived(51 + i, "client", 5 + 2 * i)
    lines = ladder_lines(story.trace)
    for side in ("left", "right"):
        times = [getattr(line, side).t for line in lines if getattr(line, side)]
        assert times == sorted(times)
    told = [n for line in lines if line.packet for n in line.records]
    assert len(told) == len(set(told)) == 2 * (3 + 10)


def test_losses_duplicates_and_what_is_still_in_flight() -> None:
    story = Story()
    lost = story.sent(0, "client", "S", 100)
    story.lost(0, lost, "hand")
    story.raw("timer_fired", 1000, "client", 1, "rtx")
    syn = story.sent(1000, "client", "S", 100)
    twin = story.sent(1000, "client", "S", 100, kind="duplicated", ends=(CLIENT, SERVER), more=(syn, "duplicate #2"))
    story.arrived(1010, "server", syn, "listen.rcv_syn")
    flying = story.sent(1010, "server", "S.", 300, 101)
    lines = ladder_lines(story.trace)
    assert [(line.what, line.packet, line.words, line.mark) for line in lines] == [
        ("lost", lost, "dropped by hand", ""),
        ("timer", None, "rtx timer runs out", ""),
        ("segment", syn, "", ""),
        ("departure", flying, "", ""),
        ("copy", twin, "", "duplicate"),
    ]
    story.arrived(1011, "server", twin)
    assert [(line.what, line.mark) for line in ladder_lines(story.trace)][-1] == ("arrival", "duplicate")
    assert len(figure_lines(story.trace)) == 3


def test_an_injected_packet_comes_out_of_the_network() -> None:
    story = handshake()
    forged = story.sent(40, "server", "R", 301, kind="injected", ends=(SERVER, CLIENT))
    (line,) = [line for line in ladder_lines(story.trace) if line.packet == forged]
    assert (line.what, line.mark, line.toward) == ("copy", "injected", "<-")
    story.arrived(50, "client", forged, "established.rst")
    line = ladder_lines(story.trace)[-1]
    assert (line.what, line.left, line.right) == ("arrival", End(50 * MS, State.CLOSED), None)


def test_a_refusal_at_the_door_and_one_on_the_way() -> None:
    story = Story()
    packet = story.sent(0, "client", "S", 100)
    story.raw("refused", 0, "client", 1, packet, "no route")
    other = story.sent(5, "client", "S", 100)
    story.arrived(15, "server", other)
    story.raw("refused", 15, "server", None, other, "backlog")
    lines = ladder_lines(story.trace)
    assert [(line.what, line.words) for line in lines] == [
        ("lost", "refused (no route)"),
        ("segment", ""),
        ("note", "refused (backlog)"),
    ]


def two_connections() -> Story:
    story = Story()
    story.fired(0, "server", "closed.open_passive", conn=9)
    for number, port in ((1, 49152), (2, 49153)):
        ends = (("10.0.0.1", port), SERVER)
        story.fired(number, "client", "closed.open_active", conn=number)
        syn = story.sent(number, "client", "S", 100 * number, ends=ends, conn=number)
        story.arrived(number + 2, "server", syn, "listen.rcv_syn", conn=10 + number)
        story.sent(number + 2, "server", "S.", 300, 101, ends=(SERVER, ("10.0.0.1", port)), conn=10 + number)
    return story


def test_each_line_shows_the_state_of_its_own_connection() -> None:
    trace = two_connections().trace
    assert [line.left for line in figure_lines(trace)] == ["SYN_SENT", "SYN_SENT"]
    assert [line.right for line in figure_lines(trace)] == ["SYN_RECV", "SYN_RECV"]


@pytest.mark.parametrize("conn", [2, 12])
def test_one_connection_may_be_named_by_either_end(conn: int) -> None:
    lines = ladder_lines(two_connections().trace, conn=conn)
    assert [(line.what, line.seq) for line in lines] == [("segment", 200), ("departure", 300)]
    assert lines[0].right == End(4 * MS, State.SYN_RECV)


def test_unknown_connections_and_hosts_are_named() -> None:
    trace = two_connections().trace
    with pytest.raises(UnknownChoice, match="no connection '7'; choose one of: 1, 2, 9, 11, 12"):
        ladder_lines(trace, conn=7)
    with pytest.raises(UnknownChoice, match="no host 'mallory'; choose one of: client, server"):
        ladder_lines(trace, hosts=("client", "mallory"))
    with pytest.raises(UnknownChoice, match="two, left and right"):
        ladder_lines(trace, hosts=("client",))
    with pytest.raises(UnknownChoice, match="absolute, relative"):
        ladder_lines(trace, numbers="roman")


def test_of_three_hosts_the_first_two_that_talk_are_drawn() -> None:
    story = Story(("client", "10.0.0.1"), ("middle", "10.0.0.9"), ("server", "10.0.0.2"))
    packet = story.sent(0, "server", "S", 300)
    story.arrived(10, "client", packet)
    other = story.sent(20, "client", "S", 1, ends=(CLIENT, ("10.0.0.9", 7)), conn=5)
    story.arrived(30, "middle", other)
    assert [(line.toward, line.packet) for line in ladder_lines(story.trace)] == [("<-", packet)]
    lines = ladder_lines(story.trace, hosts=("middle", "client"))
    assert [(line.toward, line.packet) for line in lines] == [("<-", other)]
    swapped = ladder_lines(story.trace, hosts=("server", "client"))
    assert [(line.toward, line.packet) for line in swapped] == [("->", packet)]


def test_a_host_that_talks_to_itself_stands_on_both_sides() -> None:
    story = Story(("host", "10.0.0.1"))
    near, far = ("10.0.0.1", 49152), ("10.0.0.1", 80)
    story.fired(0, "host", "closed.open_passive", conn=1)
    story.fired(0, "host", "closed.open_active", conn=2)
    syn = story.sent(0, "host", "S", 100, ends=(near, far), conn=2)
    story.arrived(0, "host", syn, "listen.rcv_syn", conn=3)
    synack = story.sent(0, "host", "S.", 300, 101, ends=(far, near), conn=3)
    story.arrived(0, "host", synack, "syn_sent.rcv_synack", conn=2)
    assert figure_lines(story.trace) == BASIC_HANDSHAKE[:2]


def test_a_reboot_forgets_all_states() -> None:
    story = handshake()
    story.raw("rebooted", 40, "client", None, "reboot")
    line = ladder_lines(story.trace)[-1]
    assert (line.what, line.left) == ("reboot", End(40 * MS, State.CLOSED))
