"""The numbers of the ``socket`` module: the platform's own, so that ``socket.SO_LINGER`` means what it says.

A name that the platform lacks has Linux's number.  The ``socket`` module is loaded at the first use.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from ..tcp.info import TcpInfo
from ..tcp.states import State
from ..tcp.units import US
from .errnos import BadArgument, socket_error
from .sockopts import OPTIONS

LINUX: Final = {
    "AF_INET": 2, "AF_INET6": 10, "SOCK_STREAM": 1, "SOCK_NONBLOCK": 2048, "SOCK_CLOEXEC": 524288,
    "SOL_SOCKET": 1, "IPPROTO_IP": 0, "IPPROTO_TCP": 6, "IPPROTO_IPV6": 41,
    "SHUT_RD": 0, "SHUT_WR": 1, "SHUT_RDWR": 2, "SOMAXCONN": 4096,
    "MSG_OOB": 1, "MSG_PEEK": 2, "MSG_DONTWAIT": 64, "MSG_EOR": 128, "MSG_WAITALL": 256, "MSG_NOSIGNAL": 16384,
    "MSG_MORE": 32768,
    "SO_REUSEADDR": 2, "SO_REUSEPORT": 15, "SO_KEEPALIVE": 9, "SO_OOBINLINE": 10, "SO_LINGER": 13, "SO_SNDBUF": 7,
    "SO_RCVBUF": 8, "SO_ERROR": 4, "SO_TYPE": 3, "SO_ACCEPTCONN": 30, "SO_DOMAIN": 39, "SO_PROTOCOL": 38,
    "TCP_NODELAY": 1, "TCP_MAXSEG": 2, "TCP_CORK": 3, "TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 6,
    "TCP_INFO": 11, "IP_TTL": 2, "IP_TOS": 1, "IP_RECVERR": 11, "IPV6_UNICAST_HOPS": 16, "IPV6_TCLASS": 67,
    "TCP_USER_TIMEOUT": 18, "TCP_NOTSENT_LOWAT": 25, "TCP_KEEPINIT": 128, "IPV6_V6ONLY": 26,
}  # fmt: skip

FLAGS: Final = ("MSG_OOB", "MSG_PEEK", "MSG_DONTWAIT", "MSG_EOR", "MSG_WAITALL", "MSG_NOSIGNAL", "MSG_MORE")

#: What TCP_INFO calls the states (linux/tcp_states.h).
_TCPI_STATES: Final = {
    State.ESTABLISHED: 1, State.SYN_SENT: 2, State.SYN_RECV: 3, State.FIN_WAIT_1: 4, State.FIN_WAIT_2: 5,
    State.TIME_WAIT: 6, State.CLOSED: 7, State.CLOSE_WAIT: 8, State.LAST_ACK: 9, State.LISTEN: 10, State.CLOSING: 11,
}  # fmt: skip


def tcpi_state(state: State) -> int:
    """What TCP_INFO calls a state."""
    return _TCPI_STATES[state]


@cache
def value(name: str) -> int:
    """The number of a constant."""
    import socket

    return int(getattr(socket, name, LINUX[name]))


def names() -> tuple[str, ...]:
    """Every constant there is."""
    return tuple(LINUX)


def flag_names(flags: int) -> str:
    """Flags of send() and recv() as strace writes them, ``MSG_PEEK|MSG_DONTWAIT``.  Raises BadArgument."""
    if not flags:
        return ""
    if isinstance(flags, bool) or not isinstance(flags, int):
        raise BadArgument(f"flags {flags!r}: give a number, such as MSG_PEEK")
    found = [name for name in FLAGS if flags & value(name)]
    return "|".join(found)


@cache
def _by_number() -> dict[tuple[int, int], str]:
    return {(value(option.level), value(name)): name for name, option in OPTIONS.items()}


def option_name(level: int, number: int) -> str:
    """The name of an option.  Raises SocketError ENOPROTOOPT for one that is not modelled."""
    name = _by_number().get((level, number))
    if name is None:
        raise socket_error(
            "ENOPROTOOPT", f"socket option {number} of level {level}: the options are {', '.join(OPTIONS)}"
        )
    return name


def option_value(name: str, given: Any) -> int:
    """A number for an option from what programs give: a number, or octets as C has them."""
    if isinstance(given, bool | int):
        if name == "SO_LINGER":
            raise socket_error("EINVAL", "setsockopt(SO_LINGER): give struct.pack('ii', onoff, seconds)")
        return int(given)
    if not isinstance(given, bytes | bytearray | memoryview):
        raise BadArgument(f"setsockopt({name}, {given!r}): give a number or octets")
    octets = bytes(given)
    if name == "SO_LINGER":
        if len(octets) < 8:
            raise socket_error("EINVAL", "setsockopt(SO_LINGER): give struct.pack('ii', onoff, seconds)")
        on, seconds = _ints(octets[:8])
        return seconds if on else -1
    if len(octets) < 4:
        raise socket_error("EINVAL", f"setsockopt({name}): give 4 octets, not {len(octets)}")
    return _ints(octets[:4])[0]


def pack_option(name: str, found: int, size: int) -> int | bytes:
    """An option as getsockopt() gives it: a number, or with ``size`` that many octets at most."""
    if name == "SO_LINGER":
        packed = _octets("ii", int(found >= 0), max(found, 0))
        return packed[:size] if size else int(found >= 0)
    if name == "SO_DOMAIN":
        found = value("AF_INET6" if found == 6 else "AF_INET")
    return _octets("i", found)[:size] if size else found


def pack_info(info: TcpInfo) -> bytes:
    """TCP_INFO as Linux's ``struct tcp_info``, up to tcpi_total_retrans (104 octets); what is not modelled is 0.

    Times are in us there, but for the ones since something happened.
    """
    options = info.timestamps * 1 | info.wscale * 4
    head = _octets(
        "8B",
        _TCPI_STATES[info.state], 0, info.retransmits, info.probes, info.backoff, options,
        info.snd_wscale | info.rcv_wscale << 4, 0,
    )  # fmt: skip
    words = (
        info.rto // US, 0, info.snd_mss, info.rcv_mss, info.unacked, 0, 0, info.retransmits, 0,
        0, 0, 0, 0,
        0, 0, info.rtt // US, info.rttvar // US, 0, 0, 0, 0,
        0, info.rcv_space, info.total_retrans,
    )  # fmt: skip
    return head + _octets(f"{len(words)}I", *words)


def _octets(form: str, *numbers: int) -> bytes:
    """Numbers as C has them in memory; ``form`` as the module ``struct`` has it, loaded at the first use."""
    from struct import pack

    return pack(form, *numbers)


def _ints(octets: bytes) -> tuple[int, ...]:
    """The ints of C in these octets."""
    from struct import unpack

    return unpack(f"{len(octets) // 4}i", octets)
