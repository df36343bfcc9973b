"""A trace as a capture: pcapng with raw IP packets, nanosecond times, right checksums and comments.

Written with the package python-pcapng (extra ``pcap``).
"""

from __future__ import annotations

import io
import warnings
from typing import Any, Final

from .._version import __version__
from ..tcp.options import WireError
from ..tcp.wire import encode
from ..trace.records import Icmp
from ..trace.trace import Trace
from .errors import DrawingFailed, MissingTool
from .pcap_frames import Frame, frames, tap_names
from .pcap_icmp import encode_icmp

#: LINKTYPE_RAW: a packet begins with its IPv4 or IPv6 header.
RAW_IP: Final = 101

#: if_tsresol: times count 10**-9 s.
_NANOSECONDS: Final = b"\x09"

#: epb_flags: which way a packet passes the interface.
_INBOUND: Final = 1
_OUTBOUND: Final = 2

_LOW: Final = 0xFFFF_FFFF
_NOT_KEPT: Final = "The trace does not hold the segments' data: zeros stand in its place."


def pcapng(trace: Trace, tap: str | None = None) -> bytes:
    """The packets that pass the tap as a pcapng file; each tap is an interface, named like its host.

    ``tap``: a host's name; "client" or "server", the first and the second host; "both", all of them, so that a
    packet that arrives is seen twice; None, the first host.  Time 0 of the trace is 1970-01-01T00:00Z.  Sequence
    numbers are absolute, as on the wire.  Payload is the trace's at level full, and zeros at level brief, which a
    comment in the file says.  A packet that arrives damaged has a wrong checksum, as its receiver sees it.

    Raises ``UnknownChoice`` for a host that the trace does not know, ``MissingTool`` where python-pcapng is not
    installed, ``DrawingFailed`` for a segment that no octets can express.
    """
    blocks, writer_of = _library()
    names = tap_names(trace, tap)
    section = blocks.SectionHeader(options=_section_options(trace))
    addresses = {host["name"]: ", ".join(host["addresses"]) for host in trace.header.get("hosts", ())}
    for name in names:
        options = {"if_name": name, "if_description": addresses.get(name, ""), "if_tsresol": _NANOSECONDS}
        section.new_member(blocks.InterfaceDescription, link_type=RAW_IP, options=options)
    place = {name: i for i, name in enumerate(names)}
    file = io.BytesIO()
    with warnings.catch_warnings():  # python-pcapng leaves if_tsresol without a type, and warns of that itself
        warnings.simplefilter("ignore", DeprecationWarning)
        writer = writer_of(file, section)
    for frame in frames(trace, tap):
        packet = section.new_member(
            blocks.EnhancedPacket,
            interface_id=place[frame.tap],
            timestamp_high=frame.t >> 32,
            timestamp_low=frame.t & _LOW,
            packet_data=_octets(frame),
            options={"opt_comment": frame.comment, "epb_flags": _OUTBOUND if frame.outbound else _INBOUND},
        )
        writer.write_block(packet)
    return file.getvalue()


def _library() -> tuple[Any, Any]:
    try:
        from pcapng import FileWriter, blocks
    except ImportError:
        raise MissingTool("captures need the package python-pcapng: pip install 'tcpsim[pcap]'") from None
    return blocks, FileWriter


def _section_options(trace: Trace) -> dict[str, Any]:
    name = trace.header.get("scenario")
    comments = [f"Scenario {name}, played by tcpsim."] if name else ["Simulated by tcpsim."]
    if trace.level != "full":
        comments.append(_NOT_KEPT)
    return {"opt_comment": " ".join(comments), "shb_userappl": f"tcpsim {__version__}"}


def _octets(frame: Frame) -> bytes:
    try:
        if isinstance(frame.seg, Icmp):
            return encode_icmp(frame.seg)
        octets = encode(frame.seg.segment(), ttl=frame.ttl, ident=frame.packet & 0xFFFF)
    except WireError as error:
        raise DrawingFailed(f"packet {frame.packet} cannot be written as octets: {error}") from None
    if not frame.damaged:
        return octets
    version = octets[0] >> 4
    at = 10 if frame.damaged == "IP" and version == 4 else (20 if version == 4 else 40) + 16
    return octets[:at] + bytes((octets[at] ^ 1,)) + octets[at + 1 :]
