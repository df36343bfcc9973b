"""What a user may set for one connection, before it is opened or while it lives (RFC 9293 3.8.3, 3.8.4, 3.7.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .core import TIMESTAMPS_SIZE, Core
from .errors import BadValue
from .states import CLOSED, KEPT_ALIVE, LISTEN, SYN_SENT
from .units import NEVER


def configure(c: Core, **settings: Any) -> None:
    """Set what is named; the rest stays.  All are checked first: with a wrong one, nothing changes.

    ``nagle``: bool (MUST-17).  ``r1``: retransmissions before the user is told.  ``r2``, ``r2_syn``,
    ``user_timeout``: ns, or None for never (MUST-21).  ``keepalive``: True for the profile's times, False for
    off, or (idle ns, interval ns, probes) (MUST-24, MUST-27).  ``snd_limit``, ``rcv_limit``: octets that the
    buffers take; neither takes back what was promised.  ``mss_cap``: octets, None for what the MTU allows.
    ``mtu``: octets of an IP packet on the way to the peer.

    Raises BadValue that names the setting and its range.
    """
    values = {}
    for name, value in settings.items():
        check = _CHECKS.get(name)
        if check is None:
            raise BadValue(f"a connection has no setting {name!r}; it has {', '.join(_CHECKS)}")
        values[name] = check(c, name, value)
    tcb = c.tcb
    for name, value in values.items():
        setattr(tcb, name, value)
    if "user_timeout" in values and tcb.user_due != NEVER:
        tcb.user_due = NEVER
        c.start_user_timer()
    if "keepalive" in values:
        tcb.keepalive_due = NEVER
        if tcb.state in KEPT_ALIVE:
            c.heard()
    if "rcv_limit" in values and tcb.state in (CLOSED, LISTEN, SYN_SENT):
        tcb.rcv_wnd = tcb.rcv_limit
    if "mss_cap" in values or "mtu" in values:
        most = max(1, c.mss() - (TIMESTAMPS_SIZE if tcb.ts_ok else 0))  # RFC 9293 3.7.1: less the options' size
        tcb.snd_mss = min(tcb.snd_mss, most)


def _yes_or_no(c: Core, name: str, value: Any) -> bool:
    if value not in (True, False):
        raise BadValue(f"{name}={value!r}: it is True or False")
    return bool(value)


def _at_least(least: int, unit: str, *, never: bool = False) -> Callable[[Core, str, Any], int | None]:
    """A check for whole numbers from ``least``; with ``never``, for None too."""

    def check(c: Core, name: str, value: Any) -> int | None:
        if value is None and never:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            more = ", or None" if never else ""
            raise BadValue(f"{name}={value!r}: it is a whole number of {unit} from {least}{more}")
        return value

    return check


def _keepalive(c: Core, name: str, value: Any) -> tuple[int, int, int] | None:
    profile = c.profile
    if value is True:
        return profile.keepalive_idle, profile.keepalive_interval, profile.keepalive_probes
    if value is False or value is None:
        return None
    if (
        not isinstance(value, tuple)
        or len(value) != 3
        or not all(isinstance(part, int) and not isinstance(part, bool) and part > 0 for part in value)
    ):
        raise BadValue(f"{name}={value!r}: it is True, False or (idle ns, interval ns, probes), each at least 1")
    return value


_CHECKS: Final[dict[str, Callable[[Core, str, Any], Any]]] = {
    "nagle": _yes_or_no,
    "r1": _at_least(1, "retransmissions"),
    "r2": _at_least(1, "ns", never=True),
    "r2_syn": _at_least(1, "ns", never=True),
    "user_timeout": _at_least(1, "ns", never=True),
    "keepalive": _keepalive,
    "snd_limit": _at_least(1, "octets"),
    "rcv_limit": _at_least(1, "octets"),
    "mss_cap": _at_least(1, "octets", never=True),
    "mtu": _at_least(68, "octets"),
}
