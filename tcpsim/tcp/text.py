"""Segment text, urgent data and the peer's FIN: trimming, holding what came early, delivering in order."""

from __future__ import annotations

from typing import Final

from . import verdicts as v
from .core import Core
from .recovery import marked
from .segment import ACK, FIN, RST, SYN, URG, Segment
from .seq import HALF, MASK, MOD, diff
from .states import CLOSING, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT, Cue, Do
from .tcb import Tcb
from .units import NEVER
from .verdicts import Verdict

#: The states in which the peer may still send.
_RECEIVING: Final = frozenset((ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2))


def queue_behind_syn(c: Core, seg: Segment) -> None:
    """Keep data and FIN that came with a SYN until the connection is open (RFC 9293 3.10.7.2, LC-6)."""
    tcb = c.tcb
    if not c.profile.syn_text_taken:
        return
    if seg.data:
        data = seg.data[: tcb.rcv_wnd]
        tcb.rcv_buf.hold((seg.seq + 1) & MASK, data, c.profile.max_held)
    if seg.flags & FIN and len(seg.data) < tcb.rcv_wnd:
        tcb.rcv_fin = (seg.end - 1) & MASK


def read_from(tcb: Tcb) -> int:
    """The number of the next octet that the user will read."""
    return (tcb.rcv_nxt - tcb.rcv_buf.size - tcb.fin_received) & MASK


def check_urg(c: Core, seg: Segment) -> Verdict | None:
    """Sixth, check the URG bit (RFC 9293 3.10.7.4, 3.8.5): where urgent data ends, told at once (MUST-32)."""
    tcb = c.tcb
    if seg.flags & URG and tcb.state in _RECEIVING:
        up = (seg.seq + seg.up) & MASK
        last = tcb.rcv_up
        if 0 < (up - read_from(tcb)) & MASK < HALF and (last is None or 0 < (up - last) & MASK < HALF):
            tcb.rcv_up = up
            c.signals.append(Do.SIGNAL_URGENT)
    return None


def process_text(c: Core, seg: Segment) -> Verdict | None:
    """Seventh, process the segment text (RFC 9293 3.10.7.4).

    The segment is trimmed to what is new and inside the window.  In-order octets are delivered, together with
    held ones that now fit; early ones are held, and answered at once (MAY-13).
    """
    tcb = c.tcb
    if tcb.state not in _RECEIVING or (seg.flags & SYN and not c.profile.syn_text_taken):
        return None
    data = seg.data
    if tcb.ecn_ok and data:
        marked(tcb, seg)
    start = (seg.seq + (seg.flags >> 1 & 1)) & MASK  # a SYN comes before the text
    early = (start - tcb.rcv_nxt) & MASK
    if early >= HALF:
        early -= MOD
    if tcb.detached and c.profile.half_duplex_close and len(data) + early > 0 and tcb.state is not ESTABLISHED:
        if c.profile.unwanted_text_is_stray:
            c.out.append(Segment(tcb.peer_flow, seg.ack, 0, RST, 0))
        else:
            c.emit(tcb.snd_nxt, RST)
        c.fire(Cue.DATA_UNREAD)
        c.end()
        return v.TEXT_UNWANTED
    if early < 0 and data:
        repeated(c, start, min(-early, len(data)))
    if early > 0:
        _hold(c, seg, start, data)
    elif data or tcb.rcv_buf.runs:
        _deliver(c, data[-early:] if early else data)
    if seg.flags & FIN and tcb.rcv_fin is None:
        _note_fin(c, seg)
    return None


def repeated(c: Core, start: int, n: int) -> None:
    """So many octets from ``start`` have come again: the next ACK tells so, if SACK is in use (RFC 2883 4)."""
    tcb = c.tcb
    if tcb.sack_ok and c.profile.dsack:
        tcb.dsack = (start, (start + n) & MASK)
        tcb.ack_now = True


def answer(c: Core, seg: Segment) -> None:
    """Acknowledge an unacceptable segment (RFC 9293 3.10.7.4, first)."""
    if seg.len:
        c.tcb.ack_now = True
        behind = diff(c.tcb.rcv_nxt, seg.seq)
        if seg.data and behind > 0:
            repeated(c, seg.seq, min(behind, len(seg.data)))
    else:
        c.challenge()  # throttled: two ends out of step could answer each other for ever


def _repeated_early(c: Core, start: int, n: int) -> None:
    """The same for octets that are held already: the first stretch of them, if none is told of yet.

    While a gap is open all text is acknowledged at once anyway.
    """
    if c.tcb.sack_ok and c.profile.dsack and c.tcb.dsack is None:
        stretch = c.tcb.rcv_buf.repeated(start, n)
        if stretch is not None:
            c.tcb.dsack = stretch


def _hold(c: Core, seg: Segment, start: int, data: bytes) -> None:
    """Keep what lies in the window but not at its left edge (SHLD-31)."""
    tcb = c.tcb
    data = data[: max(0, tcb.rcv_wnd - ((start - tcb.rcv_nxt) & MASK))]
    if data:
        if tcb.rcv_buf.runs:
            _repeated_early(c, start, len(data))
        tcb.rcv_buf.hold(start, data, c.profile.max_held)
    if seg.len or c.profile.empty_segments_draw_acks:
        tcb.ack_now = True
    if tcb.rcv_nxt in tcb.rcv_buf.runs:  # octets that came with the SYN are due
        _deliver(c, b"")


def _deliver(c: Core, data: bytes) -> None:
    """Give the user ``data``, which begins at RCV.NXT, and the held octets that follow it."""
    tcb = c.tcb
    data = data[: tcb.rcv_wnd]
    buf = tcb.rcv_buf
    if buf.runs:
        if data:
            _repeated_early(c, tcb.rcv_nxt, len(data))
            buf.hold(tcb.rcv_nxt, data, 1 << 30)
        data = buf.ripe(tcb.rcv_nxt)
        if data:
            tcb.ack_now = True  # a gap is filled, or is still open (EXT-5681-6)
    if data:
        accept_text(c, data)
        if tcb.detached:  # taken in and thrown away, so that the peer is not held up
            tcb.rcv_wnd += len(tcb.rcv_buf.take(tcb.rcv_buf.size))


def accept_text(c: Core, data: bytes) -> None:
    """Octets that begin at RCV.NXT and fit into the window become readable; an ACK is owed (RFC 9293 3.8.6.3)."""
    tcb = c.tcb
    n = len(data)
    tcb.rcv_buf.append(data)
    tcb.rcv_nxt = (tcb.rcv_nxt + n) & MASK
    tcb.rcv_wnd -= n
    if c.log is not None:
        c.log.append(("delivered", n))
    delay = c.profile.ack_delay
    tcb.received_at = c.now
    if n > tcb.longest:
        tcb.longest = n
    if tcb.delack_due != NEVER or not delay or tcb.quick_acks or (n > tcb.snd_mss and _is_long(c, n)):
        tcb.ack_now = True  # at least every second segment (SHLD-19)
        if tcb.quick_acks:
            tcb.quick_acks -= 1
    else:
        tcb.delack_due = due = c.now + delay
        if due < tcb.wake:
            tcb.wake = due


def _is_long(c: Core, n: int) -> bool:
    """Whether so much text at once, which is more than one segment's, is acknowledged at once."""
    return c.profile.long_segment_acked and n > c.mss()


def _note_fin(c: Core, seg: Segment) -> None:
    """Remember where the peer's stream ends, unless the FIN lies beyond the window."""
    tcb = c.tcb
    at = (seg.seq + (seg.flags >> 1 & 1) + len(seg.data)) & MASK
    ahead = (at - tcb.rcv_nxt) & MASK
    if ahead < tcb.rcv_wnd or (not ahead and c.profile.fin_at_zero_window):
        tcb.rcv_fin = at


def check_fin(c: Core, seg: Segment) -> Verdict | None:
    """Eighth, check the FIN bit (RFC 9293 3.10.7.4): the FIN counts once everything before it is here."""
    tcb = c.tcb
    if tcb.fin_received:
        if seg.flags & FIN:
            _fin_again(c, seg)
        return None
    if tcb.state not in _RECEIVING:  # TIME_WAIT after ABORT: nothing more is taken in
        if seg.flags & FIN:
            _fin_again(c, seg)
        return None
    if tcb.rcv_fin is None:
        return None
    if tcb.rcv_fin != tcb.rcv_nxt:
        if seg.flags & FIN:
            tcb.ack_now = True
        return None
    tcb.fin_received = True
    tcb.rcv_nxt = (tcb.rcv_nxt + 1) & MASK
    if tcb.rcv_wnd:
        tcb.rcv_wnd -= 1
    tcb.ack_now = True
    c.signals.append(Do.SIGNAL_CLOSING)
    c.fire(Cue.FIN)
    if tcb.state is TIME_WAIT:
        c.start_time_wait()
    elif tcb.state is CLOSING and tcb.fin_seq == tcb.snd_una and c.profile.fin_answers_fin:
        c.emit(tcb.snd_una, FIN | ACK)
    return None


def _fin_again(c: Core, seg: Segment) -> None:
    """A second FIN, with a number of its own: acknowledged, and otherwise without effect (A-14)."""
    tcb = c.tcb
    if not c.profile.second_fin_answered and tcb.state is not TIME_WAIT:
        return
    at = (seg.end - 1) & MASK
    if (at - tcb.rcv_nxt) & MASK >= tcb.rcv_wnd:
        return  # it lies beyond the window: trimmed away (step 1)
    tcb.ack_now = True
    if tcb.state is TIME_WAIT:
        c.start_time_wait()
    if c.profile.every_fin_counts and at == tcb.rcv_nxt:
        tcb.rcv_nxt = (tcb.rcv_nxt + 1) & MASK
        tcb.rcv_wnd -= 1
        c.signals.append(Do.SIGNAL_CLOSING)
