"""What a connection holds: octets to send, octets received, octets that came too early.

Chunks are kept as they came; nothing slices a growing buffer.
"""

from __future__ import annotations

from typing import Final

from .seq import MASK, diff

#: No chunks. Every empty buffer has this list, so nobody changes it: most buffers are empty most of the time.
_NONE: Final[list[bytes]] = []


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

    ``size``: octets in order.  ``early``: pieces ``(seq, octets)`` above RCV.NXT, in sequence order and
    disjoint.  Where pieces overlap, the octets that came first are kept: a later copy cannot rewrite what an
    earlier segment said.
    """

    __slots__ = ("_chunks", "_skip", "early", "size")

    def __init__(self) -> None:
        self._chunks = _NONE
        self._skip = 0
        self.size = 0
        self.early: tuple[tuple[int, bytes], ...] = ()

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
        """Keep octets that came too early; False, and nothing kept, when ``limit`` pieces are held already."""
        end = seq + len(data)  # in the piece's own terms: not reduced
        kept: list[tuple[int, bytes]] = []
        at = seq
        for start, piece in self.early:
            left = seq + diff(start, seq)
            right = left + len(piece)
            if left > at and at < end:
                kept.append((at & MASK, data[at - seq : min(left, end) - seq]))
            kept.append((start, piece))
            at = max(at, right)
        if at < end:
            kept.append((at & MASK, data[at - seq :]))
        if len(kept) > limit:
            return False
        kept.sort(key=lambda piece: diff(piece[0], seq))
        self.early = tuple(kept)
        return True

    def ripe(self, rcv_nxt: int) -> bytes:
        """The held octets that begin at ``rcv_nxt``, removed; pieces wholly below it are forgotten."""
        parts = []
        at = rcv_nxt
        rest = []
        for start, piece in self.early:
            offset = diff(at, start)
            if offset < 0:
                rest.append((start, piece))
            elif offset < len(piece):
                parts.append(piece[offset:])
                at = (start + len(piece)) & MASK
        self.early = tuple(rest)
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
        new.early = self.early
        return new

    def key(self) -> tuple[bytes, tuple[tuple[int, bytes], ...]]:
        """Hashable value: the octets in order, and the early pieces."""
        return self.peek() if self.size else b"", self.early
