"""Rows of the data path: what SEND and the window let go, what the window says, what text becomes."""

from __future__ import annotations

from tcpsim.tcp import State
from tests.conformance.registry import rows, state_of
from tests.conformance.rows_segments import at, bare_ack
from tests.helpers.lab import reach


@rows("estab|close_wait.send.held")
def held_back(row: str) -> None:
    """By a closed window, by Nagle's algorithm, by silly-window avoidance: kept, with a timer if nothing else wakes."""
    state = state_of(row)
    closed = reach(state)
    closed.arrives(at(closed, ".", closed.rcv_nxt, 0, 101, wnd=0)).send(10)
    assert (closed.sent(), closed.running(), closed.tcb.snd_buf.size) == ([], ["persist"], 10)
    nagle = reach(state, outstanding=10).send(10)
    assert (nagle.sent(), nagle.running(), nagle.tcb.snd_buf.size) == ([], ["rtx", "user"], 20)
    nagle.arrives(at(nagle, ".", nagle.rcv_nxt, 0, 111))
    assert len(nagle.sent()) == 1
    silly = reach(state)
    silly.arrives(at(silly, ".", silly.rcv_nxt, 0, 101, wnd=5)).send(10)
    assert (silly.sent(), silly.running(), silly.tcb.snd_buf.size) == ([], ["override"], 10)


@rows("estab.send.push")
def pushed(row: str) -> None:
    lab = reach(State.ESTABLISHED, mss_default=4).send(12)
    assert [words[:2] for words in lab.sent()] == [". ", ". ", "P."]
    lab.arrives(". 301:301(0) ack 105 win 4").send(8)  # the rest comes as the window allows: PSH waits for the end
    lab.arrives(". 301:301(0) ack 113 win 4")
    assert lab.sent() == [". 113:117(4) ack 301 win 1000"]
    lab.arrives(". 301:301(0) ack 117 win 4")
    assert lab.sent() == ["P. 117:121(4) ack 301 win 1000"]


@rows("estab.wnd.update")
def window_learnt(row: str) -> None:
    for seq, ack in ((301, 101), (302, 101), (301, 106)):  # same numbers, newer SEQ, newer ACK
        lab = reach(State.ESTABLISHED, outstanding=10)
        lab.arrives(at(lab, ".", seq, 0, ack, wnd=640))
        assert lab.tcb.snd_wnd == 640
        assert ((lab.tcb.snd_wl1 - lab.theirs) % 2**32, (lab.tcb.snd_wl2 - lab.ours) % 2**32) == (seq, ack)
    lab = reach(State.ESTABLISHED).arrives(". 301:301(0) ack 101 win 0").send(10)
    assert lab.arrives(". 301:301(0) ack 101 win 1000").sent() == ["P. 101:111(10) ack 301 win 1000"]


@rows("estab.wnd.old")
def window_of_long_ago(row: str) -> None:
    lab = reach(State.ESTABLISHED, outstanding=10)
    lab.arrives(". 310:310(0) ack 106 win 640").forget()  # newer than all that follow
    for seq, ack in ((301, 111), (309, 111), (310, 105), (310, 101)):
        lab.arrives(at(lab, ".", seq, 0, ack, wnd=7))
        assert lab.tcb.snd_wnd == 640, (seq, ack)
    assert lab.snd_una == 111  # the ACK field counts all the same


@rows("estab.wnd.shrink")
def window_shrinks(row: str) -> None:
    lab = reach(State.ESTABLISHED, outstanding=500).arrives(". 301:301(0) ack 101 win 200")
    assert lab.tcb.snd_wnd == 200
    assert lab.send(100).sent() == []  # nothing new beyond the edge
    assert lab.expire() == "rtx"
    (again,) = lab.segments()
    assert (again.seq, len(again.data)) == (101, 200)  # inside the new window only
    lab.arrives(". 301:301(0) ack 301 win 0")
    assert "persist" in lab.running()
    assert "rtx" not in lab.running()
    for _ in range(20):  # what lies beyond a closed edge is not timed out while the peer answers
        lab.expire()
        lab.arrives(". 301:301(0) ack 301 win 0")
    assert (lab.state, lab.now > 300 * 10**9) == (State.ESTABLISHED, True)
    lab.forget_segments().arrives(". 301:301(0) ack 301 win 1000").advance("1min")
    assert lab.segments()[0].seq == 301


@rows("estab.dupack3")
def third_duplicate_ack(row: str) -> None:
    lab = reach(State.ESTABLISHED, outstanding=900, nagle=False)
    for _ in range(2):
        assert lab.forget_segments().arrives(". 301:301(0) ack 101 win 1000").sent() == []
    (again,) = lab.arrives(". 301:301(0) ack 101 win 1000").segments()
    assert (again.seq, len(again.data)) == (101, 536)
    assert lab.tcb.ssthresh == 2 * 536  # half of what was in flight, and two segments at least
    assert lab.tcb.cwnd == lab.tcb.ssthresh + 3 * 536
    lab.arrives(". 301:301(0) ack 1001 win 1000")
    assert (lab.state, lab.running()) == (State.ESTABLISHED, [])


@rows("estab.data.in_order")
def text_in_order(row: str) -> None:
    lab = reach(State.ESTABLISHED)
    lab.arrives(lab.segment("P. 301:311(10) ack 101 win 1000", data=b"0123456789"))
    assert (lab.rcv_nxt, lab.tcb.rcv_wnd, lab.sent()) == (311, 990, [". 101:101(0) ack 311 win 990"])
    lab.arrives(lab.segment(". 316:321(5) ack 101 win 1000", data=b"fghij")).forget()
    lab.arrives(lab.segment(". 311:318(7) ack 101 win 1000", data=b"abcdeFG"))  # fills the gap, and overlaps
    assert (lab.rcv_nxt, lab.tcb.rcv_wnd, lab.sent()) == (321, 980, [". 101:101(0) ack 321 win 980"])
    assert (lab.receive(), lab.tcb.rcv_buf.early) == (b"0123456789abcdefghij", ())


@rows("fin_wait_1|fin_wait_2.data")
def text_after_our_close(row: str) -> None:
    lab = reach(state_of(row))
    lab.arrives(lab.segment(at(lab, "P.", 301, 10), data=b"half-close"))
    assert (lab.state, lab.sent()) == (state_of(row), [bare_ack(lab)])
    assert (lab.rcv_nxt, lab.receive()) == (311, b"half-close")


@rows("estab.window_update")
def window_update(row: str) -> None:
    """One large step: half the buffer here, since a segment may be 536 octets."""
    lab = reach(State.ESTABLISHED)
    for left in range(301, 1301, 100):
        lab.arrives(at(lab, "P.", left, 100))
    assert lab.sent()[-1] == ". 101:101(0) ack 1301 win 0"
    for _ in range(499):
        assert lab.receive(1) == bytes(1)
    assert (lab.sent(), lab.tcb.rcv_wnd) == ([], 0)
    lab.receive(1)
    assert (lab.sent(), lab.tcb.rcv_wnd) == ([". 101:101(0) ack 1301 win 500"], 500)
