"""What may be sent now: the pass that runs once after all input of an event (RFC 9293 3.7.4, 3.8).

It runs last so that acknowledgments aggregate (MUST-58, MUST-59) and so that Nagle's algorithm, silly-window
avoidance and window probing are decided in one place.
"""

from __future__ import annotations

from typing import Final

from .bursts import burst_size, end_burst, end_chunk, end_record, to_record_end
from .congestion import restart, slow_start_sends
from .core import TIMESTAMPS_SIZE, Core, sack_size
from .cubic_segments import resume
from .limits import note_limits
from .probes import await_probe
from .rack import Rack
from .recovery import again, fill_in, repair, room
from .segment import ACK, CWR, ECE, ECT, FIN, SYN, Option
from .seq import HALF, MASK, diff
from .states import CLOSE_WAIT, CLOSING, ESTABLISHED, FIN_WAIT_1, LAST_ACK, SYN_RECV, SYN_SENT, Cue
from .tcb import Tcb
from .units import NEVER

#: The states in which data or our FIN may leave.
_SENDING = frozenset((ESTABLISHED, CLOSE_WAIT, FIN_WAIT_1, CLOSING, LAST_ACK))


def output(c: Core) -> None:
    """Send what the windows allow, then the ACK that is still owed."""
    tcb = c.tcb
    if tcb.recovery and tcb.state in _SENDING:
        repair(c)
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
    if tcb.recovery == "fast" and tcb.state in _SENDING:
        fill_in(c)
    if tcb.rack is not None and tcb.rack.touched:
        await_probe(c)
    if c.profile.send_in_chunks and (tcb.snd_buf.size or tcb.limits is not None):
        note_limits(c, tcb.snd_buf.size - ((tcb.snd_nxt - tcb.snd_buf_seq) & MASK) if tcb.fin_seq is None else 0)
    if tcb.ack_now:
        c.send_ack()
    if tcb.more == 2:
        tcb.more = 1


def _send_data(c: Core, unsent: int) -> int:
    """Send new data as far as the peer's window, Nagle and silly-window avoidance let it; what stays unsent."""
    tcb = c.tcb
    mss = tcb.snd_mss
    if tcb.rcv_buf.runs or tcb.dsack is not None:
        mss = max(1, mss - sack_size(tcb))
    flight = (tcb.snd_nxt - tcb.snd_una) & MASK
    usable = tcb.snd_wnd - flight
    if tcb.recovery:
        free = room(tcb, c.profile.limited_transmit)
    else:
        if not flight and usable > 0 and c.profile.idle_restart and c.now - tcb.sent_at > tcb.rto:
            restart(tcb, c.profile)
        free = tcb.cwnd - flight
    if free < usable:
        usable = free
    before = usable
    burst = burst_size(c)
    count = 0
    while unsent > 0 and usable > 0:
        n = mss
        if n > unsent:
            n = unsent
        if n > usable:
            n = usable
        if tcb.records:
            n = to_record_end(tcb, tcb.snd_nxt, n)
        if n < mss and not (tcb.records and n < usable and n < unsent) and _held_back(c, n, unsent):
            break
        unsent -= n
        usable -= n
        send_new(c, n, last=not unsent and not tcb.more, fin=tcb.fin_queued and not unsent and usable > 0)
        count += 1
        if (burst or tcb.chunks or tcb.records) and _ends(c, count, burst):
            count = 0
    if count and burst:
        end_burst(c, count)
    sent = before - usable
    if c.profile.slow_start_doubles:
        _note_use(tcb, free - sent < mss)
    else:
        tcb.cwnd_limited = free - sent < mss
    if tcb.prr is not None:
        tcb.prr = tcb.prr._replace(out=tcb.prr.out + sent)
    return unsent


def _held_back(c: Core, n: int, unsent: int) -> bool:
    """Whether a segment of ``n`` octets, less than a full one, waits for company or for a larger window.

    RFC 9293 3.8.6.2.1; the brackets around its cases (2) and (3) are Nagle's algorithm.  A FIN behind the data means
    that nothing more will come, so waiting for company gains nothing.
    """
    tcb = c.tcb
    if (tcb.corked or tcb.more == 2) and not tcb.fin_queued:
        if tcb.override_due == NEVER:
            _start_override(c)
        return True
    idle = tcb.snd_nxt == tcb.snd_una or not tcb.nagle or tcb.fin_queued or _no_small_one(c)
    if idle and (n == unsent or 2 * n >= tcb.max_snd_wnd):
        return False
    if tcb.snd_nxt == tcb.snd_una and tcb.override_due == NEVER:
        _start_override(c)
    return True


def _ends(c: Core, count: int, burst: int) -> bool:
    """Whether the segment sent last, the ``count``-th of its burst, ends it."""
    tcb = c.tcb
    if tcb.chunks and end_chunk(c, count):
        return True
    if tcb.records and tcb.snd_nxt in tcb.records:
        end_record(c)
    elif count != burst:
        return False
    end_burst(c, count)
    return True


def _note_use(tcb: Tcb, limited: bool) -> None:
    """Whether cwnd has limited, or else how much was outstanding at most, holds for a window."""
    flight = (tcb.snd_nxt - tcb.snd_una) & MASK
    over = (tcb.snd_una - tcb.cwnd_used) & MASK < HALF
    if over or limited or (not tcb.cwnd_limited and flight > tcb.max_flight):
        tcb.cwnd_limited = limited
        tcb.max_flight = flight
        tcb.cwnd_used = tcb.snd_nxt


def _no_small_one(c: Core) -> bool:
    """Whether Minshall's form of Nagle's algorithm is in use, and no small segment is unacknowledged."""
    tcb = c.tcb
    return c.profile.minshall and (tcb.snd_sml is None or (tcb.snd_una - tcb.snd_sml) & MASK < HALF)


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
    if tcb.cubic_segments is not None and seq == tcb.snd_una:
        resume(tcb, c.now)
    tcb.sent_at = c.now
    if c.profile.hystart != "no" and tcb.cwnd < tcb.ssthresh:
        slow_start_sends(tcb, seq, c.now)
    if n < tcb.snd_mss and c.profile.minshall:
        tcb.snd_sml = end
    if fin:
        tcb.fin_seq = (end - 1) & MASK
    _outstanding(c, end)
    if tcb.sack_ok and c.profile.rack:
        _remember(c, seq, end)
    flags = ACK | FIN if fin else ACK
    c.emit(seq, flags | CWR if tcb.cwr else flags, data)
    if tcb.ecn_ok:
        c.out[-1].ecn = ECT  # new data only: neither what is repeated nor bare ACKs (RFC 3168 6.1.4, 6.1.5)
        tcb.cwr = False
    if last:
        end_record(c)


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
    if tcb.sack_ok and c.profile.rack:
        _remember(c, seq, end)
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
    if tcb.state is SYN_SENT or bare:
        flags = SYN | ECE | CWR if profile.ecn == "offer" else SYN
    else:
        flags = SYN | ACK | ECE if tcb.ecn_ok else SYN | ACK
    if profile.window_rounded and tcb.state in (SYN_SENT, SYN_RECV):
        segment = c.mss() - (TIMESTAMPS_SIZE if flags & ACK and tcb.ts_ok else 0)
        tcb.rcv_wnd = min(tcb.rcv_limit // segment * segment or tcb.rcv_limit, 65_535)
    c.emit(tcb.iss, flags, data, _syn_options(c, answers=bool(flags & ACK)))


def _syn_options(c: Core, *, answers: bool) -> tuple[Option, ...]:
    """The options of our SYN; what ``answers`` the peer's SYN offers only what that offered (RFC 7323 2.2)."""
    profile = c.profile
    options: list[Option] = []
    if profile.mss_option:
        options.append(("mss", c.mss()))
    if profile.window_scale is not None and (c.tcb.wscale_ok or not answers):
        options.append(("wscale", profile.window_scale))
    if profile.sack and (c.tcb.sack_ok or not answers):
        options.append(("sackOK",))
    order = profile.syn_options
    if order is None:
        return tuple(options)
    if c.tcb.ts_ok:
        options.append(("TS",))
    return _aligned(sorted(options, key=lambda option: order.index(str(option[0]))), profile.sack_permitted_aligned)


#: Where an option may begin, counted modulo four, as real stacks have it: the values are aligned that follow.
_BOUNDARY: Final = {"mss": 0, "wscale": 1, "TS": 2, "sackOK": 2}
_OCTETS: Final = {"mss": 4, "wscale": 3, "TS": 10, "sackOK": 2}


def _aligned(options: list[Option], sack_too: bool) -> tuple[Option, ...]:
    """The options with NOPs before them, so that each begins on its boundary; sackOK just before TS aligns that.

    ``sack_too``: sackOK has a boundary as well.
    """
    found: list[Option] = []
    at = 0
    for place, option in enumerate(options):
        name = str(option[0])
        boundary = 0 if name == "sackOK" and options[place + 1 : place + 2] == [("TS",)] else _BOUNDARY[name]
        if name == "sackOK" and not sack_too:
            boundary = at % 4
        while at % 4 != boundary:
            found.append(("nop",))
            at += 1
        found.append(option)
        at += _OCTETS[name]
    return tuple(found)


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


def _remember(c: Core, seq: int, end: int) -> None:
    """A new segment leaves, and RACK asks later when it did."""
    tcb = c.tcb
    if tcb.rack is None:
        tcb.rack = Rack(tcb.snd_una)
    tcb.rack.transmitted(seq, end, c.now)


def forget_round_trip(tcb: Tcb) -> None:
    """What is being timed has been repeated: its answer measures nothing without a timestamp (Karn, RFC 6298 3)."""
    if tcb.ts_ok:
        tcb.rtt_sent = -1
    else:
        tcb.rtt_seq = None


def repeat_syn(c: Core) -> None:
    """Send our SYN or SYN,ACK again (RFC 9293 3.10.8, RFC 6298 5.4)."""
    tcb = c.tcb
    tcb.rtx_total += 1
    forget_round_trip(tcb)
    tcb.syn_lost = True
    crossed = tcb.state is SYN_RECV and not tcb.passive
    send_syn(c, bare=crossed and not c.profile.crossed_syn_repeats_synack)


def repeat_oldest(c: Core) -> None:
    """Send what is oldest of what is outstanding again: our SYN, data or FIN."""
    if c.tcb.snd_una == c.tcb.iss:
        repeat_syn(c)
    else:
        again(c, c.tcb.snd_una, c.tcb.snd_mss)


def start_persist(c: Core) -> None:
    """The window is closed: probe it, first after one RTO, then at doubling intervals (RFC 9293 3.8.6.1)."""
    tcb = c.tcb
    profile = c.profile
    interval = min(max(tcb.rto << min(tcb.probe_count, 16), profile.persist_min), profile.rto_max)
    tcb.persist_due = due = c.now + interval
    if due < tcb.wake:
        tcb.wake = due


def probe(c: Core) -> None:
    """Send one octet into the closed window: new data if there is any, else the oldest again."""
    tcb = c.tcb
    if not c.profile.probe_octet:
        c.emit((tcb.snd_una - 1) & MASK, ACK)
        return
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
    wait = c.profile.sws_override
    tcb.override_due = due = c.now + (tcb.rto if wait is None else wait)
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
