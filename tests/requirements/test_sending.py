"""When data leaves, and in what pieces: PSH, Nagle, silly windows (RFC 9293 3.7.4, 3.8.6.2.1, 3.9.1.2)."""

from __future__ import annotations

import socket

import pytest

from tests.requirements.registry import requirement
from tests.requirements.stage import MS, PATIENT, PLAIN, Stage


@requirement("MUST-17", "SHLD-7")
def test_nagle_and_how_to_switch_it_off() -> None:
    with_nagle = Stage(**PLAIN)
    with_nagle.conn.send(b"one")
    with_nagle.conn.send(b"two")
    assert with_nagle.lines("client") == ["client P. 1:4(3) ack 1"]
    with_nagle.run("1s")
    assert with_nagle.lines("client") == ["client P. 4:7(3) ack 1"]
    without = Stage(**PLAIN)
    without.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    without.conn.send(b"one")
    without.conn.send(b"two")
    assert without.lines("client") == ["client P. 1:4(3) ack 1", "client P. 4:7(3) ack 1"]


@requirement("MUST-60", "MAY-16")
@pytest.mark.parametrize("nagle", [True, False])
def test_a_small_write_leaves_without_help(nagle: bool) -> None:
    """At once when nothing is outstanding; with Nagle later ones go together, when the ACK has come."""
    stage = Stage(nagle=nagle, **PLAIN)
    begun = stage.now
    for word in (b"a", b"b", b"c"):
        stage.conn.send(word)
    stage.run("600ms")
    sent = stage.seen("client")
    assert sent[0].t == begun
    assert [seen.len for seen in sent] == ([1, 2] if nagle else [1, 1, 1])
    assert stage.read(stage.peer) == b"abc"


@requirement("MUST-61", "SHLD-27", "SHLD-28")
def test_bulk_leaves_in_full_segments_and_the_last_has_psh() -> None:
    stage = Stage(server={"rcv_buf": 65535}, client={"rcv_buf": 1000}, mss=500, mss_option=True, ack_delay=0)
    stage.conn.send(bytes(2300))
    stage.run("1s")
    assert [(seen.letters, seen.len) for seen in stage.seen("client")][:5] == [
        (".", 500),
        (".", 500),
        (".", 500),
        (".", 500),
        ("P.", 300),
    ]
    closed = Stage(server={"rcv_buf": 2000}, client={"rcv_buf": 1000}, mss=500, mss_option=True, ack_delay=0)
    closed.conn.send(bytes(2000))
    closed.run("100ms")  # the window is full now: what is written waits and is merged
    closed.forget()
    for _ in range(10):
        closed.conn.send(bytes(100))
    closed.run("100ms")
    assert closed.seen("client") == []
    closed.read(closed.peer)
    closed.run("500ms")
    assert [(seen.letters, seen.len) for seen in closed.seen("client")] == [(".", 500), ("P.", 500)]


@requirement("MUST-38")
def test_the_sender_does_not_fill_silly_windows() -> None:
    """The peer opens its window by one octet at a time; nothing leaves until it is worth it or 0.1 to 1 s have passed."""
    stage = Stage(**PLAIN, **PATIENT)
    stage.forge("client", ". 1:1(0) ack 1 win 0")
    stage.cut("client")
    stage.conn.send(bytes(1000))
    for wnd in range(1, 10):
        stage.forge("client", f". 1:1(0) ack 1 win {wnd}")
    assert stage.lines("client") == []
    begun = stage.now
    stage.run("1100ms")
    first = stage.seen("client")[0]
    assert (first.len, 100 * MS <= first.t - begun <= 1000 * MS) == (9, True)
    wide = Stage(**PLAIN, **PATIENT)
    wide.forge("client", ". 1:1(0) ack 1 win 0")
    wide.conn.send(bytes(1000))
    wide.forge("client", ". 1:1(0) ack 1 win 499")
    assert wide.lines("client") == []
    wide.forge("client", ". 1:1(0) ack 1 win 500")  # a full segment, and half the largest window
    assert wide.lines("client") == ["client . 1:501(500) ack 1"]


@requirement("LC-20")
@pytest.mark.parametrize(
    "words", [". 1001:1002(1) ack 1 win 9", ". 1001:1001(0) ack 2 win 9", ". 1050:1050(0) ack 1 win 9"]
)
def test_a_closed_window_answers_whatever_comes(words: str) -> None:
    stage = Stage(**PLAIN).forge("server", "P. 1:1001(1000) ack 1 win 1000").forget()
    stage.forge("server", words)
    (answer,) = stage.seen("server")
    assert (answer.letters, answer.ack, answer.wnd, answer.len) == (".", 1001, 0, 0)
