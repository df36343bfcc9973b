"""Rows in which a segment arrives and the state stays: the first four checks of RFC 9293 3.10.7.4, and what comes before."""

from __future__ import annotations

from typing import Any, Final

from tcpsim.tcp import RFC9293_LITERAL, State
from tests.conformance.registry import rows, state_of
from tests.conformance.rows_synchronised import ALL, busy
from tests.helpers.lab import Lab, reach

WINDOWED: Final = f"syn_rcvd|{ALL}"
#: Where the peer may still send.
RECEIVING: Final = (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2)


def standing(lab: Lab) -> dict[str, Any]:
    """Every variable, but for those that count and pace the answers."""
    variables = lab.tcb.variables()
    for name in ("challenges", "challenges_since", "delack_due", "wake"):
        variables.pop(name, None)
    return variables


def unmoved(row: str, lab: Lab, words: str, sent: list[str]) -> None:
    """The segment changes nothing and draws exactly ``sent``."""
    before = standing(lab)
    lab.forget().arrives(words)
    assert lab.state is state_of(row), words
    assert lab.sent() == sent, words
    assert lab.signals() == [], words
    assert lab.fired() == [], words
    assert standing(lab) == before, words


def bare_ack(lab: Lab) -> str:
    """<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>."""
    return f". {lab.snd_nxt}:{lab.snd_nxt}(0) ack {lab.rcv_nxt} win {lab.tcb.rcv_wnd}"


def at(lab: Lab, letters: str, seq: int, n: int = 0, ack: int | None = None, wnd: int = 1000) -> str:
    """A segment of the peer's in words; ``ack``: by default SND.UNA, if the letters have a dot."""
    words = f"{letters} {seq % 2**32}:{(seq + n) % 2**32}({n})"
    if "." in letters:
        words += f" ack {(lab.snd_una if ack is None else ack) % 2**32}"
    return f"{words} win {wnd}"


# -- CLOSED, LISTEN, SYN_SENT


@rows("closed.seg.rst", "listen.seg.rst")
def reset_for_nobody(row: str) -> None:
    for letters in ("R", "R.", "RS", "RF.", "RP."):
        lab = reach(state_of(row))
        unmoved(row, lab, at(lab, letters, 301, 5, ack=101), [])


@rows("closed.seg.ack", "listen.seg.ack")
def acknowledgment_for_nobody(row: str) -> None:
    for letters, n in ((".", 0), ("P.", 5), ("F.", 0), ("S.", 0), ("SF.", 5)):
        lab = reach(state_of(row))
        unmoved(row, lab, at(lab, letters, 301, n, ack=777), ["R 777:777(0) win 0"])


@rows("closed.seg.noack")
def segment_for_nobody(row: str) -> None:
    for letters, n, length in (("S", 0, 1), ("F", 0, 1), ("SF", 3, 5), ("-", 7, 7), ("-", 0, 0)):
        lab = reach(State.CLOSED)
        unmoved(row, lab, at(lab, letters, 301, n), [f"R. 0:0(0) ack {301 + length} win 0"])


@rows("listen.seg.other", "syn_sent.seg.nothing")
def neither_this_nor_that(row: str) -> None:
    for letters, n in (("F", 0), ("-", 7), ("-", 0), ("F", 7), ("U", 3)):
        lab = reach(state_of(row))
        unmoved(row, lab, at(lab, letters, 301, n), [])


@rows("syn_sent.ack.bad", "syn_sent.ack.bad_rst")
def opener_gets_a_bad_ack(row: str) -> None:
    resets = row.endswith("rst")
    for letters in ("R.", "RF.") if resets else (".", "S.", "F.", "P."):
        for ack in (100, 99, 102, 0):
            lab = reach(State.SYN_SENT)
            answer = (ack + lab.ours) % 2**32 or 2**32  # a reset at number 0 reads as none
            if answer == 2**32:
                continue
            unmoved(row, lab, at(lab, letters, 300, ack=ack), [] if resets else [f"R {ack}:{ack}(0) win 0"])
            assert lab.running() == ["rtx", "user"]


@rows("syn_sent.rst.noack")
def opener_gets_a_blind_reset(row: str) -> None:
    for seq in (0, 300, 301):
        lab = reach(State.SYN_SENT).send(5)
        unmoved(row, lab, at(lab, "R", seq), [])


@rows("syn_sent.seg.ack_only")
def opener_gets_a_good_ack_without_syn(row: str) -> None:
    for letters, n in ((".", 0), ("F.", 0), ("P.", 5), ("U.", 5)):
        lab = reach(State.SYN_SENT)
        unmoved(row, lab, at(lab, letters, 300, n, ack=101), [])
    assert lab.expire() == "rtx"
    assert lab.sent() == ["S 100:100(0) win 1000"]


# -- first: the sequence number


@rows(f"{WINDOWED}.seq.unacceptable")
def outside_the_window(row: str) -> None:
    edge = busy(row)
    left, right = edge.rcv_nxt, edge.rcv_nxt + edge.tcb.rcv_wnd
    cases = [(".", left - 1, 0), (".", right, 0), ("P.", left - 5, 5), ("P.", right, 5), ("F.", right, 0)]
    cases += [("F.", left - 400, 3), ("-", right, 5), (".", left + 2**31 - 1, 0), (".", left - 2**31, 0)]
    for letters, seq, n in cases:
        lab = busy(row)
        for ack in (lab.snd_una, lab.snd_nxt):  # even a good ACK of what is outstanding is not used
            unmoved(row, lab, at(lab, letters, seq, n, ack), [bare_ack(lab)])
    for letters, seq in ((".", left), (".", right - 1)):  # the edges themselves are inside
        lab = busy(row).arrives(at(edge, letters, seq))
        assert "seq.unacceptable" not in lab.stopped()


@rows(f"{WINDOWED}.seq.unacceptable_rst", f"{WINDOWED}.rst.out_of_window")
def reset_outside_the_window(row: str) -> None:
    for offset in (-1, 1000, -500, 2**31 - 1):
        for letters in ("R", "R."):
            lab = busy(row, rcv_buf=1000 + theirs_closed(row))
            unmoved(row, lab, at(lab, letters, lab.rcv_nxt + offset), [])


def theirs_closed(row: str) -> bool:
    """Whether the peer's FIN has taken a number of the window."""
    return row.startswith(("close_wait", "closing", "last_ack", "time_wait"))


@rows(f"{WINDOWED}.seq.future")
def right_of_the_left_edge(row: str) -> None:
    """Held, answered at once, and trimmed to the window; its ACK is used at once (A-35)."""
    lab = busy(row)
    nxt, una = lab.rcv_nxt, lab.snd_nxt if row.startswith("syn_rcvd") else lab.snd_una
    lab.arrives(at(lab, "P.", nxt + 990, 20, ack=una))
    if theirs_closed(row):  # nothing can be used that comes after the FIN, and nothing is owed for it
        assert (lab.sent(), lab.tcb.rcv_buf.early, lab.rcv_nxt) == ([], (), nxt)
        return
    assert lab.sent() == [bare_ack(lab)]
    held = [((seq - lab.theirs) % 2**32, len(piece)) for seq, piece in lab.tcb.rcv_buf.early]
    assert (held, lab.rcv_nxt, lab.tcb.rcv_buf.size) == ([(nxt + 990, 10)], nxt, 0)
    lab.arrives(at(lab, "P.", nxt, 990))
    assert (lab.rcv_nxt, lab.tcb.rcv_buf.size, lab.tcb.rcv_buf.early) == (nxt + 1000, 1000, ())
    assert lab.sent() == [bare_ack(lab)]
    # the ACK of our SYN completes the handshake, although the segment's text has to wait.
    assert lab.state is (State.ESTABLISHED if row.startswith("syn_rcvd") else state_of(row))


@rows(f"{WINDOWED}.seq.straddle")
def across_the_left_edge(row: str) -> None:
    """What was received before is cut off, a SYN included; the rest is taken as if it came alone."""
    lab = busy(row)
    nxt = lab.rcv_nxt
    opening = state_of(row) is State.SYN_RECV
    ack = lab.snd_nxt if opening else lab.snd_una
    lab.arrives(lab.segment(at(lab, "P.", nxt - 5, 15, ack), data=b"-old-new octets"))
    if theirs_closed(row):
        assert (lab.sent(), lab.rcv_nxt, lab.tcb.rcv_buf.size) == ([], nxt, 0)
        return
    assert lab.sent() == [bare_ack(lab)]
    assert (lab.rcv_nxt, lab.receive()) == (nxt + 10, b"new octets")
    if opening:  # our SYN is acknowledged: with text or without, that opens the connection
        assert lab.state is State.ESTABLISHED
        repeated = reach(State.SYN_RECV, origin="active")
        repeated.arrives(repeated.segment("S. 300:303(3) ack 101 win 1000", data=b"abc"))
        assert (repeated.state, repeated.receive()) == (State.ESTABLISHED, b"abc")


@rows(f"{WINDOWED}.seq.zero_window")
def closed_window(row: str) -> None:
    """Table 6's second case; and what must be honoured although the test fails (MUST-66)."""
    lab = full(row)
    nxt = lab.rcv_nxt
    assert lab.tcb.rcv_wnd == 0
    if state_of(row) is not State.SYN_RECV:  # there it would open the connection
        lab.arrives(at(lab, ".", nxt, wnd=900))
        assert (lab.sent(), lab.tcb.snd_wnd) == ([], 900)
        assert "seq.unacceptable" not in lab.stopped()
    for seq, n in ((nxt, 1), (nxt + 1, 0), (nxt - 1, 0), (nxt, 100)):
        lab = full(row)
        unread = lab.tcb.rcv_buf.size
        lab.arrives(at(lab, ".", seq, n, ack=lab.snd_una))
        assert lab.sent() == [bare_ack(lab)]
        assert (lab.rcv_nxt, lab.tcb.rcv_buf.size, lab.tcb.rcv_buf.early) == (nxt, unread, ())
        assert lab.state is state_of(row)
    for n in (0, 7):  # a RST counts as empty, text or not (A-15, SHLD-2)
        lab = full(row).arrives(at(lab, "R", nxt, n))
        assert lab.state in (State.CLOSED, State.LISTEN)
        assert lab.sent() == []


def full(row: str) -> Lab:
    """The row's state with the receive window closed."""
    state = state_of(row)
    if state is State.SYN_RECV:
        return reach(state, rcv_buf=0)
    if state in RECEIVING:
        lab = reach(state)
        lab.arrives(at(lab, "P.", 301, 1000))
        assert lab.state is state
        return lab.forget()
    lab = reach(State.ESTABLISHED)  # 999 octets and a FIN fill the window
    if state in (State.CLOSING, State.TIME_WAIT):
        lab.close()
    lab.arrives(at(lab, "FP.", 301, 999, ack=lab.snd_nxt if state is State.TIME_WAIT else 101))
    if state is State.LAST_ACK:
        lab.close()
    assert lab.state is state
    return lab.forget()


@rows("syn_rcvd.seq.dup_syn")
def the_peers_syn_again(row: str) -> None:
    for origin in ("passive", "active"):
        lab = reach(State.SYN_RECV, origin=origin)  # type: ignore[arg-type]
        unmoved_but_timer(row, lab, "S 300:300(0) win 1000", ["S. 100:100(0) ack 301 win 1000"])
        literal = reach(State.SYN_RECV, RFC9293_LITERAL, origin=origin)  # type: ignore[arg-type]
        unmoved_but_timer(row, literal, "S 300:300(0) win 1000", [". 101:101(0) ack 301 win 1000"])


def unmoved_but_timer(row: str, lab: Lab, words: str, sent: list[str]) -> None:
    """As ``unmoved``; but a repeated SYN,ACK measures no round trip any more (Karn)."""
    lab.tcb.rtt_seq = None
    unmoved(row, lab, words, sent)


@rows("syn_rcvd.seq.dup_synack")
def the_synack_of_a_simultaneous_open(row: str) -> None:
    """A-8: by the letter it lies left of the window; each end then opens with the other's bare ACK."""
    lab = reach(State.SYN_RECV, RFC9293_LITERAL, origin="active")
    unmoved(row, lab, "S. 300:300(0) ack 101 win 900", [". 101:101(0) ack 301 win 1000"])
    assert lab.arrives(". 301:301(0) ack 101 win 900").state is State.ESTABLISHED
    ruled = reach(State.SYN_RECV, origin="active").arrives("S. 300:300(0) ack 101 win 900")
    assert ruled.state is State.ESTABLISHED


@rows("estab.keepalive_reply")
def the_peers_keepalive_probe(row: str) -> None:
    for n in (0, 1):
        lab = reach(State.ESTABLISHED)
        unmoved(row, lab, at(lab, ".", 300, n), [bare_ack(lab)])


# -- second to fourth: RST and SYN


@rows(f"{WINDOWED}.rst.in_window")
def reset_in_the_window(row: str) -> None:
    last = 999 if not theirs_closed(row) else 998
    for offset in (1, 500, last):
        for letters in ("R", "R.", "RF.", "RS"):
            lab = busy(row)
            unmoved(row, lab, at(lab, letters, lab.rcv_nxt + offset, 0), [bare_ack(lab)])
    lab = busy(row)
    flood = [lab.arrives(at(lab, "R", lab.rcv_nxt + 1)).sent() for _ in range(50)]
    assert sum(map(len, flood)) == 10  # challenges are throttled (RFC 5961 7)


@rows(f"{WINDOWED}.syn.challenge")
def syn_is_challenged(row: str) -> None:
    options: dict[str, Any] = {"origin": "active"} if row.startswith("syn_rcvd") else {}
    for letters, offset, n in (
        ("S", 0, 0),
        ("S", 350, 0),
        ("S", 5000, 0),
        ("S", -200, 0),
        ("S.", 50, 0),
        ("S.", 7, 5),
    ):
        lab = busy(row, **options)
        unmoved(row, lab, at(lab, letters, lab.rcv_nxt + offset, n, ack=lab.snd_nxt), [bare_ack(lab)])
