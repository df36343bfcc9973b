"""Closing: FIN in order, TIME-WAIT, half-close, what a reset means to the user (RFC 9293 3.6)."""

from __future__ import annotations

import pytest

from tcpsim import Code, State
from tests.requirements.registry import requirement
from tests.requirements.stage import PATIENT, PLAIN, SECOND, Stage, refused


@requirement("MUST-13", "LC-27")
@pytest.mark.parametrize("msl", [120, 30])
def test_time_wait_lasts_two_msl_to_the_nanosecond(msl: int) -> None:
    stage = Stage(msl=msl * SECOND, **PLAIN)
    stage.conn.close()
    stage.run("30ms")
    stage.peer.close()
    stage.run("20ms")
    (fin,) = [seen for seen in stage.seen("server") if "F" in seen.letters]
    begun = fin.t + 10_000_000
    number = stage.conn.number
    stage.sim.run(until=begun + 2 * msl * SECOND - 1)
    assert stage.sim.world.conns[number].state is State.TIME_WAIT
    stage.sim.run(until=begun + 2 * msl * SECOND)
    assert number not in stage.sim.world.conns or stage.sim.world.conns[number].state is State.CLOSED


@requirement("MUST-12", "LC-17")
def test_the_user_can_tell_an_orderly_close_from_an_abort() -> None:
    orderly = Stage(**PLAIN)
    orderly.conn.close()
    orderly.run("20ms")
    assert orderly.signals("server") == ["signal open", "signal closing"]  # told, though nobody reads
    assert orderly.peer.recv() == b""
    aborted = Stage(**PLAIN)
    aborted.conn.abort()
    aborted.run("20ms")
    refused(Code.RESET, aborted.peer.recv)
    assert aborted.signals("server") == ["signal open", "signal reset"]


@requirement("LC-15", "MAY-1")
def test_a_closed_side_sends_no_more_and_reads_on() -> None:
    """CLOSE is full-duplex here: reading goes on until the peer has closed as well."""
    stage = Stage(**PLAIN)
    stage.conn.shutdown()
    refused(Code.CLOSING, stage.conn.send, b"x")
    stage.conn.shutdown()  # once more is no error, and no second FIN
    assert len([line for line in stage.lines("client") if " F" in line]) == 1
    stage.peer.send(b"still here")
    assert stage.conn.recv() == b"still here"
    stage.peer.close()
    assert stage.conn.recv() == b""
    half = Stage(client={"half_duplex_close": True}, **PLAIN)  # the other form of CLOSE
    half.peer.send(b"unread")
    half.run("20ms")
    half.conn.close()
    half.run("20ms")
    refused(Code.RESET, half.peer.recv)


@requirement("SHLD-3")
def test_a_half_duplex_close_with_unread_data_resets() -> None:
    stage = Stage(client={"half_duplex_close": True}, **PLAIN)
    stage.peer.send(b"ten octets")
    stage.run("20ms")
    stage.forget().conn.close()
    stage.run("20ms")
    assert stage.lines("client") == ["client R 1:1(0)"]
    assert stage.states() == (State.CLOSED, State.CLOSED)
    full = Stage(**PLAIN)
    full.peer.send(b"ten octets")
    full.run("20ms")
    full.forget().conn.shutdown()
    full.run("20ms")
    assert [line for line in full.lines("client") if " R" in line] == []
    assert full.conn.recv() == b"ten octets"


@requirement("LC-16", "LC-24")
@pytest.mark.parametrize("lost", [(1,), (2,), (1, 3), (1, 2, 3, 4)])
def test_what_was_sent_before_close_arrives(lost: tuple[int, ...]) -> None:
    text = bytes(range(256)) * 8
    stage = Stage(**PLAIN, **PATIENT)
    stage.conn.send(text)
    stage.conn.close()
    for n in range(1, 9):
        if n in lost:
            stage.drop("client")
        stage.run("10ms")
    got = b""
    while piece := stage.peer.recv():
        got += piece
    assert got == text
    assert stage.peer.recv() == b""


@requirement("LC-24")
def test_a_pending_read_completes_on_fin() -> None:
    stage = Stage(opened=False, **PLAIN)
    stage.sim.script("server", "listen 80", "accept", "recv_to_end", ("send", b"that was all"), "close")
    stage.conn = stage.client.connect("server", 80, local_port=5000)
    stage.run("50ms")
    stage.conn.send(b"abc")
    stage.conn.shutdown()
    assert stage.conn.recv() == b"that was all"


@requirement("LC-11")
def test_the_side_that_aborts_goes_to_closed_or_if_wanted_to_time_wait() -> None:
    """3.10.5 says CLOSED, 3.5.2 asks for TIME-WAIT: the first is the default (A-1)."""
    stage = Stage(**PLAIN)
    number = stage.conn.number
    stage.conn.abort()
    assert number not in stage.sim.world.conns or stage.conn.state is State.CLOSED
    lingering = Stage(client={"abort_to_time_wait": True}, **PLAIN)
    lingering.conn.abort()
    assert [row["state"] for row in lingering.client.sockets()] == [State.TIME_WAIT]
    lingering.run("239s")
    assert [row["state"] for row in lingering.client.sockets()] == [State.TIME_WAIT]
    lingering.run("1s")
    assert lingering.client.sockets() == []


def waiting(**client: object) -> Stage:
    """The client in TIME-WAIT, the server gone; the last ACK of the client has number 2."""
    stage = Stage(client=client, **PLAIN)
    stage.conn.close()
    stage.run("30ms")
    stage.peer.close()
    stage.run("100ms")
    assert [row["state"] for row in stage.client.sockets()] == [State.TIME_WAIT]
    return stage.forget()


@requirement("EXT-1337-1")
def test_time_wait_survives_an_assassin_if_it_is_told_to() -> None:
    """Old data draws an ACK, the ACK draws a RST from a peer that is gone, and the RST is for TIME-WAIT."""
    for ignores in (False, True):
        stage = waiting(time_wait_ignores_rst=ignores)
        iss, irs = stage.iss
        old = f"P. {(irs - 9) % 2**32}:{(irs + 1) % 2**32}(10) ack {(iss + 1) % 2**32} win 1000"
        stage.stray("client", old)
        stage.run("100ms")
        states = [row["state"] for row in stage.client.sockets()]
        assert [seen.letters for seen in stage.seen()] == [".", "R"]
        assert states == ([State.TIME_WAIT] if ignores else [])


@requirement("MAY-2")
def test_time_wait_may_accept_a_fresh_syn_and_fall_back() -> None:
    stage = Stage(opened=False, client={"reopen_time_wait": "may2"}, **PLAIN)
    stage.client.listen(5000)
    stage.conn = stage.server.connect("client", 5000, local_port=80)
    stage.run("100ms")
    (fd,) = [fd for fd in stage.client.fds() if stage.client.fds()[fd].state is State.LISTEN]
    peer, _ = stage.client.socket(fd).accept()
    peer.close()
    stage.run("100ms")
    stage.conn.close()
    stage.run("100ms")
    assert State.TIME_WAIT in [row["state"] for row in stage.client.sockets()]
    irs = stage.iss[1]
    stage.forget().stray("client", f"S {(irs + 900) % 2**32}:{(irs + 900) % 2**32}(0) win 1000")
    (synack,) = [seen for seen in stage.seen("client") if seen.letters == "S."]
    assert 2 < synack.seq < 2**31  # above every number of the old incarnation
    assert synack.ack == 901
    stage.run("20ms")  # the server knows nothing of that SYN, and resets: back to TIME-WAIT
    assert State.TIME_WAIT in [row["state"] for row in stage.client.sockets()]


@requirement("LC-29")
def test_each_call_in_each_state_has_its_answer() -> None:
    """The states that a user meets, by sockets; all 77 pairs are in the table of answers, where none is missing."""
    from tests.conformance.answers import ANSWERS

    assert {(call, state) for call, answers in ANSWERS.items() for state in answers} == {
        (call, state) for call in ANSWERS for state in State
    }
    stage = Stage(**PLAIN)
    stage.conn.shutdown()
    stage.run("30ms")
    for sock, state in ((stage.conn, State.FIN_WAIT_2), (stage.peer, State.CLOSE_WAIT)):
        assert sock.state is state
    refused(Code.CLOSING, stage.conn.send, b"x")
    assert stage.peer.recv() == b""
    assert stage.peer.send(b"x") == 1
    stage.peer.shutdown()
    refused(Code.CLOSING, stage.peer.send, b"x")
    stage.run("30ms")
    assert stage.states() == (State.TIME_WAIT, State.CLOSED)
    refused(Code.NOT_OPEN, stage.peer.send, b"x")


@requirement("LC-25", "LC-28")
@pytest.mark.parametrize(
    "state", [State.SYN_SENT, State.ESTABLISHED, State.FIN_WAIT_1, State.CLOSE_WAIT, State.LAST_ACK]
)
def test_the_user_timeout_ends_the_connection(state: State) -> None:
    """By default after five minutes; R2 comes before, unless it is switched off."""
    for timeout in (None, 30 * SECOND):
        switches = {"r2": None, "r2_syn": None} | ({} if timeout is None else {"user_timeout": timeout})
        stage = Stage(opened=state is not State.SYN_SENT, **PLAIN, client=switches)
        if state is State.SYN_SENT:
            stage.cut("client", "server")
            stage.conn = stage.client.connect("server", 80, local_port=5000)
        if state in (State.CLOSE_WAIT, State.LAST_ACK):
            stage.peer.close()
            stage.run("20ms")
        stage.cut("server")
        begun = stage.now
        if state is not State.SYN_SENT:
            stage.conn.send(b"into the void")
        if state in (State.FIN_WAIT_1, State.LAST_ACK):
            stage.conn.shutdown()
        assert stage.conn.state is state
        limit = timeout or 300 * SECOND
        stage.sim.run(until=begun + limit - 1)
        assert stage.conn.state is state
        stage.sim.run(until=begun + limit)
        assert stage.conn.state is State.CLOSED
        refused(Code.USER_TIMEOUT, stage.conn.recv)
