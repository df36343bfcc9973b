"""Rows in which a timer runs out and the state stays (RFC 9293 3.8, 3.10.8)."""

from __future__ import annotations

from tcpsim.tcp import Do, State
from tests.conformance.registry import rows, state_of
from tests.conformance.rows_segments import at, bare_ack
from tests.conformance.rows_synchronised import WAITING, busy
from tests.helpers.lab import SECOND, Lab, reach

#: What stands at the front of the retransmission queue, after ``busy``.
FRONT = {
    State.SYN_SENT: "S 100:100(0) win 1000",
    State.SYN_RECV: "S. 100:100(0) ack 301 win 1000",
    State.ESTABLISHED: "P. 101:111(10) ack 301 win 1000",
    State.FIN_WAIT_1: "F. 101:101(0) ack 301 win 1000",
    State.CLOSE_WAIT: "P. 101:111(10) ack 302 win 999",
    State.CLOSING: "F. 101:101(0) ack 302 win 999",
    State.LAST_ACK: "F. 101:101(0) ack 302 win 999",
}


@rows(f"syn_sent|syn_rcvd|{WAITING}.rto")
def retransmission(row: str) -> None:
    """The front of the queue again, RTO doubled each time, the timer restarted, no round trip measured."""
    lab = busy(row)
    measured = lab.tcb.srtt
    front = FRONT[state_of(row)]
    for when, rto in ((1, 2), (3, 4), (7, 8)):
        assert lab.expire() == "rtx"
        assert (lab.now, lab.sent()) == (when * SECOND, [front])
        assert (lab.state, lab.tcb.rto) == (state_of(row), rto * SECOND)
    assert lab.tcb.rtt_seq is None
    acked = ("S. 300:300(0)" if row.startswith("syn_sent") else f". {lab.rcv_nxt}:{lab.rcv_nxt}(0)") + " ack"
    lab.arrives(f"{acked} {lab.snd_nxt} win 1000")
    assert lab.tcb.srtt == measured  # Karn
    if row.startswith("syn"):
        assert lab.send(5).tcb.rto == 3 * SECOND  # RFC 6298 5.7


@rows(f"syn_sent|syn_rcvd|{WAITING}.r1")
def delivery_trouble(row: str) -> None:
    lab = busy(row)
    told = [(lab.expire(), lab.signals()) for _ in range(5)]
    assert told == [("rtx", []), ("rtx", []), ("rtx", [Do.SIGNAL_R1]), ("rtx", []), ("rtx", [])]
    assert lab.state is state_of(row)
    later = busy(row, r1=5)
    assert [signals for _ in range(5) for signals in [(later.expire(), later.signals())[1]] if signals] == [
        [Do.SIGNAL_R1]
    ]
    assert later.now == 31 * SECOND


@rows(f"{WAITING}.persist")
def window_probe(row: str) -> None:
    """One octet after one RTO, then at doubling intervals up to a minute; answered, it never ends."""
    lab = shut(row)
    una = lab.snd_una
    assert "persist" in lab.running()
    begun = lab.now
    when = []
    for _ in range(9):
        assert lab.expire() == "persist"
        (probe,) = lab.segments()
        assert probe.seq == una
        assert len(probe.data) + bool(probe.flags & 1) == 1  # one octet, or our FIN
        when.append((lab.now - begun) // SECOND)
        lab.arrives(at(lab, ".", lab.rcv_nxt, 0, una, wnd=0))
        assert lab.sent() == []
    assert when == [1, 3, 7, 15, 31, 63, 123, 183, 243]
    assert lab.state is state_of(row)
    assert not [signal for signal in lab.signals() if signal is not Do.SIGNAL_R1]
    lab.arrives(at(lab, ".", lab.rcv_nxt, 0, una, wnd=1000))
    lab.advance("1min")
    assert any(seg.seq == una for seg in lab.segments())  # and all goes on


def shut(row: str) -> Lab:
    """The row's state, the peer's window closed over what is left to send."""
    state = state_of(row)
    lab = reach(State.ESTABLISHED)
    if state in (State.CLOSE_WAIT, State.LAST_ACK):
        lab.arrives("F. 301:301(0) ack 101 win 1000")
    if state is State.LAST_ACK:  # it is entered when the FIN leaves, so the window closes afterwards
        lab.send(10).close()
        lab.arrives(at(lab, ".", lab.rcv_nxt, 0, 101, wnd=0))
    else:
        lab.arrives(at(lab, ".", lab.rcv_nxt, 0, 101, wnd=0)).send(10)
    if state in (State.FIN_WAIT_1, State.CLOSING):
        lab.close()
    if state is State.CLOSING:
        lab.arrives("F. 301:301(0) ack 101 win 0")
    assert lab.state is state
    return lab.forget()


@rows("estab|fin_wait_1|fin_wait_2.delack")
def delayed_ack(row: str) -> None:
    lab = reach(state_of(row), ack_delay=200_000_000)
    lab.arrives(at(lab, "P.", 301, 10))
    assert lab.sent() == []
    assert "delack" in lab.running()
    assert lab.advance("199.999999ms").sent() == []
    assert lab.advance("1ns").sent() == [bare_ack(lab)]
    assert "delack" not in lab.running()
    assert lab.advance("500ms").sent() == []  # the debt is paid once


@rows("estab.sws_override")
def small_segment_after_all(row: str) -> None:
    lab = reach(State.ESTABLISHED).arrives(". 301:301(0) ack 101 win 5").send(10)
    assert (lab.sent(), lab.running()) == ([], ["override"])
    assert lab.expire() == "override"
    assert 100_000_000 <= lab.now <= 1_000_000_000  # RFC 9293 3.8.6.2.1 wants it between 0.1 and 1 s
    assert lab.sent() == [". 101:106(5) ack 301 win 1000"]


@rows("fin_wait_1|closing.drain")
def deferred_fin(row: str) -> None:
    lab = reach(State.ESTABLISHED).arrives(". 301:301(0) ack 101 win 5").send(10).close()
    if row.startswith("closing"):
        lab.arrives("F. 301:301(0) ack 101 win 5")
    assert (lab.state, lab.tcb.fin_seq) == (state_of(row), None)
    lab.advance("200ms").forget()
    nxt = lab.rcv_nxt
    lab.arrives(at(lab, ".", nxt, 0, 106, wnd=1000))  # everything that was sent: there is no FIN to cover yet
    assert lab.state is state_of(row)
    assert lab.sent() == [f"FP. 106:111(5) ack {nxt} win {lab.tcb.rcv_wnd}"]
    assert lab.snd_nxt == 112
    lab.arrives(at(lab, ".", nxt, 0, 111))  # the data, not the FIN
    assert lab.state is state_of(row)
    lab.arrives(at(lab, ".", nxt, 0, 112))
    assert lab.state is (State.TIME_WAIT if row.startswith("closing") else State.FIN_WAIT_2)


@rows("fin_wait_1.rto_synack")
def the_synack_comes_first(row: str) -> None:
    lab = reach(State.SYN_RECV).close().forget()
    assert lab.expire() == "rtx"
    assert lab.sent()[0] == "S. 100:100(0) ack 301 win 1000"
    assert lab.state is State.FIN_WAIT_1
    lab.arrives(". 301:301(0) ack 101 win 1000").forget()
    assert lab.expire() == "rtx"
    assert lab.sent() == ["F. 101:101(0) ack 301 win 1000"]
