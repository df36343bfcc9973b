"""The text ladder, compared as a reader sees it."""

import re
from textwrap import dedent

import pytest

from tcpsim.render import UnknownChoice, describe, ladder
from tcpsim.render.ladder import ASCII, UNICODE
from tcpsim.tcp.states import State

from .traces import CLIENT, SERVER, Story, handshake


def drawn(text: str) -> str:
    return dedent(text).removeprefix("\n")


def crossing() -> Story:
    """The RFC's Figure 13, from ESTABLISHED on."""
    story = handshake(99, 299)
    story.call(100, "client", "close", 3)
    story.fired(100, "client", "established.close")
    one = story.sent(100, "client", "F.", 100, 300)
    story.call(100, "server", "close", 4)
    story.fired(100, "server", "established.close")
    two = story.sent(100, "server", "F.", 300, 100)
    story.arrived(110, "server", one, "fin_wait_1.fin")
    three = story.sent(110, "server", ".", 301, 101)
    story.arrived(110, "client", two, "fin_wait_1.fin")
    four = story.sent(110, "client", ".", 101, 301)
    story.arrived(120, "client", three, "closing.ack_of_fin")
    story.arrived(120, "server", four, "closing.ack_of_fin")
    story.raw("timer_fired", 240_120, "client", 1, "time_wait")
    story.fired(240_120, "client", "time_wait.timeout_2msl")
    return story


def trouble(client_iss: int = 100, server_iss: int = 300) -> Story:
    """A lost SYN, a duplicated ACK, a lost answer, data on its way."""
    story = Story()
    story.fired(0, "client", "closed.open_active")
    lost = story.sent(0, "client", "S", client_iss)
    story.lost(0, lost, "lose #1")
    story.raw("timer_fired", 1000, "client", 1, "rtx")
    syn = story.sent(1000, "client", "S", client_iss)
    story.arrived(1010, "server", syn, "listen.rcv_syn")
    one, two = (client_iss + 1) % 2**32, (server_iss + 1) % 2**32
    gone = story.sent(1010, "server", "S.", server_iss, one)
    story.lost(1010, gone)
    story.raw("timer_fired", 2010, "server", 3, "rtx")
    synack = story.sent(2010, "server", "S.", server_iss, one)
    story.arrived(2020, "client", synack, "syn_sent.rcv_synack")
    ack = story.sent(2020, "client", ".", one, two)
    twin = story.sent(
        2020, "client", ".", one, two, kind="duplicated", ends=(CLIENT, SERVER), more=(ack, "duplicate #3")
    )
    story.arrived(2030, "server", ack, "syn_recv.ack_of_syn")
    story.arrived(2031, "server", twin)
    story.call(2040, "client", "send", 3, "10 octets", result=10)
    story.sent(2040, "client", "P.", one, two, octets=10)
    return story


def test_the_three_way_handshake() -> None:
    assert ladder(handshake().trace) == drawn(
        """
        client 10.0.0.1:49152                                                             server 10.0.0.2:80

               CLOSED      │                                                            │ CLOSED
                           │                                                 listen(80) │ LISTEN       0.000
        0.000  SYN_SENT    │ connect(10.0.0.2, 80)                                      │
        0.000  SYN_SENT    ├───── SYN      SEQ=100           WND=1000 ─────────────────►│ SYN_RECV     0.010
        0.020  ESTABLISHED │◄──── SYN,ACK  SEQ=300  ACK=101  WND=1000 ──────────────────┤ SYN_RECV     0.010
        0.020  ESTABLISHED ├───── ACK      SEQ=101  ACK=301  WND=1000 ─────────────────►│ ESTABLISHED  0.030
        """
    )


def test_a_crossing_close_as_the_rfc_prints_it() -> None:
    expected = drawn(
        """
        SEQ and ACK count from 99 (client) and 299 (server)

                 CLOSED       │                                            │ CLOSED
                              │                                 listen(80) │ LISTEN          0.000
          0.000  SYN-SENT     │ connect(10.0.0.2, 80)                      │
          0.000  SYN-SENT     ├───── SYN      SEQ=0         WND=1000 ─────►│ SYN-RECEIVED    0.010
          0.020  ESTABLISHED  │◄──── SYN,ACK  SEQ=0  ACK=1  WND=1000 ──────┤ SYN-RECEIVED    0.010
          0.020  ESTABLISHED  ├───── ACK      SEQ=1  ACK=1  WND=1000 ─────►│ ESTABLISHED     0.030
          0.100  FIN-WAIT-1   │ close()                                    │
          0.100  FIN-WAIT-1   ├───── FIN,ACK  SEQ=1  ACK=1  WND=1000 ──► … │
                              │                                    close() │ FIN-WAIT-1      0.100
          0.110  CLOSING      │◄──── FIN,ACK  SEQ=1  ACK=1  WND=1000 ──────┤ FIN-WAIT-1      0.100
                              │ … ── FIN,ACK  SEQ=1  ACK=1  WND=1000 ─────►│ CLOSING         0.110
                              │ … ◄─ ACK      SEQ=2  ACK=2  WND=1000 ──────┤ CLOSING         0.110
          0.110  CLOSING      ├───── ACK      SEQ=2  ACK=2  WND=1000 ─────►│ TIME-WAIT       0.120
          0.120  TIME-WAIT    │◄──── ACK      SEQ=2  ACK=2  WND=1000 ─── … │
        240.120  CLOSED       │ 2MSL timer runs out                        │
        """
    )
    text = ladder(crossing().trace, numbers="relative", names="rfc", width=90)
    assert text.partition("\n")[2] == expected


def test_losses_a_duplicate_and_a_packet_in_flight() -> None:
    expected = drawn(
        """
               CLOSED      │                                                            │ CLOSED
        0.000  SYN_SENT    ├───── SYN      SEQ=100 ─────────────✗ lost (lose #1)        │
        1.000  SYN_SENT    │ rtx timer runs out                                         │
        1.000  SYN_SENT    ├───── SYN      SEQ=100                   WND=1000 ─────────►│ SYN_RECV     1.010
                           │  ✗── SYN,ACK  SEQ=300  ACK=101  lost ──────────────────────┤ SYN_RECV     1.010
                           │                                         rtx timer runs out │ SYN_RECV     2.010
        2.020  ESTABLISHED │◄──── SYN,ACK  SEQ=300  ACK=101          WND=1000 ──────────┤ SYN_RECV     2.010
        2.020  ESTABLISHED ├───── ACK      SEQ=101  ACK=301          WND=1000 ─────────►│ ESTABLISHED  2.030
                           │ … ── ACK      SEQ=101  ACK=301          (duplicate) ──────►│ ESTABLISHED  2.031
        2.040  ESTABLISHED │ send(10 octets)                                            │
        2.040  ESTABLISHED ├───── PSH,ACK  SEQ=101  ACK=301  LEN=10  WND=1000 ──────► … │
        """
    )
    assert ladder(trouble().trace).split("\n", 2)[2] == expected


def test_plain_ascii() -> None:
    text = ladder(crossing().trace, ascii=True)
    assert text.isascii()
    plain = ladder(crossing().trace)
    assert len(text.splitlines()) == len(plain.splitlines())
    assert [len(line) for line in text.splitlines()] == [len(line) for line in plain.splitlines()]
    assert "|<---- FIN,ACK" in text
    assert "|... - FIN,ACK" in text
    assert "> ... |" in text


def test_colour_adds_nothing_but_colour() -> None:
    for story in (handshake(), crossing(), trouble()):
        coloured = ladder(story.trace, color=True)
        assert "\x1b[" in coloured
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == ladder(story.trace)
    assert "\x1b[1;32mSYN\x1b[0m" in coloured


@pytest.mark.parametrize("width", [90, 100, 120])
@pytest.mark.parametrize("names", ["tcpsim", "rfc"])
@pytest.mark.parametrize(("client_iss", "server_iss"), [(100, 300), (2**32 - 5, 3_000_000_000)])
def test_it_keeps_to_the_width(width: int, names: str, client_iss: int, server_iss: int) -> None:
    if client_iss > 100:
        width = max(width, 100)  # two ten-digit numbers, both states and both clocks need so much
    for story in (handshake(client_iss, server_iss), trouble(client_iss, server_iss)):
        for glyphs in (False, True):
            lines = ladder(story.trace, width=width, names=names, ascii=glyphs).splitlines()
            assert max(map(len, lines)) <= width
            rows = [line for line in lines if "|" in line or any(glyph in line for glyph in UNICODE[:3])]
            assert all(line == line.rstrip() for line in lines)
            assert len({line.index(next(c for c in line if c in "|│├")) for line in rows}) == 1


def test_ten_digit_numbers_with_data_fit_100_columns() -> None:
    story = handshake(4_294_967_000, 4_000_000_000)
    for i in range(3):
        packet = story.sent(40, "client", "P.", 4_294_967_001, 4_000_000_001, wnd=65535, octets=1460)
        story.arrived(50 + i * 0.123456, "server", packet)
    text = ladder(story.trace)
    assert max(map(len, text.splitlines())) == 100
    assert text.count("PSH,ACK SEQ=4294967001 ACK=4000000001 WND=65535 ─") == 1  # it was 1000 before
    assert text.count("PSH,ACK SEQ=4294967001 ACK=4000000001 LEN=1460 ─") == 2


@pytest.mark.parametrize("numbers", [(100, 300), (4_294_967_000, 4_000_000_000)])
@pytest.mark.parametrize("fate", ["arrives", "lost", "in flight"])
@pytest.mark.parametrize("width", [76, 88, 100])
def test_a_shut_or_changed_window_is_told_before_the_octets(numbers: tuple[int, int], fate: str, width: int) -> None:
    client, server = numbers
    story = handshake(client, server)
    for i, window in enumerate((1000, 0, 0, 500, 500)):
        packet = story.sent(40 + i, "client", "P.", client + 1, server + 1, wnd=window, octets=1460)
        if fate == "arrives":
            story.arrived(50 + i, "server", packet)
        elif fate == "lost":
            story.lost(50 + i, packet, "a rule with a long name")
    lines = [line for line in ladder(story.trace, width=width).splitlines() if "PSH,ACK" in line]
    assert len(lines) == 5
    for line, told in zip(lines[1:4], ("WND=0", "WND=0", "WND=500"), strict=True):
        assert told in line or "LEN" not in line
        assert told in line or fate == "lost" or width < 100
    if width == 100 and fate != "lost":
        assert max(map(len, lines)) <= width


def test_one_long_line_does_not_take_the_window_from_the_others() -> None:
    story = handshake(4_294_967_000, 4_000_000_000)
    story.arrived(50, "server", story.sent(40, "client", "P.", 4_294_967_001, 4_000_000_001, octets=1460))
    story.arrived(60, "client", story.sent(50, "server", ".", 4_000_000_001, 4_294_968_461 % 2**32, wnd=0))
    text = ladder(story.trace)
    assert "ACK=4000000001 LEN=1460 ─" in text
    assert "ACK=1165 WND=0 ─" in text


def test_a_narrow_ladder_is_as_wide_as_its_numbers_need() -> None:
    lines = ladder(handshake().trace, width=10).splitlines()
    assert len({line.index("│") for line in lines if "│" in line[:25]}) == 1
    assert "SYN,ACK SEQ=300 ACK=101" in "\n".join(lines)


def test_microseconds_are_told_where_there_is_room() -> None:
    story = Story()
    packet = story.sent(0.000123456, "client", "S", 100)
    story.arrived(10.25, "server", packet)
    assert "0.01025" in ladder(story.trace)


def test_several_connections_are_told_apart_by_the_left_port() -> None:
    story = handshake()
    other = story.sent(40, "client", "S", 500, ends=(("10.0.0.1", 49153), SERVER), conn=8)
    story.arrived(50, "server", other)
    text = ladder(story.trace)
    assert text.splitlines()[0].split() == ["client", "10.0.0.1", "server", "10.0.0.2"]
    assert "─── :49152  SYN " in text
    assert "─── :49153  SYN " in text
    assert ":49153" not in ladder(story.trace, conn=1)


def test_long_words_are_cut_to_fit_and_strange_ones_survive_ascii() -> None:
    story = Story()
    story.raw("note", 0, "client", None, "the script stops: " + "x" * 200 + " é")
    story.raw("note", 0, "client", None, "café")
    text = ladder(story.trace)
    assert max(map(len, text.splitlines())) <= 100
    assert "xxx…" in text
    assert "caf?" in ladder(story.trace, ascii=True)


def test_nothing_yet() -> None:
    assert "nothing has happened" in ladder(Story().trace)


def test_what_the_user_is_told_is_shown_unless_the_state_says_it() -> None:
    story = handshake()
    story.raw("note", 20, "client", 1, "signal open")
    story.raw("note", 50, "client", 1, "signal reset")
    text = ladder(story.trace)
    assert "user is told: reset" in text
    assert "user is told: open" not in text


def test_calls_read_as_they_are_written() -> None:
    story = Story()
    story.call(0, "server", "listen", 80, "", 128, result=3)
    story.call(0, "client", "connect", "10.0.0.2", 80, 5000, result=3)
    story.call(1, "server", "accept", 3, result=4)
    story.call(2, "client", "send", 3, "5 octets", result=5)
    story.call(3, "server", "recv", 4, 65536, result="5 octets")
    story.call(4, "server", "recv", 4, 65536, result="0 octets")
    story.call(5, "client", "close", 3)
    text = ladder(story.trace)
    for words in (
        " listen(80) ", " connect(10.0.0.2, 80, 5000) ", " accept() ", " send(5 octets) ", " recv() = 5 octets ",
        " recv() = end of stream ", " close() ",
    ):  # fmt: skip
        assert words in text


@pytest.mark.parametrize("option", [{"numbers": "roman"}, {"names": "klingon"}, {"conn": 99}, {"hosts": ("a", "b")}])
def test_wrong_options_are_refused_by_name(option: dict[str, object]) -> None:
    with pytest.raises(UnknownChoice):
        ladder(handshake().trace, **option)  # type: ignore[arg-type]


def test_the_glyphs_have_the_widths_the_layout_counts_on() -> None:
    assert all(len(glyph) == 1 for glyph in UNICODE)
    assert "".join(ASCII).isascii()
    assert ASCII.network == "..."


def test_records_describe_themselves_in_one_line() -> None:
    story = trouble()
    lines = [describe(record) for record in story.trace]
    assert lines[:4] == [
        "   0.000  client    CLOSED -> SYN_SENT  (closed.open_active)",
        "   0.000  client    sends #1 SYN SEQ=100 WND=1000",
        "   0.000  network   loses #1 SYN SEQ=100 WND=1000 (lose #1)",
        "   1.000  client    rtx timer runs out",
    ]
    assert "   1.010  server    gets #2 SYN SEQ=100 WND=1000" in lines
    assert "   2.020  network   doubles #5 as #6 ACK SEQ=101 ACK=301 WND=1000 (duplicate #3)" in lines
    assert all("\n" not in line for line in lines)


def test_every_kind_of_record_can_be_described() -> None:
    story = handshake()
    numbers = (State.ESTABLISHED, 301, 1000, 101, 101, 1000, 100, None)
    syn, lost = 1, story.sent(1, "client", ".", 101, 301)
    story.lost(1, lost)
    story.raw("checked", 1, "client", 1, syn, "check_sequence", None, numbers)
    story.raw("vars", 1, "client", 1, {"snd_una": (100, 101)})
    story.raw("timer_set", 1, "client", 1, "rtx", 1_000_000_000)
    story.raw("timer_stopped", 1, "client", 1, "time_wait")
    story.raw("delivered", 1, "client", 1, 5)
    story.raw("refused", 1, "server", None, story.sent(1, "client", "S", 1), "backlog")
    story.sent(1, "client", "R", 1, kind="injected")
    story.raw("rebooted", 1, "client", None, "reboot")
    story.raw("move", 1, "", None, 4, {"move": "drop", "packet": 7})
    words = [describe(record).split("  ")[-1].strip() for record in story.trace]
    for line in (
        "snd_una 100 -> 101", "rtx timer set to 1.000", "2MSL timer stopped", "5 octets can be read",
        "refuses #5 SYN SEQ=1 WND=1000 (backlog)", "injects #6 RST SEQ=1 WND=1000", "reboot",
        "by hand at step 4: drop packet 7",
    ):  # fmt: skip
        assert line in words


def itself() -> Story:
    """A connection with oneself, as far as FIN_WAIT_1."""
    story = Story(("client", "10.0.0.1"))
    me = (CLIENT, CLIENT)
    story.call(0, "client", "connect", "10.0.0.1", CLIENT[1], CLIENT[1])
    story.fired(0, "client", "closed.open_active")
    syn = story.sent(0, "client", "S", 100, ends=me)
    story.arrived(0, "client", syn, "syn_sent.rcv_syn")
    synack = story.sent(0, "client", "S.", 100, 101, ends=me)
    story.arrived(0, "client", synack, "syn_recv.ack_of_syn")
    story.call(80, "client", "close", 3)
    story.fired(80, "client", "established.close")
    return story


def test_a_socket_connected_to_itself_has_one_state_on_both_lifelines() -> None:
    expected = drawn(
        """
        client 10.0.0.1:49152                                                          client 10.0.0.1:49152
        SEQ and ACK count from 100 (client)

               CLOSED      │                                                            │ CLOSED
        0.000  SYN_SENT    │ connect(10.0.0.1, 49152, 49152)                            │
        0.000  SYN_RECV    │◄──── SYN      SEQ=0         WND=1000 ──────────────────────┤ SYN_SENT     0.000
        0.000  ESTABLISHED │◄──── SYN,ACK  SEQ=0  ACK=1  WND=1000 ──────────────────────┤ SYN_RECV     0.000
        0.080  FIN_WAIT_1  │ close()                                                    │
        """
    )
    assert ladder(itself().trace, numbers="relative") == expected


def test_both_lifelines_of_a_host_forget_when_it_reboots() -> None:
    story = itself()
    story.raw("rebooted", 90, "client", None, "reboot")
    story.sent(100, "client", "R", 102, ends=(CLIENT, CLIENT))
    assert ladder(story.trace).splitlines()[-1].split()[-2:] == ["CLOSED", "0.100"]


def test_closing_a_listener_is_told_from_closing_its_connection() -> None:
    story = handshake()
    story.call(50, "server", "close", 3, conn=2)
    story.fired(50, "server", "listen.close", conn=2)
    story.call(60, "server", "close", 4)
    story.fired(60, "server", "established.close")
    story.call(70, "client", "close", 3)
    listener, child, client = ladder(story.trace).splitlines()[-3:]
    assert listener.endswith(" close() of the listener │ ESTABLISHED  0.050")
    assert child.endswith("  close() │ FIN_WAIT_1   0.060")
    assert "│ close()  " in client
    calls = [describe(record) for record in story.trace if record.kind == "call"]
    assert not any("of the listener" in line for line in calls)


def half_open(first: int = 99, second: int = 400) -> Story:
    """The RFC's Figure 9, and once more from the start."""
    story = handshake(first, 299)
    story.raw("rebooted", 100, "client", None, "reboot")
    story.fired(200, "client", "closed.open_active", conn=4)
    one, two = (first + 1) % 2**32, (second + 1) % 2**32
    story.arrived(210, "server", story.sent(200, "client", "S", second, conn=4))
    story.arrived(220, "client", story.sent(210, "server", ".", 300, one))
    story.arrived(230, "server", story.sent(220, "client", "R", one, conn=4), "established.rst")
    story.arrived(310, "server", story.sent(300, "client", "S", second, conn=4), "listen.rcv_syn", conn=5)
    story.arrived(320, "client", story.sent(310, "server", "S.", 5000, two, conn=5), "syn_sent.rcv_synack", conn=4)
    story.arrived(330, "server", story.sent(320, "client", ".", two, 5001, conn=4), "syn_recv.ack_of_syn", conn=5)
    return story


@pytest.mark.parametrize(("first", "second"), [(99, 400), (400, 99), (99, 2**31 + 200), (2**32 - 1, 50)])
def test_relative_numbers_count_from_each_incarnation(first: int, second: int) -> None:
    text = ladder(half_open(first, second).trace, numbers="relative")
    told = re.findall(r"(\S+) +SEQ=(\d+)(?: +ACK=(\d+))?", text)
    again = "1"  # the old connection's: the ACK says so, and the RST takes it from there
    assert told == [
        ("SYN", "0", ""), ("SYN,ACK", "0", "1"), ("ACK", "1", "1"),
        ("SYN", "0", ""), ("ACK", "1", again), ("RST", again, ""),
        ("SYN", "0", ""), ("SYN,ACK", "0", "1"), ("ACK", "1", "1"),
    ]  # fmt: skip
    assert (
        text.splitlines()[1] == f"SEQ and ACK count from {first}, then {second} (client) and 299, then 5000 (server)"
    )


def test_a_relative_number_without_a_base_stays_absolute() -> None:
    story = handshake()
    story.arrived(50, "server", story.sent(40, "client", "R", 90, kind="injected", ends=(CLIENT, SERVER)))
    text = ladder(story.trace, numbers="relative")
    assert text.splitlines()[1] == "SEQ and ACK count from 100 (client) and 300 (server); others are absolute"
    assert re.search(r"RST +SEQ=90 ", text)
    middle = Story()
    middle.arrived(10, "server", middle.sent(0, "client", ".", 7000, 9000))
    text = ladder(middle.trace, numbers="relative")
    assert "SEQ=7000  ACK=9000" in text
    assert "count from" not in text


def test_a_reset_of_no_connection_counts_from_nothing() -> None:
    story = Story()
    story.arrived(10, "server", story.sent(0, "client", "S", 3_000_000_000))
    story.packets += 1
    header = ((*CLIENT, *SERVER), 0, 3_000_000_001, 0x14, 0, 0, None, None, 0, (), None, 0)
    story.raw("sent", 10, "server", None, story.packets, header)
    assert re.search(r"RST,ACK +SEQ=0 +ACK=1 ", ladder(story.trace, numbers="relative"))


def test_many_starts_get_lines_of_their_own() -> None:
    story = half_open(4_000_000_000, 4_100_000_000)
    head = ladder(story.trace, numbers="relative", width=80).splitlines()[1:3]
    assert head == [
        "SEQ and ACK count from 4000000000, then 4100000000 (client)",
        "SEQ and ACK count from 299, then 5000 (server)",
    ]
