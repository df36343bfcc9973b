"""The user's calls (RFC 9293 3.10.1 to 3.10.6): in every state, and in the situations that a state may be in."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tcpsim.tcp import RFC9293, RFC9293_LITERAL, Code, Profile, State
from tests.conformance.answers import (
    ANSWERS,
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN,
    SYN_RECV,
    SYN_SENT,
    TIME_WAIT,
    check_answer,
)
from tests.helpers.lab import Lab, reach

CASES: Final = [(call, state) for call, answers in ANSWERS.items() for state in answers]


def test_the_table_has_every_call_in_every_state() -> None:
    assert len(CASES) == 7 * 11


@pytest.mark.parametrize("profile", [RFC9293, RFC9293_LITERAL], ids=lambda profile: profile.name)
@pytest.mark.parametrize(("name", "state"), CASES)
def test_call(name: str, state: State, profile: Profile) -> None:
    check_answer(name, state, profile)


# -- variants


def test_open_active_without_a_remote_socket() -> None:
    for state in (CLOSED, LISTEN):
        lab = reach(state, remote=False)
        assert lab.error(lab.open_active) is Code.REMOTE_UNSPECIFIED
    listener = reach(LISTEN, remote=False)
    assert listener.error(lambda: listener.send(1)) is Code.REMOTE_UNSPECIFIED


@pytest.mark.parametrize("state", [SYN_SENT, SYN_RECV, ESTABLISHED, CLOSE_WAIT])
def test_send_into_a_full_buffer(state: State) -> None:
    lab = reach(state, snd_buf=10)
    assert lab.conn.send(0, bytes(25)) == 10
    lab.forget()
    assert lab.error(lambda: lab.send(1)) is Code.INSUFFICIENT_RESOURCES
    assert lab.tcb.snd_buf.size == 10


def test_send_after_a_close_that_waits() -> None:
    """A-26: the text of SEND does not forbid it, that of CLOSE does."""
    for profile in (RFC9293, RFC9293_LITERAL):
        embryo = reach(SYN_RECV, profile).send(3).close()
        half_closed = reach(CLOSE_WAIT, profile).arrives(". 302:302(0) ack 101 win 0").send(3).close()
        for lab in (embryo.forget(), half_closed.forget()):
            assert lab.state in (SYN_RECV, CLOSE_WAIT)
            assert lab.error(lab.close) is Code.CLOSING
            if profile is RFC9293:
                assert lab.error(lambda lab=lab: lab.send(1)) is Code.CLOSING  # type: ignore[misc]
                continue
            lab.send(2)
            lab.arrives(f". {lab.rcv_nxt}:{lab.rcv_nxt}(0) ack 101 win 1000")
            words = " ".join(lab.sent())
            assert "106" in words
            assert lab.state in (State.FIN_WAIT_1, State.LAST_ACK)
            assert lab.snd_nxt == 107


def with_unread(state: State, **options: Any) -> Lab:
    """The state with ten octets of the peer's unread."""
    lab = reach(ESTABLISHED, **options).arrives("P. 301:311(10) ack 101 win 1000")
    if state in (FIN_WAIT_1, FIN_WAIT_2, CLOSING, TIME_WAIT):
        lab.close()
    if state in (FIN_WAIT_2, TIME_WAIT):
        lab.arrives(". 311:311(0) ack 102 win 1000")
    if state in (CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT):
        lab.arrives(f"F. 311:311(0) ack {lab.snd_nxt if state is TIME_WAIT else 101} win 1000")
    if state is LAST_ACK:
        lab.close()
    assert lab.state is state
    return lab.forget()


@pytest.mark.parametrize("state", [ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT])
def test_receive_gives_what_is_here(state: State) -> None:
    for profile in (RFC9293, RFC9293_LITERAL):
        lab = with_unread(state, profile=profile)
        assert lab.receive(4) == bytes(4)
        assert lab.receive(100) == bytes(6)
        if state is CLOSE_WAIT:
            assert lab.error(lab.receive) is Code.CLOSING
        else:
            assert lab.receive() is None
        assert lab.state is state


@pytest.mark.parametrize("state", [CLOSING, LAST_ACK, TIME_WAIT])
def test_receive_after_both_have_closed(state: State) -> None:
    """A-13: what is buffered stays readable; by the letter it is lost."""
    lab = with_unread(state)
    assert lab.receive() == bytes(10)
    assert lab.error(lab.receive) is Code.CLOSING
    literal = with_unread(state, profile=RFC9293_LITERAL)
    assert literal.error(literal.receive) is Code.CLOSING


def test_receive_after_an_orderly_end() -> None:
    lab = with_unread(LAST_ACK).arrives(". 312:312(0) ack 102 win 1000")
    assert lab.state is CLOSED
    assert lab.receive() == bytes(10)
    assert lab.error(lab.receive) is Code.CLOSING


def test_receive_opens_the_window_in_one_large_step() -> None:
    """RFC 9293 3.8.6.2.2: not for every octet."""
    lab = reach(ESTABLISHED)
    for at in range(301, 1301, 100):
        lab.arrives(f". {at}:{at + 100}(100) ack 101 win 1000")
    assert lab.sent()[-1] == ". 101:101(0) ack 1301 win 0"
    assert lab.receive(499) == bytes(499)
    assert lab.sent() == []
    assert lab.receive(1) == bytes(1)
    assert lab.sent() == [". 101:101(0) ack 1301 win 500"]


def test_open_again_after_the_end() -> None:
    lab = reach(TIME_WAIT).advance("4min").forget()
    assert lab.state is CLOSED
    assert lab.open_active().sent() == [SYN]
    lab = reach(ESTABLISHED).abort().forget()
    lab.open_passive()
    assert (lab.state, lab.tcb.error) == (LISTEN, None)


@pytest.mark.parametrize("octets", [0, 5])
@pytest.mark.parametrize("state", [SYN_RECV, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2])
def test_after_an_abort_that_lingers_a_first_fin_is_acknowledged_and_not_taken(state: State, octets: int) -> None:
    """ABORT leads to TIME_WAIT before the peer has closed (A-1); what comes then is treated as a repeated FIN."""
    lab = reach(state, abort_to_time_wait=True).abort().forget()
    lab.advance("1s")
    nxt = lab.snd_nxt
    lab.arrives(f"F. 301:{301 + octets}({octets}) ack {nxt} win 1000")
    assert (lab.state, lab.rcv_nxt) == (TIME_WAIT, 301)
    assert lab.sent() == [f". {nxt}:{nxt}(0) ack 301 win 1000"]
    assert lab.fired() == []
    assert lab.stopped() == []
    assert lab.advance("239s").state is TIME_WAIT
    assert lab.advance("1s").state is CLOSED
