"""The retransmission time-out (RFC 6298), as pure functions of what was measured.

``srtt`` is -1 until the first sample.
"""

from __future__ import annotations

from .profiles import Profile


def sample(srtt: int, rttvar: int, rtt: int) -> tuple[int, int]:
    """(SRTT, RTTVAR) after measuring the round trip ``rtt``; all in ns (RFC 6298 2.2, 2.3)."""
    if srtt < 0:
        return rtt, rtt // 2
    return (7 * srtt + rtt) // 8, (3 * rttvar + abs(srtt - rtt)) // 4


def timeout(profile: Profile, srtt: int, rttvar: int) -> int:
    """RTO in ns: SRTT + max(G, 4 * RTTVAR, rttvar_min), kept between the profile's floor and cap (RFC 6298 2.3-2.5)."""
    if srtt < 0:
        return profile.rto_initial
    rto = srtt + max(4 * rttvar, profile.granularity, profile.rttvar_min)
    if rto < profile.rto_min:
        return profile.rto_min + profile.rto_slop
    return (rto if rto < profile.rto_max else profile.rto_max) + profile.rto_slop


def backed_off(profile: Profile, rto: int, *, first: bool = False, linear: bool = False) -> int:
    """Twice ``rto``, at most the profile's cap (RFC 6298 5.5).

    ``first``: ``rto`` is the one before anything was measured or repeated, which has no slop.  ``linear``: the
    same interval once more.
    """
    interval = rto if first else rto - profile.rto_slop
    return min(interval if linear else 2 * interval, profile.rto_max) + profile.rto_slop
