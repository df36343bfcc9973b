"""RST, SYN and ACK that may be forged or old: RFC 9293 3.5.2, 3.5.3 and 3.10.7.4 with RFC 5961."""

from __future__ import annotations

import pytest

from tcpsim import Code, State
from tests.requirements.registry import requirement
from tests.requirements.stage import PLAIN, SECOND, Stage, refused

CHALLENGE = ["server . 1:1(0) ack 1"]


@requirement("UNL-4", "SHLD-2")
@pytest.mark.parametrize(
    "words", ["R 1:1(0) win 0", "R. 1:1(0) ack 1 win 0", "R 1:8(7) win 0", "R. 1:8(7) ack 1 win 0"]
)
def test_a_reset_at_rcv_nxt_resets(words: str) -> None:
    stage = Stage(**PLAIN).forge("server", words)
    assert (stage.peer.state, stage.lines()) == (State.CLOSED, [])
    refused(Code.RESET, stage.peer.recv)  # what it carries is not delivered
    assert stage.sim.trace.of("delivered", where="server") == []


@requirement("UNL-5", "UNL-6")
@pytest.mark.parametrize("offset", [2, 500, 1000])
def test_a_reset_elsewhere_in_the_window_is_challenged_and_dropped(offset: int) -> None:
    stage = Stage(**PLAIN).forge("server", f"R {offset}:{offset}(0) win 0")
    assert (stage.peer.state, stage.lines()) == (State.ESTABLISHED, CHALLENGE)
    for outside in (1001, 2**31, 0):
        stage.forge("server", f"R {outside}:{outside}(0) win 0")
        assert (stage.peer.state, stage.lines()) == (State.ESTABLISHED, [])
    stage.conn.send(b"alive")
    assert stage.peer.recv() == b"alive"


@requirement("UNL-7", "UNL-8")
@pytest.mark.parametrize("seq", [0, 1, 2, 1000, 1001, 2**31])
@pytest.mark.parametrize("letters", ["S", "S."])
def test_a_syn_is_challenged_whatever_its_number_and_its_data_dropped(seq: int, letters: str) -> None:
    stage = Stage(**PLAIN)
    iss, irs = stage.iss
    ack = f" ack {(irs + 1) % 2**32}" if "." in letters else ""
    at = (iss + seq) % 2**32
    stage.stray("server", f"{letters} {at}:{(at + 5) % 2**32}(5){ack} win 1000")
    assert (stage.peer.state, stage.lines()) == (State.ESTABLISHED, CHALLENGE)
    assert stage.read(stage.peer) is None


@requirement("UNL-9", "UNL-10", "MAY-12", "LC-3")
def test_the_range_of_acceptable_acks() -> None:
    """SND.UNA - MAX.SND.WND to SND.NXT; one beyond at either end is answered with an ACK and its text dropped."""

    def after(ack: int) -> tuple[list[str], bytes | None]:
        stage = Stage(**PLAIN)
        stage.cut("server")
        stage.peer.send(bytes(10))  # SND.UNA is 1, SND.NXT 11
        stage.forget().forge("server", f"P. 1:6(5) ack {ack % 2**32} win 1000")
        return stage.lines("server"), stage.read(stage.peer)

    for ack in (1 - 1000, 0, 1, 2, 11):
        lines, data = after(ack)
        assert data == bytes(5), ack
        assert lines == ["server . 11:11(0) ack 6"], ack
    for ack in (1 - 1001, 12, 5000):
        lines, data = after(ack)
        assert data is None, ack
        assert lines == ["server . 11:11(0) ack 1"], ack


@requirement("LC-3")
def test_what_a_new_ack_releases() -> None:
    for ack, left in ((1, 10), (2, 9), (11, 0)):
        stage = Stage(**PLAIN)
        stage.cut("server")
        stage.peer.send(bytes(10))
        stage.forge("server", f". 1:1(0) ack {ack} win 1000").forget().run("1s")
        again = stage.seen("server")
        assert [seen.len for seen in again] == ([left] if left else [])


@requirement("EXT-5961-1")
def test_challenges_are_throttled_and_not_by_a_counter_for_all() -> None:
    stage = Stage(**PLAIN)
    for _ in range(100):
        stage.forge("server", "R 2:2(0) win 0")
    assert len(stage.lines()) == 10
    other = stage.client.connect("server", 80, local_port=7000)  # a connection of its own, and its own count
    second, _ = stage.listener.accept()
    stage.forget().sim.inject("server", "R 2:2(0) win 0", conn=second)
    stage.run("1ms")
    assert len(stage.seen("server")) == 1
    assert other.state is State.ESTABLISHED
    stage.run("5s")
    stage.forget().forge("server", "R 2:2(0) win 0")
    assert len(stage.lines()) == 1


@requirement("LC-4", "LC-10")
@pytest.mark.parametrize("window", [1000, 0])
def test_the_four_cases_of_acceptability(window: int) -> None:
    """Table 6: every length against every edge, at an open and at a closed window."""
    for length in (0, 1, 2, 10, 1000):
        for seq in (-999, -9, -1, 0, 1, 500, 999, 1000, 1001):
            end = seq + length - 1
            if window:
                fits = 0 <= seq < window or (length > 0 and 0 <= end < window)
            else:
                fits = length == 0 and seq == 0
            stage = Stage(server={"rcv_buf": 1000}, client=PLAIN, **{**PLAIN, "mss": 1000})
            base = 1
            if not window:
                stage.forge("server", "P. 1:1001(1000) ack 1 win 1000")
                base = 1001
            number = (base + seq) % 2**32
            before = len(stage.sim.trace.raw)
            stage.forget().forge("server", f". {number}:{(number + length) % 2**32}({length}) ack 1 win 77")
            stops = [
                record
                for record in stage.sim.trace.of("checked")
                if record.n >= before and record.check == "check_sequence" and record.verdict is not None  # type: ignore[union-attr]
            ]
            assert (not stops) == fits, (length, seq, window)
            assert stage.peer.state is State.ESTABLISHED
            if not fits:  # an empty ACK, and the state stays (LC-10)
                (answer,) = stage.seen("server")
                assert (answer.letters, answer.len, answer.seq) == (".", 0, 1)


@requirement("LC-7", "LC-12")
def test_old_duplicates_never_draw_a_reset_and_resets_never_do() -> None:
    stage = Stage(**PLAIN)
    stage.conn.send(bytes(600))
    stage.run("1s")
    old = [seen.seg.segment() for seen in stage.seen("client")]
    assert stage.read(stage.peer) == bytes(600)
    stage.forget()
    for segment in old * 2:
        stage.stray("server", segment)
    for words in ("R 1:1(0) win 0", "R. 1:1(0) ack 1 win 0", "R 5000:5000(0) win 0"):
        stage.forge("server", words)
    assert {seen.letters for seen in stage.seen("server")} == {"."}
    assert stage.peer.state is State.ESTABLISHED
    for words in ("R 9:9(0) win 0", "R. 9:9(0) ack 9 win 0"):
        stage.sim.apply(_to_a_closed_port(words))
    stage.run("1s")
    assert not [seen for seen in stage.seen() if "R" in seen.letters]


def _to_a_closed_port(words: str) -> object:
    from tcpsim.net.moves import Inject
    from tcpsim.tcp import parse_segment

    return Inject(parse_segment(words, ("10.0.0.2", 81, "10.0.0.1", 5000)).key(), 0)


@requirement("EXT-5961-2")
def test_a_restart_with_an_unlucky_number_ends_in_a_timeout() -> None:
    """The new ISN is the peer's RCV.NXT - 1, so the challenge ACK looks like the answer to our SYN without its SYN."""
    stage = Stage(**PLAIN)
    stage.sim.reboot("client")
    stage.conn = stage.client.connect("server", 80, local_port=5000)  # hosts of a stage use the same ISS again
    stage.forget().run()
    assert stage.conn.state is State.CLOSED
    refused(Code.TIMED_OUT, stage.conn.send, b"x")
    assert stage.peer.state is State.ESTABLISHED
    assert not [seen for seen in stage.seen() if "R" in seen.letters]
    assert {seen.seq for seen in stage.seen("client")} == {0}
    assert stage.now > 180 * SECOND


@requirement("MUST-66")
def test_a_closed_window_lets_a_reset_pass() -> None:
    for words in ("R 1001:1001(0) win 0", "R 1001:1011(10) win 0"):
        stage = Stage(**PLAIN).forge("server", "P. 1:1001(1000) ack 1 win 1000")
        assert stage.lines()[-1] == "server . 1:1(0) ack 1001"
        stage.forge("server", words)
        assert stage.peer.state is State.CLOSED
