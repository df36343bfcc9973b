"""Rows in which a segment arrives and the state stays: the ACK field, text and FIN (RFC 9293 3.10.7.4, fifth to eighth)."""

from __future__ import annotations

from tcpsim.tcp import RFC9293, RFC9293_LITERAL, Do, Profile, State
from tests.conformance.registry import rows, state_of
from tests.conformance.rows_segments import RECEIVING, WINDOWED, at, bare_ack, standing, theirs_closed, unmoved
from tests.conformance.rows_synchronised import busy
from tests.helpers.lab import Lab, reach

# -- fifth: the ACK field


@rows(f"{WINDOWED}.ack.missing")
def no_ack_bit(row: str) -> None:
    for letters, n in (("-", 5), ("F", 0), ("F", 5), ("-", 0), ("P", 1)):
        lab = busy(row)
        unmoved(row, lab, at(lab, letters, lab.rcv_nxt, n), [])


@rows("estab|fin_wait_1|fin_wait_2|close_wait|closing|last_ack.ack.too_old_5961")
def ack_of_long_ago(row: str) -> None:
    for n in (0, 5):
        lab = busy(row)
        unmoved(row, lab, at(lab, "P.", lab.rcv_nxt, n, lab.snd_una - 1001), [bare_ack(lab)])
        lab = busy(row).arrives(at(lab, "P.", lab.rcv_nxt, n, lab.snd_una - 1000))  # MAX.SND.WND: just in range
        taken = n if state_of(row) in RECEIVING else 0
        assert (lab.tcb.rcv_buf.size, lab.state) == (taken, state_of(row))
        off = busy(row, ack_range_checked=False)
        off.arrives(at(off, "P.", off.rcv_nxt, n, off.snd_una - 1001))
        assert off.tcb.rcv_buf.size == taken


@rows("syn_rcvd.ack.too_old_5961")
def ack_of_long_ago_in_syn_recv(row: str) -> None:
    """A-9: a reset, as for every bad ACK there; by the letter, the range comes first."""
    lab = reach(State.SYN_RECV, RFC9293_LITERAL)
    unmoved(row, lab, ". 301:301(0) ack 4294966395 win 1000", [bare_ack(lab)])  # SND.UNA - 1001
    lab = reach(State.SYN_RECV)
    unmoved(row, lab, ". 301:301(0) ack 4294966395 win 1000", ["R 4294966395:4294966395(0) win 0"])


@rows("syn_rcvd.ack.bad")
def embryo_gets_a_bad_ack(row: str) -> None:
    for ack in (100, 99, 102, 9999):
        for letters, n in ((".", 0), ("P.", 5), ("F.", 0)):  # and nothing further is looked at
            lab = reach(State.SYN_RECV).send(3)
            if (ack + lab.ours) % 2**32 == 0:
                continue
            unmoved(row, lab, at(lab, letters, 301, n, ack), [f"R {ack}:{ack}(0) win 0"])


@rows("estab|fin_wait_1|fin_wait_2|close_wait|closing|last_ack.ack.future")
def ack_of_the_future(row: str) -> None:
    for ahead in (1, 5000):
        for letters, n in ((".", 0), ("P.", 5), ("F.", 0)):
            lab = busy(row)
            unmoved(row, lab, at(lab, letters, lab.rcv_nxt, n, lab.snd_nxt + ahead), [bare_ack(lab)])


@rows("estab|close_wait.ack.new")
def ack_of_news(row: str) -> None:
    for covered in (1, 9, 10):
        lab = busy(row)
        due = lab.tcb.rtx_due
        lab.advance("500ms").arrives(at(lab, ".", lab.rcv_nxt, 0, 101 + covered))
        assert (lab.snd_una, lab.tcb.snd_buf.size) == (101 + covered, 10 - covered)
        assert (lab.state, lab.sent()) == (state_of(row), [])
        assert lab.running() == (["rtx", "user"] if covered < 10 else [])
        if covered < 10:
            assert lab.tcb.rtx_due > due  # restarted for what is left (RFC 6298 5.3)
        else:
            assert lab.tcb.srtt == 62_500_000  # 7/8 of the handshake's 0 and 1/8 of 500 ms
    stuck = reach(state_of(row), mss_default=10).send(25)  # 5 octets wait for company (Nagle)
    stuck.forget().arrives(at(stuck, ".", stuck.rcv_nxt, 0, 121))
    assert stuck.sent() == [f"P. 121:126(5) ack {stuck.rcv_nxt} win {stuck.tcb.rcv_wnd}"]


@rows("estab|fin_wait_1|fin_wait_2|close_wait.ack.dup")
def ack_of_nothing_new(row: str) -> None:
    for back in (0, 1, 900):
        lab = busy(row)
        una = lab.snd_una
        lab.arrives(at(lab, "P.", lab.rcv_nxt, 5, una - back))
        assert (lab.snd_una, lab.state) == (una, state_of(row))
        assert lab.tcb.rcv_buf.size == (0 if theirs_closed(row) else 5)  # the text counts all the same
        lab = busy(row).arrives(at(lab, "F.", busy(row).rcv_nxt, 0, una - back))
        assert (lab.state is state_of(row)) == theirs_closed(row)  # and so does the FIN


@rows("fin_wait_2|time_wait.ack.any")
def ack_when_all_is_acknowledged(row: str) -> None:
    lab = reach(state_of(row))
    lab.arrives(at(lab, ".", lab.rcv_nxt, 0, 102, wnd=700))
    assert (lab.state, lab.sent(), lab.signals()) == (state_of(row), [], [])
    if row.startswith("fin_wait_2"):
        assert (lab.tcb.snd_wnd, lab.running()) == (700, [])
        return
    due = lab.tcb.time_wait_due
    lab.advance("1s").arrives(at(lab, ".", lab.rcv_nxt, 0, 102))
    assert (lab.sent(), lab.tcb.time_wait_due) == ([], due)
    literal = reach(State.TIME_WAIT, RFC9293_LITERAL).advance("1s")
    literal.arrives(at(literal, ".", literal.rcv_nxt, 0, 102))
    assert literal.sent() == [bare_ack(literal)]
    assert literal.tcb.time_wait_due == due + 10**9


@rows("fin_wait_1.ack.partial")
def ack_short_of_our_fin(row: str) -> None:
    lab = reach(State.ESTABLISHED, outstanding=10).close().forget()
    lab.arrives(". 301:301(0) ack 111 win 1000")
    assert (lab.state, lab.snd_una, lab.running()) == (State.FIN_WAIT_1, 111, ["rtx", "user"])
    waiting = reach(State.ESTABLISHED).arrives(". 301:301(0) ack 101 win 5").send(10)
    waiting.close().forget().advance("200ms")
    assert waiting.sent() == [". 101:106(5) ack 301 win 1000"]
    waiting.arrives(". 301:301(0) ack 106 win 1000")  # all that was sent; our FIN was not
    assert (waiting.state, waiting.sent()) == (State.FIN_WAIT_1, ["FP. 106:111(5) ack 301 win 1000"])


@rows("fin_wait_1.ack.syn_only")
def ack_of_our_syn_alone(row: str) -> None:
    lab = reach(State.SYN_RECV).close().forget()
    lab.arrives(". 301:301(0) ack 101 win 700")
    assert (lab.state, lab.snd_una, lab.tcb.snd_wnd) == (State.FIN_WAIT_1, 101, 700)
    assert lab.expire() == "rtx"
    assert lab.sent() == ["F. 101:101(0) ack 301 win 1000"]


@rows("closing|last_ack.ack.other")
def ack_of_earlier_data(row: str) -> None:
    lab = reach(State.ESTABLISHED, outstanding=10)
    if row.startswith("closing"):
        lab.close().arrives("F. 301:301(0) ack 101 win 1000")
    else:
        lab.arrives("F. 301:301(0) ack 101 win 1000").close()
    lab.forget().arrives(". 302:302(0) ack 111 win 1000")
    assert (lab.state, lab.snd_una, lab.sent()) == (state_of(row), 111, [])
    assert lab.tcb.snd_buf.size == 0
    assert lab.arrives(". 302:302(0) ack 112 win 1000").state is (
        State.TIME_WAIT if row.startswith("closing") else State.CLOSED
    )


# -- seventh and eighth: text and FIN


@rows("close_wait|closing|last_ack|time_wait.data")
def text_behind_the_fin(row: str) -> None:
    for offset in (0, 100):
        lab = reach(state_of(row))
        unmoved_but_window(row, lab, at(lab, "P.", lab.rcv_nxt + offset, 10))


def unmoved_but_window(row: str, lab: Lab, words: str) -> None:
    """As ``unmoved``, without an answer; but the window's WL1 may follow the segment's number."""
    before = standing(lab)
    lab.forget().arrives(words)
    after = standing(lab)
    before.pop("snd_wl1")
    after.pop("snd_wl1")
    assert (lab.state, lab.sent(), lab.signals(), after) == (state_of(row), [], [], before)


@rows("close_wait|closing|last_ack|time_wait.fin_again")
def second_fin(row: str) -> None:
    lab = reach(state_of(row)).advance("1s").forget()
    nxt, due = lab.rcv_nxt, lab.tcb.time_wait_due
    lab.arrives(at(lab, "F.", nxt))
    assert (lab.state, lab.rcv_nxt, lab.signals()) == (state_of(row), nxt, [])
    if row.startswith("closing"):  # the fifth check of CLOSING stops all that does not acknowledge our FIN
        assert lab.sent() == []
        lab.arrives(at(lab, "F.", nxt, ack=lab.snd_nxt))
        assert (lab.state, lab.rcv_nxt, lab.signals()) == (State.TIME_WAIT, nxt, [])
    assert lab.sent() == [bare_ack(lab)]
    if row.startswith("time_wait"):
        assert lab.tcb.time_wait_due == due + 10**9
    if row.startswith(("close_wait", "last_ack")):  # A-14; the others end before the eighth check, to the letter
        literal = reach(state_of(row), RFC9293_LITERAL)
        literal.arrives(at(literal, "F.", nxt))
        assert (literal.rcv_nxt, literal.signals()) == (nxt + 1, [Do.SIGNAL_CLOSING])


@rows("close_wait|closing|last_ack|time_wait.fin_retransmit")
def the_same_fin_again(row: str) -> None:
    lab = reach(state_of(row)).advance("500ms").forget()
    due = lab.tcb.time_wait_due
    lab.arrives(at(lab, "F.", lab.rcv_nxt - 1))
    assert (lab.state, lab.sent(), lab.signals()) == (state_of(row), [bare_ack(lab)], [])
    if row.startswith("time_wait"):
        assert lab.tcb.time_wait_due == due + 500_000_000
        literal: Profile = RFC9293_LITERAL
        lab = reach(State.TIME_WAIT, literal).advance("1s").forget()
        lab.arrives(at(lab, "F.", lab.rcv_nxt - 1))
        assert (lab.sent(), lab.tcb.time_wait_due) == ([bare_ack(lab)], due)
    else:
        lab = reach(state_of(row), RFC9293.but(ack_left_of_window=True))
        lab.arrives(at(lab, "F.", lab.rcv_nxt - 1, ack=lab.snd_nxt))
        assert lab.snd_una == lab.snd_nxt
