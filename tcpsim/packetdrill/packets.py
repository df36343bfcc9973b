"""The grammar of packets: ``S. 0:0(0) ack 1 win 100 <mss 1460>``, ``icmp unreachable frag_needed mtu 800``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..tcp.segment import ACK, URG, parse_flags
from ..tcp.seq import MASK
from .reading import Reader
from .tree import Foreign, Icmp, Ip, Option, Packet, SackBlock, Whatever

#: What an IP header can be said to hold, and whether a number follows.
_IP: Final = {
    "ect0": False, "ect1": False, "ce": False, "noecn": False, "not-ect": False, "ttl": True, "hlim": True, "tos": True,
    "flowlabel": True, "ecn": True, "ect01": False,
}  # fmt: skip

_IN: Final = "S, F, R, P, E, W, A, U and . for ACK, or - for none"


def packet(r: Reader) -> Packet | Icmp | Foreign:
    """``<`` or ``>`` and what follows."""
    start = r.at
    inbound = r.take("[<>]", "< for a packet into the endpoint or > for one out of it")[0] == "<"
    ip = _ip(r)
    if r.match(r"icmp\b"):
        return _icmp(r, inbound)
    other = r.match(r"(?:udp|sctp|ipv4|ipv6|gre|mpls)\b[^\n]*(?:\n(?!\s*(?:[+*\d#`]|//|/\*|$))[^\n]*)*")
    if other:
        return Foreign(inbound, other[0].split("//")[0].strip())
    found = r.take(r"[A-Za-z.\-]+", f"flags of {_IN}")
    try:
        flags = parse_flags(found[0])
    except ValueError:
        raise r.wrong(f"flags {found[0]!r}: expected {_IN}", found.start()) from None
    seq, absolute, octets = _sequence(r, inbound)
    ack = _word(r, "ack", flags & ACK)
    absolute_ack = ack is not None and r.match("!") is not None
    win = r.number("win", 65_535) if r.match(r"win\b") else None
    if win is None and inbound:
        raise r.fail("win and the window, which every packet into the endpoint has")
    urg = r.number("urg", 65_535) if r.match(r"urg\b") else None
    if urg is not None and not flags & URG:
        raise r.wrong("urg without the flag U", start)
    options = _options(r)
    if inbound and isinstance(options, Whatever):
        raise r.wrong("a packet into the endpoint says which options it has: <...> is for those out of it", start)
    udp = _udp(r)
    return Packet(inbound, found[0], seq, octets, ack, win, urg, options, ip, udp, absolute, absolute_ack)


def _word(r: Reader, word: str, needed: int) -> int | None:
    """``ack N``, only where the flag is; None where it is left out, which means 0 into the endpoint."""
    r.skip()
    at = r.at
    if not r.match(rf"{word}\b"):
        return None
    number = r.number(word, MASK)
    if not needed:
        raise r.wrong(f"{word} without its flag", at)
    return number


def _sequence(r: Reader, inbound: bool) -> tuple[int | None, bool, int]:
    """``a:b(n)``, ``a!:b(n)`` or ``...(n)``: (first number, whether it is absolute, octets)."""
    at = r.at
    if r.match(r"\.\.\."):
        if inbound:
            raise r.wrong("a packet into the endpoint has a sequence number", at)
        seq, absolute, end, end_at = None, False, None, at
    else:
        seq = r.number("the first sequence number", MASK)
        absolute = r.match("!") is not None
        r.take(":", "':' and the number after the data")
        r.skip()
        end_at = r.at
        end = r.number("the number after the data", MASK)
        r.match("!")
    r.take(r"\(", "'(' and the number of octets")
    octets = r.number("the number of octets", 1 << 24)
    r.take(r"\)", "')'")
    if seq is not None and end != (seq + octets) & MASK:
        raise r.wrong(f"{seq}:{end}({octets}): {seq} and {octets} octets make {(seq + octets) & MASK}", end_at)
    return seq, absolute, octets


def _ip(r: Reader) -> Ip | None:
    """``[ect0]``, ``[ttl 64, ce]``."""
    opened = r.match(r"[\[(]")
    if opened is None:
        return None
    end = "]" if opened[0] == "[" else ")"
    fields: list[tuple[str, int | None]] = []
    while True:
        found = r.take(r"[\w-]+", f"one of {', '.join(_IP)}")
        if found[0].lower() not in _IP:
            raise r.wrong(f"{found[0]!r} is no field of an IP header: {', '.join(_IP)}", found.start())
        name = found[0].lower()
        fields.append((name, _in_header(r, name) if _IP[name] else None))
        if r.take(rf",|\{end}", f"',' or '{end}'")[0] == end:
            return Ip(tuple(fields))


def _in_header(r: Reader, name: str) -> int:
    """A number, decimal or hexadecimal."""
    found = r.match(r"0x[0-9a-fA-F]{1,8}\b")
    return int(found[0], 16) if found else r.number(name)


def _udp(r: Reader) -> tuple[int, int] | None:
    """``/udp(1 > 2)``: TCP over UDP."""
    if not r.match(r"/udp\("):
        return None
    source = r.number("a port", 65_535)
    r.take(">", "'>' and the other port")
    target = r.number("a port", 65_535)
    r.take(r"\)", "')'")
    return source, target


def _icmp(r: Reader, inbound: bool) -> Icmp:
    kind = r.take(r"[a-z_]+", "a type of ICMP message, such as unreachable")[0]
    mtu = quoted = None
    found = r.match(r"(?!mtu\b)[A-Za-z_]+")
    code = found[0] if found else None
    if r.match(r"mtu\b"):
        mtu = r.number("mtu")
    if r.match(r"\["):
        seq, _, octets = _sequence(r, False)
        quoted = (seq or 0, octets)
        r.take("]", "']'")
    return Icmp(inbound, kind, code, mtu, quoted)


# -- options


def _options(r: Reader) -> tuple[Option, ...] | Whatever | None:
    """``<option,option>``, ``<...>``, or nothing."""
    if not r.peek("<"):
        return None
    r.take("<", "'<'")
    if r.match(r"\.\.\."):
        r.take(">", "'>' after '...'")
        return Whatever()
    options: list[Option] = []
    if r.match(">"):
        return ()
    while True:
        options.append(_option(r))
        if r.take("[,>]", "',' and another option, or '>'")[0] == ">":
            return tuple(options)


def _option(r: Reader) -> Option:
    found = r.take(r"0x[0-9a-fA-F]+|[A-Za-z_]\w*", "an option such as mss 1460, nop or TS val 1 ecr 0")
    kind = found[0]
    if kind.startswith("0x"):
        return Option("raw", (kind[2:].lower(),))
    read = _OPTIONS.get(kind)
    if read is None:
        known = ", ".join(_OPTIONS)
        raise r.wrong(f"no option {kind!r}: expected one of {known}, or its octets as 0x...", found.start())
    return read(r, kind)


def _bare(r: Reader, kind: str) -> Option:
    return Option(kind)


def _numbered(r: Reader, kind: str) -> Option:
    return Option(kind, (r.number(kind, 65_535),))


def _stamps(r: Reader, kind: str) -> Option:
    """``TS val N ecr N``, each perhaps ``...``; ``ecr N!`` is not shifted."""
    r.take(r"val\b", "'val' and a number")
    value = None if r.match(r"\.\.\.") else r.number("val", MASK)
    r.match("!")
    r.take(r"ecr\b", "'ecr' and a number")
    echo = None if r.match(r"\.\.\.") else r.number("ecr", MASK)
    return Option(kind, (value, echo), r.match("!") is not None)


def _sack(r: Reader, kind: str) -> Option:
    """``sack 1:11 21:31``."""
    blocks: list[SackBlock] = []
    while not blocks or r.peek(r"\d"):
        left = r.number("the left edge of a block", MASK)
        r.take(":", "':' and the right edge")
        blocks.append(SackBlock(left, r.number("the right edge of a block", MASK)))
    return Option(kind, tuple(blocks))


def _cookie(r: Reader, kind: str) -> Option:
    """``FO abcd``: a cookie in hexadecimal digits, perhaps none, or the name of one."""
    found = r.match(r"(?:0x)?[0-9a-fA-F]+(?!\w)|[A-Z]\w*")
    return Option(kind, (found[0],) if found else ())


def _digest(r: Reader, kind: str) -> Option:
    found = r.match(r"[0-9a-fA-F]+|\w+")
    return Option(kind, (found[0],) if found else ())


_OPTIONS: Final[dict[str, Callable[[Reader, str], Option]]] = {
    "mss": _numbered,
    "wscale": _numbered,
    "sackOK": _bare,
    "sack": _sack,
    "TS": _stamps,
    "nop": _bare,
    "eol": _bare,
    "NOP": _bare,
    "EOL": _bare,
    "FO": _cookie,
    "FOEXP": _cookie,
    "md5": _digest,
}
