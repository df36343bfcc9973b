"""Segments as IPv4 and IPv6 packets, and back (RFC 9293 3.1, RFC 791, RFC 8200).

Nothing here is on the way of a simulated segment: octets are made when a capture, a raw socket or a test
asks for them.

Two laws hold, the first for every *canonical* segment, the second for every packet that ``encode`` made
(with its ``ttl``, ``dscp``, ``ecn`` and ``ident``, which a segment does not have and ``decode_ip`` tells)::

    decode(encode(seg)) == seg
    encode(decode(packet)) == packet

Encoding and decoding any encodable segment once makes it canonical.  A segment is canonical when

- its ``id`` is 0, and its addresses are spelled as ``str(ipaddress.ip_address(...))`` spells them;
- ``tsval`` and ``tsecr`` are both None or both numbers;
- ``options`` never gives timestamps values: it has ``("TS",)`` where they stand, or nothing where they are
  last and end on a 32-bit boundary.  In that case it ends in a NOP only if ``encode`` adds three more;
- no ``("unknown", kind, payload)`` is a well-formed option of another name (timestamps after the first are
  unknown); ``("eol",)`` is absent, or fills the last four octets or more up to a 32-bit boundary;
  ``("malformed", octets)`` begins with an impossible length and reaches up to such a boundary.

A single wrong bit in a packet never gives another segment.  All of an IPv4 packet is under a checksum; in
an IPv6 packet the traffic class, the flow label and the hop limit are not, and are no part of a segment.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from struct import Struct, error
from typing import Final, NamedTuple

from .options import WireError, decode_options, encode_options
from .segment import Flow, Segment

__all__ = ["Datagram", "WireError", "checksum", "decode", "decode_ip", "decode_tcp", "encode", "encode_tcp"]

#: The number of TCP among the protocols of IPv4 and the next headers of IPv6.
TCP: Final = 6
_FRAGMENT: Final = 44  # the next header that only fragments have

_TCP: Final = Struct("!HHIIBBHHH")
_IPV4: Final = Struct("!BBHHHBBH4s4s")
_IPV6: Final = Struct("!IHBB16s16s")
_PSEUDO: Final = Struct("!II")

_DONT_FRAGMENT: Final = 0x4000
_OFFSET_OR_MORE: Final = 0x3FFF  # More Fragments and the fragment offset

#: The most octets of TCP that one packet can carry, by the length of an address.
_MOST: Final = {4: 65_535 - 20, 16: 65_535}


class Datagram(NamedTuple):
    """What an IPv4 or IPv6 packet says besides its TCP octets.  ``ident`` is 0 in IPv6, which has none."""

    source: str
    destination: str
    ttl: int
    dscp: int
    ecn: int
    ident: int
    payload: bytes


def checksum(octets: bytes) -> int:
    """The Internet checksum of ``octets``, whose own checksum field is zero (RFC 1071).

    The ones' complement sum of 16-bit words is the whole number modulo 65535, because 65536 is 1 there.
    Where that leaves 0, the sum is 65535 and the checksum 0: no packet consists of zeros only.
    """
    return -int.from_bytes(octets + bytes(len(octets) & 1)) % 0xFFFF


# -- encoding


def encode(seg: Segment, *, ttl: int = 64, dscp: int = 0, ecn: int | None = None, ident: int = 0) -> bytes:
    """``seg`` as an IPv4 or IPv6 packet, as the addresses of its flow say.

    ``ttl``: hops, 0 .. 255.  ``dscp``: 0 .. 63.  ``ecn``: the ECN field of the IP header, 0 .. 3; None: ``seg``'s.
    ``ident``: IPv4's identification, 0 .. 65535; IPv6 has none, and there it is ignored.  The packet has
    no IP options or extension headers; IPv4's Don't Fragment is set.  See ``encode_tcp`` for the TCP part.

    Raises WireError for what has no room in a packet, naming the field.
    """
    if ecn is None:
        ecn = seg.ecn
    for name, value, most in (("ttl", ttl, 255), ("dscp", dscp, 63), ("ecn", ecn, 3), ("ident", ident, 65_535)):
        if not 0 <= value <= most:
            raise WireError(f"{name} {value} is not in 0 .. {most}")
    source, destination = _addresses(seg.flow)
    tcp = _encode_tcp(seg, source, destination)
    traffic = dscp << 2 | ecn
    if len(source) == 16:
        return _IPV6.pack(6 << 28 | traffic << 20, len(tcp), TCP, ttl, source, destination) + tcp
    fields = (0x45, traffic, 20 + len(tcp), ident, _DONT_FRAGMENT, ttl, TCP)
    check = checksum(_IPV4.pack(*fields, 0, source, destination))
    return _IPV4.pack(*fields, check, source, destination) + tcp


def encode_tcp(seg: Segment) -> bytes:
    """The TCP header, options and data of ``seg`` (RFC 9293 3.1).

    The checksum counts the pseudo-header made of the flow's addresses (MUST-2), and the reserved bits are
    zero.  Options, timestamps among them, as ``options.encode_options`` writes them.  The acknowledgment
    and urgent fields are written even where the ACK or URG bit says that they do not count.

    Raises WireError for addresses that are none or of two versions, numbers that do not fit their field,
    options that are wrong or longer than 40 octets, and data that one packet cannot carry.
    """
    return _encode_tcp(seg, *_addresses(seg.flow))


def _encode_tcp(seg: Segment, source: bytes, destination: bytes) -> bytes:
    options = encode_options(seg.options, seg.tsval, seg.tsecr)
    length = 20 + len(options) + len(seg.data)
    if length > _MOST[len(source)]:
        version = 4 if len(source) == 4 else 6
        raise WireError(f"{length} octets of TCP: an IPv{version} packet carries at most {_MOST[len(source)]}")
    words = 5 + len(options) // 4
    _, to_port, _, from_port = seg.flow
    try:
        fields = _TCP.pack(from_port, to_port, seg.seq, seg.ack, words << 4, seg.flags, seg.wnd, 0, seg.up)
    except error:
        raise _misfit(seg) from None
    octets = b"".join((fields, options, seg.data))
    check = checksum(_pseudo_header(source, destination, length) + octets)
    return b"".join((octets[:16], check.to_bytes(2), octets[18:]))


def _misfit(seg: Segment) -> WireError:
    """What to raise for a segment with a number that does not fit its field."""
    _, to_port, _, from_port = seg.flow
    fields: tuple[tuple[str, object, int], ...] = (
        ("source port", from_port, 65_535),
        ("destination port", to_port, 65_535),
        ("seq", seg.seq, 2**32 - 1),
        ("ack", seg.ack, 2**32 - 1),
        ("flags", seg.flags, 255),
        ("wnd", seg.wnd, 65_535),
        ("up", seg.up, 65_535),
    )
    name, value, most = next(
        field for field in fields if not (isinstance(field[1], int) and 0 <= field[1] <= field[2])
    )
    return WireError(f"{name} {value!r} is not a number in 0 .. {most}")


def _pseudo_header(source: bytes, destination: bytes, length: int) -> bytes:
    """IPv6's pseudo-header (RFC 8200 8.1); IPv4's has the same words in another order, and so the same sum."""
    return source + destination + _PSEUDO.pack(length, TCP)


def _addresses(flow: Flow) -> tuple[bytes, bytes]:
    """The addresses of sender and receiver, of one IP version, in network order."""
    source, destination = _packed(flow[2]), _packed(flow[0])
    if len(source) != len(destination):
        raise WireError(f"{flow[2]} and {flow[0]} are addresses of two IP versions: no packet has both")
    return source, destination


@lru_cache(maxsize=1024)
def _packed(address: str) -> bytes:
    """An address in network order."""
    try:
        return ip_address(address).packed
    except ValueError:
        raise WireError(f"{address!r} is no IPv4 or IPv6 address") from None


@lru_cache(maxsize=1024)
def _spelled(octets: bytes) -> str:
    """An address in words, from network order."""
    return str(ip_address(octets))


# -- decoding


def decode(packet: bytes) -> Segment:
    """The segment in a whole IPv4 or IPv6 packet, with ``id`` 0.

    ``packet`` ends where its IP header says: cut link-layer padding off before.  IP options are ignored;
    so are the reserved bits of TCP.  Impossible option lengths leave ``("malformed", octets)`` in the
    options, and it is for the receiver to react (see ``options.decode_options``); nothing else is let
    through.

    Raises WireError, which gives the octet, for a wrong IP version, header length, total length or data
    offset, a checksum that does not match (MUST-3), a fragment, and what is not TCP, IPv6's extension
    headers included.
    """
    datagram = decode_ip(packet)
    source, destination = _packed(datagram.source), _packed(datagram.destination)
    seg = _decode_tcp(datagram.payload, source, destination, len(packet) - len(datagram.payload))
    seg.ecn = datagram.ecn
    return seg


def decode_tcp(octets: bytes, *, source: str, destination: str) -> Segment:
    """The segment in the TCP part of a packet, with ``id`` 0.

    ``source``, ``destination``: the packet's addresses, which the checksum counts (RFC 9293 3.1) and the
    segment's flow holds.  Raises WireError as ``decode`` does; its octet is counted in ``octets``.
    """
    return _decode_tcp(bytes(octets), *_addresses((destination, 0, source, 0)), 0)


def decode_ip(packet: bytes) -> Datagram:
    """The IP header of a whole packet that carries TCP, and the TCP octets, which are not looked at.

    Raises WireError as ``decode`` does.
    """
    packet = bytes(packet)
    if not packet:
        raise WireError("an empty packet", 0)
    version = packet[0] >> 4
    if version == 4:
        return _decode_ipv4(packet)
    if version == 6:
        return _decode_ipv6(packet)
    raise WireError(f"IP version {version} is neither 4 nor 6", 0)


def _decode_ipv4(packet: bytes) -> Datagram:
    """RFC 791 3.1."""
    if len(packet) < 20:
        raise WireError("the packet ends within the 20 octets of an IPv4 header", len(packet))
    first, traffic, total, ident, fragment, ttl, protocol, check, source, destination = _IPV4.unpack_from(packet)
    header = (first & 15) * 4
    if not 20 <= header <= len(packet):
        raise WireError(f"an IPv4 header of {header} octets in a packet of {len(packet)}: 20 to 60 are possible", 0)
    if not header <= total == len(packet):
        raise WireError(f"total length {total}, in a packet of {len(packet)} octets, {header} of them header", 2)
    if (right := _expected(packet[:header], check)) is not None:
        raise WireError(f"IPv4 header checksum {check:#06x} should be {right:#06x}", 10)
    if fragment & _OFFSET_OR_MORE:
        raise WireError("a fragment: reassemble the packet first", 6)
    if protocol != TCP:
        raise WireError(f"protocol {protocol} is not TCP, which is {TCP}", 9)
    return Datagram(_spelled(source), _spelled(destination), ttl, traffic >> 2, traffic & 3, ident, packet[header:])


def _decode_ipv6(packet: bytes) -> Datagram:
    """RFC 8200 3."""
    if len(packet) < 40:
        raise WireError("the packet ends within the 40 octets of an IPv6 header", len(packet))
    first, length, following, ttl, source, destination = _IPV6.unpack_from(packet)
    if length != len(packet) - 40:
        raise WireError(f"payload length {length}, in a packet with {len(packet) - 40} octets after its header", 4)
    if following == _FRAGMENT:
        raise WireError("a fragment: reassemble the packet first", 6)
    if following != TCP:
        raise WireError(f"next header {following} is not TCP, which is {TCP}", 6)
    traffic = first >> 20 & 255
    return Datagram(_spelled(source), _spelled(destination), ttl, traffic >> 2, traffic & 3, 0, packet[40:])


def _decode_tcp(octets: bytes, source: bytes, destination: bytes, start: int) -> Segment:
    """``start``: where ``octets`` begins in what the caller was given, for the errors."""
    length = len(octets)
    if length < 20:
        raise WireError(f"{length} octets of TCP: a header has at least 20", start + length)
    from_port, to_port, seq, ack, words, flags, wnd, check, up = _TCP.unpack_from(octets)
    header = (words >> 4) * 4
    if not 20 <= header <= length:
        raise WireError(f"data offset {words >> 4}, which is {header} octets, in {length} octets of TCP", start + 12)
    if (right := _expected(_pseudo_header(source, destination, length) + octets, check)) is not None:
        raise WireError(f"TCP checksum {check:#06x} should be {right:#06x}", start + 16)
    options, tsval, tsecr = decode_options(octets[20:header])
    flow = (_spelled(destination), to_port, _spelled(source), from_port)
    return Segment(flow, seq, ack, flags, wnd, octets[header:], up, tsval, tsecr, options)


def _expected(octets: bytes, check: int) -> int | None:
    """What the checksum in ``octets``, which is ``check``, should have been; None if it is right."""
    wrong = checksum(octets)
    return (check + wrong) % 0xFFFF if wrong else None
