"""Moves: the only way a world changes.  One vocabulary for every driver.

Moves are plain data; ``to_data`` and ``from_data`` turn them into JSON's types and back.
"""

from __future__ import annotations

from types import UnionType
from typing import Any, Final, NamedTuple, Union, get_args, get_origin, get_type_hints

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
    """A host forgets its connections, listeners, descriptors and scripts; nobody is told.

    It is off for ``down`` ns; then the scripts begin that begin at every start.
    """

    host: str
    down: int = 0


class SetLink(NamedTuple):
    """The weather from ``a`` to ``b`` changes for packets sent from now on.

    ``changes``: pairs of an option of ``Simulator.link`` and its value; times in ns.
    """

    a: str
    b: str
    changes: tuple[tuple[str, Any], ...]


class SetMark(NamedTuple):
    """The packets of a connection say this in their IP headers from now on (MUST-48, MUST-49, SHLD-21)."""

    conn: int
    ttl: int
    dscp: int


class SetFirewall(NamedTuple):
    """A host's firewall is another from now on: lines as for ``Simulator.firewall``.  What it knew is forgotten."""

    host: str
    rules: tuple[str, ...]
    policy: str


class SetProfile(NamedTuple):
    """A host follows other switches of its profile from now on, its connections too: pairs of a name and a value."""

    host: str
    changes: tuple[tuple[str, Any], ...]


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
    | SetMark
    | SetProfile
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
        SetMark,
        SetProfile,
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
    if not isinstance(line, dict):
        raise TcpsimError(f"{line!r} is no move; write an object such as {{'move': 'drop', 'packet': 3}}")
    fields = {name: octets_of(value) for name, value in line.items() if name != "move"}
    kind = _KINDS.get(str(line.get("move")))
    if kind is None:
        raise TcpsimError(f"{line!r} is no move; the moves are {', '.join(_KINDS)}")
    hints = get_type_hints(kind)
    fields = kind._field_defaults | fields
    wrong = [*(name for name in hints if name not in fields), *(name for name in fields if name not in hints)]
    if wrong:
        raise TcpsimError(
            f"{line!r} is no move: {line['move']} has the fields {', '.join(hints)}, not {wrong[0]!r} so"
        )
    for name, hint in hints.items():
        if not _fits(fields[name], hint) or (kind is Inject and name == "fields" and not _is_segment(fields[name])):
            raise TcpsimError(f"{line!r} is no move: {name} cannot be {line[name]!r}")
    move: Move = kind(**fields)
    return move


def octets_of(value: Any) -> Any:
    """A value out of JSON: lists as tuples, ``{"base64": ...}`` as octets.  Raises TcpsimError if that fails."""
    if isinstance(value, list | tuple):
        return tuple(octets_of(item) for item in value)
    if not isinstance(value, dict):
        return value
    if set(value) == {"octets"}:
        raise TcpsimError("payload was left out of this file (--no-data), so it cannot be played again")
    from base64 import b64decode

    try:
        return b64decode(value["base64"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise TcpsimError(f"{value!r} is no value; octets are written {{'base64': '...'}}") from None


def _fits(value: Any, hint: Any) -> bool:
    """Whether ``value`` is what an annotation of a move says."""
    if hint is Any:
        return True
    if get_origin(hint) is tuple:
        kinds = get_args(hint)
        if not isinstance(value, tuple):
            return False
        if kinds[-1] is Ellipsis:
            return all(_fits(item, kinds[0]) for item in value)
        return len(value) == len(kinds) and all(map(_fits, value, kinds))
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return not isinstance(hint, type) or isinstance(value, hint)


def _is_segment(fields: tuple[Any, ...]) -> bool:
    """Whether ``fields`` are such as ``Segment.key()`` gives."""
    if len(fields) not in (10, 11) or not isinstance(fields[0], tuple) or len(fields[0]) != 4:
        return False
    flow, *numbers, tsval, tsecr, data, options = fields[:10]
    limits = (1 << 32, 1 << 32, 1 << 8, 1 << 16, 1 << 16)
    return (
        all(_fits(one, kind) for one, kind in zip(flow, (str, int, str, int), strict=True))
        and max(flow[1], flow[3]) < 1 << 16
        and all(_fits(one, int) and one < limit for one, limit in zip(numbers, limits, strict=True))
        and all(one is None or (_fits(one, int) and one < 1 << 32) for one in (tsval, tsecr))
        and isinstance(data, bytes)
        and all(ecn in (0, 1, 2, 3) for ecn in fields[10:])
        and _fits(options, tuple[tuple[Any, ...], ...])
        and all(option and isinstance(option[0], str | int) for option in options)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        from base64 import b64encode

        return {"base64": b64encode(value).decode()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
