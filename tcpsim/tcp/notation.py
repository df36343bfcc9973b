"""One segment in packetdrill's words, both ways: ``S 100:100(0) win 1000 <mss 1460>``.

``a:b(n)`` gives the first sequence number, the one after the data, and the number of octets; SYN and
FIN occupy a number but are not counted in ``n``.  Given the two initial sequence numbers, all numbers
but those of a SYN are relative to them, SACK blocks too.
"""

from __future__ import annotations

import re
from typing import Final

from .errors import NotationError
from .segment import ACK, SYN, URG, Flow, Option, Segment, flag_letters, parse_flags
from .seq import MASK

#: The longest payload a segment can have: what an IPv4 packet leaves room for is less.
LONGEST: Final = 65_535


# -- printing


def format_option(option: Option, *, irs: int = 0) -> str:
    """One option as packetdrill writes it: ``mss 1460``, ``sackOK``, ``TS val 7 ecr 0``.

    ``irs``: what SACK blocks are relative to.
    """
    kind, *values = option
    match kind:
        case "TS":
            return f"TS val {values[0]} ecr {values[1]}"
        case "sack":
            return " ".join(["sack", *(_block(block, irs) for block in values)])
        case "unknown":
            number, payload = values
            assert isinstance(payload, bytes)
            return f"opt {number}" + (f" 0x{payload.hex()}" if payload else "")
        case _:
            return " ".join([str(kind), *(str(value) for value in values)])


def _block(block: object, irs: int) -> str:
    """A SACK block, ``(left, right)``: ``1:11``."""
    assert isinstance(block, tuple)
    left, right = block
    return f"{(left - irs) & MASK}:{(right - irs) & MASK}"


def format_segment(seg: Segment, *, iss: int | None = None, irs: int | None = None) -> str:
    """``seg`` in packetdrill's words.

    ``iss``, ``irs``: the initial sequence numbers of the segment's sender and of its receiver.  Given,
    they make the numbers relative (except on a SYN, whose numbers packetdrill keeps absolute);
    otherwise all numbers are absolute.
    """
    seq, ack = seg.seq, seg.ack
    base = 0 if seg.flags & SYN else irs or 0
    if not seg.flags & SYN:
        seq = (seq - (iss or 0)) & MASK
        ack = (ack - base) & MASK
    n = len(seg.data)
    words = [flag_letters(seg.flags), f"{seq}:{(seq + n) & MASK}({n})"]
    if seg.flags & ACK:
        words.append(f"ack {ack}")
    words.append(f"win {seg.wnd}")
    if seg.flags & URG:
        words.append(f"urg {seg.up}")
    stamps: Option = ("TS", seg.tsval, seg.tsecr or 0)
    options = [stamps if option == ("TS",) else option for option in seg.options]
    if seg.tsval is not None and not any(option[0] == "TS" for option in options):
        options.append(stamps)
    if options:
        words.append(f"<{','.join(format_option(option, irs=base) for option in options)}>")
    return " ".join(words)


# -- reading


def parse_segment(
    text: str,
    flow: Flow,
    *,
    iss: int | None = None,
    irs: int | None = None,
    data: bytes | None = None,
) -> Segment:
    """The segment that ``text`` describes, such as ``P. 1:11(10) ack 1 win 500 <nop,nop,TS val 1 ecr 0>``.

    ``flow``: the segment's, receiver first.  ``iss``, ``irs``: the initial sequence numbers of its
    sender and of its receiver, as for ``format_segment``.  ``data``: its payload, else zeros.  Without
    ``win`` the window is 65535.  Timestamps go to ``tsval`` and ``tsecr``; where they are not the last
    option, ``("TS",)`` in ``options`` keeps their place.

    Raises NotationError, which gives the column and what was expected there.
    """
    reader = _Reader(text)
    flags = reader.flags()
    seq, n = reader.sequence(data)
    ack = reader.number("ack", MASK) if reader.word("ack", bool(flags & ACK), "flag . (ACK)") else 0
    wnd = reader.number("win", 65_535) if reader.word("win") else 65_535
    urgent = bool(flags & URG)
    up = reader.number("urg", 65_535) if reader.word("urg", urgent, "flag U (URG)") else 0
    base = 0
    if not flags & SYN:
        base = irs or 0
        seq = (seq + (iss or 0)) & MASK
        if flags & ACK:
            ack = (ack + base) & MASK
    options = reader.options(base)
    stamps = next((option for option in options if option[0] == "TS"), None)
    kept = tuple(("TS",) if option[0] == "TS" else option for option in options)
    if stamps is not None and kept[-1] == ("TS",):
        kept = kept[:-1]
    _, tsval, tsecr = stamps or ("TS", None, None)
    assert tsval is None or isinstance(tsval, int)
    assert tsecr is None or isinstance(tsecr, int)
    payload = bytes(n) if data is None else data
    return Segment(flow, seq, ack, flags, wnd, payload, up, tsval, tsecr, kept)


class _Reader:
    """A place in the text, and the words that may follow there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, expected: str, at: int | None = None) -> NotationError:
        """What to raise: the column, what was expected and what stands there."""
        at = self.at if at is None else at
        rest = self.text[at:].split()
        found = repr(rest[0]) if rest else "the end"
        return NotationError(self.text, at + 1, f"expected {expected}, found {found}")

    def take(self, pattern: str, expected: str) -> re.Match[str]:
        """What matches ``pattern`` here, after white space."""
        self.skip()
        found = re.compile(pattern, re.ASCII).match(self.text, self.at)
        if found is None:
            raise self.fail(expected)
        self.at = found.end()
        return found

    def skip(self) -> None:
        """Go over white space."""
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def flags(self) -> int:
        """The flags, in tcpdump's letters."""
        found = self.take(r"\S+", "flags such as S, S., P. or - for none")
        try:
            return parse_flags(found[0])
        except ValueError:
            raise self.fail("flags of the letters F S R P . U E W, or -", found.start()) from None

    def sequence(self, data: bytes | None) -> tuple[int, int]:
        """``a:b(n)``: the first number and the number of octets."""
        seq = self.number("sequence", MASK, expected="the first sequence number, as in 1:11(10)")
        self.take(":", "':' and the number after the data, as in 1:11(10)")
        self.skip()
        at = self.at
        end = self.number("sequence", MASK, expected="the number after the data, as in 1:11(10)")
        self.take(r"\(", "'(' and the number of octets, as in 1:11(10)")
        n = self.number("length", LONGEST)
        self.take(r"\)", "')' after the number of octets")
        if end != (seq + n) & MASK:
            raise self.fail(f"{(seq + n) & MASK}, which is {seq} + {n}", at)
        if data is not None and len(data) != n:
            raise self.fail(f"{len(data)} octets, as many as were given", at)
        return seq, n

    def word(self, word: str, needed: bool | None = None, partner: str = "") -> bool:
        """Whether ``word`` comes next; ``needed``: it must, or must not, because of ``partner``."""
        self.skip()
        found = re.compile(rf"{word}\b").match(self.text, self.at)
        if found is None:
            if needed and word == "ack":
                raise self.fail(f"'ack' and a number, since there is {partner}")
            return False
        if needed is False:
            raise self.fail(f"no {word!r} without {partner}")
        self.at = found.end()
        return True

    def number(self, what: str, most: int, *, expected: str = "") -> int:
        """A decimal number from 0 to ``most``."""
        found = self.take(r"\d{1,10}(?!\d)", expected or f"a number after {what!r}")
        if int(found[0]) > most:
            raise self.fail(f"a number up to {most} for {what!r}", found.start())
        return int(found[0])

    def options(self, base: int) -> tuple[Option, ...]:
        """``<option,option ...>`` and then the end."""
        options: list[Option] = []
        self.skip()
        if self.text[self.at : self.at + 1] == "<":
            self.at += 1
            while True:
                at = self.at
                options.append(self.option(base))
                if [option[0] for option in options].count("TS") > 1:
                    raise self.fail("timestamps only once", at)
                if self.take("[,>]", "',' and another option, or '>'")[0] == ">":
                    break
        self.skip()
        if self.at < len(self.text):
            raise self.fail("the end" if options else "ack, win, urg, <options> or the end")
        return tuple(options)

    def option(self, base: int) -> Option:
        """One option."""
        found = self.take(r"0x[0-9a-fA-F]+|\w+", "an option such as mss 1460, nop or TS val 1 ecr 0")
        match found[0]:
            case "mss":
                return "mss", self.number("mss", 65_535)
            case "wscale":
                return "wscale", self.number("wscale", 255)
            case "sackOK" | "nop" | "eol":
                return (found[0],)
            case "sack":
                return "sack", *self.blocks(base)
            case "TS":
                self.take(r"val\b", "'val' and a number")
                value = self.number("val", MASK)
                self.take(r"ecr\b", "'ecr' and a number")
                return "TS", value, self.number("ecr", MASK)
            case "opt":
                return "unknown", self.number("opt", 255), self.payload()
            case raw if raw.startswith("0x"):
                return self.raw(found)
        raise self.fail("mss, wscale, sackOK, sack, TS, nop, eol, opt or raw hex", found.start())

    def blocks(self, base: int) -> list[tuple[int, int]]:
        """The blocks of a SACK option: ``1:2 3:4``."""
        blocks: list[tuple[int, int]] = []
        while not blocks or re.compile(r"\s*\d").match(self.text, self.at):
            left = self.number("sack", MASK)
            self.take(":", "':' and the block's right edge")
            blocks.append(((left + base) & MASK, (self.number("sack", MASK) + base) & MASK))
        return blocks

    def payload(self) -> bytes:
        """The hexadecimal payload of an option, perhaps none."""
        self.skip()
        found = re.compile(r"0x((?:[0-9a-fA-F]{2})+)\b").match(self.text, self.at)
        if found is None:
            return b""
        self.at = found.end()
        return bytes.fromhex(found[1])

    def raw(self, found: re.Match[str]) -> Option:
        """An option as it is on the wire: kind, length, payload."""
        digits = found[0][2:]
        octets = bytes.fromhex(digits) if len(digits) % 2 == 0 else b""
        if octets in (b"\x00", b"\x01"):
            return ("nop",) if octets == b"\x01" else ("eol",)
        if len(octets) < 2 or octets[1] != len(octets):
            raise self.fail("kind, length and payload in hex, as 0xfe04abcd", found.start())
        return "unknown", octets[0], octets[2:]
