"""What may be sent now: the pass that runs once after all input of an event (RFC 9293 3.7.4, 3.8).

It runs last so that acknowledgments aggregate (MUST-58, MUST-59) and so that Nagle's algorithm, silly-window
avoidance and window probing are decided in one place.
"""

from __future__ import annotations

from .core import Core
from .segment import ACK, FIN, PSH, SYN, Option
from .seq import MASK, diff
from .states import CLOSE_WAIT, CLOSING, ESTABLISHED, FIN_WAIT_1, LAST_ACK, SYN_RECV, SYN_SENT, Cue
from .tcb import Tcb
from .units import NEVER

#: The states in which data or our FIN may leave.
_SENDING = frozenset((ESTABLISHED, CLOSE_WAIT, FIN_WAIT_1, CLOSING, LAST_ACK))


def output(c: Core) -> None:
    """Send what the windows allow, then the ACK that is still owed."""
    tcb = c.tcb
    if tcb.state in _SENDING and tcb.fin_seq is None:
        unsent = tcb.snd_buf.size - ((tcb.snd_nxt - tcb.snd_buf_seq) & MASK)
        if unsent > 0:
            unsent = _send_data(c, unsent)
        if unsent == 0 and tcb.fin_queued and tcb.fin_seq is None:
            send_fin(c)
        if unsent > 0 and not tcb.snd_wnd and tcb.persist_due == NEVER:
            tcb.rtx_count = 0
            tcb.rtx_since = c.now  # R2 counts from the first probe, not from what was acknowledged long ago
            start_persist(c)
    if tcb.ack_now:
        c.send_ack()


def _send_data(c: Core, unsent: int) -> int:
    """Send new data as far as the peer's window, Nagle and silly-window avoidance let it; what stays unsent."""
    tcb = c.tcb
    mss = tcb.snd_mss
    usable = diff((tcb.snd_una + tcb.snd_wnd) & MASK, tcb.snd_nxt)
    while unsent > 0 and usable > 0:
        n = mss
        if n > unsent:
            n = unsent
        if n > usable:
            n = usable
        if n < mss:
            if tcb.corked and not tcb.fin_queued:
                if tcb.override_due == NEVER:
                    _start_override(c)
                break
            # RFC 9293 3.8.6.2.1; the brackets around its cases (2) and (3) are Nagle's algorithm.  A FIN
            # behind the data means that nothing more will come, so waiting for company gains nothing.
            idle = tcb.snd_nxt == tcb.snd_una or not tcb.nagle or tcb.fin_queued
            if not (idle and (n == unsent or 2 * n >= tcb.max_snd_wnd)):
                if tcb.snd_nxt == tcb.snd_una and tcb.override_due == NEVER:
                    _start_override(c)
                break
        unsent -= n
        usable -= n
        send_new(c, n, last=not unsent, fin=tcb.fin_queued and not unsent and usable > 0)
    return unsent


def send_new(c: Core, n: int, *, last: bool, fin: bool) -> None:
    """Send the next ``n`` unsent octets; ``last``: nothing stays behind (PSH); ``fin``: our FIN rides along."""
    tcb = c.tcb
    if fin and tcb.state is CLOSE_WAIT:
        c.fire(Cue.CLOSE)
    seq = tcb.snd_nxt
    data = tcb.snd_buf.read((seq - tcb.snd_buf_seq) & MASK, n)
    tcb.snd_nxt = end = (seq + n + fin) & MASK
    tcb.probe_seq = None  # a probe's octet has left again, and is counted now
    tcb.override_due = NEVER
    if fin:
        tcb.fin_seq = (end - 1) & MASK
    _outstanding(c, end)
    c.emit(seq, ACK | PSH | FIN if fin else ACK | PSH if last else ACK, data)


def send_fin(c: Core) -> None:
    """Send our FIN by itself: <SEQ=SND.NXT><ACK=RCV.NXT><CTL=FIN,ACK>.

    It may lie one beyond a full window: the peer's answer then tells when to send it again.
    """
    tcb = c.tcb
    if tcb.state is CLOSE_WAIT:
        c.fire(Cue.CLOSE)
    seq = tcb.snd_nxt
    tcb.fin_seq = seq
    tcb.snd_nxt = end = (seq + 1) & MASK
    _outstanding(c, end)
    c.emit(seq, FIN | ACK)


def send_syn(c: Core, *, bare: bool = False) -> None:
    """Send our SYN: <SEQ=ISS><CTL=SYN>, later, unless ``bare``, <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>."""
    tcb = c.tcb
    profile = c.profile
    data = b""
    if tcb.snd_nxt == tcb.iss:
        if profile.data_on_syn:
            data = tcb.snd_buf.read(0, min(tcb.snd_buf.size, tcb.snd_mss)) if tcb.snd_buf.size else data
        tcb.snd_nxt = (tcb.iss + 1 + len(data)) & MASK
        _outstanding(c, tcb.snd_nxt)
    flags = SYN if tcb.state is SYN_SENT or bare else SYN | ACK
    c.emit(tcb.iss, flags, data, _syn_options(c, answers=bool(flags & ACK)))


def _syn_options(c: Core, *, answers: bool) -> tuple[Option, ...]:
    """The options of our SYN; what ``answers`` the peer's SYN offers only what that offered (RFC 7323 2.2)."""
    profile = c.profile
    options: list[Option] = []
    if profile.mss_option:
        options.append(("mss", c.mss()))
    if profile.window_scale is not None and (c.tcb.wscale_ok or not answers):
        options.append(("wscale", profile.window_scale))
    return tuple(options)


def _outstanding(c: Core, end: int) -> None:
    """Something up to ``end`` is about to be outstanding: start what must run then (RFC 6298 5.1, 3)."""
    tcb = c.tcb
    if tcb.rtx_due == NEVER:
        tcb.rtx_since = c.now
        c.start_rtx()
        tcb.persist_due = NEVER
    if tcb.user_due == NEVER:
        c.start_user_timer()
    if tcb.rtt_seq is None:
        tcb.rtt_seq = end
        tcb.rtt_sent = c.now


def forget_round_trip(tcb: Tcb) -> None:
    """What is being timed has been repeated: its answer measures nothing without a timestamp (Karn, RFC 6298 3)."""
    if tcb.ts_ok:
        tcb.rtt_sent = -1
    else:
        tcb.rtt_seq = None


def retransmit(c: Core) -> None:
    """Send the oldest unacknowledged segment again (RFC 9293 3.10.8, RFC 6298 5.4).

    What lies right of a window that has shrunk stays back, unless nothing else is left to send (SHLD-16).
    """
    tcb = c.tcb
    tcb.rtx_total += 1
    forget_round_trip(tcb)
    if tcb.snd_una == tcb.iss:
        tcb.syn_lost = True
        crossed = tcb.state is SYN_RECV and not tcb.passive
        send_syn(c, bare=crossed and not c.profile.crossed_syn_repeats_synack)
        return
    seq = tcb.snd_buf_seq
    end = tcb.snd_nxt if tcb.fin_seq is None else tcb.fin_seq
    n = (end - seq) & MASK
    if n:
        n = min(n, tcb.snd_mss, tcb.snd_wnd or n)
        last = n == tcb.snd_buf.size
        fin = last and tcb.fin_seq is not None and n < max(tcb.snd_wnd, 1)
        c.emit(seq, ACK | (PSH if last else 0) | (FIN if fin else 0), tcb.snd_buf.read(0, n))
    else:
        c.emit(seq, FIN | ACK)


def start_persist(c: Core) -> None:
    """The window is closed: probe it, first after one RTO, then at doubling intervals (RFC 9293 3.8.6.1)."""
    tcb = c.tcb
    profile = c.profile
    interval = min(tcb.rto << min(tcb.probe_count, 16), profile.rto_max)
    tcb.persist_due = due = c.now + interval
    if due < tcb.wake:
        tcb.wake = due


def probe(c: Core) -> None:
    """Send one octet into the closed window: new data if there is any, else the oldest again."""
    tcb = c.tcb
    unsent = 0
    if tcb.fin_seq is None:
        unsent = tcb.snd_buf.size - ((tcb.snd_nxt - tcb.snd_buf_seq) & MASK)
    if unsent <= 0 or tcb.snd_nxt != tcb.snd_una:
        if tcb.snd_buf.size:
            c.emit(tcb.snd_buf_seq, ACK, tcb.snd_buf.read(0, 1))
        else:
            c.emit(tcb.snd_una, FIN | ACK)
        return
    if c.profile.probe_advances_snd_nxt:
        send_new(c, 1, last=unsent == 1, fin=False)
        return
    seq = tcb.snd_nxt
    tcb.probe_seq = (seq + 1) & MASK
    c.emit(seq, ACK, tcb.snd_buf.read((seq - tcb.snd_buf_seq) & MASK, 1))


def keepalive_probe(c: Core) -> None:
    """Ask whether the peer is there: <SEQ=SND.NXT-1><ACK=RCV.NXT><CTL=ACK> (RFC 9293 3.8.4).

    It repeats a number that the peer has, so the peer must answer; one octet of nothing comes along if the
    profile wants it (MAY-6).
    """
    c.emit((c.tcb.snd_nxt - 1) & MASK, ACK, b"\0" if c.profile.keepalive_octet else b"")


def _start_override(c: Core) -> None:
    """Data waits for a window worth filling, and nothing outstanding will wake it (RFC 9293 3.8.6.2.1)."""
    tcb = c.tcb
    tcb.override_due = due = c.now + c.profile.sws_override
    if due < tcb.wake:
        tcb.wake = due


def override(c: Core) -> None:
    """Send what the window allows, however little: case (4) of RFC 9293 3.8.6.2.1."""
    tcb = c.tcb
    unsent = tcb.snd_buf.size - ((tcb.snd_nxt - tcb.snd_buf_seq) & MASK)
    usable = diff((tcb.snd_una + tcb.snd_wnd) & MASK, tcb.snd_nxt)
    n = min(unsent, usable, tcb.snd_mss)
    if n > 0:
        send_new(c, n, last=n == unsent, fin=False)
