"""Arguments and results of calls: the script's expressions as numbers, names and addresses."""

from __future__ import annotations

from typing import Any, Final

from .endpoint import NotOffered
from .tree import AnyOf, Applied, Array, Field, Number, Struct, Symbol, Text, Whatever

#: Numbers that are the same on all systems, and Linux's for the rest.
_LINUX: Final = {
    "NULL": 0, "INADDR_ANY": 0, "INADDR_LOOPBACK": 0x7F000001,
    "AF_UNSPEC": 0, "AF_INET": 2, "AF_INET6": 10, "PF_INET": 2, "PF_INET6": 10,
    "SOCK_STREAM": 1, "SOCK_DGRAM": 2, "SOCK_RAW": 3, "SOCK_NONBLOCK": 0o4000, "SOCK_CLOEXEC": 0o2000000,
    "IPPROTO_IP": 0, "IPPROTO_ICMP": 1, "IPPROTO_TCP": 6, "IPPROTO_UDP": 17, "IPPROTO_IPV6": 41, "IPPROTO_SCTP": 132,
    "IPPROTO_UDPLITE": 136, "IPPROTO_ICMPV6": 58,
    "SHUT_RD": 0, "SHUT_WR": 1, "SHUT_RDWR": 2,
    "O_RDONLY": 0, "O_WRONLY": 1, "O_RDWR": 2, "O_NONBLOCK": 0o4000,
    "SOMAXCONN": 4096, "FD_CLOEXEC": 1,
    "IP_PMTUDISC_DONT": 0, "IP_PMTUDISC_WANT": 1, "IP_PMTUDISC_DO": 2, "IP_PMTUDISC_PROBE": 3,
    "IPTOS_ECN_NOT_ECT": 0, "IPTOS_ECN_ECT1": 1, "IPTOS_ECN_ECT0": 2, "IPTOS_ECN_CE": 3,
}  # fmt: skip
_FREEBSD: Final = _LINUX | {
    "AF_INET6": 28, "PF_INET6": 28, "SOCK_NONBLOCK": 0x20000000, "SOCK_CLOEXEC": 0x10000000, "O_NONBLOCK": 4,
    "SOMAXCONN": 128,
}  # fmt: skip
#: Linux's numbers of the states -> FreeBSD's (netinet/tcp_fsm.h).
FREEBSD_STATES: Final = {1: 4, 2: 2, 3: 3, 4: 6, 5: 9, 6: 10, 7: 0, 8: 5, 9: 8, 10: 1, 11: 7}
#: errno by number, where scripts write numbers.
_ERRNO: Final = {
    "linux": {0: "", 9: "EBADF", 11: "EAGAIN", 14: "EFAULT", 22: "EINVAL", 32: "EPIPE", 101: "ENETUNREACH",
              103: "ECONNABORTED", 104: "ECONNRESET", 106: "EISCONN", 107: "ENOTCONN", 110: "ETIMEDOUT",
              111: "ECONNREFUSED", 113: "EHOSTUNREACH", 114: "EALREADY", 115: "EINPROGRESS"},
    "freebsd": {0: "", 9: "EBADF", 35: "EAGAIN", 14: "EFAULT", 22: "EINVAL", 32: "EPIPE", 51: "ENETUNREACH",
                53: "ECONNABORTED", 54: "ECONNRESET", 56: "EISCONN", 57: "ENOTCONN", 60: "ETIMEDOUT",
                61: "ECONNREFUSED", 65: "EHOSTUNREACH", 37: "EALREADY", 36: "EINPROGRESS"},
}  # fmt: skip
#: Other names of the same.
_SAME: Final = {"EWOULDBLOCK": "EAGAIN", "ENOTSUP": "EOPNOTSUPP"}


class Platform:
    """The constants of the system whose stack is modelled: ``freebsd``, else Linux's."""

    def __init__(self, profile: str) -> None:
        self.name = "freebsd" if profile.startswith("freebsd") else "linux"
        self._constants = _FREEBSD if self.name == "freebsd" else _LINUX

    def info(self, fields: dict[str, int]) -> dict[str, int]:
        """TCP_INFO as the system tells it, from Linux's: FreeBSD has other numbers of states, and counts octets."""
        if self.name == "linux":
            return fields
        mss = fields["tcpi_snd_mss"]
        return fields | {
            "tcpi_state": FREEBSD_STATES[fields["tcpi_state"]],
            "tcpi_snd_cwnd": fields["tcpi_snd_cwnd"] * mss,
            "tcpi_snd_ssthresh": min(fields["tcpi_snd_ssthresh"] * mss, 1_073_725_440),
        }

    def number(self, node: Any, what: str = "argument") -> int:
        """The number that an expression means.  Raises NotOffered for one that means none here."""
        match node:
            case Number(value):
                return value
            case Symbol(name) if name in self._constants:
                return self._constants[name]
            case AnyOf(parts):
                total = 0
                for part in parts:
                    total |= self.number(part, what)
                return total
            case Applied("htons" | "htonl" | "ntohs" | "ntohl", (inner,)):
                return self.number(inner, what)
            case Array((inner,)):
                return self.number(inner, what)
        raise NotOffered(f"the {what} {_shown(node)}")

    def has(self, node: Any, name: str) -> bool:
        """Whether the bits of ``name`` are among those of an expression."""
        if isinstance(node, AnyOf):
            return any(self.has(part, name) for part in node.parts)
        if isinstance(node, Symbol):
            return node.name == name
        return isinstance(node, Number) and bool(node.value & self._constants.get(name, 0))

    def errno(self, node: Any) -> str:
        """The name of the error that an expression means; "" for none."""
        if isinstance(node, Symbol):
            return _SAME.get(node.name, node.name)
        number = self.number(node)
        if number not in _ERRNO[self.name]:
            raise NotOffered(f"the error number {number}")
        return _ERRNO[self.name][number]


def names_in(node: Any) -> tuple[str, ...]:
    """The names in ``A|B``; () for 0.  Raises NotOffered for other numbers."""
    match node:
        case Symbol(name):
            return (name,)
        case AnyOf(parts):
            return tuple(name for part in parts for name in names_in(part))
        case Number(0):
            return ()
    raise NotOffered(f"the flags {_shown(node)}")


def name_of(node: Any, what: str) -> str:
    """The name that an argument is.  Raises NotOffered for anything else."""
    if isinstance(node, Symbol):
        return node.name
    raise NotOffered(f"{what} {_shown(node)}")


def field(node: Any, name: str, at: int) -> Any:
    """The member of a struct, by its name, or where names are left out by its place; None if it is not there."""
    if not isinstance(node, Struct | Array):
        return None
    for item in node.items:
        if isinstance(item, Field) and item.name == name:
            return item.value
    plain = [item for item in node.items if not isinstance(item, Field)]
    return plain[at] if len(plain) == len(node.items) and at < len(plain) else None


def is_null(node: Any) -> bool:
    """Whether an argument is the pointer to nowhere."""
    return node in (Symbol("NULL"), Number(0))


def same_errno(one: str, other: str) -> bool:
    """Whether two names are of one error."""
    return _SAME.get(one, one) == _SAME.get(other, other)


def _shown(node: Any) -> str:
    from .printer import format_value

    return format_value(node)


__all__ = ["Platform", "Text", "Whatever", "field", "is_null", "name_of", "names_in", "same_errno"]
