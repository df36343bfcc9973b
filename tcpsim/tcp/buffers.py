"""What a connection holds: octets to send, octets received, octets that came too early.

Chunks are kept as they came; nothing slices a growing buffer.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from .seq import HALF, MASK, diff

#: No chunks. Every empty buffer has this list, so nobody changes it: most buffers are empty most of the time.
_NONE: Final[list[bytes]] = []
#: The same for what came early.
_NO_RUNS: Final[dict[int, tuple[int, list[bytes]]]] = {}
_NO_ORDER: Final[list[int]] = []


class SendBuffer:
    """Octets that were SENT and are not acknowledged yet, whether they have left or not.

    ``size``: how many.  Positions count from the oldest octet held.  A read cursor makes reading in
    sequence, which is what sending is, cost the same wherever the octets lie.
    """

    __slots__ = ("_at_chunk", "_at_offset", "_at_position", "_chunks", "_skip", "size")

    def __init__(self) -> None:
        self._chunks = _NONE
        self._skip = 0  # octets of the first chunk that are acknowledged
        self.size = 0
        self._at_position = 0
        self._at_chunk = 0
        self._at_offset = 0

    def append(self, data: bytes) -> None:
        """Take ``data`` in behind what is held."""
        if data:
            if self._chunks:
                self._chunks.append(data)
            else:
                self._chunks = [data]
            self.size += len(data)

    def read(self, position: int, n: int) -> bytes:
        """The ``n`` octets from ``position``; the caller has checked that they are held."""
        chunks = self._chunks
        if position == self._at_position:
            index, offset = self._at_chunk, self._at_offset
        else:
            index, offset = 0, self._skip + position
            while index < len(chunks) and offset >= len(chunks[index]):
                offset -= len(chunks[index])
                index += 1
        chunk = chunks[index]
        end = offset + n
        if end <= len(chunk):
            data = chunk[offset:end]
            if end == len(chunk):
                index, end = index + 1, 0
        else:
            parts = [chunk[offset:]]
            missing = n - len(parts[0])
            index += 1
            while missing > len(chunks[index]):
                parts.append(chunks[index])
                missing -= len(chunks[index])
                index += 1
            parts.append(chunks[index][:missing])
            end = missing
            if end == len(chunks[index]):
                index, end = index + 1, 0
            data = b"".join(parts)
        self._at_position, self._at_chunk, self._at_offset = position + n, index, end
        return data

    def drop(self, n: int) -> None:
        """Forget the oldest ``n`` octets: they are acknowledged."""
        chunks = self._chunks
        skip = self._skip + n
        gone = 0
        while gone < len(chunks) and skip >= len(chunks[gone]):
            skip -= len(chunks[gone])
            gone += 1
        if gone:
            if gone == len(chunks):
                self._chunks = _NONE
            else:
                del chunks[:gone]
        self._skip = skip
        self.size -= n
        if self._at_position >= n:
            self._at_position -= n
            self._at_chunk -= gone
        else:
            self._at_position, self._at_chunk, self._at_offset = 0, 0, skip

    def clear(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]

    def copy(self) -> SendBuffer:
        """An independent equal buffer (the octets themselves are shared)."""
        new = SendBuffer.__new__(SendBuffer)
        new._chunks = self._chunks and self._chunks.copy()
        new._skip = self._skip
        new.size = self.size
        new._at_position = self._at_position
        new._at_chunk = self._at_chunk
        new._at_offset = self._at_offset
        return new

    def key(self) -> bytes:
        """Hashable value: the octets held."""
        return b"".join(self._chunks)[self._skip :] if self.size else b""


class ReceiveBuffer:
    """Octets received: those in order, waiting for the user, and those that came too early.

    ``size``: octets in order.  ``runs``: the early ones, contiguous run by run: first number -> (number after the
    last, pieces), the run that grew last standing last.  Where pieces overlap, the octets that came first are
    kept: a later copy cannot rewrite what an earlier segment said.  A segment costs the same however much is held;
    only the number of gaps counts.
    """

    __slots__ = ("_chunks", "_order", "_skip", "runs", "size")

    def __init__(self) -> None:
        self._chunks = _NONE
        self._skip = 0
        self.size = 0
        self.runs = _NO_RUNS
        self._order = _NO_ORDER  # the keys of runs, in sequence order

    @property
    def early(self) -> tuple[tuple[int, bytes], ...]:
        """The runs ``(seq, octets)`` above RCV.NXT, in sequence order, with a gap before each."""
        return tuple((start, b"".join(self.runs[start][1])) for start in self._order)

    def append(self, data: bytes) -> None:
        """Take in-order octets."""
        if self._chunks:
            self._chunks.append(data)
        else:
            self._chunks = [data]
        self.size += len(data)

    def take(self, n: int) -> bytes:
        """Up to ``n`` octets in order, removed."""
        chunks = self._chunks
        if n >= self.size:
            if len(chunks) == 1 and not self._skip:
                data = chunks[0]
            else:
                data = b"".join(chunks)[self._skip :]
            self._chunks = _NONE
            self._skip = self.size = 0
            return data
        parts = []
        missing = n
        skip = self._skip
        gone = 0
        while missing > 0:
            chunk = chunks[gone]
            part = chunk[skip : skip + missing]
            parts.append(part)
            missing -= len(part)
            skip += len(part)
            if skip == len(chunk):
                gone += 1
                skip = 0
        del chunks[:gone]
        self._skip = skip
        self.size -= n
        return b"".join(parts)

    def peek(self) -> bytes:
        """The in-order octets, left where they are."""
        return b"".join(self._chunks)[self._skip :]

    def hold(self, seq: int, data: bytes, limit: int) -> bool:
        """Keep octets that came too early; False, and nothing kept, if they would make more than ``limit`` runs."""
        if not data:
            return True
        if not self.runs:
            self.runs, self._order = {}, []
        runs, order = self.runs, self._order
        if order and runs[order[-1]][0] == seq:  # mostly what comes goes on where the last run ends
            _, held = runs.pop(order[-1])
            held.append(data)
            runs[order[-1]] = (seq + len(data)) & MASK, held
            return True
        end = seq + len(data)  # in the piece's own terms, like all that follows: not reduced
        first, last = self._touched(seq, end)
        if first == last:
            if len(order) >= limit:
                return False
            order.insert(first, seq)
            runs[seq] = end & MASK, [data]
            return True
        pieces: list[bytes]
        touched = order[first:last]
        if diff(touched[0], seq) > 0:
            start, pieces, at = seq, [], seq
        else:
            start = touched.pop(0)
            stop, pieces = runs.pop(start)
            at = seq + diff(stop, seq)
        order[first:last] = [start]
        for later in touched:
            stop, more = runs.pop(later)
            left = seq + diff(later, seq)
            pieces.append(data[at - seq : left - seq])
            pieces += more
            at = left + ((stop - later) & MASK)
        if at < end:
            pieces.append(data[at - seq :])
            at = end
        runs[start] = at & MASK, pieces
        return True

    def _touched(self, left: int, right: int) -> tuple[int, int]:
        """Which runs overlap or adjoin the octets from ``left`` to before ``right``: a slice of ``_order``."""
        runs, order = self.runs, self._order
        last = len(order)
        if last and diff(order[-1], left) <= 0:  # or beyond it
            return (last - 1 if diff(runs[order[-1]][0], left) >= 0 else last), last
        first = 0
        while first < last and diff(runs[order[first]][0], left) < 0:
            first += 1
        end = first
        while end < last and diff(order[end], left) <= right - left:
            end += 1
        return first, end

    def repeated(self, seq: int, n: int) -> tuple[int, int] | None:
        """The first stretch (left, right) of ``n`` octets from ``seq`` that is held already, for D-SACK (RFC 2883)."""
        if self._order and (seq - self.runs[self._order[-1]][0]) & MASK < HALF:
            return None
        for start in self._order:
            stop = seq + diff(self.runs[start][0], seq)
            left = max(seq, seq + diff(start, seq))
            if left < stop and left < seq + n:
                return left & MASK, min(stop, seq + n) & MASK
        return None

    def blocks(self, n: int) -> list[tuple[int, int]]:
        """Up to ``n`` SACK blocks: the runs that grew last first (RFC 2018 4)."""
        return [(start, run[0]) for start, run in islice(reversed(self.runs.items()), n)]

    def ripe(self, rcv_nxt: int) -> bytes:
        """The held octets that begin at ``rcv_nxt``, removed; runs wholly below it are forgotten."""
        parts = []
        order = self._order
        while order:
            start = order[0]
            offset = diff(rcv_nxt, start)
            if offset < 0:
                break
            stop, pieces = self.runs.pop(start)
            del order[0]
            if diff(stop, rcv_nxt) > 0:
                octets = pieces[0] if len(pieces) == 1 else b"".join(pieces)
                parts.append(octets[offset:])
                rcv_nxt = stop
        return b"".join(parts)

    def clear(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]

    def copy(self) -> ReceiveBuffer:
        """An independent equal buffer (the octets themselves are shared)."""
        new = ReceiveBuffer.__new__(ReceiveBuffer)
        new._chunks = self._chunks and self._chunks.copy()
        new._skip = self._skip
        new.size = self.size
        new.runs, new._order = _NO_RUNS, _NO_ORDER
        if self.runs:
            new.runs = {start: (stop, pieces.copy()) for start, (stop, pieces) in self.runs.items()}
            new._order = self._order.copy()
        return new

    def key(self) -> tuple[bytes, tuple[tuple[int, bytes], ...], tuple[int, ...]]:
        """Hashable value: the octets in order, the early runs, and in which order these grew."""
        if not self.runs:
            return self.peek() if self.size else b"", (), ()
        return self.peek() if self.size else b"", self.early, tuple(self.runs)
