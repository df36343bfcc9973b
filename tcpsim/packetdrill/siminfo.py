"""TCP_INFO of a simulated connection, by the names and in the units of Linux (linux/tcp.h)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..net.constants import tcpi_state
from ..tcp.info import info
from ..tcp.limits import limited_for
from ..tcp.seq import MASK
from ..tcp.units import MS, US

if TYPE_CHECKING:
    from ..net.host import Conn
    from ..tcp.tcb import Tcb

#: What Linux calls the phases of recovery: TCP_CA_Open, Disorder, CWR, Recovery, Loss.
CA_STATES: Final = {"": 0, "disorder": 1, "ecn": 2, "fast": 3, "rto": 4}
#: What it shows where slow start has no threshold yet.
_INFINITE: Final = 0x7FFFFFFF


def tcp_info(conn: Conn, now: int) -> dict[str, int]:
    """The fields that are modelled; a script that asks for another is not supported."""
    tcb = conn.tcb
    found = info(conn)
    mss = found.snd_mss
    threshold = tcb.ssthresh // mss
    return {
        "tcpi_state": tcpi_state(found.state),
        "tcpi_ca_state": CA_STATES[tcb.recovery],
        "tcpi_retransmits": found.retransmits,
        "tcpi_probes": found.probes,
        "tcpi_backoff": found.backoff,
        "tcpi_options": found.timestamps * 1 | tcb.sack_ok * 2 | found.wscale * 4 | tcb.ecn_ok * 8,
        "tcpi_snd_wscale": found.snd_wscale,
        "tcpi_rcv_wscale": found.rcv_wscale,
        "tcpi_rto": found.rto // US,
        "tcpi_snd_mss": mss,
        "tcpi_rcv_mss": min(max(tcb.longest, 536), found.rcv_mss),
        "tcpi_unacked": found.unacked,
        "tcpi_sacked": _sacked(tcb),
        "tcpi_last_data_recv": (now - tcb.received_at) // MS,
        "tcpi_pmtu": tcb.mtu,
        "tcpi_rtt": found.rtt // US,
        "tcpi_rttvar": found.rttvar // US,
        "tcpi_snd_ssthresh": threshold if threshold < 1 << 20 else _INFINITE,
        "tcpi_snd_cwnd": tcb.cwnd // mss,
        "tcpi_advmss": conn.mss() - 12 * tcb.ts_ok,
        "tcpi_total_retrans": found.total_retrans,
        "tcpi_bytes_acked": found.bytes_acked,
        "tcpi_bytes_received": found.bytes_received,
        "tcpi_notsent_bytes": found.notsent,
        "tcpi_snd_wnd": found.snd_wnd,
        "tcpi_rcv_wnd": found.rcv_wnd,
        "tcpi_rcv_space": found.rcv_space,
        **_recovery(tcb),
        **(_limits(conn, now) if conn.profile.send_in_chunks else {}),
    }


def _limits(conn: Conn, now: int) -> dict[str, int]:
    """For how long what has limited sending."""
    limited = limited_for(conn, now)
    return {
        "tcpi_busy_time": limited.busy // US,
        "tcpi_rwnd_limited": limited.rwnd // US,
        "tcpi_sndbuf_limited": limited.sndbuf // US,
    }


def _sacked(tcb: Tcb) -> int:
    """Segments' worth of octets that the peer has beyond the first gap; without SACK, the duplicate ACKs tell."""
    if tcb.scoreboard is not None:
        return -(-tcb.scoreboard.octets // tcb.snd_mss)
    return 0 if tcb.sack_ok else tcb.dup_acks


def _recovery(tcb: Tcb) -> dict[str, int]:
    """Segments SACKed, taken for lost, and of what is outstanding those sent again; as far as variables tell."""
    if tcb.rack is not None:
        sacked, lost, again = tcb.rack.counts()
        return {
            "tcpi_sacked": sacked,
            "tcpi_lost": lost,
            "tcpi_retrans": again,
            "tcpi_reordering": tcb.rack.reordering,
            "tcpi_reord_seen": tcb.rack.seen,
            "tcpi_min_rtt": max(tcb.rack.min_rtt, 0) // US,
        }
    flying = (tcb.snd_nxt - tcb.snd_una) & MASK
    if tcb.recovery == "rto":
        again = (tcb.rtx_nxt - tcb.snd_una) & MASK
        return {
            "tcpi_lost": -(-flying // tcb.snd_mss),
            "tcpi_retrans": -(-again // tcb.snd_mss),
            "tcpi_reordering": 3,
        }
    if not tcb.recovery:
        return {"tcpi_lost": 0, "tcpi_retrans": 0, "tcpi_reordering": 3}
    return {"tcpi_reordering": 3}
