"""The bare connection: two of them talk, or one talks to nobody."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp import RFC9293_LITERAL, CallError, Code, Connection, Do, State
from tests.helpers.lab import Lab, reach
from tests.tcp.duo import CLIENT, MOD, MS, SECOND, SERVER, Duo

#: Initial sequence numbers, and the same just below the wrap.
ISNS = pytest.mark.parametrize(("iss", "irs"), [(100, 300), (MOD - 1, MOD - 2), (MOD - 3, 0)])


def plus(number: int, n: int) -> int:
    return (number + n) % MOD


def test_an_ack_of_another_incarnation_is_reset_after_close_in_syn_recv() -> None:
    """RFC 9293 3.5.2, group 2: our SYN and FIN are out, and the peer acknowledges what was never sent."""
    for ours in (0, MOD - 101, MOD - 102):

        class Shifted(Lab):
            shift = (ours, 0)

        for ack, reset in ((100, True), (101, False), (102, False), (103, True), (200, True)):
            lab = Shifted().open_passive().arrives("S 300:300(0) win 1000").close()
            lab.forget().arrives(f". 301:301(0) ack {ack} win 1000")
            assert [text.split()[0] for text in lab.sent()] == (["R"] if reset else []), (ours, ack)


# -- the whole life


@ISNS
def test_handshake(iss: int, irs: int) -> None:
    duo = Duo(iss, irs)
    duo.server.open_passive(0)
    assert duo.states() == (State.CLOSED, State.LISTEN)
    duo.client.open_active(0)
    assert duo.states() == (State.SYN_SENT, State.LISTEN)
    assert duo.carry(duo.client) == [f"S {iss}:{iss}(0) win 65535"]
    assert duo.states() == (State.SYN_SENT, State.SYN_RECV)
    assert duo.carry(duo.server) == [f"S. {irs}:{irs}(0) ack {plus(iss, 1)} win 65535"]
    assert duo.states() == (State.ESTABLISHED, State.SYN_RECV)
    seq = plus(iss, 1)
    assert duo.carry(duo.client) == [f". {seq}:{seq}(0) ack {plus(irs, 1)} win 65535"]
    assert duo.states() == (State.ESTABLISHED, State.ESTABLISHED)
    assert duo.client.take_signals() == duo.server.take_signals() == [Do.SIGNAL_OPEN]
    assert duo.client.out == duo.server.out == []


@ISNS
def test_data_both_ways(iss: int, irs: int) -> None:
    duo = Duo(iss, irs).established()
    assert duo.client.send(duo.now, b"hello") == 5
    seq, ack = plus(iss, 1), plus(irs, 1)
    assert duo.carry(duo.client) == [f"P. {seq}:{plus(seq, 5)}(5) ack {ack} win 65535"]
    assert duo.carry(duo.server) == [f". {ack}:{ack}(0) ack {plus(seq, 5)} win 65530"]
    assert duo.server.receive(duo.now, 2) == b"he"
    assert duo.server.receive(duo.now) == b"llo"
    assert duo.server.receive(duo.now) is None
    assert duo.server.send(duo.now, b"hi") == 2
    assert duo.carry(duo.server) == [f"P. {ack}:{plus(ack, 2)}(2) ack {plus(seq, 5)} win 65530"]
    assert duo.client.receive(duo.now) == b"hi"


@ISNS
def test_normal_close(iss: int, irs: int) -> None:
    duo = Duo(iss, irs).established()
    mine, theirs = plus(iss, 1), plus(irs, 1)
    duo.client.close(duo.now)
    assert duo.states() == (State.FIN_WAIT_1, State.ESTABLISHED)
    assert duo.carry(duo.client) == [f"F. {mine}:{mine}(0) ack {theirs} win 65535"]
    assert duo.states() == (State.FIN_WAIT_1, State.CLOSE_WAIT)
    assert duo.server.take_signals() == [Do.SIGNAL_CLOSING]
    assert duo.carry(duo.server) == [f". {theirs}:{theirs}(0) ack {plus(mine, 1)} win 65534"]
    assert duo.states() == (State.FIN_WAIT_2, State.CLOSE_WAIT)
    duo.server.close(duo.now)
    assert duo.states() == (State.FIN_WAIT_2, State.LAST_ACK)
    assert duo.carry(duo.server) == [f"F. {theirs}:{theirs}(0) ack {plus(mine, 1)} win 65534"]
    assert duo.states() == (State.TIME_WAIT, State.LAST_ACK)
    assert duo.carry(duo.client) == [f". {plus(mine, 1)}:{plus(mine, 1)}(0) ack {plus(theirs, 1)} win 65534"]
    assert duo.states() == (State.TIME_WAIT, State.CLOSED)
    assert duo.server.deadline() is None


@ISNS
def test_simultaneous_close(iss: int, irs: int) -> None:
    duo = Duo(iss, irs).established()
    duo.client.close(duo.now)
    duo.server.close(duo.now)
    assert duo.states() == (State.FIN_WAIT_1, State.FIN_WAIT_1)
    from_client, from_server = duo.client.take_output(), duo.server.take_output()
    assert [(seg.seq, seg.ack) for seg in from_client] == [(plus(iss, 1), plus(irs, 1))]
    assert [(seg.seq, seg.ack) for seg in from_server] == [(plus(irs, 1), plus(iss, 1))]
    duo.client.segment_arrives(duo.now, *from_server)
    duo.server.segment_arrives(duo.now, *from_client)
    assert duo.states() == (State.CLOSING, State.CLOSING)
    from_client, from_server = duo.client.take_output(), duo.server.take_output()
    assert [(seg.seq, seg.ack) for seg in from_client] == [(plus(iss, 2), plus(irs, 2))]
    assert [(seg.seq, seg.ack) for seg in from_server] == [(plus(irs, 2), plus(iss, 2))]
    duo.client.segment_arrives(duo.now, *from_server)
    duo.server.segment_arrives(duo.now, *from_client)
    assert duo.states() == (State.TIME_WAIT, State.TIME_WAIT)
    assert duo.client.out == duo.server.out == []


@ISNS
def test_simultaneous_open(iss: int, irs: int) -> None:
    duo = Duo(iss, irs)
    duo.client.open_active(0)
    duo.server.open_active(0)
    crossing = duo.client.take_output(), duo.server.take_output()
    duo.server.segment_arrives(1, *crossing[0])
    duo.client.segment_arrives(1, *crossing[1])
    assert duo.states() == (State.SYN_RECV, State.SYN_RECV)
    crossing = duo.client.take_output(), duo.server.take_output()
    assert [(seg.seq, seg.ack, seg.len) for seg in crossing[0]] == [(iss, plus(irs, 1), 1)]
    assert [(seg.seq, seg.ack, seg.len) for seg in crossing[1]] == [(irs, plus(iss, 1), 1)]
    duo.server.segment_arrives(2, *crossing[0])
    duo.client.segment_arrives(2, *crossing[1])
    duo.now = 2
    duo.settle()
    assert duo.states() == (State.ESTABLISHED, State.ESTABLISHED)


def test_time_wait_lasts_exactly_two_msl() -> None:
    duo = Duo().established()
    duo.client.close(duo.now)
    duo.carry(duo.client)
    duo.carry(duo.server)
    duo.server.close(duo.now)
    duo.carry(duo.server)
    assert duo.client.state is State.TIME_WAIT
    assert duo.client.take_signals() == [Do.SIGNAL_CLOSING]
    end = duo.now + 240 * SECOND
    assert duo.client.deadline() == end
    assert duo.client.timer_expires(end - 1) is None
    assert duo.client.state is State.TIME_WAIT
    assert duo.client.timer_expires(end) == "time_wait"
    assert duo.client.state is State.CLOSED
    assert duo.client.take_signals() == []
    assert duo.client.deadline() is None


def test_two_msl_is_the_profiles() -> None:
    duo = Duo(msl=7 * SECOND).established()
    for closer in (duo.client, duo.server):
        closer.close(duo.now)
        duo.settle()
    assert duo.states() == (State.TIME_WAIT, State.CLOSED)
    began = duo.now - 10 * MS  # its last ACK was carried since
    assert duo.client.deadline() == began + 14 * SECOND


def test_all_octets_arrive_in_segments_of_at_most_the_mss() -> None:
    duo = Duo(mss=500, mss_option=True).established()
    text = bytes(range(256)) * 16
    duo.client.send(duo.now, text)
    got = b""
    while duo.client.out:
        assert all(len(seg.data) <= 500 for seg in duo.client.out)
        duo.carry(duo.client)
        got += duo.server.receive(duo.now) or b""
        duo.carry(duo.server)
    assert got == text


def test_a_segment_carries_what_it_acknowledges_once() -> None:
    """Whatever carries an ACK settles the ACK owed: the answer is one segment (MUST-58, MUST-59)."""
    duo = Duo(ack_delay=200 * MS).established()
    duo.client.send(duo.now, b"question")
    duo.carry(duo.client)
    assert duo.server.out == []
    assert duo.server.tcb.delack_due == duo.now + 200 * MS
    duo.server.send(duo.now, b"answer")
    assert [(len(seg.data), seg.ack) for seg in duo.server.out] == [(6, 109)]
    duo.carry(duo.server)
    duo.carry(duo.client)  # its own delayed ACK has not run out
    assert duo.expire(duo.client)[1] == "delack"
    assert duo.carry(duo.client) == [". 109:109(0) ack 307 win 65529"]


# -- nobody answers


SYN_WAITS = [1000 * n for n in (1, 3, 7, 15, 31, 63, 123, 183, 243)]
DATA_WAITS = [1000 * n for n in (1, 3, 7, 15, 31, 63, 123)]


@ISNS
def test_a_syn_backs_off_and_gives_up(iss: int, irs: int) -> None:
    """MUST-23: at least three minutes; RFC 6298 5.5, with its cap of 60 s."""
    duo = Duo(iss, irs, user_timeout=None)
    duo.client.open_active(0)
    first = duo.lose(duo.client)
    times, lines, signals = duo.retransmissions(duo.client)
    assert times == SYN_WAITS
    assert lines == first * 8  # the ninth time-out ends it
    assert signals == [Do.SIGNAL_R1, Do.SIGNAL_TIMED_OUT]
    assert duo.client.tcb.error is Code.TIMED_OUT
    assert duo.client.deadline() is None


@ISNS
def test_data_backs_off_and_gives_up(iss: int, irs: int) -> None:
    """SHLD-11: R2 of at least 100 s."""
    duo = Duo(iss, irs).established()
    duo.client.send(duo.now, b"hello")
    first = duo.lose(duo.client)
    times, lines, signals = duo.retransmissions(duo.client)
    assert times == DATA_WAITS
    assert lines == first * 6
    assert signals == [Do.SIGNAL_R1, Do.SIGNAL_TIMED_OUT]
    with pytest.raises(CallError) as caught:
        duo.client.send(duo.now, b"more")
    assert caught.value.code is Code.TIMED_OUT


@ISNS
def test_a_fin_backs_off_and_gives_up(iss: int, irs: int) -> None:
    duo = Duo(iss, irs).established()
    duo.client.close(duo.now)
    first = duo.lose(duo.client)
    times, lines, signals = duo.retransmissions(duo.client)
    assert times == DATA_WAITS
    assert lines == first * 6
    assert signals == [Do.SIGNAL_R1, Do.SIGNAL_TIMED_OUT]


def test_a_passive_opener_gives_up_and_listens_again() -> None:
    """A-21: R2 ends the embryonic connection, not the listener."""
    duo = Duo(user_timeout=None)
    duo.server.open_passive(0)
    duo.client.open_active(0)
    duo.carry(duo.client)
    times = []
    while duo.server.state is State.SYN_RECV:
        times.append((duo.expire(duo.server)[0] - 10 * MS) // MS)
    assert duo.server.state is State.LISTEN
    assert times == SYN_WAITS
    assert duo.server.take_signals() == [Do.SIGNAL_R1]


def test_the_user_timeout_ends_it_first_if_it_is_shorter() -> None:
    duo = Duo(user_timeout=30 * SECOND).established()
    duo.client.send(duo.now, b"hello")
    start = duo.now
    while duo.client.state is not State.CLOSED:
        duo.expire(duo.client)
    assert duo.now - start == 30 * SECOND
    assert duo.client.take_signals() == [Do.SIGNAL_R1, Do.SIGNAL_USER_TIMEOUT]


@ISNS
def test_a_lost_segment_is_repeated_after_the_rto(iss: int, irs: int) -> None:
    duo = Duo(iss, irs).established()
    duo.client.send(duo.now, b"hello")
    sent = duo.lose(duo.client)
    when, timer = duo.expire(duo.client)
    assert timer == "rtx"
    assert duo.carry(duo.client) == sent
    assert duo.server.receive(duo.now) == b"hello"
    duo.settle()
    assert duo.client.tcb.snd_una == duo.client.tcb.snd_nxt == plus(iss, 6)
    assert duo.client.deadline() is None
    assert when > 0


@ISNS
def test_every_round_trip_is_measured_by_itself(iss: int, irs: int) -> None:
    """RFC 6298 by hand: R = 20 ms in the handshake, then 200, 2000 and 40 ms."""
    duo = Duo(iss, irs, rto_min=0).established()
    steps = [
        # R, SRTT, RTTVAR and RTO after it, all in us
        (200, 42_500, 52_500, 252_500),
        (2000, 287_187.5, 528_750, 2_402_187.5),
        (40, 256_289.062, 458_359.375, 2_089_726.562),
    ]
    assert (duo.client.tcb.srtt, duo.client.tcb.rttvar) == (20 * MS, 10 * MS)
    for ms, srtt, rttvar, rto in steps:
        duo.client.send(duo.now, b"x")
        duo.carry(duo.client, after=ms * MS // 2)
        duo.carry(duo.server, after=ms * MS // 2)
        tcb = duo.client.tcb
        assert (tcb.srtt, tcb.rttvar, tcb.rto) == (int(srtt * 1000), int(rttvar * 1000), int(rto * 1000))
        duo.now += 5 * SECOND  # nothing is outstanding: no round trip takes this long


def test_karn_a_repeated_segment_measures_nothing() -> None:
    duo = Duo().established()
    measured = duo.client.tcb.srtt
    duo.client.send(duo.now, b"hello")
    duo.lose(duo.client)
    duo.expire(duo.client)
    assert duo.client.tcb.rto == 2 * SECOND
    duo.carry(duo.client, after=500 * MS)
    duo.carry(duo.server, after=500 * MS)
    assert duo.client.tcb.srtt == measured
    assert duo.client.tcb.rto == 2 * SECOND  # kept until something new is measured (RFC 6298 5.7's note)


def test_a_repeated_syn_makes_the_first_rto_three_seconds() -> None:
    """RFC 6298 5.7."""
    duo = Duo()
    duo.server.open_passive(0)
    duo.client.open_active(0)
    duo.lose(duo.client)
    duo.expire(duo.client)
    duo.settle()
    assert duo.client.tcb.rto == 3 * SECOND
    assert duo.server.tcb.rto == SECOND  # its SYN,ACK was not lost; 20 ms make the floor


# -- calls in the wrong state

CALLS: dict[str, Callable[[Lab], object]] = {
    "open_passive": lambda lab: lab.conn.open_passive(lab.now),
    "open_active": lambda lab: lab.conn.open_active(lab.now),
    "send": lambda lab: lab.conn.send(lab.now, b"x"),
    "receive": lambda lab: lab.conn.receive(lab.now),
    "close": lambda lab: lab.conn.close(lab.now),
    "abort": lambda lab: lab.conn.abort(lab.now),
    "status": lambda lab: lab.conn.status(),
}
FINE = None
#: RFC 9293 3.10.1 to 3.10.6, with the rulings A-7, A-13, A-24 and A-26: the answer in each state.
ANSWERS = {
    # state: open_passive, open_active, send, receive, close, abort, status
    State.CLOSED: (FINE, FINE, Code.NOT_OPEN, Code.NOT_OPEN, Code.NOT_OPEN, Code.NOT_OPEN, Code.NOT_OPEN),
    State.LISTEN: (Code.ALREADY_EXISTS, FINE, FINE, FINE, FINE, FINE, FINE),
    State.SYN_SENT: (Code.ALREADY_EXISTS, Code.ALREADY_EXISTS, FINE, FINE, FINE, FINE, FINE),
    State.SYN_RECV: (Code.ALREADY_EXISTS, Code.ALREADY_EXISTS, FINE, FINE, FINE, FINE, FINE),
    State.ESTABLISHED: (Code.ALREADY_EXISTS, Code.ALREADY_EXISTS, FINE, FINE, FINE, FINE, FINE),
    State.FIN_WAIT_1: (Code.ALREADY_EXISTS, Code.ALREADY_EXISTS, Code.CLOSING, FINE, Code.CLOSING, FINE, FINE),
    State.FIN_WAIT_2: (Code.ALREADY_EXISTS, Code.ALREADY_EXISTS, Code.CLOSING, FINE, Code.CLOSING, FINE, FINE),
    State.CLOSE_WAIT: (Code.ALREADY_EXISTS, Code.ALREADY_EXISTS, FINE, Code.CLOSING, FINE, FINE, FINE),
}  # fmt: skip
for state in (State.CLOSING, State.LAST_ACK, State.TIME_WAIT):
    ANSWERS[state] = (Code.ALREADY_EXISTS, Code.ALREADY_EXISTS, *[Code.CLOSING] * 3, FINE, FINE)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_answers_as_the_state_says_and_an_error_changes_nothing(state: State, call: str) -> None:
    lab = reach(state)
    expected = ANSWERS[state][list(CALLS).index(call)]
    before = lab.conn.key()
    if expected is FINE:
        CALLS[call](lab)
        return
    with pytest.raises(CallError) as caught:
        CALLS[call](lab)
    assert caught.value.code is expected
    assert str(caught.value).startswith(f"{call}() in {state}: ")
    assert str(caught.value).endswith(f"({expected.value})")
    assert lab.conn.key() == before
    assert lab.conn.out == lab.conn.signals == lab.log() == []


@pytest.mark.parametrize("call", ["open_active", "send"])
def test_a_listener_without_a_remote_socket_cannot_open(call: str) -> None:
    lab = reach(State.LISTEN, remote=False)
    before = lab.conn.key()
    with pytest.raises(CallError, match="nobody to send the SYN to; name the remote socket") as caught:
        CALLS[call](lab)
    assert caught.value.code is Code.REMOTE_UNSPECIFIED
    assert lab.conn.key() == before
    assert lab.state is State.LISTEN


def test_a_full_send_buffer_takes_what_fits_then_refuses() -> None:
    duo = Duo(snd_buf=100, rcv_buf=10).established()
    assert duo.client.send(duo.now, bytes(70)) == 70
    assert duo.client.send(duo.now, bytes(70)) == 30
    before = duo.client.key()
    with pytest.raises(CallError, match="the send buffer holds 100 octets; wait until") as caught:
        duo.client.send(duo.now, b"x")
    assert caught.value.code is Code.INSUFFICIENT_RESOURCES
    assert duo.client.key() == before


@pytest.mark.parametrize("state", [State.SYN_SENT, State.SYN_RECV])
def test_a_refused_connection_says_so_to_later_calls(state: State) -> None:
    """SYN_RECV: of an active opener (S-46)."""
    lab = reach(state, origin="active")
    lab.arrives("R. 0:0(0) ack 101 win 0" if state is State.SYN_SENT else "R 301:301(0) win 0")
    assert lab.state is State.CLOSED
    with pytest.raises(CallError) as caught:
        lab.conn.send(lab.now, b"x")
    assert caught.value.code is Code.REFUSED


# -- copies


@pytest.mark.parametrize("state", State)
def test_a_copy_goes_its_own_way(state: State) -> None:
    conn = reach(state).conn
    copy = conn.copy()
    assert copy.key() == conn.key()
    assert pickle.loads(pickle.dumps(conn)).key() == conn.key()
    before = conn.key()
    if state is State.CLOSED:
        copy.open_active(0)
    else:
        copy.abort(0)
    assert copy.key() != before == conn.key()
    assert conn.out == []


@given(
    st.integers(0, MOD - 1) | st.integers(MOD - 5, MOD - 1), st.lists(st.binary(min_size=1, max_size=9), max_size=8)
)
def test_a_copy_behaves_the_same(iss: int, writes: list[bytes]) -> None:
    duo = Duo(iss, rcv_buf=20, mss=4, mss_option=True).established()
    for data in writes:
        duo.client.send(duo.now, data)
    twin = Duo()
    twin.now, twin.client, twin.server = duo.now, duo.client.copy(), duo.server.copy()
    assert twin.settle() == duo.settle()
    assert (twin.client.key(), twin.server.key()) == (duo.client.key(), duo.server.key())
    octets = duo.server.receive(duo.now)
    assert twin.server.receive(twin.now) == octets
    assert b"".join(writes).startswith(octets or b"")


@pytest.mark.parametrize(
    ("seq", "ack", "counts"),
    [
        pytest.param(1, 2**32 - 1, True, id="SEQ is newer"),
        pytest.param(2**31 - 1, 2**31, True, id="as new as can be"),
        pytest.param(2**31 + 1, 5, False, id="SEQ is older"),
        pytest.param(0, 1, True, id="the same SEQ, ACK is newer"),
        pytest.param(0, 2**31 - 1, True, id="the same SEQ, ACK is as new as can be"),
        pytest.param(0, 2**31 + 1, False, id="the same SEQ, ACK is older"),
        pytest.param(0, 2**32 - 1, False, id="the same SEQ, ACK is one older"),
    ],
)
@pytest.mark.parametrize("log", ["full", None], ids=["every check", "prediction"])
def test_a_window_that_never_was_set_is_as_old_as_number_0(
    log: Literal["full", None], monkeypatch: pytest.MonkeyPatch, seq: int, ack: int, counts: bool
) -> None:
    """Read literally (A-18), whether the peer's first window counts hangs on the numbers: SND.WL1 and SND.WL2 are 0."""
    monkeypatch.setattr(Lab, "shift", ((ack - 101) % 2**32, (seq - 301) % 2**32))
    lab = reach(State.ESTABLISHED, RFC9293_LITERAL, origin="active", log=log)
    assert (lab.tcb.snd_wnd, lab.tcb.snd_una, lab.tcb.rcv_nxt) == (0, ack, seq)
    assert lab.arrives(". 301:301(0) ack 101 win 640").tcb.snd_wnd == (640 if counts else 0)


def test_addresses_are_both_ends() -> None:
    conn = Connection(CLIENT, SERVER)
    conn.open_active(0)
    (seg,) = conn.take_output()
    assert (seg.src, seg.dst) == (CLIENT, SERVER)
    assert conn.take_output() == []
