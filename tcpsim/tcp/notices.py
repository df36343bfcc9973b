"""What the network reports of a connection's packets: ICMP errors (RFC 9293 3.9.2.2, RFC 5461, RFC 5927, RFC 1191).

The caller has found the connection by the 4-tuple that the message quotes (MUST-54); here it is decided what the
message means to it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .core import Core
from .errors import Code, TcpsimError
from .output import repeat_oldest
from .segment import ACK, FIN, PSH
from .seq import MASK
from .settings import configure
from .states import CLOSED, LISTEN, SYN_RECV, SYN_SENT, TIME_WAIT, Cue, Do


class IcmpError(NamedTuple):
    """A kind of message: ``v4`` and ``v6`` are (type, code), None where that version has none.

    ``hard``: nothing will ever get through, as far as the sender of the message can tell.
    """

    name: str
    words: str
    v4: tuple[int, int] | None
    v6: tuple[int, int] | None
    hard: bool = False


#: Every message that is understood, by name.
ERRORS: Final = {
    error.name: error
    for error in (
        IcmpError("net-unreachable", "network unreachable", (3, 0), (1, 0)),
        IcmpError("host-unreachable", "host unreachable", (3, 1), (1, 3)),
        IcmpError("protocol-unreachable", "protocol unreachable", (3, 2), None, hard=True),
        IcmpError("port-unreachable", "port unreachable", (3, 3), (1, 4), hard=True),
        IcmpError("fragmentation-needed", "fragmentation needed", (3, 4), (2, 0)),
        IcmpError("source-route-failed", "source route failed", (3, 5), None),
        IcmpError("prohibited", "administratively prohibited", (3, 13), (1, 1), hard=True),
        IcmpError("source-quench", "source quench", (4, 0), None),
        IcmpError("ttl-exceeded", "time exceeded in transit", (11, 0), (3, 0)),
        IcmpError("reassembly-exceeded", "reassembly time exceeded", (11, 1), (3, 1)),
        IcmpError("parameter-problem", "parameter problem", (12, 0), (4, 0)),
    )
}

#: What IPv6 calls IPv4's "fragmentation needed".
TOO_BIG: Final = "fragmentation-needed"
#: The smallest MTU that is believed, by IP version (RFC 791, RFC 8200 5).
_LEAST_MTU: Final = {4: 68, 6: 1280}
#: MTUs that are common, for a router that does not say its own (RFC 1191 7.1).
_PLATEAUS: Final = (32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 508, 296, 68)


def icmp_arrives(c: Core, name: str, seq: int, mtu: int = 0) -> bool:
    """An ICMP error about this connection's segment at ``seq`` has come; whether it was believed.

    ``name``: one of ``ERRORS``.  ``mtu``: of the link that was too small, octets; 0 if the router does not say.
    One whose ``seq`` is not in flight is forged or too late, and changes nothing (RFC 5927 4.1); neither does a
    Source Quench (MUST-55).  A soft error is told to the user, and the connection goes on (MUST-56, SHLD-25), unless
    the profile lets it end an open.  A hard one ends it (SHLD-26) while it opens; later only if the profile says so
    (RFC 5461 4).  Code 4 is no hard error, for Don't Fragment is always set: segments get smaller and what is outstanding is
    sent again.

    Raises TcpsimError for an unknown name.
    """
    error = ERRORS.get(name)
    if error is None:
        raise TcpsimError(f"no ICMP error {name!r}; there are {', '.join(ERRORS)}")
    tcb = c.tcb
    if tcb.state is CLOSED or tcb.state is LISTEN or name == "source-quench":
        return False
    if (seq - tcb.snd_una) & MASK > (tcb.snd_nxt - tcb.snd_una) & MASK:
        return False
    if name == TOO_BIG:
        return _too_big(c, mtu)
    opening = tcb.state in (SYN_SENT, SYN_RECV)
    if not error.hard:
        tcb.soft_error = name
    if (error.hard or c.profile.icmp_soft_ends_open) if opening else (error.hard and c.profile.icmp_hard_aborts):
        was = tcb.state
        c.fire(Cue.ICMP_HARD)
        code = Code.REFUSED if name == "port-unreachable" else Code.UNREACHABLE
        c.end(*((None, None) if was is TIME_WAIT else (code, Do.SIGNAL_UNREACHABLE)))
        return True
    tcb.soft_error = name
    c.signals.append(Do.SIGNAL_SOFT_ERROR)
    return True


def _too_big(c: Core, mtu: int) -> bool:
    """Path MTU discovery (RFC 1191 6.3, RFC 8201 4): smaller segments from now on, and the lost ones again."""
    tcb = c.tcb
    version = 6 if ":" in tcb.flow[0] else 4
    if not mtu:
        mtu = next(plateau for plateau in _PLATEAUS if plateau < tcb.mtu or plateau == _PLATEAUS[-1])
    mtu = max(mtu, _LEAST_MTU[version])
    if mtu >= tcb.mtu:
        return False
    configure(c, mtu=mtu)
    if tcb.snd_una != tcb.snd_nxt:
        _send_again(c)
    return True


def _send_again(c: Core) -> None:
    """Everything outstanding leaves again, in segments that fit: the path has let none of it through.

    That is no sign of congestion, and the round trips that were being timed measure nothing (RFC 1191 6.4).
    """
    tcb = c.tcb
    if tcb.snd_una == tcb.iss or not tcb.snd_buf.size:
        repeat_oldest(c)
        return
    tcb.rtt_seq = None
    if tcb.hystart is not None:
        tcb.hystart.forget()
    end = tcb.snd_nxt if tcb.fin_seq is None else tcb.fin_seq
    total = (end - tcb.snd_buf_seq) & MASK
    if tcb.snd_wnd:
        total = min(total, tcb.snd_wnd)
    at = 0
    while at < total:
        n = min(total - at, tcb.snd_mss)
        last = at + n == tcb.snd_buf.size
        fin = last and tcb.fin_seq is not None
        flags = ACK | (PSH if last else 0) | (FIN if fin else 0)
        seq = (tcb.snd_buf_seq + at) & MASK
        c.emit(seq, flags, tcb.snd_buf.read(at, n))
        if tcb.rack is not None:
            tcb.rack.repeated(seq, (seq + n + fin) & MASK, c.now)
        at += n
    c.start_rtx()
