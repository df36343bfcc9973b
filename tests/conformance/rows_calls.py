"""Rows in which a user call is answered and the state stays (RFC 9293 3.10.1 to 3.10.6)."""

from __future__ import annotations

from typing import Any, Final

from tcpsim.tcp import RFC9293, RFC9293_LITERAL, Code, State
from tests.conformance.answers import check_answer
from tests.conformance.registry import rows, state_of
from tests.helpers.lab import Lab, reach

EVERYWHERE: Final = (
    "closed|listen|syn_sent|syn_rcvd|estab|fin_wait_1|fin_wait_2|close_wait|closing|last_ack|time_wait"
)
FROM_SYN_SENT: Final = EVERYWHERE.removeprefix("closed|listen|")
OURS_CLOSED: Final = "fin_wait_1|fin_wait_2|closing|last_ack|time_wait"
BOTH: Final = (RFC9293, RFC9293_LITERAL)


@rows(
    "closed|syn_sent|syn_rcvd|estab|close_wait.send",
    f"{OURS_CLOSED}.send",
    f"{EVERYWHERE}.status",
    f"closed|{OURS_CLOSED}.close",
    "closed.abort",
    "closed|listen|syn_sent|syn_rcvd.receive",
)
def answered(row: str) -> None:
    """By the table of answers, in both profiles; and what was taken in leaves when it may."""
    state = state_of(row)
    name = row.rpartition(".")[2]
    for profile in BOTH:
        check_answer(name, state, profile)
    if row in ("syn_sent.send", "syn_rcvd.send"):
        lab = reach(state).send(b"early")
        assert (lab.sent(), lab.tcb.snd_buf.size) == ([], 5)
        lab.arrives(("S. 300:300(0)" if state is State.SYN_SENT else ". 301:301(0)") + " ack 101 win 1000")
        assert lab.sent() == ["P. 101:106(5) ack 301 win 1000"]
    elif row in ("estab.send", "close_wait.send"):
        sent_at_once(row)
    elif name == "receive" and state is not State.CLOSED:
        lab = reach(state)
        assert lab.receive() is None  # the request is kept in that it may be made again
        arrive_until_established(lab, state)
        lab.arrives("P. 301:304(3) ack 101 win 1000")
        assert lab.receive() == bytes(3)


def sent_at_once(row: str) -> None:
    """Cut into segments, counted in SND.NXT, kept, timed; PSH on the last."""
    lab = reach(state_of(row), mss_default=4).send(b"abcdefghij")
    ack, wnd = lab.rcv_nxt, lab.tcb.rcv_wnd
    assert lab.sent() == [
        f". 101:105(4) ack {ack} win {wnd}",
        f". 105:109(4) ack {ack} win {wnd}",
    ]  # two octets wait: they are no full segment, and something is outstanding (Nagle)
    assert (lab.snd_una, lab.snd_nxt, lab.tcb.snd_buf.size) == (101, 109, 10)
    assert "rtx" in lab.running()
    whole = reach(state_of(row), mss_default=4, nagle=False).send(b"abcdefghij")
    assert whole.sent()[2:] == [f"P. 109:111(2) ack {ack} win {wnd}"]


def arrive_until_established(lab: Lab, state: State) -> None:
    if state is State.LISTEN:
        lab.arrives("S 300:300(0) win 1000")
    lab.arrives(("S. 300:300(0)" if state is State.SYN_SENT else ". 301:301(0)") + " ack 101 win 1000")
    assert lab.state is State.ESTABLISHED
    lab.forget()


@rows(f"{FROM_SYN_SENT}.open", "listen.open_passive")
def opened_twice(row: str) -> None:
    state = state_of(row)
    for profile in BOTH:
        check_answer("open_passive", state, profile)
        if state is not State.LISTEN:  # there it opens actively
            check_answer("open_active", state, profile)


@rows("closed|listen.open_active.remote_unspecified", "listen.send.remote_unspecified")
def nobody_to_open_to(row: str) -> None:
    lab = reach(state_of(row), remote=False)
    call = (lambda: lab.send(1)) if ".send." in row else lab.open_active
    assert lab.error(call) is Code.REMOTE_UNSPECIFIED
    assert lab.running() == []


@rows("syn_sent|syn_rcvd|estab|close_wait.send.no_resources")
def no_room_to_send(row: str) -> None:
    lab = reach(state_of(row), snd_buf=10)
    assert lab.conn.send(lab.now, bytes(25)) == 10  # what fits is taken
    lab.forget()
    assert lab.error(lambda: lab.send(1)) is Code.INSUFFICIENT_RESOURCES
    assert lab.tcb.snd_buf.size == 10


@rows("listen.send.no_resources")
def no_room_to_send_in_listen(row: str) -> None:
    lab = reach(State.LISTEN, snd_buf=0)
    assert lab.error(lambda: lab.send(1)) is Code.INSUFFICIENT_RESOURCES


@rows("syn_rcvd|close_wait.send.after_close")
def sent_after_close(row: str) -> None:
    lab = close_waits(row)
    assert lab.error(lambda: lab.send(1)) is Code.CLOSING
    literal = close_waits(row, RFC9293_LITERAL)  # 3.10.2 does not look at the queued CLOSE
    assert literal.conn.send(literal.now, b"x") == 1


@rows("syn_rcvd|close_wait.close.pending")
def closed_with_data_waiting(row: str) -> None:
    lab = close_waits(row)
    assert lab.state is state_of(row)
    assert lab.error(lab.close) is Code.CLOSING
    lab.arrives(f". {lab.rcv_nxt}:{lab.rcv_nxt}(0) ack 101 win 1000")
    ack, wnd = lab.rcv_nxt, lab.tcb.rcv_wnd
    assert lab.sent() == [f"FP. 101:104(3) ack {ack} win {wnd}"]
    assert lab.state is (State.FIN_WAIT_1 if row.startswith("syn_rcvd") else State.LAST_ACK)


def close_waits(row: str, profile: Any = RFC9293) -> Lab:
    """The row's state; three octets cannot leave yet, and CLOSE has been called behind them."""
    lab = reach(state_of(row), profile)
    if lab.state is State.CLOSE_WAIT:
        lab.arrives(". 302:302(0) ack 101 win 0")
    lab.send(3).close()
    assert lab.sent() == []
    return lab.forget()


# -- RECEIVE


@rows("estab|fin_wait_1|fin_wait_2|close_wait.receive")
def given(row: str) -> None:
    state = state_of(row)
    lab = reach(State.ESTABLISHED)
    lab.arrives(lab.segment("P. 301:311(10) ack 101 win 1000", data=b"abcdefghij"))
    to_state(lab, state)
    assert lab.receive(4) == b"abcd"
    assert lab.receive(100) == b"efghij"
    assert (lab.state, lab.sent(), lab.signals()) == (state, [], [])


@rows("closing|last_ack|time_wait.receive")
def given_after_both_closed(row: str) -> None:
    """A-13: what is buffered is served, and then the end; by the letter it is lost."""
    for profile, kept in zip(BOTH, (True, False), strict=True):
        lab = reach(State.ESTABLISHED, profile).arrives("P. 301:311(10) ack 101 win 1000")
        to_state(lab, state_of(row))
        if kept:
            assert lab.receive() == bytes(10)
        assert lab.error(lab.receive) is Code.CLOSING
        check_answer("receive", state_of(row), profile)


def to_state(lab: Lab, state: State) -> None:
    """From ESTABLISHED with ten octets read in to ``state``."""
    if state in (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.TIME_WAIT):
        lab.close()
    if state in (State.FIN_WAIT_2, State.TIME_WAIT):
        lab.arrives(". 311:311(0) ack 102 win 1000")
    if state in (State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK, State.TIME_WAIT):
        lab.arrives(f"F. 311:311(0) ack {102 if state is State.TIME_WAIT else 101} win 1000")
    if state is State.LAST_ACK:
        lab.close()
    assert lab.state is state
    lab.forget()


@rows("estab|fin_wait_1|fin_wait_2.receive.wait")
def nothing_yet(row: str) -> None:
    check_answer("receive", state_of(row), RFC9293)
    lab = reach(state_of(row))
    assert lab.receive() is None
    lab.arrives(f"P. 301:304(3) ack {lab.snd_una} win 1000")
    assert lab.receive(2) == bytes(2)
    assert lab.receive(2) == bytes(1)
    assert lab.receive(2) is None


@rows("close_wait.receive.empty")
def nothing_left(row: str) -> None:
    for profile in BOTH:
        check_answer("receive", State.CLOSE_WAIT, profile)
    lab = reach(State.ESTABLISHED).arrives("FP. 301:302(1) ack 101 win 1000").forget()
    assert lab.receive() == bytes(1)
    assert lab.error(lab.receive) is Code.CLOSING
    assert lab.state is State.CLOSE_WAIT
