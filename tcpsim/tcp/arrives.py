"""SEGMENT ARRIVES (RFC 9293 3.10.7): one function for each numbered check, in the RFC's order.

A check returns None to let the segment pass to the next one, or the verdict that stops it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import verdicts as v
from .acks import acknowledged, learn_syn, learn_window, out_of_range, use_ack
from .core import Core
from .errors import Code
from .output import forget_round_trip, send_syn
from .predict import predicted
from .segment import ACK, FIN, RST, SYN, URG, Flow, Segment
from .seq import HALF, MASK, in_window
from .states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    KEPT_ALIVE,
    LAST_ACK,
    LISTEN,
    SYN_RECV,
    SYN_SENT,
    SYNCHRONISED,
    TIME_WAIT,
    Cue,
    Do,
    State,
)
from .text import answer, check_fin, check_urg, process_text, queue_behind_syn
from .time_wait import is_newer, plain_time_wait, reopen
from .verdicts import Verdict

Check = Callable[[Core, Segment], Verdict | None]


def arrives(c: Core, seg: Segment) -> None:
    """Process one segment for this connection.  The output pass follows when the event's input is done."""
    if c.profile.window_exact:  # what has room is taken, told or not
        tcb = c.tcb
        room = tcb.rcv_limit - tcb.rcv_buf.size
        if room > tcb.rcv_wnd and tcb.state not in (LISTEN, SYN_SENT):
            tcb.rcv_wnd = room
    if not c.verbose and predicted(c, seg):
        return
    if c.log is not None:
        _arrives_logged(c, seg)
    else:
        checks = CHECKS[c.tcb.state]
        if checks is OTHER_STATES and not seg.flags & (RST | SYN | URG):
            checks = PLAIN_SEGMENT
        for check in checks:
            if check(c, seg) is not None:
                break
    if c.tcb.keepalive is not None and c.tcb.state in KEPT_ALIVE:
        c.heard()


def _arrives_logged(c: Core, seg: Segment) -> None:
    """The same, telling which check stopped the segment (and, if verbose, which let it pass)."""
    assert c.log is not None
    for check in CHECKS[c.tcb.state]:
        tcb = c.tcb
        numbers = (
            tcb.state, tcb.rcv_nxt, tcb.rcv_wnd, tcb.snd_una, tcb.snd_nxt, tcb.max_snd_wnd, tcb.iss, tcb.fin_seq,
        )  # fmt: skip
        place = len(c.log)
        verdict = check(c, seg)
        if verdict is not None or c.verbose:
            told = ("checked", check.__name__, None if verdict is None else verdict.id, numbers)
            c.log.insert(place, told)  # the conclusion stands before what follows from it
        if verdict is not None:
            return


# -- CLOSED: there is no TCB (3.10.7.1)


def reset_for(seg: Segment) -> tuple[Segment | None, Verdict]:
    """What answers a segment that belongs to no connection (RFC 9293 3.10.7.1, 3.5.2 group 1)."""
    if seg.flags & RST:
        return None, v.CLOSED_RST
    verdict = v.CLOSED_ACK if seg.flags & ACK else v.CLOSED_NO_ACK
    return make_reset(seg), verdict


def check_closed(c: Core, seg: Segment) -> Verdict | None:
    """The connection does not exist (RFC 9293 3.10.7.1): answer as the host would."""
    reset, verdict = reset_for(seg)
    if reset is not None:
        c.out.append(reset)
    return verdict


def make_reset(seg: Segment) -> Segment:
    """<SEQ=SEG.ACK><CTL=RST> for a segment with ACK, else <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>."""
    back: Flow = (seg.flow[2], seg.flow[3], seg.flow[0], seg.flow[1])
    if seg.flags & ACK:
        return Segment(back, seg.ack, 0, RST, 0)
    return Segment(back, 0, seg.end, RST | ACK, 0)


# -- LISTEN (3.10.7.2)


def check_rst_in_listen(c: Core, seg: Segment) -> Verdict | None:
    """First, check for a RST (RFC 9293 3.10.7.2)."""
    return v.LISTEN_RST if seg.flags & RST else None


def check_ack_in_listen(c: Core, seg: Segment) -> Verdict | None:
    """Second, check for an ACK (RFC 9293 3.10.7.2)."""
    if not seg.flags & ACK:
        return None
    if not seg.flags & SYN or c.profile.listen_resets_synacks:
        c.out.append(make_reset(seg))
    return v.LISTEN_ACK


def check_syn_in_listen(c: Core, seg: Segment) -> Verdict | None:
    """Third, check for a SYN (RFC 9293 3.10.7.2): the child of the listener begins here."""
    if not seg.flags & SYN:
        return None
    if seg.flags & FIN and not c.profile.syn_fin_opens:
        return v.LISTEN_OTHER
    tcb = c.tcb
    tcb.passive = True
    if not tcb.flow[2]:
        tcb.wild = True
        tcb.flow = local, port, remote, remote_port = seg.flow
        tcb.peer_flow = (remote, remote_port, local, port)
    learn_syn(c, seg)
    c.pick_iss()
    c.fire(Cue.RCV_SYN)
    learn_window(c, seg)
    send_syn(c)
    queue_behind_syn(c, seg)
    return v.LISTEN_TAKEN


def check_other_in_listen(c: Core, seg: Segment) -> Verdict | None:
    """Fourth, other data or control (RFC 9293 3.10.7.2)."""
    return v.LISTEN_OTHER


# -- SYN_SENT (3.10.7.3)


def check_ack_in_syn_sent(c: Core, seg: Segment) -> Verdict | None:
    """First, check the ACK bit (RFC 9293 3.10.7.3)."""
    if not seg.flags & ACK:
        return None
    tcb = c.tcb
    if (seg.ack - tcb.snd_una - 1) & MASK < (tcb.snd_nxt - tcb.snd_una) & MASK:
        return None
    wait = c.profile.bad_ack_hastens_syn
    if wait is not None and c.now + wait < tcb.rtx_due:
        tcb.rtx_due = due = c.now + wait
        if due < tcb.wake:
            tcb.wake = due
    if seg.flags & RST:
        return v.OPENER_BAD_ACK_RST
    c.out.append(make_reset(seg))
    return v.OPENER_BAD_ACK


def check_rst_in_syn_sent(c: Core, seg: Segment) -> Verdict | None:
    """Second, check the RST bit (RFC 9293 3.10.7.3; erratum 8167 removes its comparison with RCV.NXT)."""
    if not seg.flags & RST:
        return None
    if not seg.flags & ACK:
        return v.OPENER_BLIND_RST
    c.fire(Cue.RST)
    c.end(Code.REFUSED, Do.SIGNAL_RESET)
    return v.OPENER_RST


def check_syn_in_syn_sent(c: Core, seg: Segment) -> Verdict | None:
    """Fourth, check the SYN bit (RFC 9293 3.10.7.3)."""
    if not seg.flags & SYN:
        return None
    tcb = c.tcb
    learn_syn(c, seg)
    if not seg.flags & ACK:
        c.fire(Cue.RCV_SYN)
        learn_window(c, seg)
        forget_round_trip(tcb)  # the SYN leaves once more, now as a SYN,ACK
        send_syn(c)
        queue_behind_syn(c, seg)
        return v.OPENER_CROSSED
    c.fire(Cue.RCV_SYNACK)
    c.signals.append(Do.SIGNAL_OPEN)
    acknowledged(c, seg.ack, seg.tsecr)
    if c.profile.opener_learns_window:
        learn_window(c, seg)
    tcb.ack_now = True
    return None


def check_other_in_syn_sent(c: Core, seg: Segment) -> Verdict | None:
    """Fifth, neither SYN nor RST (RFC 9293 3.10.7.3)."""
    return None if c.tcb.state is not SYN_SENT else v.OPENER_OTHER


# -- Other states (3.10.7.4)


def check_sequence(c: Core, seg: Segment) -> Verdict | None:
    """First, check sequence number (RFC 9293 3.10.7.4, Table 6)."""
    tcb = c.tcb
    profile = c.profile
    flags = seg.flags
    if not flags & (ACK | SYN | RST) and _needs_ack_first(c):
        return v.ACK_MISSING
    if flags & SYN:
        verdict = _sequence_of_syn(c, seg)
        if verdict is v.OLD_SYN and profile.time_wait_plain:
            verdict = None
        if verdict is not None or (tcb.state is SYN_RECV and _completes_simultaneous_open(c, seg)):
            return verdict
    if tcb.state is TIME_WAIT and profile.time_wait_plain:
        return plain_time_wait(c, seg)
    if tcb.ts_ok and not flags & RST:
        verdict = _check_timestamp(c, seg)
        if verdict is not None:
            return verdict
    offset = (seg.seq - tcb.rcv_nxt) & MASK
    length = seg.len
    if flags & RST and profile.rst_at_zero_window:
        length = 0
    wnd = tcb.rcv_wnd
    if flags & RST and _rst_at_fin(c, seg):
        return None
    if wnd:
        beside = offset == wnd and profile.empty_at_right_edge and not (seg.len or flags & RST)
        if offset < wnd or (length and (offset + length - 1) & MASK < wnd) or beside:
            if tcb.ts_ok and not flags & RST:
                _keep_timestamp(c, seg)
            return None
    elif not offset and (not length or (flags & FIN and length == 1 and profile.fin_at_zero_window)):
        if tcb.ts_ok and not flags & RST:
            _keep_timestamp(c, seg)
        return None
    if flags & RST:
        if profile.rst_at_right_edge and wnd and offset == wnd:
            c.challenge()
        return v.UNACCEPTABLE_RST
    if flags & URG and not offset:  # the window is closed, but not to news (MUST-66)
        check_urg(c, seg)
    if _usable_all_the_same(c, seg):
        use_ack(c, seg)
        if tcb.state is CLOSED:
            return v.ACK_ENDS
    if flags & FIN and seg.end == tcb.rcv_nxt and tcb.state is TIME_WAIT and profile.fin_restarts_time_wait:
        c.start_time_wait()
        tcb.ack_now = True
        return v.FIN_AGAIN_IN_TIME_WAIT
    answer(c, seg)
    return v.UNACCEPTABLE


def _needs_ack_first(c: Core) -> bool:
    """Whether a segment without ACK is dropped before its number is looked at (step 5 has it later)."""
    if c.tcb.state is TIME_WAIT:
        return c.profile.time_wait_needs_ack
    return c.profile.ack_bit_first and c.tcb.state is not SYN_RECV


def _rst_at_fin(c: Core, seg: Segment) -> bool:
    """Whether it is a RST at the number of the peer's FIN, from where some stacks reset."""
    tcb = c.tcb
    waiting = tcb.state in (CLOSE_WAIT, CLOSING, LAST_ACK)
    return c.profile.rst_at_fin and waiting and tcb.fin_received and (seg.seq + 1) & MASK == tcb.rcv_nxt


def _check_timestamp(c: Core, seg: Segment) -> Verdict | None:
    """Protection against wrapped sequence numbers (RFC 7323 5.3, R1; a RST is exempt), and 3.2: none may lack it."""
    tcb = c.tcb
    if seg.tsval is None:
        return v.TIMESTAMP_MISSING if c.profile.timestamp_required else None
    if (seg.tsval - tcb.ts_recent) & MASK >= HALF and c.now - tcb.ts_recent_at <= c.profile.timestamp_lifetime:
        answer(c, seg)
        return v.PAWS
    return None


def _keep_timestamp(c: Core, seg: Segment) -> None:
    """TS.Recent from a segment that reaches the last number acknowledged (RFC 7323 4.3)."""
    tcb = c.tcb
    if seg.tsval is not None and (tcb.last_ack_sent - seg.seq) & MASK < HALF:
        tcb.ts_recent, tcb.ts_recent_at = seg.tsval, c.now


def _completes_simultaneous_open(c: Core, seg: Segment) -> bool:
    """Figure 7's SYN,ACK: at IRS, acknowledging our SYN (A-8)."""
    tcb = c.tcb
    return (
        c.profile.synack_completes_simultaneous_open
        and not (tcb.passive and c.profile.half_open_apart)
        and seg.flags & (SYN | ACK | RST) == SYN | ACK
        and seg.seq == tcb.irs
        and seg.ack == tcb.snd_nxt
    )


def _usable_all_the_same(c: Core, seg: Segment) -> bool:
    """Whether the ACK of an unacceptable segment is used.

    It is used for text at a closed window (A-15); from a peer one number behind, for news of our window probe's
    octet; from a peer that is a little behind, while a window that has moved left keeps our own SEQ back as well
    (A-16): two such ends would refuse each other's ACKs for ever; and, if wanted, for what ends at RCV.NXT, such as
    the peer's repeated FIN (A-40).
    """
    tcb = c.tcb
    behind = not seg.len and 0 < (tcb.rcv_nxt - seg.seq) & MASK <= tcb.rcv_limit
    probed = behind and (seg.seq + 1) & MASK == tcb.rcv_nxt and seg.ack == tcb.probe_seq
    held_back = behind and c.ack_seq() != tcb.snd_nxt
    closed = c.profile.ack_at_zero_window and not tcb.rcv_wnd and seg.seq == tcb.rcv_nxt
    ends_here = c.profile.ack_left_of_window and seg.end == tcb.rcv_nxt
    return (
        (closed or probed or held_back or ends_here)
        and tcb.state is not SYN_RECV
        and seg.flags & (SYN | ACK) == ACK
        and (probed or (seg.ack - tcb.snd_una) & MASK <= (tcb.snd_nxt - tcb.snd_una) & MASK)
    )


def _sequence_of_syn(c: Core, seg: Segment) -> Verdict | None:
    """What a SYN means before Table 6 is asked: a repeated one (A-20), or a new incarnation (MAY-2, A-27)."""
    tcb = c.tcb
    if seg.flags & (RST | ACK):
        return None
    if tcb.state is SYN_RECV and seg.seq == tcb.irs and c.profile.duplicate_syn_draws_synack:
        forget_round_trip(tcb)
        send_syn(c)
        return v.DUPLICATE_SYN
    reopening = c.profile.reopen_time_wait
    if tcb.state is TIME_WAIT and reopening != "no" and c.reopens:
        if reopening == "6191" and not is_newer(c, seg):
            return v.OLD_SYN
        reopen(c, seg)
        return v.REOPENED
    return None


def check_rst(c: Core, seg: Segment) -> Verdict | None:
    """Second, check the RST bit (RFC 9293 3.10.7.4, RFC 5961 3)."""
    if not seg.flags & RST:
        return None
    tcb = c.tcb
    profile = c.profile
    state = tcb.state
    if state is TIME_WAIT and profile.time_wait_ignores_rst:
        return v.RST_IGNORED
    exact = seg.seq == tcb.rcv_nxt and (tcb.rcv_wnd or profile.rst_at_zero_window)
    if not exact and not _rst_at_fin(c, seg):
        if not in_window(seg.seq, tcb.rcv_nxt, tcb.rcv_wnd):
            return v.RST_OUTSIDE
        if profile.rst_exact:
            c.challenge()
            return v.RST_CHALLENGED
    if state is SYN_RECV:
        if tcb.previous is not None:
            old = tcb.previous
            c.fire(Cue.RST_OF_REOPENED)
            c.renew(like=old)
            c.start_time_wait()
        elif tcb.passive:
            c.fire(Cue.RST_OF_PASSIVE_OPEN)
            c.renew()
        else:
            c.fire(Cue.RST_OF_ACTIVE_OPEN)
            c.end(Code.REFUSED if profile.crossed_rst_refuses else Code.RESET, Do.SIGNAL_REFUSED)
    elif state in (CLOSING, LAST_ACK) and not profile.rst_told_while_closing:
        c.fire(Cue.RST_UNTOLD)
        c.end(Code.RESET)
    else:
        c.fire(Cue.RST)
        if state is TIME_WAIT:
            c.end()
        else:
            c.end(Code.RESET, Do.SIGNAL_RESET)
    return v.RST_ACCEPTED


def check_security(c: Core, seg: Segment) -> Verdict | None:
    """Third, check security (RFC 9293 3.10.7.4): there are no compartments here, so everything passes."""
    return None


def check_syn(c: Core, seg: Segment) -> Verdict | None:
    """Fourth, check the SYN bit (RFC 9293 3.10.7.4, RFC 5961 4)."""
    if not seg.flags & SYN:
        return None
    tcb = c.tcb
    if tcb.state is SYN_RECV:
        if _completes_simultaneous_open(c, seg):
            return None
        if tcb.passive:
            if c.profile.half_open_apart:
                c.out.append(make_reset(seg))
            c.fire(Cue.SYN_OF_PASSIVE_OPEN)
            c.renew()
            return v.SYN_RESETS if c.profile.half_open_apart else v.SYN_BACK_TO_LISTEN
    if c.profile.syn_challenged:
        c.challenge()
        return v.SYN_CHALLENGED
    if not in_window(seg.seq, tcb.rcv_nxt, tcb.rcv_wnd):
        return None  # the SYN lies before the window: it was trimmed away (step 1)
    c.fire(Cue.SYN_IN_WINDOW)
    c.out.append(make_reset(seg))
    c.end(Code.RESET, Do.SIGNAL_RESET)
    return v.SYN_RESETS


def check_ack(c: Core, seg: Segment) -> Verdict | None:
    """Fifth, check the ACK field (RFC 9293 3.10.7.4, RFC 5961 5)."""
    if not seg.flags & ACK:
        return v.ACK_MISSING
    tcb = c.tcb
    state = tcb.state
    if state is SYN_RECV:
        if c.profile.ack_range_in_syn_recv:
            verdict = out_of_range(c, seg)
            if verdict is not None:
                return verdict
        if (seg.ack - tcb.snd_una - 1) & MASK >= (tcb.snd_nxt - tcb.snd_una) & MASK:
            c.out.append(make_reset(seg))
            return v.ACK_REFUSED
        c.fire(Cue.ACK_OF_SYN)
        if seg.flags & SYN and c.profile.crossed_synack_acked:
            tcb.ack_now = True
        c.signals.append(Do.SIGNAL_OPEN)
        tcb.previous = None
        acknowledged(c, seg.ack, seg.tsecr)
        learn_window(c, seg)
        if tcb.fin_queued:  # CLOSE was called while data waited
            c.fire(Cue.CLOSE)
        return None
    if tcb.snd_una == tcb.iss and c.profile.unacknowledged_syn_resets:
        # CLOSE has led here from SYN_RECV, and the peer may mean another incarnation (3.5.2, group 2).
        if (seg.ack - tcb.snd_una - 1) & MASK >= (tcb.snd_nxt - tcb.snd_una) & MASK:
            c.out.append(make_reset(seg))
            return v.ACK_REFUSED
    return out_of_range(c, seg) or use_ack(c, seg)


OTHER_STATES: Final[tuple[Check, ...]] = (
    check_sequence,
    check_rst,
    check_security,
    check_syn,
    check_ack,
    check_urg,
    process_text,
    check_fin,
)

#: The same for a segment without RST, SYN and URG, which the checks left out would let pass.
PLAIN_SEGMENT: Final[tuple[Check, ...]] = (check_sequence, check_ack, process_text, check_fin)

#: The checks of each state, in the RFC's order.  (CLOSED has no connection: see ``reset_for``.)
CHECKS: Final[dict[State, tuple[Check, ...]]] = {
    CLOSED: (check_closed,),
    LISTEN: (check_rst_in_listen, check_ack_in_listen, check_syn_in_listen, check_other_in_listen),
    SYN_SENT: (
        check_ack_in_syn_sent,
        check_rst_in_syn_sent,
        check_security,
        check_syn_in_syn_sent,
        check_other_in_syn_sent,
        check_urg,
        process_text,
        check_fin,
    ),
} | dict.fromkeys((SYN_RECV, *SYNCHRONISED), OTHER_STATES)
