"""What a packetdrill script says, as plain values: what the parser makes and the printer takes.

Every node that a message may be about has ``at``, its ``Place`` in the file; places do not count when two nodes
are compared (``plain`` takes them away).
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

Dialect = Literal["google", "nplab"]


class Place(NamedTuple):
    """Line and column, both from 1."""

    line: int
    column: int


NOWHERE: Final = Place(0, 0)


class When(NamedTuple):
    """When an event happens.

    ``kind``: "at" (seconds since the first event), "after" (since the last one) or "any" (``*``).  ``ns``: how many
    ns; ``until``: the end of a range, counted the same way; ``ends``: when a blocking call must return.
    """

    kind: Literal["at", "after", "any"]
    ns: int = 0
    until: int | None = None
    ends: int | None = None


# -- expressions


class Whatever(NamedTuple):
    """``...``: whatever."""


class Number(NamedTuple):
    """An integer; ``hexadecimal``: how it was written."""

    value: int
    hexadecimal: bool = False


class Text(NamedTuple):
    """A string between double quotes, as it means."""

    value: str


class Symbol(NamedTuple):
    """A name such as SOCK_STREAM."""

    name: str


class AnyOf(NamedTuple):
    """``A|B``: bits together."""

    parts: tuple[Any, ...]


class Array(NamedTuple):
    """``[a, b]``."""

    items: tuple[Any, ...]


class Field(NamedTuple):
    """``name = value`` in a struct; ``args``: those of ``msg_iov(1)``, None where there are none."""

    name: str
    args: tuple[Any, ...] | None
    value: Any


class Struct(NamedTuple):
    """``{name = value, ...}``, or values alone."""

    items: tuple[Any, ...]


class Applied(NamedTuple):
    """``htons(80)``, ``inet_addr("10.0.0.1")``."""

    name: str
    args: tuple[Any, ...]


# -- packets


class SackBlock(NamedTuple):
    """Edges as the script counts them."""

    left: int
    right: int


class Option(NamedTuple):
    """One TCP option.

    ``kind``: mss, wscale, sackOK, sack, TS, nop, eol, FO, FOEXP, raw (hexadecimal octets), or another word.
    ``values``: numbers, SACK blocks, a cookie's digits; None stands for ``...``.  ``absolute``: an ``ecr N!``.
    """

    kind: str
    values: tuple[Any, ...] = ()
    absolute: bool = False


class Ip(NamedTuple):
    """What stands in brackets before the flags: (name, number or None), such as ("ect0", None), ("ttl", 64)."""

    fields: tuple[tuple[str, int | None], ...]


class Packet(NamedTuple):
    """A TCP segment into the endpoint or out of it.

    ``seq``, ``end``, ``octets``: of ``seq:end(octets)``; ``seq`` None: the number is not looked at (``...(n)``).
    ``absolute``, ``absolute_ack``: ``seq!``, ``ack!``: numbers that are not relative.
    ``options``: None where none are written, () for ``<>``, ``...`` for ``<...>``.
    ``udp``: the ports of TCP over UDP.
    """

    inbound: bool
    flags: str
    seq: int | None
    octets: int
    ack: int | None = None
    win: int | None = None
    urg: int | None = None
    options: tuple[Option, ...] | Whatever | None = None
    ip: Ip | None = None
    udp: tuple[int, int] | None = None
    absolute: bool = False
    absolute_ack: bool = False


class Icmp(NamedTuple):
    """An ICMP message: ``type``, ``code`` as written, the MTU it tells, and the segment that it quotes."""

    inbound: bool
    type: str
    code: str | None = None
    mtu: int | None = None
    quoted: tuple[int, int] | None = None  #: (first number, octets)


class Foreign(NamedTuple):
    """A packet of another protocol: its words."""

    inbound: bool
    text: str


# -- what else happens


class Call(NamedTuple):
    """A system call; ``result`` None: nobody looks at it.  ``errno``: the error expected, ``note``: its text."""

    name: str
    args: tuple[Any, ...]
    result: Any = None
    errno: str | None = None
    note: str | None = None


class Command(NamedTuple):
    """What stands between backticks: a shell command."""

    text: str


class Code(NamedTuple):
    """What stands between ``%{`` and ``}%``: assertions about TCP_INFO, in Python."""

    text: str


class Event(NamedTuple):
    """Something at some time."""

    when: When
    what: Packet | Icmp | Foreign | Call | Command | Code
    at: Place = NOWHERE


class Conditional(NamedTuple):
    """``#ifdef name`` up to ``#endif``."""

    name: str
    events: tuple[Any, ...]
    at: Place = NOWHERE


class Setting(NamedTuple):
    """``--name=value`` at the top; ``value`` None: ``--name`` alone."""

    name: str
    value: str | None
    at: Place = NOWHERE


class PacketdrillScript(NamedTuple):
    """A whole script."""

    options: tuple[Setting, ...]
    init: Command | None
    events: tuple[Event | Conditional, ...]
    cleanup: Command | None
    dialect: Dialect = "google"


def plain(node: Any) -> Any:
    """The same without places: equal for scripts that say the same."""
    if isinstance(node, Place):
        return NOWHERE
    if isinstance(node, tuple):
        parts = [plain(part) for part in node]
        return type(node)(*parts) if hasattr(node, "_fields") else tuple(parts)
    return node
