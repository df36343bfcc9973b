"""Predicates over what went by: streams written and read, and traces.

Each raises InvariantBroken with its name and what it found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..net.moves import Call, Move
from ..net.world import World
from ..tcp.segment import FIN, RST, SYN
from ..tcp.seq import MASK, le
from ..tcp.tcb import Tcb
from ..trace.raw import LENGTH
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


class Ledger:
    """What users have written and read by calls made by hand, stream by stream.

    A stream is known by its writer's 4-tuple and initial sequence number, so that incarnations stay apart.
    """

    def __init__(self) -> None:
        self._written: dict[Any, bytes] = {}
        self._read: dict[Any, bytes] = {}

    def written(self, tcb: Tcb) -> bytes:
        """What the user of this block has written."""
        return self._written.get((tcb.flow, tcb.iss), b"")

    def enter(self, move: Move, result: Any, before: World) -> None:
        """Note a call and what it gave; raise InvariantBroken if what was read was not written.

        ``before``: the world before the call.  Other moves, and calls with flags, are none of the ledger's business.
        """
        if not isinstance(move, Call) or move.name not in ("send", "recv") or any(move.args[2:]):
            return
        descriptor = before.host(move.host).fds.get(move.args[0])
        if descriptor is None:
            return
        tcb = before.conns[descriptor.conn].tcb
        if move.name == "send" and isinstance(result, int):
            stream = tcb.flow, tcb.iss
            self._written[stream] = self._written.get(stream, b"") + move.args[1][:result]
        elif move.name == "recv" and isinstance(result, bytes):
            stream = tcb.peer_flow, tcb.irs
            self._read[stream] = read = self._read.get(stream, b"") + result
            ended = not result and tcb.fin_received and tcb.error is None and move.args[1:] != (0,)
            stream_prefix(self._written.get(stream, b""), read, ended=ended)


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
        conn, header = raw[3], raw[6]
        seq, flags, length = header[1], header[3], header[LENGTH]
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
        if found is not None and found[1].flags & RST and not _came_together(trace, raw[4]):
            raise InvariantBroken(
                "no_rst_answers_rst", f"record {n}: a RST answers packet {cause[5]}, which is a RST itself"
            )


def _came_together(trace: Trace, arrival: int) -> bool:
    """Whether another segment reached the same host just before: what is sent may answer that one."""
    _, now, where, *_ = trace.raw[arrival]
    for raw in reversed(trace.raw[:arrival]):
        if raw[1] != now or raw[0] == "move":
            return False
        if raw[0] == "arrived" and raw[2] == where:
            return True
    return False


#: The predicates over a trace.
OF_A_TRACE: Final[tuple[Callable[[Trace, int], None], ...]] = (nothing_after_fin, no_rst_answers_rst)
