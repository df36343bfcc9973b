"""Initial sequence numbers (RFC 9293 3.4.1, RFC 6528)."""

from __future__ import annotations

from .segment import Flow
from .seq import MASK
from .units import US


def initial_sequence_number(secret: bytes, flow: Flow, now: int) -> int:
    """ISN = M + F(4-tuple, secret): M ticks every 4 us of virtual time, F is a keyed hash (MUST-8, MUST-9).

    ``flow``: the connection's (local address, local port, remote address, remote port).  ``now``: ns.
    """
    from hashlib import blake2b  # costs a tenth of the package's start-up, and not everybody derives an ISN

    keyed = blake2b(repr(flow).encode(), digest_size=4, key=secret).digest()
    return (now // (4 * US) + int.from_bytes(keyed, "big")) & MASK
