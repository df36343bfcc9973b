"""The plain side of a trace: what is written while a simulation runs.

Apart from ``records``, whose many types are built only when somebody reads.
"""

from __future__ import annotations

from typing import Any, Final

from ..tcp.segment import Segment

#: The kinds that introduce a packet; later records about it carry its number alone.
INTRODUCE: Final = frozenset(("sent", "injected", "duplicated"))
#: The kinds that name a packet introduced before.
REFER: Final = frozenset(("arrived", "forwarded", "lost", "marked", "passed", "refused"))
#: Where such a header tuple has the number of its octets of data.
LENGTH: Final = 8


def endpoint(address: str, port: int) -> str:
    """``10.0.0.1:80``, ``[::1]:80``."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def header_of(seg: Segment, *, data: bool) -> tuple[Any, ...]:
    """The plain tuple that a ``Header`` is made of; payload only where ``data``."""
    octets = seg.data
    return (
        seg.flow, seg.seq, seg.ack, seg.flags, seg.wnd, seg.up, seg.tsval, seg.tsecr, len(octets), seg.options,
        octets if data else None, seg.ecn,
    )  # fmt: skip
