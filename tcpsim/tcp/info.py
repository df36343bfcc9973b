"""A connection at a glance: what ``getsockopt(TCP_INFO)`` shows, by the names that it made common."""

from __future__ import annotations

from typing import NamedTuple

from .core import Core
from .seq import MASK
from .states import State


class TcpInfo(NamedTuple):
    """A snapshot.  Times in ns, sizes in octets; sequence numbers are absolute.

    ``unacked``: segments' worth of octets in flight, rounded up.  ``retransmits``: of the oldest segment,
    since something new was acknowledged.  ``probes``: unanswered window or keep-alive probes.  ``backoff``: how
    many times the RTO or the probing interval was doubled.  ``rtt`` and ``rttvar`` are 0 before the first sample.
    ``notsent``: octets that have not left yet.  ``urgent``: octets still to be read until urgent data ends.
    """

    state: State
    rto: int
    rtt: int
    rttvar: int
    snd_mss: int
    rcv_mss: int
    snd_wnd: int
    rcv_wnd: int
    snd_wscale: int
    rcv_wscale: int
    wscale: bool
    timestamps: bool
    unacked: int
    notsent: int
    retransmits: int
    total_retrans: int
    probes: int
    backoff: int
    bytes_acked: int
    bytes_received: int
    rcv_space: int
    urgent: int


def info(c: Core) -> TcpInfo:
    """The snapshot, in any state.  ``bytes_acked`` and ``bytes_received`` count modulo 2**32."""
    tcb = c.tcb
    mss = tcb.snd_mss
    flying = (tcb.snd_nxt - tcb.snd_una) & MASK
    begun = tcb.snd_una != tcb.iss
    fin_acked = tcb.fin_seq is not None and tcb.snd_una == (tcb.fin_seq + 1) & MASK
    notsent = tcb.snd_buf.size - ((tcb.snd_nxt - tcb.snd_buf_seq) & MASK) if begun and tcb.fin_seq is None else 0
    received = (tcb.rcv_nxt - tcb.irs - 1 - tcb.fin_received) & MASK
    return TcpInfo(
        state=tcb.state,
        rto=tcb.rto,
        rtt=max(tcb.srtt, 0),
        rttvar=tcb.rttvar,
        snd_mss=mss,
        rcv_mss=c.mss(),
        snd_wnd=tcb.snd_wnd,
        rcv_wnd=tcb.rcv_wnd,
        snd_wscale=tcb.snd_shift,
        rcv_wscale=tcb.rcv_shift,
        wscale=tcb.wscale_ok,
        timestamps=tcb.ts_ok,
        unacked=-(-flying // mss),
        notsent=max(0, notsent) if begun else tcb.snd_buf.size,
        retransmits=0 if tcb.probe_count else tcb.rtx_count,
        total_retrans=tcb.rtx_total,
        probes=tcb.probe_count or tcb.keep_count,
        backoff=tcb.probe_count or tcb.rtx_count,
        bytes_acked=(tcb.snd_una - tcb.iss - 1 - fin_acked) & MASK if begun else 0,
        bytes_received=received if tcb.irs != tcb.rcv_nxt else 0,
        rcv_space=tcb.rcv_limit - tcb.rcv_buf.size,
        urgent=(tcb.rcv_up - tcb.rcv_nxt + tcb.rcv_buf.size) & MASK if tcb.rcv_up is not None else 0,
    )
