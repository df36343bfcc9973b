"""What tshark makes of a capture."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.helpers.tools import require_tool


class Row(NamedTuple):
    """One frame in tshark's words; ``section`` and ``number`` count from 1, ``stream`` from 0."""

    section: int
    number: int
    interface: str
    outbound: bool
    ns: int
    source: str
    target: str
    stream: int
    flags: int
    seq: int
    ack: int
    octets: int
    window: int
    tcp_checksum: str
    ip_checksum: str
    malformed: str
    marks: frozenset[str]
    comment: str


#: What tshark calls a segment that was sent before, or later than its place.
AGAIN = ("retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order")

FIELDS = [
    "frame.section_number", "frame.number", "frame.interface_name", "frame.packet_flags_direction",
    "frame.time_epoch", "ip.src", "tcp.srcport", "ip.dst", "tcp.dstport", "tcp.stream", "tcp.flags", "tcp.seq_raw",
    "tcp.ack_raw", "tcp.len", "tcp.window_size_value", "tcp.checksum.status", "ip.checksum.status",
    "_ws.malformed", *(f"tcp.analysis.{mark}" for mark in AGAIN), "frame.comment",
]  # fmt: skip

PREFERENCES = ("tcp.check_checksum:TRUE", "ip.check_checksum:TRUE", "tcp.analyze_sequence_numbers:TRUE")

#: tshark's word for a checksum that is right, and one that is not.
GOOD, BAD = "1", "0"


def tshark(capture: bytes, folder: Path) -> list[Row]:
    """The frames of a capture, with all checks turned on and no preferences of the user's."""
    program = require_tool("tshark")
    file = folder / "capture.pcapng"
    file.write_bytes(capture)
    command = [program, "-n", "-r", str(file), "-T", "fields", "-E", "separator=/t", "-E", "occurrence=f"]
    command += [word for field in FIELDS for word in ("-e", field)]
    command += [word for preference in PREFERENCES for word in ("-o", preference)]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=env)
    assert done.returncode == 0, done.stderr
    rows = [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in done.stdout.splitlines()]
    return [_row(found) for found in rows if found["tcp.stream"]]  # the others are ICMP messages


def _row(found: dict[str, str]) -> Row:
    seconds, _, fraction = found["frame.time_epoch"].partition(".")
    return Row(
        section=int(found["frame.section_number"]),
        number=int(found["frame.number"]),
        interface=found["frame.interface_name"],
        outbound=found["frame.packet_flags_direction"] in ("2", "0x00000002"),
        ns=int(seconds + fraction),
        source=f"{found['ip.src']}:{found['tcp.srcport']}",
        target=f"{found['ip.dst']}:{found['tcp.dstport']}",
        stream=int(found["tcp.stream"]),
        flags=int(found["tcp.flags"], 16) & 0xFF,
        seq=int(found["tcp.seq_raw"]),
        ack=int(found["tcp.ack_raw"]),
        octets=int(found["tcp.len"]),
        window=int(found["tcp.window_size_value"]),
        tcp_checksum=found["tcp.checksum.status"],
        ip_checksum=found["ip.checksum.status"],
        malformed=found["_ws.malformed"],
        marks=frozenset(mark for mark in AGAIN if found[f"tcp.analysis.{mark}"]),
        comment=found["frame.comment"],
    )
