"""Socket options: what setsockopt() and getsockopt() know, and what each one changes.

Only options that do something here are there; any other is ENOPROTOOPT, as on a system without it.  A world
holds options by name; the numbers that programs use are in ``constants``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..tcp.errors import Code
from ..tcp.output import output
from ..tcp.settings import configure
from ..tcp.states import CLOSED, KEPT_ALIVE, LISTEN, SYN_RECV, SYN_SENT
from ..tcp.units import MS, SECOND
from .errnos import ENDED, socket_error
from .outbound import Mark

if TYPE_CHECKING:
    from .host import Conn
    from .world import World

FLAG: Final = "flag"  #: on or off: whatever is not 0 is 1
NUMBER: Final = "number"
READ: Final = "read"  #: it can only be read


class Option(NamedTuple):
    """An option: the level it belongs to, what kind it is, and the numbers that it may be set to."""

    level: str
    kind: str
    least: int = 0
    most: int = (1 << 31) - 1
    default: int = 0


OPTIONS: Final[dict[str, Option]] = {
    "SO_REUSEADDR": Option("SOL_SOCKET", FLAG),
    "SO_REUSEPORT": Option("SOL_SOCKET", FLAG),
    "SO_KEEPALIVE": Option("SOL_SOCKET", FLAG),
    "SO_OOBINLINE": Option("SOL_SOCKET", FLAG),
    "SO_LINGER": Option("SOL_SOCKET", NUMBER, least=-1, default=-1),  # seconds; -1: off
    "SO_SNDBUF": Option("SOL_SOCKET", NUMBER),
    "SO_RCVBUF": Option("SOL_SOCKET", NUMBER),
    "SO_ERROR": Option("SOL_SOCKET", READ),
    "SO_TYPE": Option("SOL_SOCKET", READ),
    "SO_ACCEPTCONN": Option("SOL_SOCKET", READ),
    "SO_DOMAIN": Option("SOL_SOCKET", READ),
    "SO_PROTOCOL": Option("SOL_SOCKET", READ),
    "TCP_NODELAY": Option("IPPROTO_TCP", FLAG),
    "TCP_MAXSEG": Option("IPPROTO_TCP", NUMBER, least=88, most=32767),
    "TCP_CORK": Option("IPPROTO_TCP", FLAG),
    "TCP_NOTSENT_LOWAT": Option("IPPROTO_TCP", NUMBER),
    "TCP_KEEPIDLE": Option("IPPROTO_TCP", NUMBER, least=1, most=32767),
    "TCP_KEEPINTVL": Option("IPPROTO_TCP", NUMBER, least=1, most=32767),
    "TCP_KEEPCNT": Option("IPPROTO_TCP", NUMBER, least=1, most=127),
    "TCP_KEEPINIT": Option("IPPROTO_TCP", NUMBER, least=1, most=32767),
    "TCP_USER_TIMEOUT": Option("IPPROTO_TCP", NUMBER),
    "TCP_INFO": Option("IPPROTO_TCP", READ),
    "IP_TTL": Option("IPPROTO_IP", NUMBER, least=1, most=255, default=64),
    "IP_TOS": Option("IPPROTO_IP", NUMBER, most=255),
    "IP_RECVERR": Option("IPPROTO_IP", FLAG, default=1),  # notices of soft errors (SHLD-20)
    "IPV6_UNICAST_HOPS": Option("IPPROTO_IPV6", NUMBER, least=1, most=255, default=64),
    "IPV6_TCLASS": Option("IPPROTO_IPV6", NUMBER, most=255),
    "IPV6_V6ONLY": Option("IPPROTO_IPV6", FLAG),
}


def option(conn: Conn, name: str) -> int:
    """What an option was set to, else its default."""
    for known, value in conn.options:
        if known == name:
            return value
    return OPTIONS[name].default


def with_option(options: tuple[tuple[str, int], ...], name: str, value: int) -> tuple[tuple[str, int], ...]:
    """``options`` with one of them set anew."""
    return tuple(sorted((*((known, old) for known, old in options if known != name), (name, value))))


def set_option(conn: Conn, name: str, value: Any) -> None:
    """setsockopt().  Raises SocketError ENOPROTOOPT for an unknown name, EINVAL for a value it cannot have."""
    known = OPTIONS.get(name)
    if known is None or known.kind == READ:
        settable = ", ".join(one for one, row in OPTIONS.items() if row.kind != READ)
        raise socket_error("ENOPROTOOPT", f"setsockopt({name}): it cannot be set here; these can: {settable}")
    if isinstance(value, bool) and known.kind == FLAG:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise socket_error("EINVAL", f"setsockopt({name}, {value!r}): give a number")
    if known.kind == FLAG:
        value = int(value != 0)
    elif not known.least <= value <= known.most:
        raise socket_error("EINVAL", f"setsockopt({name}, {value}): give {known.least} .. {known.most}")
    if name == "IPV6_V6ONLY" and conn.tcb.flow[1]:
        raise socket_error("EINVAL", "setsockopt(IPV6_V6ONLY): the socket is bound; set it before bind()")
    if name in _LEAST_BUFFER and conn.profile.buffers_doubled:
        value = max(2 * value, _LEAST_BUFFER[name])  # as Linux counts, with room for its own records
    conn.options = with_option(conn.options, name, value)
    _put_to_work(conn, name, value)


#: The options that say what stands in the IP header.
MARKING: Final = frozenset(("IP_TTL", "IP_TOS", "IPV6_UNICAST_HOPS", "IPV6_TCLASS"))


def mark_packets(world: World, conn: Conn) -> None:
    """Let the socket's packets carry its TTL and DSCP (MUST-48, MUST-49); the two bits of ECN are not its own."""
    six = is_ipv6(conn)
    ttl = option(conn, "IPV6_UNICAST_HOPS" if six else "IP_TTL")
    world.marks[conn.number] = Mark(ttl, option(conn, "IPV6_TCLASS" if six else "IP_TOS") >> 2)


#: The least that SO_SNDBUF and SO_RCVBUF are set to.
_LEAST_BUFFER: Final = {"SO_SNDBUF": 4608, "SO_RCVBUF": 2304}


def _put_to_work(conn: Conn, name: str, value: int) -> None:
    """Let the connection follow its option."""
    match name:
        case "TCP_NODELAY":
            configure(conn, nagle=not value and conn.profile.nagle)
            if value and conn.tcb.state in KEPT_ALIVE:  # what is corked leaves too, for this once
                corked, conn.tcb.corked = conn.tcb.corked, False
                output(conn)
                conn.tcb.corked = corked
        case "TCP_CORK":
            conn.tcb.corked = bool(value)
        case "SO_SNDBUF":
            configure(conn, snd_limit=max(1, value // _counted(conn)))
        case "SO_RCVBUF":
            configure(conn, rcv_limit=max(1, value // _counted(conn)))
        case "TCP_MAXSEG":
            configure(conn, mss_cap=value)
        case "TCP_KEEPINIT":
            configure(conn, r2_syn=value * SECOND)
        case "TCP_USER_TIMEOUT":
            configure(conn, user_timeout=value * MS or conn.profile.user_timeout)
        case "SO_KEEPALIVE":
            configure(conn, keepalive=_keepalive(conn) if value else False)
        case "TCP_KEEPIDLE" | "TCP_KEEPINTVL" | "TCP_KEEPCNT":
            if option(conn, "SO_KEEPALIVE"):
                configure(conn, keepalive=_keepalive(conn))


def _counted(conn: Conn) -> int:
    """How many times an octet counts in SO_SNDBUF and SO_RCVBUF."""
    return 2 if conn.profile.buffers_doubled else 1


def _keepalive(conn: Conn) -> tuple[int, int, int]:
    """(ns of silence, ns between probes, probes)."""
    idle, interval, count = (get_option(conn, name) for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"))
    return idle * SECOND, interval * SECOND, count


def get_option(conn: Conn, name: str) -> int:
    """getsockopt() of a number.  Raises SocketError ENOPROTOOPT for an unknown name."""
    if name not in OPTIONS or name == "TCP_INFO":
        raise socket_error("ENOPROTOOPT", f"getsockopt({name}): the options are {', '.join(OPTIONS)}")
    tcb = conn.tcb
    set_value = dict(conn.options).get(name)
    match name:
        case "SO_TYPE":
            return 1
        case "SO_PROTOCOL":
            return 6
        case "SO_DOMAIN":
            return 6 if is_ipv6(conn) else 4
        case "SO_ACCEPTCONN":
            return int(tcb.state is LISTEN)
        case "TCP_KEEPIDLE":
            return set_value or conn.profile.keepalive_idle // SECOND
        case "TCP_KEEPINIT":
            return set_value or (tcb.r2_syn or 0) // SECOND
        case "TCP_KEEPINTVL":
            return set_value or conn.profile.keepalive_interval // SECOND
        case "TCP_KEEPCNT":
            return set_value or conn.profile.keepalive_probes
        case "SO_SNDBUF":
            return set_value or 2 * tcb.snd_limit if _counted(conn) == 2 else tcb.snd_limit
        case "SO_RCVBUF":
            return set_value or 2 * tcb.rcv_limit if _counted(conn) == 2 else tcb.rcv_limit
        case "TCP_MAXSEG":
            return (set_value or 536) if tcb.state in (CLOSED, LISTEN, SYN_SENT, SYN_RECV) else tcb.snd_mss
        case _:
            return option(conn, name)


def pending_error(conn: Conn) -> str | None:
    """The name of the error that the next call on the socket is told; None when there is none."""
    tcb = conn.tcb
    if tcb.error is None or conn.told:
        return None
    if conn.profile.reset_after_fin_is_epipe and tcb.fin_received and not tcb.fin_queued:
        return "EPIPE"
    if tcb.error in (Code.TIMED_OUT, Code.UNREACHABLE) and tcb.soft_error is not None:  # the network has said why
        return "ENETUNREACH" if tcb.soft_error == "net-unreachable" else "EHOSTUNREACH"
    return ENDED.get(tcb.error)


def is_ipv6(conn: Conn) -> bool:
    """Whether the socket's addresses are IPv6 ones."""
    return ":" in conn.tcb.flow[0] or ("family", 6) in conn.options
