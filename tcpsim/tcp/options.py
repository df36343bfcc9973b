"""The options as octets: the tail of the TCP header (RFC 9293 3.1 and 3.2, RFC 7323, RFC 2018).

A segment's options are tuples, spelled as ``notation`` spells them:

=============================  =====================================================================
``("eol",)``, ``("nop",)``     a single octet each
``("mss", octets)``            maximum segment size, 0 .. 65535
``("wscale", shift)``          window scale, 0 .. 255 as sent (a receiver takes more than 14 as 14)
``("sackOK",)``                SACK permitted
``("sack", (left, right) ..)`` SACK blocks, absolute sequence numbers modulo 2**32
``("TS",)``                    the place of the timestamps, whose values are ``tsval`` and ``tsecr``
``("TS", value, echo)``        the same with values of its own; accepted, never the result of decoding
``("unknown", kind, payload)`` any other option that has a length octet, kept for MUST-6
``("malformed", octets)``      an impossible length and all that follows it, kept for MUST-7
=============================  =====================================================================
"""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from struct import Struct, error, pack
from typing import Final

from .errors import TcpsimError
from .segment import Option

#: Octets of options that a header has room for: its length is a 4-bit count of words, five of them fixed.
ROOM: Final = 40

_EOL: Final = ("eol",)
_NOP: Final = ("nop",)
_STAMPS: Final = ("TS",)

_MSS: Final = Struct("!BBH")
_TS: Final = Struct("!BBII")


class WireError(TcpsimError, ValueError):
    """Octets that are no TCP packet, or a segment that no octets can express.

    ``at``: the octet at fault, from 0, in what was to be decoded; None if a segment was to be encoded.
    """

    def __init__(self, problem: str, at: int | None = None) -> None:
        super().__init__(problem if at is None else f"octet {at}: {problem}")
        self.at = at


# -- encoding


def encode_options(options: Sequence[Option], tsval: int | None = None, tsecr: int | None = None) -> bytes:
    """The octets of ``options``, padded with zeros to a multiple of four (RFC 9293 3.1, MUST-69).

    Timestamps (``tsval`` not None; ``tsecr`` None is 0) go where ``("TS",)`` stands.  Without such an
    option they come last, after the NOPs that make them end on a 32-bit boundary: alone they are
    ``nop,nop,TS``, as RFC 7323 appendix A recommends, and never longer than with padding after them.

    Raises WireError for more than 40 octets, for a wrong option or value, for timestamps twice, and for
    anything but ``eol`` after ``eol`` or anything at all after ``malformed``.
    """
    octets = bytearray()
    stamped = False
    last = ""  # the option after which the list is closed
    for option in options:
        name = str(option[0]) if option else ""
        if last and (last, name) != ("eol", "eol"):
            raise WireError(f"option {_show(option)} after {last!r}, which ends the options")
        if name == "TS":
            if stamped:
                raise WireError("the options hold timestamps twice: write them once")
            stamped = True
            if option == _STAMPS:
                if tsval is None:
                    raise WireError("option ('TS',) in a segment without tsval: set tsval and tsecr")
                option = "TS", tsval, tsecr or 0
        octets += _encode_option(option)
        if name in ("eol", "malformed"):
            last = name
    if tsval is not None and not stamped:
        if last:
            raise WireError(f"timestamps after {last!r}, which ends the options: place ('TS',) before it")
        octets += b"\x01" * ((2 - len(octets)) % 4) + _encode_option(("TS", tsval, tsecr or 0))
    octets += bytes(-len(octets) % 4)
    if len(octets) > ROOM:
        raise WireError(f"{len(octets)} octets of options: a TCP header has room for {ROOM}")
    return bytes(octets)


def _encode_option(option: Option) -> bytes:
    """One option.  Every kind but EOL and NOP has its length octet (MUST-68)."""
    try:
        match option:
            case ("nop",):
                return b"\x01"
            case ("eol",):
                return b"\x00"
            case ("mss", int(octets)):
                return _MSS.pack(2, 4, octets)
            case ("wscale", int(shift)):
                return bytes((3, 3, shift))
            case ("sackOK",):
                return b"\x04\x02"
            case ("sack", _, *_):
                edges = _edges(option[1:])
                return pack(f"!BB{len(edges)}I", 5, 2 + 4 * len(edges), *edges)
            case ("TS", int(value), int(echo)):
                return _TS.pack(8, 10, value, echo)
            case ("unknown", int(kind), bytes(payload)) if kind > 1:
                return bytes((kind, 2 + len(payload))) + payload
            case ("malformed", bytes(octets)):
                return octets
    except (error, ValueError):
        raise WireError(f"option {_show(option)}: a number does not fit its field") from None
    if option[:1] == ("unknown",) and option[1:2] in ((0,), (1,)):
        raise WireError(f"option {_show(option)}: kinds 0 (EOL) and 1 (NOP) have neither length nor payload")
    raise WireError(
        f"option {_show(option)} is not known; the forms: ('mss', 1460), ('wscale', 7), ('sackOK',), "
        f"('sack', (1, 2)), ('TS',), ('nop',), ('eol',), ('unknown', 254, b'..'), ('malformed', b'..')"
    )


def _edges(blocks: tuple[object, ...]) -> list[int]:
    """The numbers of SACK blocks in a row.  Raises ValueError for what is not a pair of numbers."""
    edges: list[int] = []
    for block in blocks:
        match block:
            case (int(left), int(right)):
                edges += left, right
            case _:
                raise ValueError
    return edges


def _show(option: Option) -> str:
    """An option in an error message, shortened."""
    return reprlib.repr(option)


# -- decoding


def decode_options(octets: bytes) -> tuple[tuple[Option, ...], int | None, int | None]:
    """(options, tsval, tsecr) of the octets between a header's fixed part and the data.

    ``octets``: whole 32-bit words, as a header has them.  In them any alignment will do (MUST-64).  It
    never fails, and ``encode_options`` of the result gives the same octets again, except for what is not
    zero after EOL (ignored, RFC 9293 3.1).

    - NOPs stay where they are, except for up to three just before timestamps that end the options on a
      32-bit boundary: ``encode_options`` puts these there by itself, so ``nop,nop,TS`` is ``()``.
      Timestamps anywhere else leave ``("TS",)`` in their place.
    - EOL ends the list.  Up to three octets from there on are padding and leave nothing behind; from
      four on, each is an ``("eol",)``.
    - A known kind with a length that is not its own becomes ``unknown`` (MUST-6), and so do timestamps
      after the first.
    - A length of 0 or 1, none at all, or one that reaches past the header leaves ``("malformed", octets)``,
      with all octets from that option's kind on, and ends the list (MUST-7).  What was read before it
      stands: an engine may reset, drop the segment, or do without the rest, as most stacks do.
    """
    options: list[Option] = []
    tsval: int | None = None
    tsecr: int | None = None
    at, end = 0, len(octets)
    while at < end:
        kind = octets[at]
        if kind == 0:
            if end - at > 3:
                options += [_EOL] * (end - at)
            break
        if kind == 1:
            options.append(_NOP)
            at += 1
            continue
        length = octets[at + 1] if at + 1 < end else 0
        if length < 2 or length > end - at:
            options.append(("malformed", octets[at:]))
            break
        if kind == 8 and length == 10 and tsval is None:
            _, _, tsval, tsecr = _TS.unpack_from(octets, at)
            options.append(_STAMPS)
        else:
            options.append(_decode_option(kind, octets[at + 2 : at + length]))
        at += length
    if at == end and options and options[-1] == _STAMPS:
        options.pop()
        for _ in range(3):
            if options and options[-1] == _NOP:
                options.pop()
    return tuple(options), tsval, tsecr


def _decode_option(kind: int, payload: bytes) -> Option:
    """One option that has a length octet, and is not the timestamps."""
    match kind, len(payload):
        case 2, 2:
            return "mss", int.from_bytes(payload)
        case 3, 1:
            return "wscale", payload[0]
        case 4, 0:
            return ("sackOK",)
        case 5, n if n and n % 8 == 0:
            edges = [int.from_bytes(payload[i : i + 4]) for i in range(0, n, 4)]
            return "sack", *zip(edges[::2], edges[1::2], strict=True)
        case _:
            return "unknown", kind, payload
