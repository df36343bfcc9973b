"""Urgent data: the pointer, the notice, the mark (RFC 9293 3.8.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim import TcpsimError
from tests.requirements.registry import requirement
from tests.requirements.stage import PATIENT, PLAIN, Seen, Stage

TOLD = "signal urgent data"


def pointer(seen: Seen) -> int:
    """The relative number that a segment's urgent pointer names."""
    return seen.seq + seen.seg.up


def told(stage: Stage) -> int:
    """How often the server's user was told of urgent data."""
    return stage.signals("server").count(TOLD)


@requirement("MUST-30", "MUST-62")
def test_urgent_data_has_urg_and_a_pointer_to_the_octet_after_it() -> None:
    stage = Stage(**PLAIN)
    stage.send_urgent(stage.conn, b"now")
    (sent,) = [seen for seen in stage.seen("client") if seen.len]
    assert "U" in sent.letters
    assert (sent.seq, pointer(sent)) == (1, 4)
    stage.run("50ms")
    assert told(stage) == 1
    assert stage.read(stage.peer) == b"now"
    stage.forget().conn.send(b"dull")
    (after,) = stage.seen("client")
    assert "U" not in after.letters  # nothing urgent is outstanding any more


@requirement("MUST-31")
@pytest.mark.parametrize("n", [1, 500, 501, 3000, 70_000, 200_000])
def test_urgent_data_of_any_length(n: int) -> None:
    """Longer than a segment, than the window, than the pointer's 65535."""
    text = bytes(i % 251 for i in range(n))
    stage = Stage(server={"rcv_buf": 2000}, mss=1000, mss_option=True, snd_buf=1 << 20, ack_delay=0, trace="brief")
    stage.send_urgent(stage.conn, text)
    got = b""
    while len(got) < n:
        piece = stage.read(stage.peer)
        if piece is None:
            assert stage.sim.step(), f"{len(got)} of {n} octets have come, and nothing more will"
            continue
        got += piece
        assert stage.urgent_left(stage.peer) <= n - len(got)
    assert got == text
    assert stage.urgent_left(stage.peer) == 0
    assert told(stage) >= 1
    for seen in stage.seen("client"):
        if "U" in seen.letters:
            assert pointer(seen) <= n + 1


@requirement("MUST-32")
def test_the_user_is_told_at_once_and_again_when_the_pointer_moves() -> None:
    stage = Stage(**PLAIN)
    assert told(stage) == 0
    stage.send_urgent(stage.conn, b"one")
    stage.run("50ms")
    assert told(stage) == 1  # before anything was read
    stage.forge("server", "PU. 4:7(3) ack 1 win 1000 urg 3")
    assert told(stage) == 2
    stage.forge("server", ". 7:7(0) ack 1 win 1000")
    stage.forge("server", "U. 7:8(1) ack 1 win 1000 urg 0")  # the same octet again: no news
    assert told(stage) == 2
    stage.forge("server", "U. 8:8(0) ack 1 win 1000 urg 300")  # and of data that is still to come
    assert told(stage) == 3


@requirement("MUST-33")
def test_the_mark_turns_exactly_at_the_pointer() -> None:
    stage = Stage(**PLAIN, nagle=False)
    stage.conn.send(b"before")
    stage.send_urgent(stage.conn, b"urgent")
    stage.conn.send(b"after")
    stage.run("50ms")
    left = []
    marks = []
    got = b""
    while len(got) < 17:
        left.append(stage.urgent_left(stage.peer))
        marks.append(stage.peer.at_mark())
        piece = stage.read(stage.peer, 1)
        assert piece
        got += piece
    assert got == b"beforeurgentafter"
    assert left == [*range(12, 0, -1), 0, 0, 0, 0, 0]
    assert marks == [n == 1 for n in left]  # sockatmark(3): the last urgent octet is next
    whole = Stage(**PLAIN, nagle=False)  # a large read stops there
    whole.send_urgent(whole.conn, b"urgent")
    whole.conn.send(b"after")
    whole.run("50ms")
    assert whole.read(whole.peer) == b"urgent"
    assert whole.urgent_left(whole.peer) == 0
    assert whole.read(whole.peer) == b"after"


@requirement("LC-19")
def test_urgent_data_has_at_least_one_octet() -> None:
    stage = Stage(**PLAIN)
    before = stage.conn.tcb.variables()
    with pytest.raises(TcpsimError):
        stage.send_urgent(stage.conn, b"")
    assert stage.conn.tcb.variables() == before
    stage.send_urgent(stage.conn, b"x")
    stage.run("100ms")
    stage.conn.send(b"y")
    stage.run("100ms")
    assert ["U" in seen.letters for seen in stage.seen("client") if seen.len] == [True, False]


@requirement("MUST-66")
def test_urgent_news_passes_a_closed_window() -> None:
    stage = Stage(**PLAIN, **PATIENT).forge("server", "P. 1:1001(1000) ack 1 win 1000")
    assert stage.lines()[-1] == "server . 1:1(0) ack 1001"
    for words in ("U. 1001:1001(0) ack 1 win 1000 urg 5",):
        stage.forge("server", words)
    assert told(stage) == 1
    sender = Stage(**PLAIN, **PATIENT)  # and the sender does not wait for the window to tell it
    sender.conn.send(bytes(1000))
    sender.run("50ms")
    sender.send_urgent(sender.conn, b"!")
    sender.run("50ms")
    assert told(sender) == 1


@requirement("MUST-66")
@pytest.mark.parametrize(
    ("window", "text"),
    [
        pytest.param(0, "U. 1000:1000(0)", id="left of a closed window"),
        pytest.param(0, "U. 1002:1002(0)", id="right of a closed window"),
        pytest.param(1000, "PU. 996:1001(5)", id="left of an open window"),
        pytest.param(1000, "PU. 2001:2006(5)", id="right of an open window"),
    ],
)
def test_urgent_news_beside_the_window_is_none(window: int, text: str) -> None:
    """RFC 9293 3.10.7.4: what is not acceptable is dropped; the allowance is for what comes at RCV.NXT."""
    stage = Stage(**PLAIN, **PATIENT).forge("server", "P. 1:1001(1000) ack 1 win 1000")
    if window:
        stage.read(stage.peer)
    assert stage.forget().peer.tcb.rcv_wnd == window
    stage.forge("server", f"{text} ack 1 win 1000 urg 50")
    assert (told(stage), stage.urgent_left(stage.peer)) == (0, 0)
    assert stage.lines() == ["server . 1:1(0) ack 1001"]


@requirement("MUST-32", "MUST-62")
@pytest.mark.parametrize("urg", [1, 2, 5, 6, 200, 65535])
def test_the_pointer_is_an_offset_from_the_segment(urg: int) -> None:
    stage = Stage(**PLAIN)
    stage.forge("server", f"PU. 1:6(5) ack 1 win 1000 urg {urg}")
    assert told(stage) == 1
    assert stage.urgent_left(stage.peer) == urg
    old: Any = Stage(**PLAIN)
    old.forge("server", "P. 1:6(5) ack 1 win 1000")
    old.read(old.peer)
    old.forge("server", "PU. 1:7(6) ack 1 win 1000 urg 5")  # a retransmission: what it names was read
    assert told(old) == 0
