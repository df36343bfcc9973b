"""Rows of CLOSED, LISTEN, SYN_SENT and SYN_RECV that change the state."""

from __future__ import annotations

from typing import Any

from tcpsim.tcp import RFC9293, RFC9293_LITERAL, Code, Do, State
from tests.conformance.registry import next_of, rows
from tests.helpers.lab import Lab, reach


def gone(lab: Lab, code: Code = Code.NOT_OPEN) -> None:
    """CLOSED and nothing left: no timer, no queue, and calls answer ``code``."""
    assert lab.state is State.CLOSED
    assert lab.running() == []
    assert (lab.tcb.snd_buf.size, lab.tcb.rcv_buf.early) == (0, ())
    for call in (lambda: lab.send(1), lab.close, lab.abort, lab.status):
        assert lab.error(call) is code
    over = lab.tcb.fin_received and code is Code.NOT_OPEN  # the peer's stream came to its end
    assert lab.error(lab.receive) is (Code.CLOSING if over else code)
    lab.arrives(". 301:301(0) ack 101 win 1000")
    assert lab.sent() == ["R 101:101(0) win 0"]


def moved(row: str, lab: Lab, sent: list[str], signals: tuple[Do, ...] = ()) -> None:
    """The row's next state, these segments and these signals."""
    assert lab.state is next_of(row)
    assert lab.sent() == sent
    assert tuple(lab.signals()) == signals


def back_to_listen(lab: Lab) -> None:
    """Waiting as if nothing had happened: no timers, queues flushed, and a new SYN is welcome."""
    assert lab.running() == []
    assert (lab.tcb.snd_buf.size, lab.tcb.rcv_buf.early, lab.tcb.rcv_fin) == (0, (), None)
    lab.arrives("S 700:700(0) win 1000")
    assert lab.sent() == ["S. 100:100(0) ack 701 win 1000"]


# -- CLOSED


@rows("closed.open_passive")
def open_passive(row: str) -> None:
    lab = reach(State.CLOSED)
    moved(row, lab.open_passive(), [])
    assert lab.fired() == ["closed.open_passive"]
    assert lab.running() == []
    assert lab.status()["state"] is State.LISTEN


@rows("closed.open_active")
def open_active(row: str) -> None:
    lab = reach(State.CLOSED)
    moved(row, lab.open_active(), ["S 100:100(0) win 1000"])
    assert (lab.snd_una, lab.snd_nxt, lab.tcb.passive) == (100, 101, False)
    assert lab.running() == ["rtx", "user"]
    announced = Lab(mss_option=True, mss=1460).open_active()
    assert announced.sent() == ["S 100:100(0) win 1000 <mss 1460>"]


# -- LISTEN


@rows("listen.open_active", "listen.send")
def listener_opens(row: str) -> None:
    lab = reach(State.LISTEN)
    if row == "listen.send":
        lab.send(b"hello")
    else:
        lab.open_active()
    moved(row, lab, ["S 100:100(0) win 1000"])
    assert (lab.snd_una, lab.snd_nxt, lab.tcb.passive) == (100, 101, False)
    assert "rtx" in lab.running()
    lab.arrives("S. 300:300(0) ack 101 win 1000")
    queued = ["P. 101:106(5) ack 301 win 1000"]
    assert lab.sent() == (queued if row == "listen.send" else [". 101:101(0) ack 301 win 1000"])


@rows("listen.close", "listen.abort")
def listener_ends(row: str) -> None:
    lab = reach(State.LISTEN)
    if row == "listen.close":
        lab.close()
    else:
        lab.abort()
    moved(row, lab, [])
    gone(lab, Code.NOT_OPEN if row == "listen.close" else Code.ABORTED)


@rows("listen.rcv_syn")
def listener_takes_a_syn(row: str) -> None:
    lab = reach(State.LISTEN).arrives("S 300:300(0) win 900")
    moved(row, lab, ["S. 100:100(0) ack 301 win 1000"])
    assert (lab.rcv_nxt, lab.snd_una, lab.snd_nxt) == (301, 100, 101)
    assert (lab.tcb.passive, lab.tcb.snd_wnd) == (True, 900)
    assert lab.running() == ["rtx", "user"]
    wild = reach(State.LISTEN, remote=False)
    assert wild.tcb.flow[2:] == ("", 0)
    wild.arrives("S 300:300(0) win 900")
    assert wild.segments()[0].dst == ("10.0.0.2", 2000)
    assert wild.tcb.flow[2:] == ("10.0.0.2", 2000)
    wild.arrives("R 301:301(0) win 0")
    assert (wild.state, wild.tcb.flow[2:]) == (State.LISTEN, ("", 0))


@rows("listen.rcv_syn.text")
def listener_takes_a_syn_with_more(row: str) -> None:
    lab = reach(State.LISTEN).arrives("SF 300:305(5) win 1000")
    moved(row, lab, ["S. 100:100(0) ack 301 win 1000"])
    assert lab.receive() is None
    lab.arrives(". 307:307(0) ack 101 win 1000")
    assert lab.state is State.CLOSE_WAIT
    assert lab.sent() == [". 101:101(0) ack 307 win 994"]
    assert lab.signals() == [Do.SIGNAL_OPEN, Do.SIGNAL_CLOSING]
    assert lab.receive() == bytes(5)


@rows("listen.user_timeout")
def listener_times_out(row: str) -> None:
    lab = reach(State.LISTEN, RFC9293_LITERAL, user_timeout=30 * 10**9).advance("30s")
    moved(row, lab, [], (Do.SIGNAL_USER_TIMEOUT,))
    gone(lab, Code.USER_TIMEOUT)
    patient = reach(State.LISTEN, user_timeout=30 * 10**9).advance("1000s")
    assert patient.state is State.LISTEN


# -- SYN_SENT


@rows("syn_sent.close", "syn_sent.abort")
def opener_ends(row: str) -> None:
    lab = reach(State.SYN_SENT).send(5)
    if row == "syn_sent.close":
        lab.close()
    else:
        lab.abort()
    moved(row, lab, [])
    gone(lab, Code.NOT_OPEN if row == "syn_sent.close" else Code.ABORTED)
    lab.arrives("S. 300:300(0) ack 101 win 1000")
    assert lab.sent() == ["R 101:101(0) win 0"]


@rows("syn_sent.rst.ack_ok")
def opener_is_refused(row: str) -> None:
    for seq in (0, 5000):
        lab = reach(State.SYN_SENT).send(5).arrives(f"R. {seq}:{seq}(0) ack 101 win 0")
        moved(row, lab, [], (Do.SIGNAL_RESET,))
        gone(lab, Code.REFUSED)


@rows("syn_sent.rcv_synack")
def opener_is_answered(row: str) -> None:
    lab = reach(State.SYN_SENT).arrives("S. 300:300(0) ack 101 win 900")
    moved(row, lab, [". 101:101(0) ack 301 win 1000"], (Do.SIGNAL_OPEN,))
    assert (lab.snd_una, lab.snd_nxt, lab.rcv_nxt) == (101, 101, 301)
    assert (lab.tcb.snd_wnd, lab.tcb.snd_wl1, lab.tcb.snd_wl2) == (
        900,
        (300 + lab.theirs) % 2**32,
        (101 + lab.ours) % 2**32,
    )
    assert lab.running() == []
    waiting = reach(State.SYN_SENT).send(5).arrives("S. 300:300(0) ack 101 win 900")
    assert waiting.sent() == ["P. 101:106(5) ack 301 win 1000"]


@rows("syn_sent.rcv_synack.text", "syn_sent.rcv_synack.fin")
def opener_is_answered_with_more(row: str) -> None:
    fin = row.endswith("fin")
    letters = "SF." if fin else "S."
    lab = reach(State.SYN_SENT).arrives(f"{letters} 300:304(4) ack 101 win 900")
    expected = (Do.SIGNAL_OPEN, Do.SIGNAL_CLOSING) if fin else (Do.SIGNAL_OPEN,)
    moved(row, lab, [f". 101:101(0) ack {306 if fin else 305} win {995 if fin else 996}"], expected)
    assert lab.fired() == ["syn_sent.rcv_synack", "established.fin"][: 1 + fin]
    assert lab.receive() == bytes(4)


@rows("syn_sent.rcv_synack.partial")
def opener_is_answered_in_part(row: str) -> None:
    for acked in (0, 3, 5):
        lab = reach(State.LISTEN, data_on_syn=True).send(b"hello")
        assert lab.sent() == ["S 100:105(5) win 1000"]
        assert lab.snd_nxt == 106
        lab.forget().arrives(f"S. 300:300(0) ack {101 + acked} win 900")
        moved(row, lab, [". 106:106(0) ack 301 win 1000"], (Do.SIGNAL_OPEN,))
        assert (lab.snd_una, lab.tcb.snd_buf.size) == (101 + acked, 5 - acked)
        assert ("rtx" in lab.running()) == (acked < 5)
        if acked < 5:
            assert lab.expire() == "rtx"
            assert lab.sent() == [f"P. {101 + acked}:106({5 - acked}) ack 301 win 1000"]


@rows("syn_sent.rcv_syn")
def openers_cross(row: str) -> None:
    lab = reach(State.SYN_SENT).arrives("S 300:300(0) win 900")
    moved(row, lab, ["S. 100:100(0) ack 301 win 1000"])
    assert (lab.snd_una, lab.snd_nxt, lab.rcv_nxt) == (100, 101, 301)
    assert (lab.tcb.passive, lab.tcb.snd_wnd) == (False, 900)
    assert "rtx" in lab.running()


@rows("syn_sent.rcv_syn.text")
def openers_cross_with_more(row: str) -> None:
    lab = reach(State.SYN_SENT).arrives("SF 300:304(4) win 900")
    moved(row, lab, ["S. 100:100(0) ack 301 win 1000"])
    assert lab.receive() is None
    lab.arrives("S. 300:300(0) ack 101 win 900")
    assert (lab.state, lab.receive()) == (State.CLOSE_WAIT, bytes(4))
    assert lab.sent() == [". 101:101(0) ack 306 win 995"]


@rows("syn_sent.r2", "syn_rcvd.r2.active")
def opener_gives_up(row: str) -> None:
    origin: Any = "active"
    lab = reach(State.SYN_SENT if row == "syn_sent.r2" else State.SYN_RECV, origin=origin)
    lab.advance("242.999s")
    copies = lab.sent()
    again = "S 100:100(0) win 1000" if row == "syn_sent.r2" else "S. 100:100(0) ack 301 win 1000"
    assert copies == [again] * 8  # at 1, 3, 7, 15, 31, 63, 123 and 183 s
    assert lab.signals() == [Do.SIGNAL_R1]
    lab.advance("1ms")  # it was repeated for more than three minutes (MUST-23)
    moved(row, lab, [], (Do.SIGNAL_TIMED_OUT,))
    gone(lab, Code.TIMED_OUT)
    counted = reach(State.SYN_SENT, r2_count=2).advance("7s")
    assert (counted.state, len(counted.sent())) == (State.CLOSED, 2)


@rows("syn_sent.user_timeout")
def opener_times_out(row: str) -> None:
    lab = reach(State.SYN_SENT, user_timeout=30 * 10**9).send(5).advance("30s").forget_segments()
    moved(row, lab, [], (Do.SIGNAL_R1, Do.SIGNAL_USER_TIMEOUT))
    gone(lab, Code.USER_TIMEOUT)


# -- SYN_RECV


@rows("syn_rcvd.close")
def embryo_closes(row: str) -> None:
    lab = reach(State.SYN_RECV).close()
    moved(row, lab, ["F. 101:101(0) ack 301 win 1000"])
    assert (lab.snd_una, lab.snd_nxt) == (100, 102)
    lab.arrives(". 301:301(0) ack 101 win 700")  # our SYN only
    assert (lab.state, lab.tcb.snd_wnd) == (State.FIN_WAIT_1, 700)
    lab.arrives(". 301:301(0) ack 102 win 700")
    assert lab.state is State.FIN_WAIT_2


@rows("syn_rcvd.abort")
def embryo_aborts(row: str) -> None:
    lab = reach(State.SYN_RECV).send(5).abort()
    moved(row, lab, ["R 101:101(0) win 1000"])
    gone(lab, Code.ABORTED)


@rows("syn_rcvd.r2.passive", "syn_rcvd.user_timeout")
def embryo_times_out(row: str) -> None:
    """A-21: the text deletes the connection; by the ruling a listener outlives its child."""
    options: dict[str, Any] = {"user_timeout": 30 * 10**9}
    time, code, signal = "30s", Code.USER_TIMEOUT, Do.SIGNAL_USER_TIMEOUT
    if row == "syn_rcvd.r2.passive":
        options = {"user_timeout": None}
        time, code, signal = "243s", Code.TIMED_OUT, Do.SIGNAL_TIMED_OUT
    for profile in (RFC9293_LITERAL, RFC9293.but(passive_open_survives=False)):
        lab = reach(State.SYN_RECV, profile, **options).send(5).advance(time).forget_segments()
        moved(row, lab, [], (Do.SIGNAL_R1, signal))
        gone(lab, code)
    lab = reach(State.SYN_RECV, **options).send(5).advance(time).forget_segments()
    assert lab.state is State.LISTEN
    assert lab.signals() == [Do.SIGNAL_R1]
    back_to_listen(lab)
    if row == "syn_rcvd.user_timeout":
        lab = reach(State.SYN_RECV, origin="active", **options).advance(time).forget_segments()
        moved(row, lab, [], (Do.SIGNAL_R1, signal))
        gone(lab, code)


@rows("syn_rcvd.rst.exact_passive", "syn_rcvd.rst.in_window_passive_793")
def embryo_returns_to_listen(row: str) -> None:
    exact = row.endswith("exact_passive")
    for letters, ack in (("R", ""), ("R.", " ack 101")):
        lab = reach(State.SYN_RECV, rst_exact=exact).send(5)
        lab.arrives("F. 305:307(2) ack 9999 win 0").forget()
        seq = 301 if exact else 1300
        lab.arrives(f"{letters} {seq}:{seq}(0){ack} win 0")
        moved(row, lab, [])
        back_to_listen(lab)


@rows("syn_rcvd.rst.exact_active", "syn_rcvd.rst.in_window_active_793")
def crossed_open_is_refused(row: str) -> None:
    exact = row.endswith("exact_active")
    seq = 301 if exact else 1300
    lab = reach(State.SYN_RECV, origin="active", rst_exact=exact).send(5)
    lab.arrives(f"R {seq}:{seq}(0) win 0")
    moved(row, lab, [], (Do.SIGNAL_REFUSED,))
    gone(lab, Code.REFUSED)


@rows("syn_rcvd.syn.passive")
def embryo_meets_a_syn(row: str) -> None:
    for seq in (301, 350, 1300):
        lab = reach(State.SYN_RECV).send(5).arrives(f"S {seq}:{seq}(0) win 1000")
        moved(row, lab, [])
        back_to_listen(lab)


@rows("syn_rcvd.syn.in_window_793")
def crossed_open_meets_a_syn(row: str) -> None:
    for words, reset in (
        ("S 350:350(0)", "R. 0:0(0) ack 351 win 0"),
        ("S. 350:350(0) ack 77", "R 77:77(0) win 0"),
    ):
        lab = reach(State.SYN_RECV, origin="active", syn_challenged=False).send(5)
        lab.arrives(f"{words} win 1000")
        moved(row, lab, [reset], (Do.SIGNAL_RESET,))
        gone(lab, Code.RESET)


@rows("syn_rcvd.rcv_synack")
def crossed_open_completes(row: str) -> None:
    for origin in ("active", "passive"):
        lab = reach(State.SYN_RECV, origin=origin).arrives("S. 300:300(0) ack 101 win 900")
        moved(row, lab, [], (Do.SIGNAL_OPEN,))
        assert (lab.snd_una, lab.rcv_nxt, lab.tcb.snd_wnd) == (101, 301, 900)
    literal = reach(State.SYN_RECV, RFC9293_LITERAL, origin="active")
    literal.arrives("S. 300:300(0) ack 101 win 900")
    assert (literal.state, literal.sent()) == (State.SYN_RECV, [". 101:101(0) ack 301 win 1000"])


@rows("syn_rcvd.ack.ok", "syn_rcvd.ack.ok_data", "syn_rcvd.ack.ok_fin")
def handshake_completes(row: str) -> None:
    words, n, fin = {
        "ok": (". 301:301(0)", 0, False),
        "ok_data": ("P. 301:311(10)", 10, False),
        "ok_fin": ("FP. 301:311(10)", 10, True),
    }[row.rpartition(".")[2]]
    lab = reach(State.SYN_RECV).arrives(f"{words} ack 101 win 700")
    told = (Do.SIGNAL_OPEN, Do.SIGNAL_CLOSING) if fin else (Do.SIGNAL_OPEN,)
    reply = f". 101:101(0) ack {301 + n + fin} win {1000 - n - fin}"
    moved(row, lab, [reply] if n else [], told)
    assert lab.fired() == ["syn_recv.ack_of_syn", "established.fin"][: 1 + fin]
    assert (lab.snd_una, lab.tcb.snd_wnd, lab.tcb.rcv_buf.size) == (101, 700, n)
    assert lab.running() == []
    queued = reach(State.SYN_RECV).send(5).arrives(f"{words} ack 101 win 700")
    assert queued.sent() == [f"P. 101:106(5) ack {301 + n + fin} win {1000 - n - fin}"]


@rows("syn_rcvd.ack.ok_close_queued", "estab.queued_close")
def queued_close_runs(row: str) -> None:
    lab = reach(State.SYN_RECV).send(5).close()
    assert lab.state is State.SYN_RECV
    assert lab.sent() == []
    lab.arrives(". 301:301(0) ack 101 win 700")
    moved(row, lab, ["FP. 101:106(5) ack 301 win 1000"], (Do.SIGNAL_OPEN,))
    assert lab.fired() == ["syn_recv.ack_of_syn", "established.close"]
    assert lab.snd_nxt == 107
