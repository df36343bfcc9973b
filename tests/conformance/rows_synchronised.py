"""State-changing rows of the synchronised states: resets, time-outs, the close in all its orders."""

from __future__ import annotations

from typing import Any, Final

import tcpsim.tcp as tcp
from tcpsim.tcp import RFC9293, RFC9293_LITERAL, Code, Do, Profile, State
from tests.conformance.registry import next_of, rows, state_of
from tests.conformance.rows_opening import gone, moved
from tests.helpers.lab import IRS, ISS, Lab, reach

#: In these our data or our FIN is outstanding, so that the time-outs have something to wait for.
WAITING: Final = "estab|fin_wait_1|close_wait|closing|last_ack"
ALL: Final = "estab|fin_wait_1|fin_wait_2|close_wait|closing|last_ack|time_wait"
HEARD: Final = (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSE_WAIT)


def busy(row: str, profile: Profile = RFC9293, **options: Any) -> Lab:
    """The row's state with ten octets outstanding where the state allows it."""
    state = state_of(row)
    sends = state in (State.ESTABLISHED, State.CLOSE_WAIT)
    return reach(state, profile, outstanding=10 if sends else 0, **options)


def expected(lab: Lab) -> tuple[int, int]:
    """(RCV.NXT, SND.NXT), and they are what the state's history makes them."""
    state = lab.state
    theirs = state in (State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)
    finned = (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)
    octets = 10 if state in (State.ESTABLISHED, State.CLOSE_WAIT) else state in finned
    assert (lab.rcv_nxt, lab.snd_nxt) == (IRS + 1 + theirs, ISS + 1 + octets)
    return lab.rcv_nxt, lab.snd_nxt


# -- RST


def reset_by(row: str, lab: Lab, seq: int) -> None:
    state = lab.state
    if state in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2):
        nxt = lab.rcv_nxt
        lab.arrives(f"P. {nxt + 500}:{nxt + 505}(5) ack {lab.snd_una} win 1000").forget()  # is held
    lab.arrives(f"R {seq}:{seq}(0) win 0")
    moved(row, lab, [], () if state is State.TIME_WAIT else (Do.SIGNAL_RESET,))
    gone(lab, Code.NOT_OPEN if state is State.TIME_WAIT else Code.RESET)


@rows(f"{ALL}.rst.exact")
def exact_reset(row: str) -> None:
    lab = busy(row)
    reset_by(row, lab, expected(lab)[0])
    if state_of(row) in (State.CLOSING, State.LAST_ACK):
        silent = busy(row, RFC9293_LITERAL)
        silent.arrives(f"R {silent.rcv_nxt}:{silent.rcv_nxt}(0) win 0")
        moved(row, silent, [])
        assert silent.fired()[0].endswith("rst_untold")
        gone(silent, Code.RESET)
    if state_of(row) is State.TIME_WAIT:  # RFC 1337
        deaf = busy(row, time_wait_ignores_rst=True)
        deaf.arrives(f"R {deaf.rcv_nxt}:{deaf.rcv_nxt}(0) win 0")
        assert (deaf.state, deaf.sent()) == (State.TIME_WAIT, [])


@rows(f"{ALL}.rst.in_window_793")
def reset_anywhere_in_the_window(row: str) -> None:
    for offset in (1, 998):
        lab = busy(row, rst_exact=False)
        reset_by(row, lab, lab.rcv_nxt + offset)
    lab = busy(row)
    rcv_nxt, snd_nxt = expected(lab)
    lab.arrives(f"R {rcv_nxt + 1}:{rcv_nxt + 1}(0) win 0")
    assert lab.state is state_of(row)
    assert lab.sent() == [f". {snd_nxt}:{snd_nxt}(0) ack {rcv_nxt} win {lab.tcb.rcv_wnd}"]


@rows(f"{ALL}.syn.in_window_793")
def syn_in_the_window(row: str) -> None:
    for letters, ack in (("S", None), ("S.", 77)):
        lab = busy(row, syn_challenged=False)
        seq = lab.rcv_nxt + 7
        lab.arrives(f"{letters} {seq}:{seq}(0) " + ("win 9" if ack is None else f"ack {ack} win 9"))
        reset = f"R. 0:0(0) ack {seq + 1} win 0" if ack is None else f"R {ack}:{ack}(0) win 0"
        moved(row, lab, [reset], (Do.SIGNAL_RESET,))
        gone(lab, Code.RESET)


# -- ABORT, time-outs


@rows(f"{ALL}.abort")
def abort(row: str) -> None:
    lab = busy(row)
    state = lab.state
    _, snd_nxt = expected(lab)
    lab.arrives(f"P. {lab.rcv_nxt}:{lab.rcv_nxt + 5}(5) ack {lab.snd_una} win 1000").forget()
    wnd = lab.tcb.rcv_wnd
    moved(row, lab.abort(), [f"R {snd_nxt}:{snd_nxt}(0) win {wnd}"] if state in HEARD else [])
    gone(lab, Code.ABORTED)


@rows(f"{WAITING}.r2")
def given_up(row: str) -> None:
    lab = busy(row, user_timeout=None).advance("122.999s")
    assert lab.state is state_of(row)
    assert len(lab.segments()) == 6  # at 1, 3, 7, 15, 31 and 63 s
    assert lab.signals() == [Do.SIGNAL_R1]
    moved(row, lab.advance("1ms"), [], (Do.SIGNAL_TIMED_OUT,))
    gone(lab, Code.TIMED_OUT)
    counted = busy(row, r2_count=3).advance("15s")
    assert (counted.state, len(counted.segments())) == (State.CLOSED, 3)


@rows(f"{ALL}.user_timeout")
def user_timeout(row: str) -> None:
    idle = state_of(row) in (State.FIN_WAIT_2, State.TIME_WAIT)
    profile = RFC9293_LITERAL if idle else RFC9293
    lab = busy(row, profile, user_timeout=30 * 10**9).advance("29.999s").forget()
    assert lab.state is state_of(row)
    moved(row, lab.advance("1ms"), [], (Do.SIGNAL_USER_TIMEOUT,))
    gone(lab, Code.USER_TIMEOUT)
    if idle:  # nothing is outstanding, so by the ruling no timer runs
        lab = busy(row, user_timeout=30 * 10**9).advance("30s")
        assert lab.state is state_of(row)


# -- the close


@rows("estab.close")
def close(row: str) -> None:
    lab = reach(State.ESTABLISHED).close()
    moved(row, lab, ["F. 101:101(0) ack 301 win 1000"])
    assert lab.snd_nxt == 102
    assert lab.error(lambda: lab.send(1)) is Code.CLOSING
    lab = busy(row).close()  # ten octets are out already
    moved(row, lab, ["F. 111:111(0) ack 301 win 1000"])


@rows("estab.close.pending")
def close_with_data_waiting(row: str) -> None:
    lab = reach(State.ESTABLISHED).arrives(". 301:301(0) ack 101 win 5").send(10).forget_segments()
    assert lab.tcb.snd_buf.size == 10
    moved(row, lab.close(), [])
    assert lab.error(lambda: lab.send(1)) is Code.CLOSING
    lab.arrives(". 301:301(0) ack 101 win 1000")
    assert lab.sent()[-1].startswith(("FP. 101:111(10) ack 301", "FP. 106:111(5) ack 301"))
    lab.arrives(". 301:301(0) ack 112 win 1000")
    assert lab.state is State.FIN_WAIT_2


@rows("estab.close.unread")
def close_with_data_unread(row: str) -> None:
    for state, seq in ((State.ESTABLISHED, 301), (State.CLOSE_WAIT, 301)):
        lab = reach(State.ESTABLISHED, half_duplex_close=True)
        letters = "P." if state is State.ESTABLISHED else "FP."
        lab.arrives(f"{letters} {seq}:{seq + 10}(10) ack 101 win 1000").forget()
        wnd = lab.tcb.rcv_wnd
        moved(row, lab.close(), [f"R 101:101(0) win {wnd}"])
        assert lab.fired() == [f"{state.name.lower()}.close_unread"]
        if state is State.ESTABLISHED:
            gone(lab)
    lab = reach(State.ESTABLISHED, half_duplex_close=True)
    lab.arrives("P. 301:311(10) ack 101 win 1000").receive()
    assert lab.forget().close().sent() == ["F. 101:101(0) ack 311 win 990"]
    lab = reach(State.ESTABLISHED).arrives("P. 301:311(10) ack 101 win 1000").forget().close()
    assert lab.state is State.FIN_WAIT_1
    assert lab.receive() == bytes(10)


@rows("estab.fin", "estab.fin_data")
def peer_closes(row: str) -> None:
    n = 10 if row.endswith("data") else 0
    lab = reach(State.ESTABLISHED).arrives(f"FP. 301:{301 + n}({n}) ack 101 win 1000")
    moved(row, lab, [f". 101:101(0) ack {302 + n} win {999 - n}"], (Do.SIGNAL_CLOSING,))
    if n:
        assert lab.receive() == bytes(n)
    assert lab.error(lab.receive) is Code.CLOSING
    early = reach(State.ESTABLISHED).arrives("F. 306:306(0) ack 101 win 1000")
    assert (early.state, early.sent()) == (State.ESTABLISHED, [". 101:101(0) ack 301 win 1000"])
    early.arrives("P. 301:306(5) ack 101 win 1000")
    assert (early.state, early.sent()) == (State.CLOSE_WAIT, [". 101:101(0) ack 307 win 994"])


@rows("fin_wait_1.ack.fin")
def our_fin_is_acknowledged(row: str) -> None:
    lab = reach(State.FIN_WAIT_1).arrives(". 301:301(0) ack 102 win 1000")
    moved(row, lab, [])
    assert (lab.snd_una, lab.running()) == (102, [])


@rows("fin_wait_1.fin")
def both_close_at_once(row: str) -> None:
    lab = reach(State.FIN_WAIT_1).arrives("F. 301:301(0) ack 101 win 1000")
    moved(row, lab, [". 102:102(0) ack 302 win 999"], (Do.SIGNAL_CLOSING,))
    assert "rtx" in lab.running()  # our FIN is still out


@rows("fin_wait_1.fin_ack")
def fin_with_the_ack_of_ours(row: str) -> None:
    lab = reach(State.FIN_WAIT_1).arrives("F. 301:301(0) ack 102 win 1000")
    moved(row, lab, [". 102:102(0) ack 302 win 999"], (Do.SIGNAL_CLOSING,))
    assert lab.fired() == ["fin_wait_1.ack_of_fin", "fin_wait_2.fin"]
    assert lab.running() == ["time_wait"]


@rows("fin_wait_2.fin")
def last_fin(row: str) -> None:
    lab = reach(State.FIN_WAIT_2).arrives("F. 301:301(0) ack 102 win 1000")
    moved(row, lab, [". 102:102(0) ack 302 win 999"], (Do.SIGNAL_CLOSING,))
    assert lab.running() == ["time_wait"]


@rows("close_wait.close")
def second_close(row: str) -> None:
    moved(row, reach(State.CLOSE_WAIT).close(), ["F. 101:101(0) ack 302 win 999"])
    moved(row, busy(row).close(), ["F. 111:111(0) ack 302 win 999"])


@rows("close_wait.drain")
def second_close_waits_for_data(row: str) -> None:
    lab = reach(State.CLOSE_WAIT).arrives(". 302:302(0) ack 101 win 0").send(5).close()
    assert lab.state is State.CLOSE_WAIT
    assert lab.sent() == []
    assert lab.error(lambda: lab.send(1)) is Code.CLOSING
    lab.arrives(". 302:302(0) ack 101 win 1000")
    moved(row, lab, ["FP. 101:106(5) ack 302 win 999"])


@rows("closing.ack.fin")
def closing_ends(row: str) -> None:
    lab = reach(State.CLOSING).arrives(". 302:302(0) ack 102 win 1000")
    moved(row, lab, [])
    assert (lab.snd_una, lab.running()) == (102, ["time_wait"])
    assert lab.advance("239.999s").state is State.TIME_WAIT
    assert lab.advance("1ms").state is State.CLOSED


@rows("last_ack.ack.fin")
def last_ack_ends(row: str) -> None:
    lab = reach(State.LAST_ACK).arrives(". 302:302(0) ack 102 win 1000")
    moved(row, lab, [])
    gone(lab)


@rows("time_wait.timeout")
def time_wait_ends(row: str) -> None:
    lab = reach(State.TIME_WAIT).advance("239.999999999s")
    assert lab.state is State.TIME_WAIT
    moved(row, lab.advance("1ns"), [])
    gone(lab)


# -- TIME_WAIT reopened


@rows("time_wait.syn.may2", "time_wait.syn.6191_no_new_ts")
def reopened(row: str) -> None:
    how = "may2" if row.endswith("may2") else "6191"
    lab = reach(State.TIME_WAIT, reopen_time_wait=how).arrives("S 900:900(0) win 800")
    assert lab.state is next_of(row)
    (synack,) = lab.segments()
    assert (tcp.format_segment(synack).split(":")[0].split()[0], synack.ack) == ("S.", 901)
    iss = synack.seq
    assert 102 < iss < 2**31  # later than every number of the old incarnation
    assert lab.fired() == ["time_wait.syn_reopens"]
    assert "time_wait" not in lab.running()
    lab.arrives(f". 901:901(0) ack {iss + 1} win 800")
    assert (lab.state, lab.signals()) == (State.ESTABLISHED, [Do.SIGNAL_OPEN])

    old = reach(State.TIME_WAIT, reopen_time_wait=how).arrives("S 290:290(0) win 800")
    if how == "may2":  # taken, and undone when the peer knows nothing of it
        (synack,) = old.segments()
        assert (old.state, synack.ack) == (State.SYN_RECV, 291)
        undo(old)
    else:
        assert (old.state, old.sent()) == (State.TIME_WAIT, [])
        assert old.stopped() == ["seq.old_syn"]

    closed_port = reach(State.TIME_WAIT, reopen_time_wait=how)
    closed_port.conn.reopens = False  # nobody listens
    closed_port.arrives("S 900:900(0) win 800")
    assert closed_port.sent() == [". 102:102(0) ack 302 win 999"]
    default = reach(State.TIME_WAIT).arrives("S 900:900(0) win 800")
    assert default.sent() == [". 102:102(0) ack 302 win 999"]
    assert default.state is State.TIME_WAIT


def undo(lab: Lab) -> None:
    lab.forget().arrives("R 291:291(0) win 0")
    assert (lab.state, lab.sent(), lab.signals()) == (State.TIME_WAIT, [], [])
    assert lab.fired() == ["syn_recv.rst_of_reopened"]
    assert (lab.rcv_nxt, lab.snd_nxt, lab.running()) == (302, 102, ["time_wait"])
    lab.arrives("F. 301:301(0) ack 102 win 1000")  # the old connection's, and it is known again
    assert lab.sent() == [". 102:102(0) ack 302 win 999"]


@rows("time_wait.syn.may2_undo")
def reopening_undone(row: str) -> None:
    undo(reach(State.TIME_WAIT, reopen_time_wait="may2").arrives("S 290:290(0) win 800"))


@rows("time_wait.rst.ignore_1337")
def assassination_fails(row: str) -> None:
    for seq in (302, 400):
        lab = reach(State.TIME_WAIT, time_wait_ignores_rst=True).arrives(f"R {seq}:{seq}(0) win 0")
        moved(row, lab, [])
        assert lab.running() == ["time_wait"]
        assert lab.stopped() == ["rst.ignored"]
