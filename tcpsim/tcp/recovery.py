"""How loss is noticed and repaired: fast retransmit and recovery, with SACK (RFC 6675) and without (RFC 6582),
limited transmit (RFC 3042), proportional rate reduction (RFC 6937), and what follows a time-out.

What an ACK tells is taken in by ``heard``; what leaves because of it leaves with the output pass, in ``repair``.
``recovery`` names the phase, and ``recover`` the number whose acknowledgment ends it.
"""

from __future__ import annotations

from . import congestion
from .bursts import push_again, to_record_end
from .congestion import BY_NAME
from .core import Core
from .probes import detect, probe_answered, tells_of_duplicate
from .scoreboard import DUP_THRESH, Scoreboard
from .segment import ACK, CE, CWR, ECE, FIN, PSH, SYN, Segment
from .seq import HALF, MASK, diff
from .spurious import needless
from .tcb import Prr, Tcb, Undo
from .units import NEVER

# -- what an ACK tells


def grow(c: Core, acked: int) -> None:
    """New data was acknowledged and nothing is missing: cwnd grows, if it is what limits."""
    tcb = c.tcb
    profile = c.profile
    if tcb.cwnd_limited or not profile.cwnd_validation or tcb.cwnd < min(tcb.ssthresh, 2 * tcb.max_flight):
        BY_NAME[profile.congestion].grow(tcb, acked, c.now, profile.slow_start_segments)


def heard(c: Core, seg: Segment, news: int) -> None:
    """An ACK in range has come that acknowledges ``news`` octets anew; the peer's window is not updated yet."""
    tcb = c.tcb
    board = tcb.scoreboard
    before = board.octets if board is not None else 0
    if tcb.recovery == "rto" and (tcb.rtx_nxt - tcb.snd_una) & MASK >= HALF:
        tcb.rtx_nxt = tcb.snd_una
    if board is not None and news:
        board.advance(tcb.snd_una)
    fresh = _learn_sack(c, seg) if tcb.sack_ok and seg.options else 0
    board = tcb.scoreboard
    if board is not None and not board.octets and tcb.recovery != "fast":
        tcb.scoreboard = None
    if tcb.ecn_ok and seg.flags & (ECE | SYN) == ECE:
        _congested(c)
    lost = 0
    if tcb.rack is not None:
        if tcb.rack.probe is not None:
            probe_answered(c, seg, news, fresh)
        lost = detect(c)
    if tcb.undo is not None and needless(c, news, fresh):
        return
    if tcb.recovery == "fast":
        delivered = news + (board.octets if board is not None else 0) - before
        _in_fast_recovery(c, seg, news, delivered, fresh, lost)
    elif news:
        seen = before - (board.octets if board is not None else 0)
        if not tcb.sack_ok:  # without SACK a duplicate ACK stands for a segment
            seen = tcb.dup_acks * tcb.snd_mss
        _forward(c, news, max(news - seen, 0) if c.profile.growth_by_delivery else news, lost)
    elif c.profile.fast_retransmit and (fresh if tcb.sack_ok else _is_duplicate(tcb, seg)):
        _duplicate(c, fresh)
        if c.profile.growth_by_delivery and tcb.rack is not None and tcb.rack.reordering > DUP_THRESH and not lost:
            grow(c, fresh)  # where reordering is usual, a gap is no reason to hold still
    if lost and tcb.recovery in ("", "disorder", "ecn"):
        _begin(c, news + fresh)


def _learn_sack(c: Core, seg: Segment) -> int:
    """Update() by the blocks of ``seg``; how many octets they tell of for the first time (RFC 6675 4)."""
    tcb = c.tcb
    for option in seg.options:
        if option[0] == "sack":
            blocks: tuple[tuple[int, int], ...] = option[1:]  # type: ignore[assignment]
            if tcb.rack is not None:
                if tells_of_duplicate(tcb, blocks):
                    tcb.rack.told_of_duplicate(tcb.snd_nxt)
                tcb.rack.sacked(blocks, tcb.snd_nxt, c.now, tcb.snd_mss)
            board = tcb.scoreboard
            if board is None:
                board = Scoreboard(tcb.snd_una)
                if tcb.recovery == "rto":  # it was emptied by the time-out; what was repeated since is known
                    board.retransmitted(tcb.rtx_nxt)
            fresh = board.add(blocks, tcb.snd_nxt)
            if board.octets:
                tcb.scoreboard = board
            return fresh
    return 0


def _is_duplicate(tcb: Tcb, seg: Segment) -> bool:
    """The five conditions of RFC 5681 2; the answers to probes of a closed window, which hold them too, tell nothing."""
    return (
        tcb.snd_una != tcb.snd_nxt
        and tcb.rtx_due != NEVER
        and not seg.len
        and seg.ack == tcb.snd_una
        and (seg.seq - tcb.rcv_nxt) & MASK < HALF
        and seg.wnd << tcb.snd_shift == tcb.snd_wnd
        and tcb.probe_seq is None
    )


def _forward(c: Core, news: int, fresh: int, lost: int) -> None:
    """SND.UNA has advanced outside of fast recovery.

    ``fresh``: octets by which cwnd may grow; ``lost``: those that count as lost since this ACK.
    """
    tcb = c.tcb
    tcb.dup_acks = 0
    if tcb.recovery and (tcb.snd_una - tcb.recover) & MASK < HALF and tcb.recovery != "disorder":
        if tcb.prr is not None:  # cwnd has come down to ssthresh by now
            tcb.prr, tcb.cwnd = None, tcb.ssthresh
        tcb.recovery = ""
    if tcb.recovery == "rto":
        BY_NAME[c.profile.congestion].grow(tcb, news, c.now, c.profile.slow_start_segments)
    elif tcb.recovery == "ecn":
        if tcb.prr is not None:
            _reduce_proportionally(tcb, news, safe=not c.profile.prr_safe_acks or not lost)
    else:
        tcb.recovery = "" if tcb.scoreboard is None else "disorder"
        grow(c, fresh)


def _duplicate(c: Core, fresh: int) -> None:
    """One more duplicate ACK; the third, or SACK blocks that say as much, mean that a segment is lost."""
    tcb = c.tcb
    tcb.dup_acks += 1
    if tcb.recovery in ("rto", "ecn") and (tcb.snd_una - tcb.recover) & MASK >= HALF:
        if tcb.recovery == "rto":
            return  # they may answer what the time-out repeated (RFC 6582 4, RFC 6675 5.1)
    else:
        tcb.recovery = "disorder"
    board = tcb.scoreboard
    if tcb.rack is not None:
        return  # time tells what is lost
    if tcb.sack_ok:
        if tcb.dup_acks >= DUP_THRESH or (board is not None and board.first_lost(tcb.snd_mss)):
            _begin(c, fresh)
    elif tcb.dup_acks == DUP_THRESH and not _repaired_last(tcb):
        _begin(c, 0)


def _repaired_last(tcb: Tcb) -> bool:
    """Whether nothing beyond ``recover`` is acknowledged yet: duplicate ACKs may answer repetitions (RFC 6582 3.2)."""
    return (tcb.recover - tcb.snd_una) & MASK <= (tcb.snd_nxt - tcb.snd_una) & MASK


# -- explicit congestion notification


def marked(tcb: Tcb, seg: Segment) -> None:
    """What an acceptable segment with data says about congestion on its way here (RFC 3168 6.1.3)."""
    if seg.flags & CWR:
        tcb.ece = False
    if seg.ecn == CE:
        tcb.ece = True


def _congested(c: Core) -> None:
    """The peer echoes a mark: cwnd is cut as for a loss, once for each window (RFC 3168 6.1.2)."""
    tcb = c.tcb
    if tcb.recovery not in ("", "disorder") or tcb.snd_una == tcb.snd_nxt:
        return
    base = congestion.cut(tcb, c.profile, c.now)
    if BY_NAME[c.profile.congestion].limits:
        tcb.cwnd = tcb.ssthresh
        if c.profile.prr:  # it comes down with what is delivered, as after a loss
            tcb.prr = Prr(0, 0, base)
    tcb.recovery = "ecn"
    tcb.recover = tcb.snd_nxt
    tcb.cwr = True


# -- fast recovery


def _begin(c: Core, fresh: int) -> None:
    """Fast retransmit: ssthresh goes down, and the segment at SND.UNA leaves again (RFC 5681 3.2, RFC 6675 5)."""
    tcb = c.tcb
    flight = (tcb.snd_nxt - tcb.snd_una) & MASK
    way = BY_NAME[c.profile.congestion]
    if tcb.recovery != "ecn":  # cut already in this window (RFC 3168 6.1.2)
        congestion.cut(tcb, c.profile, c.now)
    tcb.recovery = "fast"
    tcb.recover = tcb.snd_nxt
    tcb.cwr = tcb.ecn_ok
    tcb.resend = tcb.rack is None
    if tcb.sack_ok:
        if tcb.scoreboard is None:
            tcb.scoreboard = Scoreboard(tcb.snd_una)
        tcb.scoreboard.forget_retransmissions()
        if way.limits:
            before = tcb.cwnd
            tcb.cwnd = tcb.ssthresh
            if c.profile.prr:
                tcb.prr = Prr(0, 0, before if c.profile.cut_from_cwnd else flight)
                _reduce_proportionally(tcb, fresh, safe=not c.profile.prr_safe_acks)
    elif way.limits:
        tcb.cwnd = tcb.ssthresh + DUP_THRESH * tcb.snd_mss


def _in_fast_recovery(c: Core, seg: Segment, news: int, delivered: int, fresh: int, lost: int) -> None:
    """An ACK during fast recovery: the end of it, a partial ACK, or a duplicate one more (RFC 6582 3.2)."""
    tcb = c.tcb
    limits = BY_NAME[c.profile.congestion].limits
    if news and (tcb.snd_una - tcb.recover) & MASK < HALF:
        _leave(tcb, limits)
        if lost:
            _begin(c, delivered)
        return
    mss = tcb.snd_mss
    if tcb.sack_ok:
        if tcb.prr is not None:
            safe = not c.profile.prr_safe_acks or (news > 0 and not lost)
            _reduce_proportionally(tcb, delivered, safe=safe)
    elif news:
        tcb.resend = True
        tcb.dup_acks = 0
        if limits:
            tcb.cwnd = max(tcb.cwnd - news, 0) + (mss if news >= mss else 0)
    elif _is_duplicate(tcb, seg):
        tcb.dup_acks += 1
        if limits:
            tcb.cwnd += mss
    if fresh:
        tcb.dup_acks += 1


def _leave(tcb: Tcb, limits: bool) -> None:
    """Everything up to RecoveryPoint is acknowledged: cwnd is ssthresh, and no burst follows (RFC 6582 3.2, 3)."""
    tcb.recovery = ""
    tcb.dup_acks = 0
    tcb.prr = None
    tcb.resend = False
    if tcb.rack is not None:
        tcb.rack.recovered()
    if limits:
        tcb.cwnd = tcb.ssthresh
        if not tcb.sack_ok:
            flight = (tcb.snd_nxt - tcb.snd_una) & MASK
            tcb.cwnd = min(tcb.ssthresh, max(flight, tcb.snd_mss) + tcb.snd_mss)
    if tcb.scoreboard is not None:
        if tcb.scoreboard.octets:
            tcb.recovery = "disorder"
        else:
            tcb.scoreboard = None


def _reduce_proportionally(tcb: Tcb, delivered: int, *, safe: bool) -> None:
    """cwnd so that as much leaves as PRR allows now (RFC 6937 3).

    ``safe``: a segment more than was delivered may leave (PRR-SSRB), else no more than that (PRR-CRB).  The segment
    at SND.UNA leaves in any case when recovery begins.
    """
    assert tcb.prr is not None
    total = tcb.prr.delivered + delivered
    out, flight = tcb.prr.out, tcb.prr.flight
    tcb.prr = Prr(total, out, flight)
    pipe = tcb.pipe()
    if pipe > tcb.ssthresh:
        allowed = -(-total * tcb.ssthresh // flight) - out if flight else 0
    else:
        allowed = min(tcb.ssthresh - pipe, max(total - out, delivered) + (tcb.snd_mss if safe else 0))
    if not out and allowed < tcb.snd_mss:
        allowed = tcb.snd_mss
    tcb.cwnd = pipe + max(allowed, 0)


# -- a time-out


def timed_out(c: Core) -> None:
    """The retransmission timer has run out: forget what was SACKed, and begin again at SND.UNA with one segment.

    RFC 5681 3.1 and 5, RFC 2018 8, RFC 6675 5.1.  ssthresh is set by the first time-out of a segment only.
    """
    tcb = c.tcb
    flight = tcb.cwnd if c.profile.cut_from_cwnd else (tcb.snd_nxt - tcb.snd_una) & MASK
    first = tcb.rtx_count <= 1 and tcb.recovery != "rto"
    tcb.undo = Undo(max(tcb.ssthresh, flight), tcb.cubic) if c.profile.frto and first else None
    if tcb.rtx_count <= 1:
        congestion.timed_out(tcb, c.profile, flight, c.now)
    else:
        congestion.collapse(tcb)
    tcb.recovery = "rto"
    tcb.recover = tcb.snd_nxt
    tcb.cwr = tcb.ecn_ok
    tcb.rtx_nxt = tcb.snd_una
    tcb.dup_acks = 0
    tcb.prr = None
    tcb.resend = False
    if tcb.rack is None:
        tcb.scoreboard = None
    else:  # what is SACKed or may come yet is not sent again (RFC 8985 6.3)
        tcb.rtx_nxt = tcb.recover
        tcb.rack.probe = None
        tcb.rack.timed_out(c.now)
        if BY_NAME[c.profile.congestion].limits:
            tcb.cwnd = tcb.rack.pipe + tcb.snd_mss


# -- what may leave


def room(tcb: Tcb, limited_transmit: bool) -> int:
    """How many octets of new data cwnd lets leave now, while something is not as usual."""
    recovery = tcb.recovery
    if tcb.undo is not None and tcb.undo.waits:
        return 2 * tcb.snd_mss - ((tcb.snd_nxt - tcb.recover) & MASK)
    if tcb.rack is not None:
        return 0 if tcb.rack.todo else tcb.cwnd - tcb.rack.pipe  # what is missing goes first
    if recovery == "rto" and tcb.rtx_nxt != tcb.recover:
        return 0
    flight = (tcb.snd_nxt - tcb.snd_una) & MASK
    if tcb.scoreboard is not None and (limited_transmit or recovery != "disorder"):
        return tcb.cwnd - tcb.pipe()
    if recovery == "disorder" and limited_transmit and not tcb.sack_ok:
        few = DUP_THRESH - 1
        return tcb.cwnd + (tcb.dup_acks if tcb.dup_acks < few else few) * tcb.snd_mss - flight
    return tcb.cwnd - flight


def repair(c: Core) -> None:
    """Send again what has to be: the output pass calls this first while ``recovery`` says something."""
    tcb = c.tcb
    if tcb.resend and tcb.persist_due == NEVER:  # into a closed window only probes leave; this waits until it opens
        tcb.resend = False
        end = again(c, tcb.snd_una, tcb.snd_mss)
        if tcb.scoreboard is not None:
            tcb.scoreboard.retransmitted(end, first=True)
    if tcb.undo is not None and tcb.undo.waits:
        return  # new data is on the way, which tells whether anything has to be sent again
    if tcb.rack is not None:
        _send_lost(c)
    elif tcb.recovery == "rto":
        _go_back(c)
    elif tcb.recovery == "fast" and tcb.scoreboard is not None:
        _fill_holes(c, surely=True)


def fill_in(c: Core) -> None:
    """The output pass has sent what new data it may: NextSeg()'s rules 3 and 4 (RFC 6675 4)."""
    tcb = c.tcb
    board = tcb.scoreboard
    if tcb.recovery != "fast" or board is None or tcb.rack is not None or tcb.cwnd - tcb.pipe() < tcb.snd_mss:
        return
    if _fill_holes(c, surely=False) >= tcb.snd_mss:
        found = board.rescue(tcb.recover, tcb.snd_nxt, tcb.snd_mss)
        if found is not None:
            again(c, *found)


def _fill_holes(c: Core, *, surely: bool) -> int:
    """Retransmit holes of the scoreboard as far as cwnd and the peer's window reach: NextSeg()'s rules 1 and 3.

    Returns how many octets of cwnd are left.
    """
    tcb = c.tcb
    board = tcb.scoreboard
    assert board is not None
    mss = tcb.snd_mss
    free = tcb.cwnd - tcb.pipe()
    while free >= mss:
        hole = board.hole(mss, surely=surely)
        if hole is None or (hole[0] - tcb.snd_una) & MASK >= tcb.snd_wnd:
            break
        end = again(c, *hole)
        board.retransmitted(end)
        free -= (end - hole[0]) & MASK
    return free


def _send_lost(c: Core) -> None:
    """Send what is lost again, the first first, as far as cwnd and the peer's window reach (RFC 8985 6.2)."""
    tcb = c.tcb
    rack = tcb.rack
    assert rack is not None
    if tcb.persist_due != NEVER:
        return
    while (lost := rack.next_lost()) is not None:
        seq, n = lost
        if tcb.cwnd - rack.pipe < min(n, tcb.snd_mss):
            return
        if seq != tcb.snd_una and (seq - tcb.snd_una) & MASK >= tcb.snd_wnd:
            return
        again(c, seq, min(n, tcb.snd_mss))


def _go_back(c: Core) -> None:
    """After a time-out: what was outstanding then leaves again in order, but for what was SACKed since.

    Not into a closed window: probes ask there, and an opening one lets all of it leave.
    """
    tcb = c.tcb
    if tcb.persist_due != NEVER:
        return
    board = tcb.scoreboard
    while tcb.rtx_nxt != tcb.recover:
        seq, n = tcb.rtx_nxt, tcb.snd_mss
        if board is not None:
            seq, held = board.next_hole(seq)
            n = min(n, (held - seq) & MASK)
        left = diff(tcb.recover, seq)
        if left <= 0:
            tcb.rtx_nxt = tcb.recover
            return
        first = seq == tcb.snd_una
        if not first and (tcb.pipe() + min(n, left) > tcb.cwnd or (seq - tcb.snd_una) & MASK >= tcb.snd_wnd):
            return
        tcb.rtx_nxt = again(c, seq, min(n, left))
        if board is not None:
            board.retransmitted(tcb.rtx_nxt)


def again(c: Core, seq: int, n: int) -> int:
    """Send up to ``n`` octets from ``seq`` again, and our FIN if it follows and fits; the number after them.

    What lies right of a window that has shrunk stays back, unless nothing else is left to send (SHLD-16).
    """
    tcb = c.tcb
    tcb.rtx_total += 1
    if tcb.ts_ok:  # the answer measures nothing without a timestamp (Karn, RFC 6298 3)
        tcb.rtt_sent = -1
    else:
        tcb.rtt_seq = None
    if tcb.hystart is not None:
        tcb.hystart.forget()
    end = tcb.snd_nxt if tcb.fin_seq is None else tcb.fin_seq
    left = (end - seq) & MASK if seq != (end + 1) & MASK else 0
    space = tcb.snd_wnd - ((seq - tcb.snd_una) & MASK)
    n = min(n, left)
    if 0 < space < n:
        n = space
    fin = tcb.fin_seq is not None and n == left and (not n or n < space)
    if tcb.records:
        n = to_record_end(tcb, seq, n)
    at = (seq - tcb.snd_buf_seq) & MASK
    last = at + n == tcb.snd_buf.size
    data = tcb.snd_buf.read(at, n) if n else b""
    tcb.sent_at = c.now
    c.start_rtx()  # no time-out repeats a segment within an RTO of its last transmission (RFC 6298 5)
    end = (seq + n + fin) & MASK
    if tcb.rack is not None:
        tcb.rack.repeated(seq, end, c.now)
    if tcb.prr is not None:
        tcb.prr = tcb.prr._replace(out=tcb.prr.out + n + fin)
    bursts = c.profile.tso_segments
    c.emit(seq, ACK | (PSH if n and last and not bursts else 0) | (FIN if fin else 0), data)
    if bursts:
        push_again(c)
    return end


# -- by time (RFC 8985)


def waited(c: Core) -> bool:
    """RACK's timer has run out; whether it is time for a tail loss probe.  Else what is lost by now is sent again."""
    tcb = c.tcb
    rack = tcb.rack
    assert rack is not None
    if rack.probing:
        rack.probing = False
        return True
    if detect(c) and tcb.recovery in ("", "disorder", "ecn"):
        _begin(c, tcb.snd_mss)
    return False
