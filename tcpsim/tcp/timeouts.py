"""What happens when a timer runs out (RFC 9293 3.10.8 and 3.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .core import Core
from .errors import Code
from .output import keepalive_probe, override, probe, repeat_syn, send_new, start_persist
from .recovery import again, timed_out, waited
from .rto import backed_off
from .segment import ACK, RST
from .seq import MASK
from .states import CLOSED, KEPT_ALIVE, SYN_RECV, SYN_SENT, Cue, Do
from .tcb import TIMERS
from .units import NEVER


def due_timer(c: Core, now: int) -> str | None:
    """The name of a timer that is due at ``now``: the earliest, and of equals the first of ``TIMERS``."""
    tcb = c.tcb
    earliest = tcb.earliest()
    if earliest > now:
        return None
    return next(name for name in TIMERS if getattr(tcb, f"{name}_due") == earliest)


def expire(c: Core, timer: str) -> None:
    """Let ``timer`` run out now.  The output pass follows."""
    setattr(c.tcb, f"{timer}_due", NEVER)
    EXPIRY[timer](c)


def _time_wait(c: Core) -> None:
    """TIME-WAIT TIMEOUT (RFC 9293 3.10.8)."""
    c.fire(Cue.TIMEOUT_2MSL)
    c.end()


def _user(c: Core) -> None:
    """USER TIMEOUT (RFC 9293 3.10.8): flush, signal, delete; a listener outlives its child (A-21)."""
    tcb = c.tcb
    if tcb.state is CLOSED:
        return
    if tcb.state is SYN_RECV and tcb.passive and c.profile.passive_open_survives:
        c.fire(Cue.USER_TIMEOUT_OF_PASSIVE_OPEN)
        c.renew()
        return
    c.fire(Cue.USER_TIMEOUT)
    c.end(Code.USER_TIMEOUT, Do.SIGNAL_USER_TIMEOUT)


def _retransmission(c: Core) -> None:
    """RETRANSMISSION TIMEOUT (RFC 9293 3.10.8, RFC 6298 5.4-5.7), with R1 and R2 (3.8.3)."""
    tcb = c.tcb
    if _given_up(c):
        return
    tcb.rtx_count += 1
    if tcb.snd_una == tcb.iss:
        repeat_syn(c)
    else:
        timed_out(c)  # what is to leave again leaves with the output pass
    linear = tcb.state is SYN_SENT and tcb.rtx_count <= c.profile.syn_linear
    tcb.rto = backed_off(c.profile, tcb.rto, first=tcb.srtt < 0 and tcb.rtx_count == 1, linear=linear)
    c.start_rtx()
    if tcb.rtx_count == tcb.r1:
        c.signals.append(Do.SIGNAL_R1)


def _given_up(c: Core) -> bool:
    """Whether R2 is reached; then the connection is over (MUST-20)."""
    tcb = c.tcb
    opening = tcb.state in (SYN_SENT, SYN_RECV)
    r2 = tcb.r2_syn if opening else tcb.r2
    count = c.profile.r2_count
    counted = count is not None and tcb.rtx_count >= count
    timed = r2 is not None and c.now - tcb.rtx_since >= r2 and (count is None or opening)
    if not (counted or timed):
        return False
    if tcb.state is SYN_RECV and tcb.passive and c.profile.passive_open_survives:
        c.fire(Cue.R2_OF_PASSIVE_OPEN)
        c.renew()
    else:
        if c.profile.timeout_resets and not opening:
            c.emit(tcb.snd_nxt, RST | ACK)
        c.fire(Cue.R2)
        c.end(Code.TIMED_OUT, Do.SIGNAL_TIMED_OUT)
    return True


def _rack(c: Core) -> None:
    """RACK's timer: more counts as lost by now, or it is time for a tail loss probe (RFC 8985 6.3, 7.3).

    The probe is a segment of new data, or else the last one once more: its ACK tells what is missing.
    """
    tcb = c.tcb
    rack = tcb.rack
    if rack is None or not waited(c):
        return
    if rack.probe is None:
        unsent = tcb.unsent()
        n = min(unsent, tcb.snd_mss)
        last = rack.last()
        if n > 0 and (tcb.snd_nxt - tcb.snd_una) & MASK <= tcb.snd_wnd - n:
            send_new(c, n, last=n == unsent, fin=False)
            rack.repeats = False
        elif last is not None:
            again(c, *last)
            rack.repeats = True
        rack.probe = tcb.snd_nxt
    rack.touched = False
    c.start_rtx()


def _persist(c: Core) -> None:
    """The window is still closed: probe it (RFC 9293 3.8.6.1).  Only unanswered probes count towards R2."""
    tcb = c.tcb
    if tcb.rtx_count and _given_up(c):  # an R2 shorter than the interval ends nobody who has answered (MUST-37)
        return
    tcb.rtx_count += 1
    probe(c)
    tcb.rtx_due = NEVER
    tcb.probe_count += 1
    start_persist(c)


def _delayed_ack(c: Core) -> None:
    """The ACK has waited long enough (MUST-40)."""
    c.tcb.ack_now = True


def _keepalive(c: Core) -> None:
    """The peer has been silent for long: ask whether it is there (RFC 9293 3.8.4)."""
    tcb = c.tcb
    if tcb.keepalive is None or tcb.state not in KEPT_ALIVE:
        return
    idle, interval, probes = tcb.keepalive
    if tcb.snd_una != tcb.snd_nxt or tcb.snd_buf.size:  # other timers ask already (MUST-26)
        tcb.keep_count = 0
        c.start_keepalive(idle)
    elif tcb.keep_count >= probes:
        c.fire(Cue.KEEPALIVE)
        c.end(Code.TIMED_OUT, Do.SIGNAL_TIMED_OUT)
    else:
        tcb.keep_count += 1
        keepalive_probe(c)
        c.start_keepalive(interval)


def _fin_wait_2(c: Core) -> None:
    """The peer's FIN has not come in time (A-22)."""
    c.fire(Cue.FIN_WAIT_2_TIMEOUT)
    c.end()


#: What each timer does.
EXPIRY: Final[dict[str, Callable[[Core], None]]] = {
    "time_wait": _time_wait,
    "rack": _rack,
    "rtx": _retransmission,
    "persist": _persist,
    "delack": _delayed_ack,
    "override": override,
    "user": _user,
    "keepalive": _keepalive,
    "fin_wait_2": _fin_wait_2,
}
