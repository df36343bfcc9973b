"""Rows of timestamps, urgent data, keep-alive, the FIN_WAIT_2 timer and the half-duplex close."""

from __future__ import annotations

from typing import Any, Final

from tcpsim.tcp import Code, Do, State
from tests.conformance.registry import next_of, rows, state_of
from tests.conformance.rows_acks import unmoved_but_window
from tests.conformance.rows_opening import gone, moved
from tests.conformance.rows_segments import WINDOWED, at, standing
from tests.helpers.lab import SECOND, Lab, reach

STAMPS: Final[dict[str, Any]] = {"timestamps": True, "peer_options": "TS"}
#: The peer's clock in a laboratory shows 1000 at the start.
CLOCK: Final = 1000


def old(words: str, stamp: int) -> str:
    return f"{words} <TS val {stamp % 2**32} ecr 0>"


# -- RFC 7323


@rows(f"{WINDOWED}.paws")
def older_than_ts_recent(row: str) -> None:
    """Dropped before the sequence test, and acknowledged; a RST is exempt; equal is not older."""
    for back in (1, 500, 2**31):
        for letters, n in (("P.", 5), ("F.", 0), ("S", 0), (".", 0)):
            lab = reach(state_of(row), **STAMPS).forget()
            before = standing(lab)
            lab.arrives(old(at(lab, letters, lab.rcv_nxt, n, ack=lab.snd_nxt), CLOCK - back))
            (reply,) = lab.segments()
            assert (reply.flags, reply.seq, reply.ack, reply.data) == (16, lab.snd_nxt, lab.rcv_nxt, b"")
            assert (reply.tsecr, lab.stopped(), lab.signals()) == (CLOCK, ["seq.paws"], [])
            assert standing(lab) == before
    lab = reach(state_of(row), **STAMPS)
    nxt = lab.rcv_nxt
    lab.arrives(old(at(lab, ".", nxt, ack=lab.snd_una), CLOCK))
    assert "seq.paws" not in lab.stopped()
    lab = reach(state_of(row), **STAMPS)
    lab.arrives(old(at(lab, "R", lab.rcv_nxt), CLOCK - 500))
    assert lab.state in (State.CLOSED, State.LISTEN)


# -- RFC 6191


def waits(stamps: bool, **options: Any) -> Lab:
    return reach(State.TIME_WAIT, reopen_time_wait="6191", **(STAMPS if stamps else {}), **options).advance("2s")


def dialled(row: str, lab: Lab, seq: int, stamp: int | None) -> None:
    """A SYN with that number and stamp begins the row's new incarnation, or is dropped without a word."""
    words = f"S {seq}:{seq}(0) win 800 "
    lab.arrives(words + ("<nop>" if stamp is None else f"<TS val {stamp} ecr 0>"))
    assert lab.state is next_of(row)
    if lab.state is State.TIME_WAIT:
        assert (lab.sent(), lab.stopped(), lab.running()) == ([], ["seq.old_syn"], ["time_wait"])
        return
    (synack,) = lab.segments()
    assert (synack.flags & 18, synack.ack) == (18, seq + 1)
    assert 102 < synack.seq < 2**31
    assert lab.fired() == ["time_wait.syn_reopens"]


@rows("time_wait.syn.6191_ts_newer")
def a_newer_stamp(row: str) -> None:
    for seq in (900, 302, 290):
        dialled(row, waits(True), seq, CLOCK + 1)


@rows("time_wait.syn.6191_ts_equal")
def the_same_stamp_and_a_higher_number(row: str) -> None:
    for seq in (900, 302):
        dialled(row, waits(True), seq, CLOCK)


@rows("time_wait.syn.6191_first_ts")
def the_first_stamp(row: str) -> None:
    for seq in (900, 290):
        lab = waits(False, timestamps=True)
        dialled(row, lab, seq, 7)


@rows("time_wait.syn.6191_drop")
def no_proof_that_it_is_new(row: str) -> None:
    dialled(row, waits(True), 290, CLOCK)
    dialled(row, waits(True), 900, CLOCK - 1)
    dialled(row, waits(True), 290, None)
    dialled(row, waits(False), 290, None)


# -- urgent data


@rows("estab.send.urgent")
def urgent_send(row: str) -> None:
    lab = reach(State.ESTABLISHED).send(b"now", urgent=True)
    (sent,) = lab.segments()
    assert (sent.flags & 32, sent.seq, sent.up, sent.data) == (32, 101, 3, b"now")
    assert lab.expire() == "rtx"
    (again,) = lab.segments()
    assert (again.flags & 32, again.up) == (32, 3)  # URG stays on until SND.UNA has passed
    lab.arrives(". 301:301(0) ack 104 win 1000").send(b"dull")
    (after,) = lab.segments()
    assert (after.flags & 32, after.up) == (0, 0)
    shut = reach(State.ESTABLISHED).arrives(". 301:301(0) ack 101 win 0").send(b"now", urgent=True)
    (news,) = shut.segments()  # a closed window does not keep the news
    assert (news.flags & 32, news.seq + news.up, news.data) == (32, 104, b"")


@rows("estab.urg.new", "fin_wait_1|fin_wait_2.urg")
def urgent_news(row: str) -> None:
    """Told at once, before the octets are here or read, and again when the pointer moves forward."""
    state = state_of(row)
    lab = reach(state)
    lab.arrives(at(lab, "U.", 301) + " urg 5")
    assert (lab.signals(), lab.state, lab.conn.urgent_left()) == ([Do.SIGNAL_URGENT], state, 5)
    lab.arrives(at(lab, "U.", 301, 3) + " urg 9")
    assert (lab.signals(), lab.conn.urgent_left()) == ([Do.SIGNAL_URGENT], 9)
    assert lab.receive() == bytes(3)
    assert lab.conn.urgent_left() == 6
    lab.arrives(at(lab, "P.", 304, 8))
    assert lab.receive() == bytes(6)  # a read stops at the mark
    assert (lab.conn.urgent_left(), lab.receive()) == (0, bytes(2))


@rows("estab.urg.again")
def urgent_news_again(row: str) -> None:
    lab = reach(State.ESTABLISHED).arrives("U. 301:304(3) ack 101 win 1000 urg 5").forget()
    for words in ("U. 304:304(0) ack 101 win 1000 urg 2", "U. 301:304(3) ack 101 win 1000 urg 5"):
        lab.arrives(words)
        assert (lab.signals(), lab.conn.urgent_left()) == ([], 5)
    lab.arrives("U. 304:304(0) ack 101 win 1000 urg 1")  # behind what is known
    assert (lab.signals(), lab.conn.urgent_left()) == ([], 5)


@rows("close_wait|closing|last_ack|time_wait.urg")
def urgent_after_the_end(row: str) -> None:
    lab = reach(state_of(row))
    unmoved_but_window(row, lab, at(lab, "U.", lab.rcv_nxt, 5) + " urg 5")
    assert lab.conn.urgent_left() == 0


# -- keep-alive and FIN_WAIT_2


def kept_alive(probes: int = 3) -> Lab:
    return reach(State.ESTABLISHED).configure(keepalive=(60 * SECOND, 10 * SECOND, probes)).forget()


@rows("estab.keepalive")
def keepalive(row: str) -> None:
    lab = kept_alive().advance("59.999s")
    assert lab.sent() == []
    lab.advance("1ms")
    assert lab.sent() == [". 100:100(0) ack 301 win 1000"]  # SND.NXT - 1
    lab.arrives(". 301:301(0) ack 101 win 1000").advance("59s")
    assert (lab.sent(), lab.state) == ([], State.ESTABLISHED)  # an answer begins the count anew
    lab.advance("12s")
    assert len(lab.sent()) == 2
    lab.arrives(". 301:301(0) ack 101 win 1000")  # one answer of two is enough
    assert lab.advance("59s").state is State.ESTABLISHED
    octet = reach(State.ESTABLISHED, keepalive_octet=True).configure(keepalive=True).advance("7200s")
    assert octet.sent() == [". 100:101(1) ack 301 win 1000"]
    busy = kept_alive().send(5).forget().advance("61s")
    assert {words.split(":")[0] for words in busy.sent()} == {"P. 101"}  # no probe: data is outstanding


@rows("estab.keepalive_dead")
def keepalive_unanswered(row: str) -> None:
    lab = kept_alive().advance("80s")
    assert len(lab.sent()) == 3
    assert lab.advance("9.999s").state is State.ESTABLISHED
    moved(row, lab.advance("1ms"), [], (Do.SIGNAL_TIMED_OUT,))
    assert lab.fired() == ["established.keepalive"]
    gone(lab, Code.TIMED_OUT)


@rows("fin_wait_2.idle")
def no_fin_comes(row: str) -> None:
    lab = reach(State.FIN_WAIT_2, fin_wait_2_timeout=60 * SECOND).advance("59.999s")
    assert lab.state is State.FIN_WAIT_2
    moved(row, lab.advance("1ms"), [])
    gone(lab)
    assert reach(State.FIN_WAIT_2).advance("9999h").state is State.FIN_WAIT_2


# -- half-duplex close


@rows("fin_wait_1|fin_wait_2.data.half_duplex")
def data_that_nobody_will_read(row: str) -> None:
    lab = reach(state_of(row), half_duplex_close=True)
    lab.arrives(at(lab, "P.", 301, 5))
    moved(row, lab, ["R 102:102(0) win 1000"])
    gone(lab)  # nobody is left to be told
    full = reach(state_of(row))
    full.arrives(at(full, "P.", 301, 5))
    assert (full.state, full.receive()) == (state_of(row), bytes(5))
