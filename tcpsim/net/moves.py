"""Moves: the only way a world changes.  One vocabulary for every driver.

Moves are plain data; ``to_data`` and ``from_data`` turn them into JSON's types and back.
"""

from __future__ import annotations

import base64
from typing import Any, Final, NamedTuple

from ..tcp.errors import TcpsimError


class Deliver(NamedTuple):
    """Packets in flight arrive now, several in one event."""

    packets: tuple[int, ...]


class Drop(NamedTuple):
    """A packet in flight is lost."""

    packet: int


class Duplicate(NamedTuple):
    """A packet in flight is doubled; the twin is due at the same time."""

    packet: int


class Delay(NamedTuple):
    """A packet in flight takes ``by`` ns longer."""

    packet: int
    by: int


class Corrupt(NamedTuple):
    """One bit of a packet in flight is flipped, ``bit`` counted from the first of its octets; a checksum will tell.

    Without a bit, the 160th of an IPv4 packet and the 320th of an IPv6 one: the first of the TCP header.
    """

    packet: int
    bit: int | None = None


class Inject(NamedTuple):
    """A forged or replayed segment arrives after ``delay`` ns; ``fields`` as ``Segment.key()`` gives them.

    ``host``: where; by default the one whose address it is for.
    """

    fields: tuple[Any, ...]
    delay: int
    host: str = ""


class InjectIcmp(NamedTuple):
    """A forged ICMP error arrives after ``delay`` ns at the host that ``flow`` comes from.

    ``name``: as in ``tcpsim.tcp.notices``.  ``flow``, ``seq``: of the packet it claims to be about, as that packet's
    receiver keys it.  ``mtu``: of a link that was too small, else 0.
    """

    name: str
    flow: tuple[str, int, str, int]
    seq: int
    mtu: int
    delay: int


class Reboot(NamedTuple):
    """A host forgets its connections, listeners, descriptors and scripts; nobody is told."""

    host: str


class SetLink(NamedTuple):
    """The weather from ``a`` to ``b`` changes for packets sent from now on.

    ``changes``: pairs of an option of ``Simulator.link`` and its value; times in ns.
    """

    a: str
    b: str
    changes: tuple[tuple[str, Any], ...]


class SetFirewall(NamedTuple):
    """A host's firewall is another from now on: lines as for ``Simulator.firewall``.  What it knew is forgotten."""

    host: str
    rules: tuple[str, ...]
    policy: str


class Wait(NamedTuple):
    """The clock goes on to ``until``, ns, while nothing is due."""

    until: int


class Expire(NamedTuple):
    """A timer of a connection runs out now."""

    conn: int
    timer: str


class Call(NamedTuple):
    """A user call on a host: ``name`` and plain arguments; a socket is its descriptor number."""

    host: str
    name: str
    args: tuple[Any, ...]


class Wake(NamedTuple):
    """A script goes on."""

    script: int


Move = (
    Deliver
    | Drop
    | Duplicate
    | Delay
    | Corrupt
    | Inject
    | InjectIcmp
    | Reboot
    | SetFirewall
    | SetLink
    | Wait
    | Expire
    | Call
    | Wake
)

_KINDS: Final[dict[str, Any]] = {
    kind.__name__.lower(): kind
    for kind in (
        Deliver,
        Drop,
        Duplicate,
        Delay,
        Corrupt,
        Inject,
        InjectIcmp,
        Reboot,
        SetFirewall,
        SetLink,
        Wait,
        Expire,
        Call,
        Wake,
    )
}


def _same(self: Move, other: object) -> bool:
    return type(self) is type(other) and tuple.__eq__(self, other)


def _differ(self: Move, other: object) -> bool:
    return not _same(self, other)


def _hash(self: Move) -> int:
    return hash((type(self).__name__, *self))


for _kind in _KINDS.values():  # as plain tuples, Drop(2) and Duplicate(2) would be equal
    _kind.__eq__, _kind.__ne__, _kind.__hash__ = _same, _differ, _hash


def to_data(move: Move) -> dict[str, Any]:
    """The move as a dict of JSON's types; octets as ``{"base64": ...}``."""
    line = {"move": type(move).__name__.lower()}
    return line | {name: _plain(value) for name, value in move._asdict().items()}


def from_data(line: dict[str, Any]) -> Move:
    """The move of such a dict.  Raises TcpsimError that says what is wrong with it."""
    fields = dict(line)
    kind = _KINDS.get(fields.pop("move", ""))
    if kind is None:
        raise TcpsimError(f"{line!r} is no move; the moves are {', '.join(_KINDS)}")
    try:
        move: Move = kind(**{name: _real(value) for name, value in fields.items()})
    except TypeError as error:
        raise TcpsimError(f"{line!r} is no move: {error}") from None
    return move


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _real(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["base64"])
    if isinstance(value, list):
        return tuple(_real(item) for item in value)
    return value
