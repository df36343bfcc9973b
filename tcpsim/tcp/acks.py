"""What a segment's ACK and window fields say: round trips, acknowledged octets, the peer's window."""

from __future__ import annotations

from . import congestion
from . import verdicts as v
from .bursts import forget_acknowledged
from .core import TIMESTAMPS_SIZE, Core
from .output import start_persist
from .recovery import heard
from .rto import sample, timeout
from .segment import ACK, CWR, ECE, SYN, Segment
from .seq import HALF, MASK
from .states import CLOSED, CLOSING, FIN_WAIT_1, LAST_ACK, TIME_WAIT, Cue
from .tcb import Tcb
from .units import NEVER
from .verdicts import Verdict


def learn_syn(c: Core, seg: Segment) -> None:
    """Take the peer's initial sequence number and its options from its SYN (RFC 9293 3.10.7.2, 3.7.1)."""
    tcb = c.tcb
    profile = c.profile
    tcb.irs = seg.seq
    tcb.rcv_nxt = (seg.seq + 1) & MASK
    mss = profile.mss_default_ipv6 if ":" in tcb.flow[0] else profile.mss_default
    shift: int | None = None
    permitted = False
    for option in seg.options:
        if option[0] == "mss":
            mss = option[1]  # type: ignore[assignment]
        elif option[0] == "wscale":
            shift = min(option[1], 14)  # type: ignore[call-overload]
        elif option[0] == "sackOK":
            permitted = True
    tcb.sack_ok = permitted and profile.sack
    # A SYN offers with both bits, a SYN,ACK agrees with ECE alone (RFC 3168 6.1.1).
    tcb.ecn_ok = profile.ecn != "no" and seg.flags & (ECE | CWR) == (ECE if seg.flags & ACK else ECE | CWR)
    offered = profile.window_scale
    if shift is not None and offered is not None:
        tcb.wscale_ok = True
        tcb.snd_shift, tcb.rcv_shift = shift, offered
    else:
        tcb.wscale_ok = False
    if profile.timestamps and seg.tsval is not None:
        tcb.ts_ok = True
        tcb.ts_recent, tcb.ts_recent_at = seg.tsval, c.now
    else:
        tcb.ts_ok = False
    most = min(mss, c.mss()) - (TIMESTAMPS_SIZE if tcb.ts_ok else 0)  # RFC 9293 3.7.1: less the options' size
    tcb.snd_mss = max(1, most)


def learn_window(c: Core, seg: Segment) -> None:
    """SND.WND, SND.WL1 and SND.WL2 from the segment that opens the connection (A-18)."""
    tcb = c.tcb
    tcb.snd_wl1 = seg.seq
    tcb.snd_wl2 = seg.ack
    tcb.snd_wnd = wnd = seg.wnd if seg.flags & SYN else seg.wnd << tcb.snd_shift
    if wnd > tcb.max_snd_wnd:
        tcb.max_snd_wnd = wnd


def out_of_range(c: Core, seg: Segment) -> Verdict | None:
    """Whether SEG.ACK is none that the peer can have sent (RFC 9293 3.10.7.4, RFC 5961 5)."""
    tcb = c.tcb
    ahead = (seg.ack - tcb.snd_una) & MASK
    if ahead < HALF:
        if ahead <= (tcb.snd_nxt - tcb.snd_una) & MASK or seg.ack == tcb.probe_seq:
            return None
        c.challenge()
        return v.ACK_TOO_NEW
    if c.profile.ack_range_checked and (tcb.snd_una - seg.ack) & MASK > tcb.max_snd_wnd:
        c.challenge()
        return v.ACK_TOO_OLD
    return None


def use_ack(c: Core, seg: Segment) -> Verdict | None:
    """Take in an ACK that lies in range, and what it means for our FIN (RFC 9293 3.10.7.4, fifth)."""
    tcb = c.tcb
    ack = seg.ack
    news = (ack - tcb.snd_una) & MASK
    if news >= HALF:  # an old one: nothing in it is news, but for SACK blocks
        if tcb.sack_ok and seg.options and tcb.snd_una != tcb.snd_nxt:
            heard(c, seg, 0)
        return v.ACK_ONLY if tcb.state is CLOSING else None
    first = tcb.snd_una == tcb.iss  # FIN_WAIT_1 was entered from SYN_RECV: the window was never set
    if news:
        acknowledged(c, ack, seg.tsecr)
    if first:
        learn_window(c, seg)
    elif tcb.snd_una != tcb.snd_nxt or news:
        heard(c, seg, news)
    newer = (seg.seq - tcb.snd_wl1) & MASK
    if (0 < newer < HALF) or (newer == 0 and (ack - tcb.snd_wl2) & MASK < HALF):
        _update_window(c, seg)
    state = tcb.state
    if state is FIN_WAIT_1 or state is CLOSING or state is LAST_ACK:
        if tcb.fin_seq is not None and tcb.snd_una == (tcb.fin_seq + 1) & MASK:
            c.fire(Cue.ACK_OF_FIN)
            if state is FIN_WAIT_1:
                c.start_fin_wait_2()
            elif state is CLOSING:
                c.start_time_wait()
            elif state is LAST_ACK:
                c.end()
                return v.ACK_ENDS
        elif state is CLOSING:
            return v.ACK_ONLY
    elif state is TIME_WAIT and c.profile.time_wait_answers_acks:
        c.start_time_wait()
        tcb.ack_now = True
        return v.ACK_IN_TIME_WAIT
    return None


def acknowledged(c: Core, ack: int, tsecr: int | None) -> None:
    """SND.UNA advances to ``ack``: free the octets, measure the round trip, mind the timers (RFC 6298 5).

    ``tsecr``: the timestamp echoed, None without one.
    """
    tcb = c.tcb
    profile = c.profile
    if ack == tcb.probe_seq:
        tcb.snd_nxt = ack  # the window had opened when the probe's octet came
        tcb.probe_seq = None
    n = (ack - tcb.snd_buf_seq) & MASK
    if 0 < n < HALF:
        if n > tcb.snd_buf.size:  # our FIN is covered too
            n = tcb.snd_buf.size
        tcb.snd_buf.drop(n)
        tcb.snd_buf_seq = (tcb.snd_buf_seq + n) & MASK
    opens = tcb.snd_una == tcb.iss
    tcb.snd_una = ack
    measured = tcb.rack.advance(ack, c.now, tcb.snd_mss) if tcb.rack is not None else None
    if tcb.pushed or tcb.bursts or tcb.records:
        forget_acknowledged(tcb)
    if tcb.snd_up is not None and (ack - tcb.snd_up) & MASK < HALF:
        tcb.snd_up = None
    timed = tcb.rtt_seq is not None and (ack - tcb.rtt_seq) & MASK < HALF
    every = measured is not None and profile.rtt_every_ack
    if timed or every:
        rtt = measured if every else c.now - tcb.rtt_sent if tcb.rtt_sent >= 0 else _echoed(c, tsecr)
        if rtt is not None:
            tcb.srtt, tcb.rttvar = sample(tcb.srtt, tcb.rttvar, rtt)
            tcb.rto = timeout(profile, tcb.srtt, tcb.rttvar)
        tcb.rtt_seq = None
    if tcb.hystart is not None:
        congestion.watch_slow_start(tcb, profile, c.now)
    if opens:
        congestion.start(tcb, profile)
        if profile.buffers_rounded:
            _round_buffers(tcb)
        tcb.received_at = c.now
        tcb.push_seq = ack
        tcb.quick_acks = profile.quick_acks
        if tcb.syn_lost:
            tcb.rto = profile.rto_after_syn_loss
    tcb.rtx_count = 0
    tcb.rtx_since = c.now
    if ack != tcb.snd_nxt:
        c.start_rtx()
        if tcb.user_timeout is not None:
            c.start_user_timer()
    else:
        tcb.rtx_due = NEVER
        if not tcb.snd_buf.size:  # nothing is left to probe a closed window with
            tcb.persist_due = NEVER
            tcb.probe_count = 0
        if profile.user_timer_everywhere and tcb.state is not CLOSED:
            c.start_user_timer()
        else:
            tcb.user_due = NEVER


def _round_buffers(tcb: Tcb) -> None:
    """The buffers hold whole segments from now on."""
    mss = tcb.snd_mss + (TIMESTAMPS_SIZE if tcb.ts_ok else 0)
    if tcb.rcv_limit > mss:
        tcb.rcv_limit = -(-tcb.rcv_limit // mss) * mss
    if tcb.snd_limit > mss:
        tcb.snd_limit = -(-tcb.snd_limit // mss) * mss


def _echoed(c: Core, tsecr: int | None) -> int | None:
    """The round trip that an echoed timestamp tells, in ns (RFC 7323 4); None if it tells none.

    The timestamp says which of a segment's transmissions is answered, which Karn's rule has no other way to know.
    """
    if not c.tcb.ts_ok or not tsecr:
        return None
    ticks = (c.timestamp() - tsecr) & MASK
    return ticks * c.profile.timestamp_tick if ticks < HALF else None


def _update_window(c: Core, seg: Segment) -> None:
    """SND.WND from a segment no older than the last one used; a closed window is probed (RFC 9293 3.8.6)."""
    tcb = c.tcb
    tcb.snd_wl1 = seg.seq
    tcb.snd_wl2 = seg.ack
    tcb.snd_wnd = wnd = seg.wnd << tcb.snd_shift
    if wnd:
        if wnd > tcb.max_snd_wnd:
            tcb.max_snd_wnd = wnd
        if tcb.persist_due != NEVER:
            tcb.persist_due = NEVER
            tcb.probe_count = 0
            if tcb.snd_una != tcb.snd_nxt:
                tcb.rtx_since = c.now
                tcb.rtx_nxt = tcb.snd_una  # what was repeated into the closed window is lost again
                c.start_rtx()
    elif tcb.snd_una != tcb.snd_nxt or tcb.persist_due != NEVER:
        # The peer lives and keeps its window closed: that never ends a connection (MUST-37).
        tcb.rtx_due = NEVER
        tcb.rtx_count = 0
        tcb.rtx_since = c.now
        if tcb.user_due != NEVER:
            c.start_user_timer()
        if tcb.persist_due == NEVER:
            start_persist(c)
