"""Predicates over what went by: streams written and read, and traces.

Each raises InvariantBroken with its name and what it found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..tcp.segment import FIN, RST, SYN
from ..tcp.seq import MASK, le
from ..trace.trace import Trace
from .invariants import InvariantBroken


def stream_prefix(written: bytes, read: bytes, *, ended: bool = False) -> None:
    """What was read is a prefix of what was written; at the end of the stream it is all of it."""
    if not written.startswith(read):
        at = next(i for i, octet in enumerate(read) if written[i : i + 1] != bytes((octet,)))
        raise InvariantBroken(
            "stream_prefix",
            f"{len(read)} octets read, {len(written)} written; they differ from octet {at} on: "
            f"{read[at : at + 8]!r} for {written[at : at + 8]!r}",
        )
    if ended and len(read) < len(written):
        raise InvariantBroken(
            "stream_prefix", f"the stream ended after {len(read)} of the {len(written)} octets written"
        )


def nothing_after_fin(trace: Trace, since: int = 0) -> None:
    """No connection sends a number beyond its FIN's, and its FIN has one number only (RFC 9293 3.6).

    ``since``: only what was sent from this record on is judged.
    """
    judged = {raw[3] for raw in trace.raw[since:] if raw[0] == "sent"}
    if not judged:
        return
    fins: dict[int, int] = {}
    for n, raw in enumerate(trace.raw):
        if raw[0] != "sent" or raw[3] not in judged or raw[3] is None:
            continue
        conn, (_, seq, _, flags, _, _, _, _, length, *_) = raw[3], raw[6]
        if flags & SYN:
            fins.pop(conn, None)  # a new incarnation
        elif not flags & RST:
            end = (seq + length + (flags & FIN)) & MASK
            fin = fins.get(conn)
            if fin is not None and (not le(end, (fin + 1) & MASK) or (flags & FIN and end != (fin + 1) & MASK)):
                raise InvariantBroken(
                    "nothing_after_fin", f"record {n}: connection {conn} sends up to {end}, its FIN was {fin}"
                )
            if flags & FIN:
                fins[conn] = (end - 1) & MASK


def no_rst_answers_rst(trace: Trace, since: int = 0) -> None:
    """No reset is sent because of a reset: two ends never go on resetting each other (RFC 9293 3.10.7.1).

    ``since``: only what was sent from this record on is judged.
    """
    for n in range(since, len(trace.raw)):
        raw = trace.raw[n]
        if raw[0] != "sent" or not raw[6][3] & RST or raw[4] is None:
            continue
        cause = trace.raw[raw[4]]
        found = trace.introduced(cause[5]) if cause[0] == "arrived" else None
        if found is not None and found[1].flags & RST:
            raise InvariantBroken(
                "no_rst_answers_rst", f"record {n}: a RST answers packet {cause[5]}, which is a RST itself"
            )


#: The predicates over a trace.
OF_A_TRACE: Final[tuple[Callable[[Trace, int], None], ...]] = (nothing_after_fin, no_rst_answers_rst)
