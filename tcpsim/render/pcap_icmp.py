"""ICMP errors as octets (RFC 792, RFC 4443): the message, and the header of the packet that it is about."""

from __future__ import annotations

from ipaddress import ip_address
from struct import pack
from typing import Final

from ..tcp.notices import ERRORS
from ..tcp.options import WireError
from ..tcp.wire import TCP, checksum
from ..trace.records import Icmp

_ICMP: Final = {4: 1, 6: 58}  # protocol and next header
_HOPS: Final = 64


def encode_icmp(record: Icmp) -> bytes:
    """The message as an IPv4 or IPv6 packet.

    It quotes the IP header and the first eight octets of TCP: ports and sequence number, which is all that the trace
    keeps of the packet that it is about.  Raises WireError for addresses that no packet can have.
    """
    try:
        source, destination = ip_address(record.source).packed, ip_address(record.destination).packed
        target, to_port, sender, from_port = record.flow
        ends = ip_address(sender).packed, ip_address(target).packed
    except ValueError as error:
        raise WireError(str(error)) from None
    version = 4 if len(destination) == 4 else 6
    kind = ERRORS[record.name].v4 if version == 4 else ERRORS[record.name].v6
    if kind is None or {len(source), len(destination), *map(len, ends)} != {4 if version == 4 else 16}:
        raise WireError(f"IPv{version} has no such message: {record.name} from {record.source}")
    quote = _ip(*ends, TCP, 20) + pack("!HHI", from_port, to_port, record.seq)
    message = pack("!BBHI", *kind, 0, record.mtu) + quote
    pseudo = b"" if version == 4 else source + destination + pack("!II", len(message), _ICMP[6])
    check = checksum(pseudo + message)
    return _ip(source, destination, _ICMP[version], len(message)) + message[:2] + pack("!H", check) + message[4:]


def _ip(source: bytes, destination: bytes, protocol: int, length: int) -> bytes:
    """An IP header for ``length`` octets."""
    if len(source) == 16:
        return pack("!IHBB", 6 << 28, length, protocol, _HOPS) + source + destination
    header = pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, _HOPS, protocol, 0) + source + destination
    return header[:10] + pack("!H", checksum(header)) + header[12:]
