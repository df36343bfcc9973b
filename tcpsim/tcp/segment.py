"""A segment as it flies: header fields, data and the options that matter (RFC 9293 3.1).

One object serves as segment and packet.  It is immutable by convention and shared between copies of a
world; only ``id`` is written later, once, by the network that puts it on a link.
"""

from __future__ import annotations

import enum
from typing import Final

from .seq import MASK

#: (address, port) of the receiver, then of the sender: the key the receiver looks its connection up by.
Flow = tuple[str, int, str, int]

#: ``("mss", 1460)``, ``("wscale", 7)``, ``("sackOK",)``, ``("unknown", kind, payload)`` ...
Option = tuple[object, ...]

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10
URG: Final = 0x20
ECE: Final = 0x40
CWR: Final = 0x80

#: The ECN field of a packet whose sender understands marks, and of one that was marked (RFC 3168 5).
ECT: Final = 2
CE: Final = 3


class Flags(enum.IntFlag):
    """The control bits (RFC 9293 3.1).  The engine uses plain ints; this is for the edge of the API."""

    FIN = FIN
    SYN = SYN
    RST = RST
    PSH = PSH
    ACK = ACK
    URG = URG
    ECE = ECE
    CWR = CWR


#: tcpdump's letters, in the order in which it prints them.
_LETTERS: Final = (
    (FIN, "F"), (SYN, "S"), (RST, "R"), (PSH, "P"), (ACK, "."), (URG, "U"), (ECE, "E"), (CWR, "W"),
)  # fmt: skip
_NAMES: Final = (
    (SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (URG, "URG"), (ECE, "ECE"), (CWR, "CWR"), (ACK, "ACK"),
)  # fmt: skip


def flag_letters(flags: int) -> str:
    """tcpdump's letters, which are packetdrill's too: ``"S."`` is SYN and ACK; ``"-"`` is no flag at all."""
    return "".join(letter for bit, letter in _LETTERS if flags & bit) or "-"


def flag_names(flags: int) -> str:
    """The RFC's names, control bits first: ``"SYN,ACK"``; ``"none"`` for no flag at all."""
    return ",".join(name for bit, name in _NAMES if flags & bit) or "none"


def parse_flags(text: str) -> int:
    """The bits for tcpdump's letters (any order) or for ``-``.  Raises ValueError naming the wrong letter."""
    if text == "-":
        return 0
    flags = 0
    for char in text:
        bit = next((bit for bit, letter in _LETTERS if letter == char), None)
        if bit is None:
            if char == "A":  # packetdrill's other spelling of the dot
                bit = ACK
            else:
                raise ValueError(f"flags {text!r}: {char!r} is not one of F S R P U E W . (or - for none)")
        flags |= bit
    return flags


class Segment:
    """One TCP segment.

    ``seq``, ``ack``: absolute numbers modulo 2**32 (``ack`` counts only with the ACK bit).  ``wnd``: the raw
    16-bit window field.  ``up``: the raw urgent field, an offset from ``seq``.  ``len``: SEG.LEN of the RFC,
    which counts SYN and FIN as well as the octets of ``data``.  ``tsval``, ``tsecr``: the timestamps option,
    None where it is absent.  ``id``: 0 until a network numbers the packet.  ``ecn``: the ECN field of the IP
    header (RFC 3168 5): 0 not capable, 2 capable, 3 congestion experienced.
    """

    __slots__ = (
        "ack", "data", "ecn", "flags", "flow", "id", "len", "options", "seq", "tsecr", "tsval", "up", "wnd",
    )  # fmt: skip

    def __init__(
        self,
        flow: Flow,
        seq: int,
        ack: int,
        flags: int,
        wnd: int,
        data: bytes = b"",
        up: int = 0,
        tsval: int | None = None,
        tsecr: int | None = None,
        options: tuple[Option, ...] = (),
        ecn: int = 0,
    ) -> None:
        self.id = 0
        self.ecn = ecn
        self.flow = flow
        self.seq = seq
        self.ack = ack
        self.flags = flags
        self.wnd = wnd
        self.up = up
        self.tsval = tsval
        self.tsecr = tsecr
        self.data = data
        n = len(data)
        if flags & 3:  # SYN and FIN each occupy one sequence number
            n += (flags & 1) + (flags >> 1 & 1)
        self.len = n
        self.options = options

    @property
    def src(self) -> tuple[str, int]:
        """(address, port) of the sender."""
        return self.flow[2], self.flow[3]

    @property
    def dst(self) -> tuple[str, int]:
        """(address, port) of the receiver."""
        return self.flow[0], self.flow[1]

    @property
    def end(self) -> int:
        """The sequence number just after the segment: SEG.SEQ + SEG.LEN."""
        return (self.seq + self.len) & MASK

    def key(self) -> tuple[object, ...]:
        """Everything but the packet id: what two equal segments share."""
        return (
            self.flow, self.seq, self.ack, self.flags, self.wnd, self.up,
            self.tsval, self.tsecr, self.data, self.options, self.ecn,
        )  # fmt: skip

    def replace(self, **changes: object) -> Segment:
        """A new, unnumbered segment like this one, with some constructor fields changed."""
        fields: dict[str, object] = {
            "flow": self.flow, "seq": self.seq, "ack": self.ack, "flags": self.flags, "wnd": self.wnd,
            "data": self.data, "up": self.up, "tsval": self.tsval, "tsecr": self.tsecr,
            "options": self.options, "ecn": self.ecn,
        }  # fmt: skip
        unknown = changes.keys() - fields.keys()
        if unknown:
            raise TypeError(f"a segment has no field {sorted(unknown)[0]!r}; its fields: {', '.join(fields)}")
        return Segment(**{**fields, **changes})  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Segment):
            return NotImplemented
        return self.id == other.id and self.key() == other.key()

    def __hash__(self) -> int:
        return hash((self.id, self.key()))

    def __getstate__(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __setstate__(self, state: tuple[object, ...]) -> None:
        for name, value in zip(self.__slots__, state, strict=True):
            setattr(self, name, value)

    def __repr__(self) -> str:
        number = f"#{self.id} " if self.id else ""
        ack = f" ACK={self.ack}" if self.flags & ACK else ""
        data = f" {len(self.data)} octets" if self.data else ""
        return f"<Segment {number}{flag_names(self.flags)} SEQ={self.seq}{ack} WND={self.wnd}{data}>"
