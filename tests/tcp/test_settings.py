"""What a user may set for one connection, what the snapshot shows, and how a user who goes is noticed."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.tcp import Code, Do, Flags, State
from tcpsim.tcp.errors import BadValue
from tests.helpers.lab import SECOND, Lab, reach

FIN_ACKED = ". 301:301(0) ack 102 win 1000"


# -- settings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"r3": 1}, "no setting 'r3'; it has nagle, r1"),
        ({"nagle": 2}, "nagle=2: it is True or False"),
        ({"r1": 0}, "r1=0: it is a whole number of retransmissions from 1"),
        ({"r2": -1}, "r2=-1: it is a whole number of ns from 1, or None"),
        ({"user_timeout": 1.5}, "user_timeout=1.5"),
        ({"keepalive": (1, 2)}, "it is True, False or (idle ns, interval ns, probes)"),
        ({"keepalive": (1, 0, 2)}, "each at least 1"),
        ({"rcv_limit": None}, "rcv_limit=None: it is a whole number of octets from 1"),
        ({"mtu": 67}, "mtu=67: it is a whole number of octets from 68"),
    ],
)
def test_a_wrong_setting_changes_nothing(settings: dict[str, Any], words: str) -> None:
    lab = reach(State.ESTABLISHED)
    before = lab.conn.key()
    with pytest.raises(BadValue) as caught:
        lab.configure(r1=7, **settings) if "r1" not in settings else lab.configure(**settings)
    assert words in str(caught.value)
    assert lab.conn.key() == before


def test_settings_outlive_an_incarnation() -> None:
    lab = Lab().configure(nagle=False, r2=5 * SECOND, keepalive=True, rcv_limit=77)
    lab.open_active().close()
    lab.open_active().arrives("R. 0:0(0) ack 101 win 0")
    lab.open_active()
    tcb = lab.tcb
    assert (tcb.nagle, tcb.r2, tcb.rcv_limit, tcb.rcv_wnd) == (False, 5 * SECOND, 77, 77)
    assert tcb.keepalive == (7200 * SECOND, 75 * SECOND, 9)


def test_nagle_off_lets_what_waited_leave() -> None:
    lab = reach(State.ESTABLISHED, outstanding=10).forget()
    lab.send(10)
    assert lab.sent() == []
    lab.configure(nagle=False)
    assert lab.sent() == ["P. 111:121(10) ack 301 win 1000"]


def test_a_user_timeout_set_later_counts_from_then() -> None:
    lab = reach(State.ESTABLISHED, outstanding=10)
    lab.advance("10s").configure(user_timeout=5 * SECOND)
    assert lab.advance("4s").state is State.ESTABLISHED
    assert lab.advance("1s").forget().state is State.CLOSED
    assert lab.error(lambda: lab.conn.send(lab.now, b"x")) is Code.USER_TIMEOUT


def test_a_user_timeout_taken_away_never_ends_anything() -> None:
    lab = reach(State.ESTABLISHED, outstanding=10, r2=None)
    lab.configure(user_timeout=None)
    assert lab.advance("1h").state is State.ESTABLISHED


def test_a_smaller_buffer_takes_no_promise_back() -> None:
    lab = reach(State.ESTABLISHED).configure(rcv_limit=100)
    lab.arrives(". 301:601(300) ack 101 win 1000")
    assert lab.sent() == [". 101:101(0) ack 601 win 700"]
    assert lab.receive(1000) == bytes(300)
    lab.arrives(". 601:1301(700) ack 101 win 1000")
    assert lab.receive(1000) == bytes(700)
    assert lab.sent()[-1] == ". 101:101(0) ack 1301 win 100"


def test_the_largest_segment_follows_the_mtu_and_the_cap() -> None:
    lab = Lab(mss_option=True).configure(mtu=1000, mss_cap=None).open_passive()
    lab.arrives("S 300:300(0) win 60000 <mss 1460>")
    assert lab.sent() == ["S. 100:100(0) ack 301 win 1000 <mss 960>"]
    assert lab.tcb.snd_mss == 960
    lab.configure(mss_cap=500)
    assert lab.tcb.snd_mss == 500
    lab.configure(mss_cap=None)
    assert lab.tcb.snd_mss == 500  # what was agreed on is not raised again


# -- keep-alive


def test_keepalive_that_is_turned_off_again() -> None:
    lab = reach(State.ESTABLISHED).configure(keepalive=(SECOND, SECOND, 2)).configure(keepalive=False)
    lab.advance("1h")
    assert (lab.sent(), lab.running()) == ([], [])


def test_keepalive_waits_for_a_connection() -> None:
    lab = Lab().configure(keepalive=(SECOND, SECOND, 2)).open_passive()
    assert lab.running() == []
    lab.arrives("S 300:300(0) win 1000", ". 301:301(0) ack 101 win 1000")
    assert "keepalive" in lab.running()


def test_a_dead_peer_is_told_to_the_user() -> None:
    lab = reach(State.ESTABLISHED).configure(keepalive=(60 * SECOND, SECOND, 3))
    lab.advance("63s")
    assert len(lab.sent()) == 3
    assert lab.state is State.CLOSED
    assert lab.signals() == [Do.SIGNAL_TIMED_OUT]
    assert lab.error(lambda: lab.conn.receive(lab.now)) is Code.TIMED_OUT


# -- the snapshot


def test_a_snapshot_of_a_transfer() -> None:
    lab = reach(State.ESTABLISHED, outstanding=0).configure(nagle=False)
    lab.send(1300).arrives(". 301:311(10) ack 201 win 1000")
    info = lab.conn.info()
    assert (info.state, info.bytes_acked, info.bytes_received) == (State.ESTABLISHED, 100, 10)
    assert (info.unacked, info.notsent) == (2, 228)  # of two segments of 536, 972 octets fly
    assert (info.snd_wnd, info.rcv_wnd, info.rcv_space, info.snd_mss) == (1000, 990, 990, 536)
    assert (info.retransmits, info.total_retrans, info.probes, info.backoff) == (0, 0, 0, 0)
    lab.advance("3s")
    info = lab.conn.info()
    assert (info.retransmits, info.total_retrans, info.backoff, info.rto) == (2, 2, 2, 4 * SECOND)


def test_a_snapshot_in_every_state() -> None:
    for state in State:
        lab = reach(state)
        info = lab.conn.info()
        assert info.state is state
        assert (info.bytes_acked, info.bytes_received, info.notsent) == (0, 0, 0), state


def test_a_snapshot_of_options_and_urgent_data() -> None:
    lab = reach(State.ESTABLISHED, peer_options="wscale 3,TS", timestamps=True, window_scale=2)
    lab.arrives(".U 301:304(3) ack 101 win 1000 urg 3 <TS val 1000 ecr 0>")
    info = lab.conn.info()
    assert (info.wscale, info.snd_wscale, info.rcv_wscale, info.timestamps) == (True, 3, 2, True)
    assert (info.urgent, info.snd_wnd) == (3, 8000)
    assert lab.conn.urgent_left() == lab.status()["urgent"] == 3


# -- urgent data


def test_urgent_data_needs_an_octet() -> None:
    lab = reach(State.ESTABLISHED)
    before = lab.conn.key()
    with pytest.raises(BadValue, match="at least one octet"):
        lab.send(0, urgent=True)
    assert lab.conn.key() == before


def test_urgent_data_sent_before_the_connection_is_open() -> None:
    lab = Lab().open_active().send(5, urgent=True).forget()
    lab.arrives("S. 300:300(0) ack 101 win 1000")
    assert lab.sent() == ["P.U 101:106(5) ack 301 win 1000 urg 5"]


def test_urgent_news_do_not_wait_for_a_window() -> None:
    lab = reach(State.ESTABLISHED).arrives(". 301:301(0) ack 101 win 0").send(10).forget()
    lab.send(5, urgent=True)
    assert lab.sent() == [".U 101:101(0) ack 301 win 1000 urg 15"]


def test_a_pointer_beyond_16_bits_goes_as_far_as_it_can() -> None:
    lab = reach(State.ESTABLISHED, snd_buf=100_000, congestion="none").arrives(". 301:301(0) ack 101 win 60000")
    lab.send(80_000, urgent=True)
    pointers = [(seg.seq, seg.up) for seg in lab.segments() if seg.flags & Flags.URG]
    assert len(pointers) == 60_000 // 536
    assert pointers == [(seq, min(65_535, 80_101 - seq)) for seq, _ in pointers]
    assert pointers[0][1] == 65_535 > pointers[-1][1]


def test_reading_stops_where_urgent_data_ends() -> None:
    lab = reach(State.ESTABLISHED).arrives("P.U 301:311(10) ack 101 win 1000 urg 4")
    assert lab.signals() == [Do.SIGNAL_URGENT]
    assert (lab.receive(), lab.conn.urgent_left()) == (bytes(4), 0)
    assert lab.receive() == bytes(6)


def test_an_urgent_pointer_into_what_was_read_is_no_news() -> None:
    lab = reach(State.ESTABLISHED).arrives("P. 301:311(10) ack 101 win 1000")
    lab.receive()
    lab.arrives("P.U 311:312(1) ack 101 win 1000 urg 0")
    assert (lab.signals(), lab.conn.urgent_left()) == ([], 0)


# -- a user who goes


def test_what_comes_for_nobody_is_thrown_away_and_acknowledged() -> None:
    lab = reach(State.FIN_WAIT_2).detach()
    lab.arrives(". 301:1301(1000) ack 102 win 1000", ". 1301:2301(1000) ack 102 win 1000")
    assert lab.sent() == [". 102:102(0) ack 2301 win 1000"]
    assert lab.error(lambda: lab.conn.receive(lab.now)) is Code.CLOSING


def test_a_full_buffer_that_nobody_will_read_opens_again() -> None:
    lab = reach(State.ESTABLISHED).arrives(". 301:1301(1000) ack 101 win 1000").shutdown().forget()
    lab.detach()
    assert lab.sent() == [". 102:102(0) ack 1301 win 1000"]


def test_the_fin_wait_2_timer_begins_when_the_user_goes() -> None:
    switches = {"fin_wait_2_timeout": 60 * SECOND, "fin_wait_2_detached_only": True}
    lab = reach(State.FIN_WAIT_2, **switches).advance("2min").detach()
    assert lab.advance("59s").state is State.FIN_WAIT_2
    assert lab.advance("1s").state is State.CLOSED
    assert lab.sent() == []


def test_data_after_a_half_duplex_close_resets() -> None:
    lab = reach(State.ESTABLISHED, half_duplex_close=True).close().arrives(FIN_ACKED).forget()
    lab.arrives("P. 301:302(1) ack 102 win 1000")
    assert lab.fired() == ["fin_wait_2.data_unread"]
    assert lab.sent() == ["R 102:102(0) win 1000"]


def test_old_data_after_a_half_duplex_close_does_not() -> None:
    lab = reach(State.ESTABLISHED).arrives("P. 301:302(1) ack 101 win 1000")
    lab.receive()
    half = reach(State.ESTABLISHED, half_duplex_close=True).arrives("P. 301:302(1) ack 101 win 1000")
    half.receive()
    half.close().forget().arrives("P. 301:302(1) ack 101 win 1000")
    assert half.state is State.FIN_WAIT_1
    assert half.sent() == [". 102:102(0) ack 302 win 999"]
